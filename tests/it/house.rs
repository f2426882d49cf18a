//! The invariants of ARCHITECTURE.md, checked on the source itself (ARCHITECTURE.md, "Code map").

use std::fs;
use std::path::{Path, PathBuf};

/// What may not be named on a floor, and why.
struct Floor {
    /// Path of the floor below `src`, without `.rs`.
    path: &'static str,
    /// Modules of this crate that it may not import.
    above: &'static [&'static str],
    /// Words that may not be in its code.
    words: &'static [&'static str],
    why: &'static str,
}

const TERMINAL: &[&str] = &["ratatui", "crossterm", "clap", "axum"];

/// What is neither here nor there with the same input twice: I/O, the clock, async, randomness.
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

const FLOORS: &[Floor] = &[
    Floor {
        path: "plan",
        above: &[
            "desk",
            "impartner",
            "lms",
            "store",
            "cli",
            "tui",
            "http",
            "sandbox",
            "logging",
            "clock",
            "progress",
        ],
        words: IMPURE,
        why: "plan/ is pure: no I/O, no clock, no async",
    },
    Floor {
        path: "entity",
        above: &[],
        words: IMPURE,
        why: "what an entity is, is data: no I/O, no clock, no async",
    },
    Floor {
        path: "values",
        above: &[
            "impartner",
            "lms",
            "store",
            "desk",
            "cli",
            "tui",
            "http",
            "sandbox",
            "logging",
        ],
        words: TERMINAL,
        why: "values are what the desk hands out; they know nobody who makes or shows them",
    },
    Floor {
        path: "desk",
        above: &["cli", "tui", "http", "sandbox", "logging"],
        words: TERMINAL,
        why: "desk/ knows no face and no terminal",
    },
    Floor {
        path: "impartner",
        above: &[
            "lms", "store", "desk", "cli", "tui", "http", "sandbox", "logging",
        ],
        words: TERMINAL,
        why: "the outsides know nothing of each other nor of the desk",
    },
    Floor {
        path: "lms",
        above: &[
            "impartner",
            "store",
            "desk",
            "cli",
            "tui",
            "http",
            "sandbox",
            "logging",
        ],
        words: TERMINAL,
        why: "the outsides know nothing of each other nor of the desk",
    },
    Floor {
        path: "store",
        above: &[
            "impartner",
            "lms",
            "desk",
            "cli",
            "tui",
            "http",
            "sandbox",
            "logging",
        ],
        words: TERMINAL,
        why: "the outsides know nothing of each other nor of the desk",
    },
    Floor {
        path: "sandbox",
        above: &["impartner", "lms", "desk", "cli", "tui", "http", "logging"],
        words: &["ratatui", "crossterm", "clap"],
        why: "the stand-ins are tested against, so they share no code with the clients",
    },
    Floor {
        path: "cli",
        above: &["tui", "http", "impartner", "lms"],
        words: &["ratatui", "axum"],
        why: "a face imports no other face and no outside",
    },
    Floor {
        path: "tui",
        above: &["cli", "http", "impartner", "lms", "store", "sandbox"],
        words: &["clap", "axum"],
        why: "a face imports no other face and no outside",
    },
    Floor {
        path: "http",
        above: &["cli", "tui", "impartner", "lms", "store", "sandbox"],
        words: &["ratatui", "crossterm", "clap"],
        why: "a face imports no other face and no outside",
    },
];

/// The ground floor: what everybody may use imports nothing but itself.
const GROUND: &[&str] = &["config", "entity", "text", "progress", "error", "clock"];

/// Files longer than the house allows that wait for a second room. Nothing is added here.
const LONG: &[&str] = &["tests/it/plan/rules.rs"];

struct Source {
    /// Below the crate's root, such as `src/plan/item.rs`.
    path: String,
    /// The code without comments and without its unit tests.
    code: String,
    lines: usize,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn sources(below: &str) -> Vec<Source> {
    let mut files = Vec::new();
    walk(&root().join(below), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let path = file
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            Source {
                code: code(&text),
                lines: text.lines().count(),
                path,
            }
        })
        .collect()
}

/// Takes out comments and everything from the unit tests on, which stand last in a file.
fn code(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let end = line
            .match_indices("//")
            .find(|&(at, _)| !line[..at].ends_with(':'))
            .map_or(line.len(), |(at, _)| at);
        out.push_str(&line[..end]);
        out.push('\n');
    }
    out
}

/// Whether `path` belongs to the floor `floor`: `src/floor.rs` or anything in `src/floor/`.
fn is_on(path: &str, floor: &str) -> bool {
    path == format!("src/{floor}.rs") || path.starts_with(&format!("src/{floor}/"))
}

