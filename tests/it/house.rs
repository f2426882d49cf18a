//! The rules of ARCHITECTURE.md, "Invariants", each with its sentence, checked on the source itself.

mod circles;
mod console;
mod floors;
mod packages;
mod source;

use std::collections::BTreeSet;
use std::fs;

use circles::no_circles;
use console::{nobody_matches_on_a_screen, screens_are_closed};
use floors::{imports_go_down, the_console_has_floors};
use source::{Source, root, sources};

/// A sentence of ARCHITECTURE.md, "Invariants", and what breaks it in the given source.
type Rule = (&'static str, fn(&[Source]) -> Vec<String>);

const RULES: &[Rule] = &[
    (
        "Imports go down only, by the table above: what stands on a line imports what stands below it, and what shares a \
         line does not import each other.",
        imports_go_down,
    ),
    (
        "No files import each other in a circle, and no rooms of one house do.",
        no_circles,
    ),
    (
        "`plan/` and `entity.rs` do no I/O, have no clock, no async, no randomness: planning twice gives the same plan.",
        the_plan_is_pure,
    ),
    (
        "ratatui is named in `tui/` only, crossterm in `tui/` and `cli/` only, clap in `cli/` only, axum in `http/` and \
         `sandbox/` only.",
        |sources| {
            only(sources, "ratatui", &["tui"])
                .chain(only(sources, "crossterm", &["tui", "cli"]))
                .chain(only(sources, "clap", &["cli"]))
                .chain(only(sources, "axum", &["http", "sandbox"]))
                .collect()
        },
    ),
    (
        "No face imports `impartner/`, `lms/` or `store/`: what it needs of them, the desk gives. `cli/demo` alone fills \
         a store.",
        |sources| {
            let faces = || {
                sources
                    .iter()
                    .filter(|source| ["cli", "tui", "http"].iter().any(|face| source.is_in(face)))
            };
            faces()
                .flat_map(|source| importing(source, &["impartner", "lms"]))
                .chain(
                    faces()
                        .filter(|source| !source.is_in("cli/demo"))
                        .flat_map(|source| importing(source, &["store"])),
                )
                .collect()
        },
    ),
    (
        "`tui/kit/` imports itself, `plan/`, `values/` and `text.rs`: it is handed what it draws, and knows no screen, no \
         model and no core.",
        |sources| imports_only(sources, "tui/kit", &["tui::kit", "plan", "values", "text"]),
    ),
    (
        "`tui/keymap/` imports `tui/kit/key.rs` only: screens, actions and keys are data.",
        |sources| imports_only(sources, "tui/keymap", &["tui::keymap", "tui::kit::key"]),
    ),
    (
        "The console has floors of its own, by the table of its section: what stands on a line imports what stands below it, \
         and what shares a line does not import each other.",
        the_console_has_floors,
    ),
    (
        "A screen imports no other screen, and nothing but `tui/screen.rs` names more of the screens than `Screens`.",
        screens_are_closed,
    ),
    (
        "Nothing but `tui/keymap/table.rs` and `tui/screen.rs` matches on a screen: what differs between screens, their rooms \
         say.",
        nobody_matches_on_a_screen,
    ),
    (
        "In the console only `tui/runtime/` and `tui/request.rs` import the desk, and only `tui/runtime/` names tokio, files \
         and the environment.",
        |sources| {
            let console: Vec<&Source> = sources
                .iter()
                .filter(|source| source.is_in("tui") && !source.is_test())
                .filter(|source| !source.is_in("tui/runtime"))
                .collect();
            let desk = console
                .iter()
                .filter(|source| !source.is_in("tui/request"))
                .flat_map(|source| importing(source, &["desk"]));
            let machine = console.iter().flat_map(|source| {
                ["tokio", "std::fs", "std::env"]
                    .iter()
                    .filter(|word| source.names(word))
                    .map(|word| format!("{}: names {word}", source.path))
            });
            desk.chain(machine).collect()
        },
    ),
    (
        "Only `cli/demo` and the tests import the sandbox.",
        |sources| {
            sources
                .iter()
                .filter(|source| !source.is_in("sandbox") && !source.is_in("cli/demo"))
                .flat_map(|source| importing(source, &["sandbox"]))
                .collect()
        },
    ),
    (
        "Only the outsides use `wire/`: the stand-ins are what the clients are tested against, and must share no fault \
         with them.",
        |sources| {
            let outsides = ["impartner", "lms", "notify", "wire"];
            sources
                .iter()
                .filter(|source| !outsides.iter().any(|outside| source.is_in(outside)))
                .flat_map(|source| importing(source, &["wire"]))
                .collect()
        },
    ),
    (
        "Only `wire/` makes an HTTP client, chooses a proxy and reads Retry-After: one road for both vendors and the \
         webhook.",
        |sources| {
            // The stand-ins send a Retry-After.
            only(sources, "Client::builder", &["wire"])
                .chain(only(sources, "no_proxy", &["wire"]))
                .chain(only(sources, "RETRY_AFTER", &["wire", "sandbox"]))
                .collect()
        },
    ),
    ("Only `store/` names sqlx.", |sources| {
        only(sources, "sqlx", &["store"]).collect()
    }),
    (
        "Only `text.rs` makes a `DisplaySafe`: text from outside reaches a terminal through it, with escapes visible.",
        |sources| only(sources, "DisplaySafe(", &["text"]).collect(),
    ),
    (
        "Only `clock.rs` asks the machine for the time.",
        |sources| {
            only(sources, "Utc::now", &["clock"])
                .chain(only(sources, "Local::now", &["clock"]))
                .collect()
        },
    ),
    ("Only `main.rs` names color-eyre.", |sources| {
        only(sources, "color_eyre", &["main"]).collect()
    }),
    (
        "`src/foo.rs` and `src/foo/`, no `mod.rs`; files aim under 300 lines and never pass 500 (the test lists those that \
         wait for a second room).",
        rooms_have_one_shape,
    ),
    (
        "No crate in Cargo.toml that the code does not name, at most 540 packages in Cargo.lock, and no licence that deny.toml \
         does not allow.",
        |sources| {
            // Of the whole house only: the packages are not those of a few made-up files.
            let whole = sources.iter().any(|source| source.path == "src/main.rs");
            if whole {
                packages::faults(sources)
            } else {
                Vec::new()
            }
        },
    ),
];

/// Files longer than the house allows that wait for a second room. Nothing is added here.
const LONG: &[&str] = &["tests/it/plan/rules.rs"];

/// What gives another answer tomorrow: I/O, the clock, async, randomness.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::time",
    "std::env",
    "std::process",
    "std::thread",
    "tokio",
    "reqwest",
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
    "async fn",
    "async move",
    ".await",
    "rand::",
];

