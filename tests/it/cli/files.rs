//! What the binary writes, and for whom (docs/rules.md, "Safety and privacy").

use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::rig::Rig;
use crate::mariadb::sqlite;

fn all_below(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.clone());
        if path.is_dir() && !path.is_symlink() {
            all_below(&path, found);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_written_is_for_its_owner_alone_under_any_umask() {
    let rig = Rig::bare(sqlite()).await;
    let place = rig.path("umask");
    std::fs::create_dir(&place).unwrap();
    let run = |script: &str| {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("umask 000; {script}")])
            .arg(env!("CARGO_BIN_EXE_prmdesk"))
            .current_dir(&place)
            .envs(rig.env())
            .env(
                "PRMDESK_DATABASE_URL",
                format!("sqlite://{}/made/a/partners.db", place.display()),
            )
            .env("HOME", &place)
            .env("XDG_STATE_HOME", place.join("state"))
            .env("XDG_CONFIG_HOME", place.join("config"));
        let output = command.output().unwrap();
        (output.status.code().unwrap(), format!("{output:?}"))
    };
    for (code, script) in [
        (0, "\"$0\" init"),
        (0, "\"$0\" doctor"),
        (5, "\"$0\" preview --mode full --out plan.json"),
        (0, "\"$0\" apply plan.json --yes"),
        (5, "\"$0\" undo 1 --out undo.json"),
        (0, "\"$0\" status"),
    ] {
        let (ended, ran) = run(script);
        assert_eq!(ended, code, "{script}: {ran}");
    }
    // While a process holds it, the database has its two files beside it.
    let store = prmdesk::store::Store::connect(
        &prmdesk::config::Secret::new(format!("sqlite://{}/made/a/partners.db", place.display())),
        prmdesk::clock::Clock::system(),
    )
    .await
    .unwrap();
    store.close().await;
    let mut found = Vec::new();
    all_below(&place, &mut found);
    for wanted in [
        "partners.db",
        "plan.json",
        "undo.json",
        "config.toml",
        ".log",
    ] {
        assert!(
            found
                .iter()
                .any(|path| path.to_string_lossy().ends_with(wanted)),
            "{wanted}: {found:?}"
        );
    }
    for path in found {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_goes_through_a_link_and_into_a_pipe() {
    let rig = Rig::start(sqlite()).await;
    std::fs::create_dir(rig.path("plans")).unwrap();
    symlink("plans/today.json", rig.path("plan.json")).unwrap();
    let ran = rig.run("preview --mode full --out plan.json");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(rig.path("plan.json").is_symlink());
    assert!(rig.path("plans/today.json").is_file());
    let pipe = rig.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    let ran = rig.run("preview --mode full --out pipe");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(reader.join().unwrap().contains("\"plan_id\""));
    let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
    assert!(kind.is_fifo());
    let ran = rig.run("preview --mode full --out plans");
    ran.fails(1, "plans");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_line_break_stays_one_line_of_the_log() {
    let rig = Rig::start(sqlite()).await;
    let name = "eve\n2026-01-01T00:00:00Z  INFO forged\x1b[2J\u{202e}";
    let ran = rig.args(&["sync", "--mode", "full", "--yes", "--operator", name]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut found = Vec::new();
    all_below(&rig.path("state"), &mut found);
    let log: String = found
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(".log"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let with_it: Vec<&str> = log.lines().filter(|line| line.contains("forged")).collect();
    assert!(!with_it.is_empty(), "{log}");
    assert!(
        with_it.iter().all(|line| line.contains("eve")),
        "{with_it:?}"
    );
    assert!(!log.contains(['\x1b', '\u{202e}']), "{log}");
}