/// Modules of this crate that `source` names by `crate::`, or by `super::` from a file at the root of the crate.
fn imports(source: &Source) -> Vec<String> {
    let mut starts = vec!["crate::"];
    if source.path.matches('/').count() == 1 {
        starts.push("super::");
    }
    let mut found = Vec::new();
    for start in starts {
        for (at, _) in source.code.match_indices(start) {
            let rest = &source.code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(list) => found.extend(group(list)),
                None => found.push(ident(rest)),
            }
        }
    }
    found
}

fn ident(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The first names of the entries of `{…}`, whose opening brace is gone.
fn group(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut fresh) = (0, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if c.is_whitespace() => {}
            _ if fresh => {
                names.push(ident(&list[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Whether `word` stands in `code` as a word of its own where it begins and ends with a letter.
fn names(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    code.match_indices(word).any(|(at, _)| {
        let before = part(code[..at].chars().next_back()) && letter(word.chars().next());
        let after =
            part(code[at + word.len()..].chars().next()) && letter(word.chars().next_back());
        !before && !after
    })
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn imports_go_down_only() {
    let mut faults = Vec::new();
    for source in sources("src") {
        let imports = imports(&source);
        for floor in FLOORS
            .iter()
            .filter(|floor| is_on(&source.path, floor.path))
        {
            for above in floor.above {
                let demo = *above == "sandbox" && is_on(&source.path, "cli/demo");
                if !demo && imports.iter().any(|import| import == above) {
                    faults.push(format!("{}: imports {above}; {}", source.path, floor.why));
                }
            }
            for word in floor.words {
                if names(&source.code, word) {
                    faults.push(format!("{}: names {word}; {}", source.path, floor.why));
                }
            }
        }
        if GROUND.iter().any(|ground| is_on(&source.path, ground)) {
            for import in &imports {
                let module = root().join(format!("src/{import}.rs")).exists();
                if module && !GROUND.contains(&import.as_str()) {
                    faults.push(format!(
                        "{}: imports {import}; it is on the ground floor",
                        source.path
                    ));
                }
            }
        }
    }
    complain(&faults);
}

#[test]
fn what_belongs_to_one_room_stays_in_it() {
    let mut faults = Vec::new();
    for source in sources("src") {
        let path = source.path.as_str();
        let mut only = |word: &str, room: bool, rule: &str| {
            if !room && names(&source.code, word) {
                faults.push(format!("{path}: names {word}; {rule}"));
            }
        };
        only("sqlx", is_on(path, "store"), "only store/ names sqlx");
        only(
            "color_eyre",
            path == "src/main.rs",
            "color-eyre lives in main.rs only",
        );
        only(
            "DisplaySafe(",
            is_on(path, "text"),
            "only text.rs makes a DisplaySafe",
        );
        only(
            "sandbox",
            is_on(path, "sandbox")
                || is_on(path, "cli/demo")
                || path == "src/lib.rs"
                || !imports(&source).iter().any(|import| import == "sandbox"),
            "only cli/demo and the tests import the sandbox",
        );
        only(
            "Utc::now",
            is_on(path, "clock"),
            "only the clock asks for the time",
        );
    }
    complain(&faults);
}

#[test]
fn rooms_have_one_shape_and_a_bearable_size() {
    let mut faults = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        if source.path.ends_with("/mod.rs") {
            faults.push(format!(
                "{}: no mod.rs; src/foo.rs and src/foo/",
                source.path
            ));
        }
        if source.lines > 500 && !LONG.contains(&source.path.as_str()) {
            faults.push(format!(
                "{}: {} lines; look for two rooms",
                source.path, source.lines
            ));
        }
    }
    complain(&faults);
}

/// The checks above find what they look for.
#[test]
fn the_reader_of_source_reads() {
    let text = "use crate::{config::Config, desk::{Desk, x}, text};\n// use crate::lms;\nlet url = \"http://x\"; use super::store;\n\
                #[cfg(test)]\nmod tests { use crate::tui; }";
    let source = |path: &str| Source {
        path: path.into(),
        code: code(text),
        lines: 1,
    };
    assert_eq!(
        imports(&source("src/foo.rs")),
        ["config", "desk", "text", "store"]
    );
    assert_eq!(
        imports(&source("src/foo/bar.rs")),
        ["config", "desk", "text"]
    );
    assert!(names("let x = sqlx::query()", "sqlx"));
    assert!(!names("let sqlx_like = 1; mysqlx", "sqlx"));
    assert!(names("x.await", ".await"));
    assert!(names("DisplaySafe(text)", "DisplaySafe("));
    assert!(
        is_on("src/plan.rs", "plan")
            && is_on("src/plan/item.rs", "plan")
            && !is_on("src/planner.rs", "plan")
    );
}
