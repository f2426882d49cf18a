//! The command line's own question, in a pseudo-terminal, while another process works on the same database.

use super::rig::Rig;
use crate::console::Console;
use crate::mariadb::both;

/// What the question said was withheld is not written because somebody undid, meanwhile, what the guard had counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_is_to_what_the_question_said() {
    for db in both().await {
        let rig = Rig::synced(db).await;
        let most = usize::try_from(rig.active().0 / 10).unwrap();
        let ids = rig.kept_accounts(most + 3);
        let tier = |id: i64, tier: &str| {
            let mut world = rig.sandbox.world();
            assert!(world.edit_account(id, |account| account.tier = Some(tier.into())));
        };
        for &id in &ids[..most] {
            tier(id, "Pending");
        }
        let first = rig.json(0, "sync partners --mode full --yes");
        assert_eq!(first["applied"]["partners"]["soft_delete"], most);
        for &id in &ids[most..most + 2] {
            tier(id, "Pending");
        }
        tier(ids[most + 2], "Titanium");
        let plan = rig.path("plan.json");
        let saved = rig.run("preview partners --mode full --out plan.json");
        assert_eq!(saved.code, 5, "{saved:?}");

        let env = rig.env();
        let mut asking = Console::spawn(30, 100, |command, _| {
            command.args(["apply".as_ref(), plan.as_os_str()]);
            for (name, value) in &env {
                command.env(name, value);
            }
        });
        asking.until("[y/N]");
        let undone = rig.run(&format!("undo {} --yes", first["run_id"]));
        assert_eq!(undone.code, 0, "{undone:?}");
        let before = rig.active();
        asking.press("y\r");
        asking.until("than was confirmed");
        assert_eq!(asking.ended_clean(), 3, "{}", asking.screen());
        assert_eq!(rig.active(), before, "nothing was written");
    }
}
