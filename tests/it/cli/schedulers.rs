//! The lines that schedulers run, as they are written in `assets/`: units and cron.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::rig::Rig;
use crate::mariadb::sqlite;

fn asset(name: &str) -> String {
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("assets")
            .join(name),
    )
    .unwrap()
}

/// The shell that cron starts: nothing in its environment but a home and a path. Exit code and what it would mail.
fn cron(rig: &Rig, line: &str) -> (i32, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_prmdesk")).parent().unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .current_dir(rig.place.path())
        .env_clear()
        .env("HOME", rig.place.path())
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .output()
        .unwrap();
    let mail = [output.stdout, output.stderr].concat();
    let mail = String::from_utf8(mail).unwrap();
    (output.status.code().unwrap(), mail)
}

#[tokio::test(flavor = "multi_thread")]
async fn cron_lines_run_and_mail_only_what_is_worth_it() {
    let rig = Rig::synced(sqlite()).await;
    let mut secrets = String::new();
    for (name, value) in rig.env() {
        writeln!(secrets, "{name}='{value}'").unwrap();
    }
    rig.place.write("environment", &secrets);
    let file = rig.path("environment").display().to_string();
    let asset = asset("prmdesk.cron");
    assert!(
        asset.ends_with('\n'),
        "cron ignores a last line without an end"
    );
    let lines: Vec<String> = asset
        .lines()
        .filter(|line| line.starts_with(|c: char| c == '*' || c.is_ascii_digit()))
        .map(|line| {
            // Five fields of time and the user; the command is the rest, in which cron reads % as a new line.
            let command = line.splitn(7, char::is_whitespace).last().unwrap().trim();
            let command = command.trim_start_matches("* ").trim_start();
            let command = command.trim_start_matches("prmdesk ").trim_start();
            assert!(!command.contains('%'), "{command}");
            command.replace("/etc/prmdesk/environment", &file)
        })
        .collect();
    assert_eq!(lines.len(), 2);

    let gone = rig.kept_accounts(2);
    for id in gone {
        assert!(
            rig.sandbox
                .world()
                .delete(prmdesk::sandbox::Object::Account, id)
        );
    }
    for line in &lines {
        assert!(line.starts_with("set -a; "), "{line}");
        assert_eq!(cron(&rig, line), (0, String::new()), "{line}");
    }
    let runs = rig.json(0, "runs --limit 2");
    for (run, mode) in [(&runs[0], "full"), (&runs[1], "incremental")] {
        assert_eq!(run["operator"], "cron");
        assert_eq!(run["mode"], mode);
    }
    assert_eq!(
        runs[0]["status"], "blocked",
        "soft-deletes wait for a person"
    );

    rig.place.write("prmdesk.toml", "nonsense = 1\n");
    for line in &lines {
        let (_, mail) = cron(&rig, line);
        assert!(
            mail.contains("exit 2: ") && mail.contains("nonsense"),
            "{mail}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_units_run_as_written() {
    let rig = Rig::synced(sqlite()).await;
    for (unit, mode) in [
        ("prmdesk-sync.service", "incremental"),
        ("prmdesk-sync-full.service", "full"),
    ] {
        let unit = asset(&format!("systemd/{unit}"));
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/prmdesk "))
            .unwrap();
        let ran = rig.run(line);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(ran.json()["status"], "nothing", "{line}");
        assert_eq!(rig.json(0, "runs --limit 1")[0]["mode"], mode);
        assert!(unit.contains("\nSuccessExitStatus=3 6\n"));
    }
}
