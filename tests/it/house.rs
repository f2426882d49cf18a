//! The rules of ARCHITECTURE.md, "Invariants", each with its sentence, checked on the source itself.

mod packages;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use source::{Source, arrows, circles, root, sources};

/// A sentence of ARCHITECTURE.md, "Invariants", and what breaks it in the given source.
type Rule = (&'static str, fn(&[Source]) -> Vec<String>);

const RULES: &[Rule] = &[
    (
        "Imports go down only, by the table above: what stands on a line imports what stands below it, and what shares a \
         line does not import each other.",
        imports_go_down,
    ),
    (
        "No files import each other in a circle, and no rooms of one house do (the console waits to be untied).",
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

/// The house whose files and rooms still import each other and wait to be untied. No other is added here.
const TIED: &str = "src/tui/";

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

/// The lines of the first table of a section, top first: the rooms of the first column, such as `tui` for `src/tui/`.
fn floors(heading: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    for row in section(heading)
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
    {
        let rooms = row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2);
        lines.push(
            rooms
                .map(|room| {
                    let room = room.strip_prefix("src/").unwrap_or(room);
                    room.trim_end_matches('/')
                        .trim_end_matches(".rs")
                        .to_owned()
                })
                .collect(),
        );
    }
    lines
}

fn imports_go_down(sources: &[Source]) -> Vec<String> {
    let floors = floors("## Code map");
    let line_of = |room: &str| {
        floors
            .iter()
            .position(|line| line.iter().any(|one| one == room))
    };
    let mut faults = Vec::new();
    for source in sources {
        let module = source.module();
        let Some(&room) = module.first().filter(|_| source.path.starts_with("src/")) else {
            continue;
        };
        let Some(line) = line_of(room) else {
            faults.push(format!(
                "{}: {room} stands on no line of the table",
                source.path
            ));
            continue;
        };
        for import in rooms_of(source) {
            if line_of(&import).is_some_and(|below| below <= line) {
                faults.push(format!("{}: imports {import}", source.path));
            }
        }
    }
    faults
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

fn no_circles(sources: &[Source]) -> Vec<String> {
    let arrows = arrows(sources);
    let files = circles(&arrows).into_iter().map(|group| {
        let paths: Vec<&str> = group
            .iter()
            .map(|&place| sources[place].path.as_str())
            .collect();
        paths.join(", ")
    });
    let (waiting, found): (Vec<_>, Vec<_>) = files
        .chain(room_circles(sources, &arrows))
        .partition(|group| group.split(", ").all(|one| one.starts_with(TIED)));
    let gone = waiting
        .is_empty()
        .then(|| format!("{TIED} is untied: take it off the list"));
    let found = found
        .into_iter()
        .map(|group| format!("{group} import each other"));
    found.chain(gone).collect()
}

/// Rooms that lie in one house (`src/a/b.rs` with `src/a/b/` is a room of `src/a`) and import each other, though their
/// files may not.
fn room_circles(sources: &[Source], arrows: &[Vec<usize>]) -> Vec<String> {
    let mut houses: BTreeMap<String, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for (place, targets) in arrows.iter().enumerate() {
        let from = sources[place].module();
        for &target in targets {
            let to = sources[target].module();
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let mut house = String::from("src/");
                for room in &from[..shared] {
                    house.push_str(room);
                    house.push('/');
                }
                houses.entry(house).or_default().insert((a, b));
            }
        }
    }
    let mut found = Vec::new();
    for (house, pairs) in houses {
        let rooms: Vec<&str> = pairs
            .iter()
            .flat_map(|&(a, b)| [a, b])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let place = |room: &str| rooms.iter().position(|one| *one == room).unwrap();
        let mut arrows = vec![Vec::new(); rooms.len()];
        for (a, b) in pairs {
            arrows[place(a)].push(place(b));
        }
        for group in circles(&arrows) {
            let names: Vec<String> = group
                .iter()
                .map(|&room| format!("{house}{}", rooms[room]))
                .collect();
            found.push(names.join(", "));
        }
    }
    found
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
            // These few files are not the house: nothing of the console is tied in them.
            .filter(|fault| *fault != format!("{TIED} is untied: take it off the list"))
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
    ] {
        assert_eq!(broken(&[(path, &format!("{tests}{text}"))]), [fault]);
    }
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
