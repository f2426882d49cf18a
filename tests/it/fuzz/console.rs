//! The console under keys, clicks, sizes and names that nobody expects: it may end only because it was asked to, tells of
//! no fault of its own, and lets nothing of the data through to the terminal.

use std::fmt::Write as _;

use prmdesk::sandbox::Sandbox;

use super::Run;
use crate::cli::rig::Rig;
use crate::console::Console;
use crate::mariadb::sqlite;

/// Keys with names, as terminals send them.
const KEYS: [&str; 23] = [
    "\r",
    "\t",
    "\x1b",
    "\x7f",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[H",
    "\x1b[F",
    "\x1b[5~",
    "\x1b[6~",
    "\x1b[3~",
    "\x1b[Z",
    "\x1bOP",
    "\x1b[15~",
    " ",
    "\x01",
    "\x05",
    "\x0c",
    "\x15",
    "\x17",
    "\x1b[1;5C",
];

/// What a run does at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Keys,
    Mouse,
    Sizes,
    Names,
}

/// Something to do, changes of every kind, and cases to decide.
async fn rig(run: &mut Run, hostile: bool) -> Rig {
    let rig = Rig::synced(sqlite()).await;
    change(run, &rig.sandbox, hostile);
    let read = rig.run("lms refresh");
    assert!([0, 4].contains(&read.code), "{read:?}");
    rig
}

fn change(run: &mut Run, sandbox: &Sandbox, hostile: bool) {
    let mut world = sandbox.world();
    let accounts: Vec<i64> = world.accounts().map(|account| account.id).collect();
    let users: Vec<i64> = world.users().map(|user| user.id).collect();
    for id in accounts {
        let (text, more) = (run.text(), run.text());
        let dice = run.below(5);
        world.edit_account(id, |account| match dice {
            0 => account.tier = Some("Pending".into()),
            1 => account.website = Some("changed.example".into()),
            _ if hostile => {
                account.name = format!("{text}{id}");
                account.owner = Some(more);
            }
            _ => {}
        });
    }
    for id in users {
        let (text, more) = (run.text(), run.text());
        let dice = run.below(6);
        world.edit_user(id, |user| match dice {
            0 => user.is_active = false,
            1 => user.title = Some("changed".into()),
            2 => user.email = Some(format!("changed{id}@acme.example")),
            _ if hostile => {
                user.first_name = Some(text);
                user.title = Some(more);
            }
            _ => {}
        });
    }
}

fn start(rig: &Rig, rows: u16, cols: u16, operator: &str) -> Console {
    Console::spawn(rows, cols, |command, _| {
        for (name, value) in rig.env() {
            command.env(name, value);
        }
        command.env("PRMDESK_OPERATOR", operator);
    })
}

/// Keys; `plain`: nothing in them that the check of what reached the terminal looks for. While the console leaves, the
/// terminal itself echoes what is typed.
fn keys(run: &mut Run, plain: bool) -> String {
    let mut keys = String::new();
    for _ in 0..=run.below(12) {
        match run.below(8) {
            0 | 1 => {
                let key: &&str = run.one(&KEYS);
                keys.push_str(key);
            }
            2 => {
                let text = if plain {
                    "x".repeat(run.below(3_000))
                } else {
                    run.text().replace('\x1b', "")
                };
                let _ = write!(keys, "\x1b[200~{text}\x1b[201~");
            }
            3 => keys.push(*run.one(&['1', '2', '3', '4', '5', 'p', 'P', 'A', '/', '?', ':'])),
            // What would end the console is left to its own turn.
            _ => {
                let letters: Vec<char> = (' '..='~').filter(|c| *c != 'q').collect();
                keys.push(*run.one(&letters));
            }
        }
    }
    keys
}

fn mouse(run: &mut Run) -> String {
    let mut events = String::new();
    for _ in 0..=run.below(8) {
        let button = *run.one(&[0, 1, 2, 3, 16, 32, 34, 35, 64, 65, 66, 67, 128, 999]);
        let far = run.below(20) == 0;
        let (x, y) = if far {
            (70_000, 70_000)
        } else {
            // From 1 on: debug builds of crossterm do not survive a 0, which no terminal sends.
            (1 + run.below(130), 1 + run.below(45))
        };
        let end = *run.one(&['M', 'm']);
        let _ = write!(events, "\x1b[<{button};{x};{y}{end}");
    }
    events
}

async fn fuzz(kind: Kind, name: &str) {
    let mut run = Run::start(name);
    let (mut rounds, mut actions) = (0, 0);
    while run.goes_on() {
        let rig = rig(&mut run, kind == Kind::Names).await;
        let operator = if kind == Kind::Names {
            "eve\x1b[2J\u{202e}"
        } else {
            "alice"
        };
        let mut console = start(&rig, 40, 120, operator);
        console.until("Overview");
        for _ in 0..300 {
            if !run.goes_on() {
                break;
            }
            actions += 1;
            match kind {
                Kind::Sizes => {
                    let (rows, cols) = (1 + run.below(90), 1 + run.below(300));
                    console.resize(u16::try_from(rows).unwrap(), u16::try_from(cols).unwrap());
                    console.press(&keys(&mut run, kind == Kind::Names));
                }
                Kind::Mouse if run.below(5) > 0 => console.press(&mouse(&mut run)),
                Kind::Keys | Kind::Mouse | Kind::Names => {
                    console.press(&keys(&mut run, kind == Kind::Names));
                }
            }
            if console.is_over() {
                break;
            }
        }
        console.resize(40, 120);
        let code = console.leave();
        let told = console.told();
        let log = rig.log() + &console.log();
        let seed = run.seed;
        assert!(
            [0, 1].contains(&code),
            "seed {seed}: exit {code}: {}",
            console.screen()
        );
        for fault in ["panicked", "fault in prmdesk"] {
            assert!(
                !log.contains(fault) && !told.contains(fault),
                "seed {seed}: {fault}: {log}"
            );
        }
        if kind != Kind::Names {
            rounds += 1;
            continue;
        }
        for raw in [
            "\x1b]2;PWNED",
            "\x1b[HPWNED",
            "\u{9b}2J",
            "\u{202e}",
            "\u{2066}",
            "\u{200b}",
        ] {
            assert!(
                !told.contains(raw),
                "seed {seed}: {raw:?} reached the terminal"
            );
        }
        rounds += 1;
    }
    println!("{name}: {rounds} consoles, {actions} actions, nothing found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: takes minutes"]
async fn keys_that_nobody_expects() {
    fuzz(Kind::Keys, "keys").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: takes minutes"]
async fn clicks_that_nobody_expects() {
    fuzz(Kind::Mouse, "mouse").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: takes minutes"]
async fn sizes_that_nobody_expects() {
    fuzz(Kind::Sizes, "sizes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "by hand: takes minutes"]
async fn names_that_nobody_expects() {
    fuzz(Kind::Names, "names").await;
}
