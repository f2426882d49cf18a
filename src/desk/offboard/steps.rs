//! What a case would do, from what the LMS and our tables say: pure, so that the view before the decision, the
//! approval, the check before the run and the run itself are one and the same computation.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::plan::Entity;
use crate::store::Claims;
use crate::text::name_key;
use crate::values::{Step, StepAction, StepState};

/// A group as the LMS has it now, or had it at the last refresh: where the facts come from is not for this file to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who is in it, sorted.
    pub members: Vec<String>,
}

/// “All Partners”, and what is known of who is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllPartners {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub members: FxHashSet<String>,
    /// Whether `members` is who is in it, of those asked about; `false`: all of them count as members.
    pub known: bool,
}

/// Everything the steps of one case follow from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Whose case.
    pub entity: Entity,
    /// The contact's or the partner's row.
    pub row: i64,
    /// The partner: the contact's, or the case's own.
    pub partner: Option<i64>,
    /// The contact's LMS user.
    pub user: Option<&'a str>,
    /// The partner's groups with their members.
    pub groups: &'a [LiveGroup],
    /// “All Partners”.
    pub all: &'a AllPartners,
    /// By LMS user: whose contacts they are.
    pub claims: &'a Claims,
    /// By LMS user: what people call them.
    pub labels: &'a FxHashMap<String, String>,
}

/// What a case would do, and what the decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// The steps, in order: removals, then deletions.
    pub steps: Vec<Step>,
    /// Members that are not this partner's: an approval acknowledges each of them.
    pub foreign: Vec<String>,
    /// The groups that would be deleted, with their members: what an approval covers.
    pub groups: Vec<LiveGroup>,
}

impl Outline {
    /// People who lose something if it runs.
    pub fn people(&self) -> u64 {
        let losing: FxHashSet<&str> = self
            .steps
            .iter()
            .filter(|step| step.state == StepState::Planned)
            .filter_map(|step| step.person_id.as_deref())
            .collect();
        losing.len() as u64
    }
}

/// The steps of a case.
pub fn outline(facts: &Facts<'_>) -> Outline {
    match facts.entity {
        Entity::Contacts => contact(facts),
        Entity::Partners => partner(facts),
    }
}

/// A contact leaves the partner's group and “All Partners”.
fn contact(facts: &Facts<'_>) -> Outline {
    let mut out = Outline::default();
    let Some(user) = facts.user else { return out };
    for group in facts.groups {
        if group
            .members
            .binary_search_by(|m| m.as_str().cmp(user))
            .is_ok()
            && !is_all(facts, group)
        {
            // The same LMS user may stand behind a second contact of the same partner, one that is still active.
            let kept = facts
                .claims
                .get(user)
                .into_iter()
                .flatten()
                .find(|c| c.active && c.contact != facts.row && c.partner == facts.partner)
                .map(|c| {
                    format!(
                        "is also active contact {} of this partner: stays in the group",
                        c.contact
                    )
                });
            out.steps
                .push(removal(facts, &group.id, &group.name, user, kept));
        }
    }
    if facts.all.members.contains(user) {
        let kept = protection(facts, user);
        out.steps
            .push(removal(facts, &facts.all.id, &facts.all.name, user, kept));
    }
    out
}

