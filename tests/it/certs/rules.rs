//! The rule table of `store/certs.rs` on both engines.

use super::{counts, enrol, rig};
use crate::mariadb::both;

const PAST: &str = "2020-01-01 00:00:00.000000";
const FUTURE: &str = "2999-01-01 00:00:00.000000";

/// The rule table of `store/certs.rs`: Beta (2) has u4 and u5 as active contacts and, with the inactive u6, as group
/// members; Gamma (3) has u7 as an active contact and no group.
#[tokio::test]
async fn the_rule_table() {
    type Line<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);
    let stories: [(&str, &[Line<'_>], (f64, f64)); 14] = [
        (
            "completed, never expires",
            &[("u5", "a", "completed", None)],
            (1.0, 2.0),
        ),
        (
            "expires later",
            &[("u5", "a", "completed", Some(FUTURE))],
            (1.0, 2.0),
        ),
        (
            "expired",
            &[("u5", "a", "completed", Some(PAST))],
            (0.0, 0.0),
        ),
        (
            "renewed",
            &[
                ("u5", "a", "completed", Some(PAST)),
                ("u5", "a", "completed", Some(FUTURE)),
            ],
            (1.0, 2.0),
        ),
        (
            "same course twice",
            &[
                ("u5", "a", "completed", None),
                ("u5", "a", "completed", Some(FUTURE)),
            ],
            (1.0, 2.0),
        ),
        (
            "two people, one course",
            &[
                ("u4", "a", "completed", None),
                ("u5", "a", "completed", None),
            ],
            (2.0, 4.0),
        ),
        (
            "two courses",
            &[
                ("u5", "a", "completed", None),
                ("u5", "b", "completed", None),
            ],
            (2.0, 3.0),
        ),
        (
            "course without value",
            &[("u5", "c", "completed", None)],
            (0.0, 0.0),
        ),
        (
            "course nobody knows",
            &[("u5", "x", "completed", None)],
            (0.0, 0.0),
        ),
        (
            "not completed",
            &[("u5", "a", "in_progress", None)],
            (0.0, 0.0),
        ),
        (
            "inactive contact, still in the group",
            &[("u6", "a", "completed", None)],
            (1.0, 2.0),
        ),
        (
            "inactive contact of another partner",
            &[("u1", "a", "completed", None)],
            (0.0, 0.0),
        ),
        ("nobody's", &[("u8", "a", "completed", None)], (0.0, 0.0)),
        (
            "of Gamma, not of Beta",
            &[("u7", "a", "completed", None)],
            (0.0, 0.0),
        ),
    ];
    for db in both().await {
        let rig = rig(db).await;
        for (story, lines, (count, npcu)) in &stories {
            rig.db.run("DELETE FROM lms_enrollments").await;
            for (user, course, status, expires) in *lines {
                enrol(&rig, user, course, status, *expires).await;
            }
            let rows = counts(&rig).await;
            assert_eq!(rows[0], (2, *count, *npcu), "{story}");
            let gamma = if lines[0].0 == "u7" {
                (3, 1.0, 2.0)
            } else {
                (3, 0.0, 0.0)
            };
            assert_eq!(rows[1], gamma, "{story}: an active contact needs no group");
            assert_eq!(rows.len(), 2, "active partners only");
        }

        rig.db.run("DELETE FROM lms_enrollments").await;
        enrol(&rig, "u6", "a", "completed", None).await;
        rig.db
            .run("DELETE FROM lms_group_members WHERE user_id = 'u6'")
            .await;
        assert_eq!(
            counts(&rig).await[0],
            (2, 0.0, 0.0),
            "inactive contact, out of the group"
        );

        enrol(&rig, "u5", "a", "completed", None).await;
        rig.db
            .run("INSERT INTO lms_groups (id, name, partner_id) VALUES ('g-b2', 'ptr_Beta', 2), ('g-c', 'Gamma', 3)")
            .await;
        rig.db
            .run("INSERT INTO lms_group_members (group_id, user_id) VALUES ('g-b2', 'u5'), ('g-c', 'u5')")
            .await;
        assert_eq!(
            counts(&rig).await,
            [(2, 1.0, 2.0), (3, 1.0, 2.0)],
            "two groups of one partner: once; groups of two partners: once for each"
        );
    }
}
