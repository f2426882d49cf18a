//! Databases whose tables compare text in different ways, as whoever made them chose: nothing fails with "Illegal mix
//! of collations", and everything is found that is found otherwise.

use prmdesk::progress::Progress;
use prmdesk::sandbox::{Course, Person, Transcript};
use prmdesk::values::{CaseState, Transcripts};

use super::rig::{ACME, ALL, Rig, brief};
use crate::mariadb::mariadb;

/// Character set and collation of each table.
type Mix = [(&'static str, &'static str, &'static str); 7];

/// One character set, as many collations as tables.
const ALIKE: Mix = [
    ("partners", "utf8mb4", "utf8mb4_general_ci"),
    ("contacts", "utf8mb4", "utf8mb4_unicode_520_ci"),
    ("lms_users", "utf8mb4", "utf8mb4_general_ci"),
    ("lms_groups", "utf8mb4", "utf8mb4_swedish_ci"),
    ("lms_group_members", "utf8mb4", "utf8mb4_general_ci"),
    ("lms_courses", "utf8mb4", "utf8mb4_unicode_ci"),
    ("lms_enrollments", "utf8mb4", "utf8mb4_german2_ci"),
];

/// Character sets from before Unicode, and one that is neither.
const OLD: Mix = [
    ("partners", "latin1", "latin1_german1_ci"),
    ("contacts", "latin1", "latin1_swedish_ci"),
    ("lms_users", "latin2", "latin2_general_ci"),
    ("lms_groups", "utf8mb3", "utf8mb3_general_ci"),
    ("lms_group_members", "latin2", "latin2_hungarian_ci"),
    ("lms_courses", "cp1250", "cp1250_general_ci"),
    ("lms_enrollments", "latin1", "latin1_general_ci"),
];

async fn mixed(mix: &Mix) -> Rig {
    let rig = Rig::new(mariadb().await).await;
    for (table, charset, collation) in mix {
        rig.db
            .run(&format!(
                "ALTER TABLE {table} CONVERT TO CHARACTER SET {charset} COLLATE {collation}"
            ))
            .await;
    }
    rig
}

#[tokio::test]
async fn off_boarding_goes_its_whole_road_on_mixed_collations() {
    for mix in [&ALIKE, &OLD] {
        let rig = mixed(mix).await;
        let cases = rig.swept().await;
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(
            names,
            ["Acme", "u1@x.example", "u2@x.example", "U6@X.example"]
        );
        let all: Vec<String> = ["u1", "u2", "u3", "u4", "u9"]
            .map(|who| {
                let state = if who == "u4" { "skipped" } else { "planned" };
                format!("remove {who} from {ALL}: {state}")
            })
            .into_iter()
            .chain([format!("delete {ACME}: planned")])
            .collect();
        assert_eq!(brief(&cases[0].steps), all, "from the tables");

        // Somebody whom the tables do not know, with an address that an old character set does not hold.
        let stranger = Person {
            id: "u0".into(),
            email: "żółw@x.example".into(),
            ..Person::default()
        };
        rig.sandbox
            .world()
            .lms_mut()
            .people
            .insert(stranger.id.clone(), stranger);
        rig.add(ACME, "u0");
        let acme = rig.desk.case(cases[0].case_id).await.unwrap();
        assert_eq!(brief(&acme.steps), all, "live");
        assert_eq!(acme.foreign_members, 3);

        let before = (rig.members(ACME), rig.members(ALL));
        rig.approve(acme.case_id).await;
        assert_eq!(rig.run().await[0].state, CaseState::Done);
        assert_eq!(rig.members(ACME), "gone");
        rig.desk
            .restore_case(acme.case_id, &Progress::silent())
            .await
            .unwrap();
        assert_eq!(rig.members(ALL), before.1);

        let odd = rig
            .other(|config| config.lms.all_partners_group = "Żółwie".into())
            .await;
        odd.cases(None).await.unwrap();
        odd.sweep().await.unwrap();
    }
}

#[tokio::test]
async fn certification_counts_are_the_same_on_mixed_collations() {
    for mix in [&ALIKE, &OLD] {
        let rig = mixed(mix).await;
        {
            let mut world = rig.sandbox.world();
            let lms = world.lms_mut();
            lms.courses.insert(
                "k1".into(),
                Course {
                    id: "k1".into(),
                    name: "Course".into(),
                    npcu: Some(2),
                },
            );
            for person in ["u4", "u5"] {
                lms.transcripts.insert(
                    person.into(),
                    vec![Transcript {
                        id: format!("t-{person}"),
                        resource_type: "course".into(),
                        resource_id: "k1".into(),
                        progress_status: "completed".into(),
                        ..Transcript::default()
                    }],
                );
            }
        }
        rig.desk
            .lms_refresh(Transcripts::All, &Progress::silent())
            .await
            .unwrap();
        let store = rig.db.connect().await;
        for partners in [&[][..], &[2]] {
            let counts = store
                .cert_counts(partners, prmdesk::clock::Clock::system().now())
                .await
                .unwrap();
            let beta = counts.iter().find(|count| count.row_id == 2).unwrap();
            assert_eq!((beta.count, beta.npcu), (2, 4), "each once");
        }
        store.close().await;
    }
}