/// Each member of the partner's group leaves “All Partners”, then the group is deleted.
fn partner(facts: &Facts<'_>) -> Outline {
    let mut out = Outline::default();
    let mut seen = FxHashSet::default();
    let mut deletions = Vec::new();
    for group in facts.groups {
        if is_all(facts, group) {
            deletions.push(Step {
                action: StepAction::DeleteGroup,
                group_id: group.id.clone(),
                group_name: group.name.clone(),
                person_id: None,
                person: None,
                state: StepState::Skipped,
                note: Some(
                    "this is the group that everybody is in: it is never deleted".to_owned(),
                ),
            });
            continue;
        }
        let (mut theirs, mut nobodys) = (Vec::new(), Vec::new());
        for member in &group.members {
            let foreign = foreign_to(facts, member);
            if foreign.is_some() && !out.foreign.contains(member) {
                out.foreign.push(member.clone());
            }
            match foreign {
                Some(Foreign::Theirs(_)) => theirs.push(label(facts, member)),
                Some(Foreign::Nobodys) => nobodys.push(label(facts, member)),
                None => {}
            }
            if facts.all.members.contains(member) && seen.insert(member.as_str()) {
                let kept = protection(facts, member);
                let mut step = removal(facts, &facts.all.id, &facts.all.name, member, kept);
                if let (None, Some(why)) = (&step.note, foreign) {
                    step.note = Some(why.words());
                }
                out.steps.push(step);
            }
        }
        let said = [
            stranger_note(
                &theirs,
                "belongs to somebody else",
                "belong to somebody else",
            ),
            stranger_note(
                &nobodys,
                "is known to nobody here",
                "are known to nobody here",
            ),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        let note = (!said.is_empty()).then(|| said.join("; "));
        deletions.push(Step {
            action: StepAction::DeleteGroup,
            group_id: group.id.clone(),
            group_name: group.name.clone(),
            person_id: None,
            person: None,
            state: StepState::Planned,
            note,
        });
        out.groups.push(group.clone());
    }
    out.steps.extend(deletions);
    out
}

/// "2 members belong to somebody else: a, b"; `None` without any.
fn stranger_note(strangers: &[String], one: &str, many: &str) -> Option<String> {
    const SHOWN: usize = 5;
    let mut names = strangers[..strangers.len().min(SHOWN)].join(", ");
    if strangers.len() > SHOWN {
        names.push_str(", …");
    }
    match strangers.len() {
        0 => None,
        1 => Some(format!("1 member {one}: {names}")),
        n => Some(format!("{n} members {many}: {names}")),
    }
}

fn removal(
    facts: &Facts<'_>,
    group_id: &str,
    group_name: &str,
    person: &str,
    kept: Option<String>,
) -> Step {
    let stored = (group_id == facts.all.id && !facts.all.known)
        .then(|| "whether they are a member is read right before it runs".to_owned());
    Step {
        action: StepAction::RemoveMember,
        group_id: group_id.to_owned(),
        group_name: group_name.to_owned(),
        person_id: Some(person.to_owned()),
        person: facts.labels.get(person).cloned(),
        state: if kept.is_some() {
            StepState::Skipped
        } else {
            StepState::Planned
        },
        note: kept.or(stored),
    }
}

/// “All Partners” is known by its id and by its name: neither a link of ours nor a renamed group may get it deleted.
fn is_all(facts: &Facts<'_>, group: &LiveGroup) -> bool {
    group.id == facts.all.id || name_key(&group.name) == name_key(&facts.all.name)
}

/// Why `user` keeps “All Partners”: they are an active contact of another active partner.
fn protection(facts: &Facts<'_>, user: &str) -> Option<String> {
    facts
        .claims
        .get(user)?
        .iter()
        .find(|claim| {
            let other_row = facts.entity == Entity::Partners || claim.contact != facts.row;
            // A contact case protects by any other active contact of an active partner, the same partner included: the
            // person is still somebody's active contact.
            let other_partner = facts.entity == Entity::Contacts || claim.partner != facts.partner;
            claim.active && claim.partner_active && other_row && other_partner
        })
        .map(|claim| {
            format!(
                "protected: active contact of {}",
                claim.partner_name.as_deref().unwrap_or("another partner")
            )
        })
}

/// Whose a member is that is not the partner's own.
enum Foreign {
    /// An active contact of this other partner.
    Theirs(String),
    /// No active contact names them.
    Nobodys,
}

impl Foreign {
    fn words(&self) -> String {
        match self {
            Self::Theirs(name) => format!("belongs to somebody else: contact of {name}"),
            Self::Nobodys => "known to nobody here".to_owned(),
        }
    }
}

/// Why `member` is not this partner's own (docs/rules.md, "Off-boarding"): an active contact of another active partner,
/// whatever else they were, or nobody that we know of. Whose row is this partner's, active or not, is its own: they left,
/// or one of our rules leaves them out.
fn foreign_to(facts: &Facts<'_>, member: &str) -> Option<Foreign> {
    let claims = facts.claims.get(member).map_or(&[][..], Vec::as_slice);
    let theirs = claims
        .iter()
        .find(|claim| claim.active && claim.partner_active && claim.partner != facts.partner);
    if let Some(theirs) = theirs {
        let name = theirs.partner_name.as_deref().unwrap_or("another partner");
        return Some(Foreign::Theirs(name.to_owned()));
    }
    let own = claims.iter().any(|claim| claim.partner == facts.partner);
    (!own).then_some(Foreign::Nobodys)
}

fn label(facts: &Facts<'_>, user: &str) -> String {
    facts
        .labels
        .get(user)
        .cloned()
        .unwrap_or_else(|| user.to_owned())
}

/// What in `now` was not in `before`, as one sentence for people; `None`: nothing new. Fewer members, fewer steps and
/// groups that are gone are no news: what was approved and is so already is done.
pub fn drift(before: &Outline, now: &Outline) -> Option<String> {
    let covered =
        |outline: &Outline, state: StepState| -> FxHashSet<(StepAction, String, Option<String>)> {
            outline
                .steps
                .iter()
                .filter(|step| match state {
                    StepState::Skipped => step.state == StepState::Skipped,
                    // A step that ran or failed was planned when it was approved.
                    _ => step.state != StepState::Skipped,
                })
                .map(|step| (step.action, step.group_id.clone(), step.person_id.clone()))
                .collect()
        };
    let approved = covered(before, StepState::Planned);
    let spared = covered(before, StepState::Skipped);
    for step in &now.steps {
        let key = (step.action, step.group_id.clone(), step.person_id.clone());
        let who = step
            .person
            .as_deref()
            .or(step.person_id.as_deref())
            .unwrap_or(&step.group_name);
        if step.state == StepState::Planned && !approved.contains(&key) {
            return Some(if spared.contains(&key) {
                format!("{who} was protected and no longer is")
            } else if step.action == StepAction::DeleteGroup {
                format!("the group {who} was not there")
            } else {
                format!("{who} is now in {}", step.group_name)
            });
        }
        if step.state == StepState::Skipped && approved.contains(&key) {
            let why = step.note.as_deref().unwrap_or("protected");
            return Some(format!("{who} is now {why}"));
        }
    }
    for group in &now.groups {
        let Some(old) = before.groups.iter().find(|old| old.id == group.id) else {
            return Some(format!("the group {} was not there", group.name));
        };
        if old.name != group.name {
            return Some(format!(
                "the group {} is now named {}",
                old.name, group.name
            ));
        }
        let news = group
            .members
            .iter()
            .filter(|member| !old.members.contains(member))
            .count();
        if news > 0 {
            return Some(format!("{news} more in the group {}", group.name));
        }
    }
    now.foreign
        .iter()
        .find(|member| !before.foreign.contains(member))
        .map(|member| format!("{member} is not this partner's any more"))
}

#[cfg(test)]
mod tests;
