//! Answers that are not the LMS's own: a sign-in page, a gateway's 404, nothing at all. None of them is evidence that
//! anything was done or is gone (docs/rules.md, "Off-boarding").

use prmdesk::sandbox::{Act, Fault};
use prmdesk::values::{CaseState, StepState};

use super::rig::{ACME, Rig, brief, states};
use crate::mariadb::{both, sqlite};

#[tokio::test]
async fn a_removal_answered_by_somebody_else_is_not_done() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        for act in [
            Act::Html,
            Act::Page { status: 404 },
            Act::Page { status: 403 },
            Act::Empty { status: 200 },
            Act::Empty { status: 404 },
        ] {
            let removals = Fault::new(act.clone())
                .method("DELETE")
                .path("relationships");
            let fault = rig.sandbox.faults().lms(removals.always());
            assert_eq!(states(&rig.run().await), [CaseState::Failed], "{act:?}");
            rig.sandbox.faults().remove(fault);
            let case = rig.case_of("Acme").await;
            assert_eq!(case.steps[0].state, StepState::Planned, "{act:?}");
            assert!(case.steps[0].note.is_some(), "{act:?}");
            assert_eq!(rig.members("g-all"), "1 2 3 4 5 6 7 8 9", "{act:?}");
            assert_eq!(rig.members(ACME), "1 2 3 4 9", "the group is still there");
        }
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        rig.only_acme_was_touched();
    }
}

#[tokio::test]
async fn a_page_instead_of_the_deletion_leaves_the_group() {
    for db in both().await {
        let rig = Rig::new(db).await;
        rig.swept().await;
        let acme = rig.case_of("Acme").await.case_id;
        rig.approve(acme).await;
        for act in [
            Act::Page { status: 404 },
            Act::Html,
            Act::Empty { status: 200 },
        ] {
            let deletion = Fault::new(act.clone()).method("DELETE").path(ACME);
            let fault = rig.sandbox.faults().lms(deletion.always());
            assert_eq!(states(&rig.run().await), [CaseState::Failed], "{act:?}");
            rig.sandbox.faults().remove(fault);
            assert_ne!(rig.members(ACME), "gone", "{act:?}");
            let kept = "SELECT COUNT(*) FROM lms_groups WHERE id = 'g-acme'";
            assert_eq!(rig.db.one(kept).await, "1", "{act:?}");
        }
        assert_eq!(states(&rig.run().await), [CaseState::Done]);
        assert_eq!(rig.members(ACME), "gone");
    }
}

/// Whether the group is there is asked right before it is deleted: a page is no answer to that either.
#[tokio::test]
async fn a_gateways_404_is_no_deleted_group_and_the_apis_own_is() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    let gateway = Fault::new(Act::Page { status: 404 })
        .method("GET")
        .object("groups")
        .id(ACME);
    let fault = rig.sandbox.faults().lms(gateway.always());
    assert_eq!(states(&rig.run().await), [CaseState::Failed]);
    rig.sandbox.faults().remove(fault);
    assert_eq!(rig.members("g-all"), "1 2 3 4 5 6 7 8 9");
    rig.sandbox.world().lms_mut().groups.remove(ACME);
    assert_eq!(states(&rig.run().await), [CaseState::Done]);
    let steps = rig.case_of("Acme").await.steps;
    assert!(
        brief(&steps).contains(&"delete g-acme: done".to_owned()),
        "{steps:?}"
    );
}

#[tokio::test]
async fn reading_again_counts_only_if_the_lms_itself_answers() {
    let rig = Rig::new(sqlite()).await;
    rig.swept().await;
    let acme = rig.case_of("Acme").await.case_id;
    rig.approve(acme).await;
    let lost = Fault::new(Act::Reset)
        .method("DELETE")
        .path("relationships");
    rig.sandbox.faults().lms(lost);
    // The first reading of the members is the run's own; the second is the one that settles the lost call.
    let page = Fault::new(Act::Page { status: 404 })
        .method("GET")
        .path("g-all/memberships")
        .nth(2);
    let other = Fault::new(Act::Page { status: 404 })
        .method("GET")
        .path("g-all/people");
    rig.sandbox.faults().lms(page);
    rig.sandbox.faults().lms(other.always());
    assert_eq!(states(&rig.run().await), [CaseState::Failed]);
    let case = rig.case_of("Acme").await;
    assert_eq!(case.steps[0].state, StepState::Unknown, "{case:?}");
    assert_eq!(rig.members(ACME), "1 2 3 4 9");
    rig.sandbox.faults().clear();
    assert_eq!(states(&rig.run().await), [CaseState::Done]);
    rig.only_acme_was_touched();
}