#[test]
fn every_rule_holds() {
    let sources: Vec<Source> = sources("src").into_iter().chain(sources("tests")).collect();
    let faults: Vec<String> = RULES
        .iter()
        .flat_map(|(says, broken)| {
            let faults = broken(&sources);
            let head = (!faults.is_empty()).then(|| format!("\n{says}"));
            head.into_iter()
                .chain(faults.into_iter().map(|fault| format!("  {fault}")))
        })
        .collect();
    assert!(faults.is_empty(), "{}\n", faults.join("\n"));
}

#[test]
fn the_rules_are_those_of_the_architecture() {
    let told: Vec<String> = section("## Invariants")
        .split("\nNot in the source")
        .next()
        .unwrap()
        .split("\n- ")
        .skip(1)
        .map(|sentence| sentence.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let checked: Vec<&str> = RULES.iter().map(|(says, _)| *says).collect();
    assert_eq!(told, checked);
}

/// The text of ARCHITECTURE.md from a heading to the next one of its rank.
fn section(heading: &str) -> String {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let rank = heading.split(' ').next().unwrap();
    rest.split(&format!("\n{rank} ")).next().unwrap().to_owned()
}

/// The rooms of `src` that a file names, beside its own.
fn rooms_of(source: &Source) -> BTreeSet<String> {
    let module = source.module();
    source
        .uses()
        .into_iter()
        .filter_map(|path| path.into_iter().next())
        .filter(|room| module.first() != Some(&room.as_str()))
        .collect()
}

fn importing(source: &Source, rooms: &[&str]) -> Vec<String> {
    rooms_of(source)
        .iter()
        .filter(|room| rooms.contains(&room.as_str()))
        .map(|room| format!("{}: imports {room}", source.path))
        .collect()
}

/// Faults of the files of a room that import anything but itself and what lies in `allowed`, given by their paths.
fn imports_only(sources: &[Source], room: &str, allowed: &[&str]) -> Vec<String> {
    let inside = |path: &str, place: &str| {
        path.strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    sources
        .iter()
        .filter(|source| source.is_in(room) && !source.is_test())
        .flat_map(|source| {
            source
                .uses()
                .into_iter()
                .map(|path| path.join("::"))
                // The room's visibility: `pub(in crate::tui)`.
                .filter(|path| !source.module().join("::").starts_with(path.as_str()))
                .filter(|path| !allowed.iter().any(|place| inside(path, place)))
                .map(|path| format!("{}: imports {path}", source.path))
        })
        .collect()
}

/// Faults of files of `src` that name `word` and lie in none of `rooms`.
fn only(sources: &[Source], word: &str, rooms: &[&str]) -> impl Iterator<Item = String> {
    sources
        .iter()
        .filter(|source| source.path.starts_with("src/"))
        .filter(|source| !rooms.iter().any(|room| source.is_in(room)) && source.names(word))
        .map(|source| format!("{}: names {word}", source.path))
        .collect::<Vec<_>>()
        .into_iter()
}

fn the_plan_is_pure(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.is_in("plan") || source.is_in("entity"))
        .flat_map(|source| {
            IMPURE
                .iter()
                .filter(|word| source.names(word))
                .map(|word| format!("{}: names {word}", source.path))
        })
        .collect()
}

fn rooms_have_one_shape(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources {
        if source.path.ends_with("/mod.rs") {
            faults.push(format!("{}: no mod.rs", source.path));
        }
        if source.lines > 500 && !LONG.contains(&source.path.as_str()) {
            faults.push(format!(
                "{}: {} lines; look for two rooms",
                source.path, source.lines
            ));
        }
    }
    faults
}

/// The rules find what they look for.
#[test]
fn what_breaks_a_rule_is_found() {
    let broken = |files: &[(&str, &str)]| {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new(path, text))
            .collect();
        RULES
            .iter()
            .flat_map(|(_, broken)| broken(&sources))
            .collect::<Vec<_>>()
    };
    let tests = "#[cfg(test)]\nmod tests;\n";
    for (path, text, fault) in [
        (
            "src/text.rs",
            "use super::error::Kind;",
            "src/text.rs: imports error",
        ),
        (
            "src/values.rs",
            "use crate::{plan, store::Store};",
            "src/values.rs: imports store",
        ),
        (
            "src/notify.rs",
            "use crate::desk::Desk;",
            "src/notify.rs: imports desk",
        ),
        (
            "src/lms/call.rs",
            "use crate::impartner::Client;",
            "src/lms/call.rs: imports impartner",
        ),
        (
            "src/cli.rs",
            "fn f() { crate::tui::run() }",
            "src/cli.rs: imports tui",
        ),
        (
            "src/new.rs",
            "",
            "src/new.rs: new stands on no line of the table",
        ),
        (
            "src/plan/op.rs",
            "use tokio::fs;",
            "src/plan/op.rs: names tokio",
        ),
        (
            "src/desk/x.rs",
            "use ratatui::Frame;",
            "src/desk/x.rs: names ratatui",
        ),
        (
            "src/desk/x.rs",
            "use sqlx::Pool;",
            "src/desk/x.rs: names sqlx",
        ),
        (
            "src/desk.rs",
            "use crate::sandbox::World;",
            "src/desk.rs: imports sandbox",
        ),
        (
            "src/http/x.rs",
            "use crate::store::Store;",
            "src/http/x.rs: imports store",
        ),
        ("src/plan/mod.rs", "", "src/plan/mod.rs: no mod.rs"),
        (
            "src/tui/kit/x.rs",
            "pub(in crate::tui) use super::super::model::Model;",
            "src/tui/kit/x.rs: imports tui::model::Model",
        ),
        (
            "src/tui/keymap/x.rs",
            "use crate::tui::kit::{hits::Hits, key::Key};",
            "src/tui/keymap/x.rs: imports tui::kit::hits::Hits",
        ),
        (
            "src/tui/job/x.rs",
            "use std::{env, fs};\nuse std::fs::File;",
            "src/tui/job/x.rs: names std::fs",
        ),
        (
            "src/tui/job/x.rs",
            "use crate::desk::Desk;",
            "src/tui/job/x.rs: imports desk",
        ),
        (
            "src/tui/new.rs",
            "",
            "src/tui/new.rs: stands on no line of the console's table",
        ),
        (
            "src/tui/screen/history/x.rs",
            "use crate::tui::screen::preview::Preview;",
            "src/tui/screen/history/x.rs: imports tui::screen::preview::Preview",
        ),
        (
            "src/tui/console/x.rs",
            "use crate::tui::screen::{Screens, history::History};",
            "src/tui/console/x.rs: imports tui::screen::history::History",
        ),
        (
            "src/tui/console/x.rs",
            "fn f() { match self.model.screen {\n _ => {} } }",
            "src/tui/console/x.rs: matches on a screen",
        ),
        (
            "src/tui/console/x.rs",
            "fn f() { match x { Screen::Preview => {} _ => {} } }",
            "src/tui/console/x.rs: matches on a screen",
        ),
    ] {
        assert_eq!(broken(&[(path, &format!("{tests}{text}"))]), [fault]);
    }
    let up = [
        ("src/tui/room.rs", ""),
        ("src/tui/kit/x.rs", ""),
        (
            "src/tui/model.rs",
            "use crate::tui::room::Room;\nuse crate::tui::kit::x;",
        ),
    ];
    assert_eq!(broken(&up), ["src/tui/model.rs: imports src/tui/room.rs"]);
    let circle = [
        ("src/store/a.rs", "use super::b::c::X;"),
        ("src/store/b.rs", "mod c;"),
        ("src/store/b/c.rs", "use super::super::a::Y;"),
    ];
    assert_eq!(
        broken(&circle),
        [
            "src/store/a.rs, src/store/b/c.rs import each other",
            "src/store/a, src/store/b import each other"
        ]
    );
}
