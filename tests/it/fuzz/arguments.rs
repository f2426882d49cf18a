//! Every command with arguments that nobody expects: each call ends with a code of docs/contract.md, prints JSON where
//! JSON was asked for, tells of no fault of its own, and passes nothing of the arguments or the data through raw.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{HOSTILE, Run};
use crate::cli::rig::Rig;
use crate::mariadb::sqlite;

/// Every command, the ones below others too. `demo --no-console` and a `serve` that listens go on until they are stopped.
const COMMANDS: [&str; 33] = [
    "",
    "init",
    "doctor",
    "migrate",
    "status",
    "preview",
    "apply",
    "sync",
    "runs",
    "runs list",
    "runs show",
    "runs history",
    "undo",
    "holds",
    "holds list",
    "holds add",
    "holds lift",
    "offboard",
    "offboard list",
    "offboard show",
    "offboard approve",
    "offboard reject",
    "offboard hold",
    "offboard run",
    "offboard restore",
    "offboard sweep",
    "lms",
    "lms refresh",
    "certs",
    "certs preview",
    "certs push",
    "completions",
    "man",
];

const NUMBERS: [&str; 14] = [
    "0",
    "1",
    "2",
    "7",
    "-1",
    "+1",
    "007",
    "1.5",
    "1e9",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999",
];

/// Nothing outside of the place is written, whatever a path is called.
const PATHS: [&str; 10] = [
    "plan.json",
    ".",
    "nowhere/x",
    "/dev/null",
    "/dev/full",
    "",
    "a\nb",
    "x\x1b[2J",
    "prmdesk.toml",
    "plan.json/x",
];

const WORDS: [&str; 18] = [
    "all",
    "partners",
    "contacts",
    "incremental",
    "full",
    "bash",
    "zsh",
    "pending",
    "op:add",
    "-op:soft_delete",
    "op:",
    "id:7,8",
    "\"open",
    "reviewed:maybe",
    "before=",
    "always",
    "debug",
    "loud",
];

/// The flags that the help of a command names.
fn flags(rig: &Rig, command: &str) -> Vec<String> {
    let help = rig.run(&format!("{command} --help"));
    let words = help
        .stdout
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let mut flags: Vec<String> = words
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .filter(|word| !["--no-console", "--config", "--help"].contains(word))
        .map(ToOwned::to_owned)
        .collect();
    flags.sort();
    flags.dedup();
    flags
}

fn value(run: &mut Run) -> OsString {
    match run.below(8) {
        0 | 1 => OsString::from(*run.one(&NUMBERS)),
        2 => OsString::from(*run.one(&PATHS)),
        3 | 4 => OsString::from(*run.one(&WORDS)),
        5 => OsString::from(run.text().replace('\0', "")),
        6 => OsStr::from_bytes(b"\xff\xfe broken").to_owned(),
        _ => OsString::from(run.one(&HOSTILE).replace('\0', "")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: takes minutes"]
async fn arguments_that_nobody_expects() {
    let mut run = Run::start("arguments");
    let rig = Rig::synced(sqlite()).await;
    let flags: Vec<Vec<String>> = COMMANDS
        .iter()
        .map(|command| flags(&rig, command))
        .collect();
    let mut ends: BTreeMap<i32, u64> = BTreeMap::new();
    while run.goes_on() {
        let at = run.below(COMMANDS.len());
        let mut args: Vec<OsString> = COMMANDS[at]
            .split_whitespace()
            .map(OsString::from)
            .collect();
        for _ in 0..run.below(6) {
            if run.below(3) > 0 && !flags[at].is_empty() {
                args.push(OsString::from(run.one(&flags[at])));
            }
            if run.below(3) > 0 {
                args.push(value(&mut run));
            }
        }
        // Man pages go where they are told; only below the place, then.
        if args
            .iter()
            .any(|arg| arg.as_bytes().starts_with(b"/") && !arg.as_bytes().starts_with(b"/dev/"))
        {
            continue;
        }
        let json = args.iter().any(|arg| arg == "--json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_prmdesk"))
            .args(&args)
            .current_dir(rig.place.path())
            .envs(rig.env())
            .env("HOME", rig.place.path())
            .env("XDG_STATE_HOME", rig.path("state"))
            .env("XDG_CONFIG_HOME", rig.path("config"))
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(rig.path("stdout")).unwrap())
            .stderr(std::fs::File::create(rig.path("stderr")).unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_mins(2);
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "seed {}: {args:?} goes on for ever",
                run.seed
            );
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |name: &str| {
            String::from_utf8_lossy(&std::fs::read(rig.path(name)).unwrap()).into_owned()
        };
        let (stdout, stderr) = (read("stdout"), read("stderr"));
        let what = format!("seed {}: {args:?}: {status}\n{stdout}\n{stderr}", run.seed);
        let code = status.code().unwrap_or_else(|| panic!("{what}"));
        assert!([0, 1, 2, 3, 4, 5, 6, 130].contains(&code), "{what}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"),
            "{what}"
        );
        let text_of_ours =
            matches!(COMMANDS[at], "completions" | "man") || args.iter().any(|arg| arg == "always");
        if !text_of_ours {
            for raw in ['\x1b', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\x07'] {
                assert!(
                    !stdout.contains(raw) && !stderr.contains(raw),
                    "{raw:?} in {what}"
                );
            }
        }
        // Help, the version, and a command that has no JSON, are for people.
        let people =
            stdout.contains("Usage:") || stdout.starts_with("prmdesk") || stdout.is_empty();
        if json && !people {
            assert!(
                serde_json::from_str::<serde_json::Value>(&stdout).is_ok(),
                "no JSON: {what}"
            );
        }
        *ends.entry(code).or_default() += 1;
    }
    println!("arguments: calls by exit code: {ends:?}; nothing found");
}
