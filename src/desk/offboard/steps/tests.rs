use super::*;
use crate::store::Claim;

struct World {
    groups: Vec<LiveGroup>,
    all: AllPartners,
    claims: Claims,
    labels: FxHashMap<String, String>,
}

fn group(id: &str, name: &str, members: &[&str]) -> LiveGroup {
    LiveGroup {
        id: id.into(),
        name: name.into(),
        members: members.iter().map(|m| (*m).to_owned()).collect(),
    }
}

/// Partner 1 (leaving) has group g1; u1 and u2 are its contacts, u3 is an active contact of partner 2 as well, u9 is
/// nobody's contact.
fn world() -> World {
    let claim = |contact, active, partner: i64, partner_active| Claim {
        contact,
        active,
        partner: Some(partner),
        partner_name: Some(format!("Partner {partner}")),
        partner_active,
    };
    let mut claims = Claims::default();
    claims.insert("u1".to_owned(), vec![claim(11, false, 1, false)]);
    claims.insert("u2".to_owned(), vec![claim(12, true, 1, false)]);
    claims.insert(
        "u3".to_owned(),
        vec![claim(13, false, 1, false), claim(23, true, 2, true)],
    );
    World {
        groups: vec![group("g1", "ptr_Acme", &["u1", "u2", "u3", "u9"])],
        all: AllPartners {
            id: "g0".into(),
            name: "All Partners".into(),
            members: ["u1", "u2", "u3", "u9", "u50"]
                .map(String::from)
                .into_iter()
                .collect(),
            known: true,
        },
        claims,
        labels: FxHashMap::default(),
    }
}

impl World {
    fn partner(&self) -> Outline {
        outline(&Facts {
            entity: Entity::Partners,
            row: 1,
            partner: Some(1),
            user: None,
            groups: &self.groups,
            all: &self.all,
            claims: &self.claims,
            labels: &self.labels,
        })
    }

    fn contact(&self, row: i64, user: &str) -> Outline {
        outline(&Facts {
            entity: Entity::Contacts,
            row,
            partner: Some(1),
            user: Some(user),
            groups: &self.groups,
            all: &self.all,
            claims: &self.claims,
            labels: &self.labels,
        })
    }
}

fn brief(outline: &Outline) -> Vec<(StepAction, &str, Option<&str>, StepState)> {
    outline
        .steps
        .iter()
        .map(|s| {
            (
                s.action,
                s.group_id.as_str(),
                s.person_id.as_deref(),
                s.state,
            )
        })
        .collect()
}

#[test]
fn a_partner_loses_its_members_first_and_its_group_last() {
    use StepAction::{DeleteGroup, RemoveMember};
    use StepState::{Planned, Skipped};
    let out = world().partner();
    assert_eq!(
        brief(&out),
        [
            (RemoveMember, "g0", Some("u1"), Planned),
            (RemoveMember, "g0", Some("u2"), Planned),
            (RemoveMember, "g0", Some("u3"), Skipped),
            (RemoveMember, "g0", Some("u9"), Planned),
            (DeleteGroup, "g1", None, Planned),
        ]
    );
    assert_eq!(
        out.steps[2].note.as_deref(),
        Some("protected: active contact of Partner 2")
    );
    assert_eq!(
        out.foreign,
        ["u3", "u9"],
        "protected is somebody else's too"
    );
    assert_eq!(out.steps[3].note.as_deref(), Some("known to nobody here"));
    assert_eq!(
        out.steps[4].note.as_deref(),
        Some("1 member belongs to somebody else: u3; 1 member is known to nobody here: u9")
    );
    assert_eq!(out.people(), 3);
}

#[test]
fn all_partners_is_never_deleted_by_id_or_by_name() {
    let mut w = world();
    w.groups = vec![
        group("g0", "Renamed", &["u1"]),
        group("g7", "  all   PARTNERS ", &["u1"]),
    ];
    let out = w.partner();
    assert!(out.groups.is_empty());
    assert!(
        out.steps
            .iter()
            .all(|s| s.action != StepAction::DeleteGroup || s.state == StepState::Skipped)
    );
}

#[test]
fn a_contact_leaves_both_groups_unless_protected() {
    use StepAction::RemoveMember;
    use StepState::{Planned, Skipped};
    let w = world();
    assert_eq!(
        brief(&w.contact(11, "u1")),
        [
            (RemoveMember, "g1", Some("u1"), Planned),
            (RemoveMember, "g0", Some("u1"), Planned),
        ]
    );
    assert_eq!(
        brief(&w.contact(13, "u3")),
        [
            (RemoveMember, "g1", Some("u3"), Planned),
            (RemoveMember, "g0", Some("u3"), Skipped),
        ]
    );
    assert!(
        w.contact(77, "nobody").steps.is_empty(),
        "not a member: nothing to do"
    );
}

#[test]
fn a_second_active_contact_row_of_the_same_user_keeps_the_group() {
    let mut w = world();
    w.claims.get_mut("u1").unwrap().push(Claim {
        contact: 99,
        active: true,
        partner: Some(1),
        partner_name: Some("Partner 1".into()),
        partner_active: true,
    });
    assert!(
        w.contact(11, "u1")
            .steps
            .iter()
            .all(|s| s.state == StepState::Skipped)
    );
}

#[test]
fn whatever_is_new_is_drift_and_whatever_is_gone_is_not() {
    let before = world().partner();
    assert_eq!(drift(&before, &before), None);

    let mut less = world();
    less.groups[0].members.retain(|m| m != "u1");
    less.all.members.remove("u2");
    assert_eq!(drift(&before, &less.partner()), None);
    less.groups.clear();
    assert_eq!(drift(&before, &less.partner()), None);

    let mut joined = world();
    joined.groups[0].members.push("u50".into());
    assert!(drift(&before, &joined.partner()).unwrap().contains("u50"));

    let mut quiet = world();
    quiet.groups[0].members.push("u60".into());
    assert!(
        drift(&before, &quiet.partner()).is_some(),
        "a new member counts even without a step"
    );

    let mut renamed = world();
    renamed.groups[0].name = "Other".into();
    assert!(drift(&before, &renamed.partner()).is_some());

    let mut hired = world();
    hired.claims.get_mut("u1").unwrap().push(Claim {
        contact: 31,
        active: true,
        partner: Some(2),
        partner_name: Some("Partner 2".into()),
        partner_active: true,
    });
    assert!(
        drift(&before, &hired.partner())
            .unwrap()
            .contains("protected")
    );

    let mut let_go = world();
    let_go.claims.get_mut("u3").unwrap()[1].active = false;
    assert!(drift(&before, &let_go.partner()).is_some());

    let mut disowned = world();
    disowned.claims.remove("u2");
    assert!(drift(&before, &disowned.partner()).is_some());
}
