//! Reads the source: which modules a file names, and its code without comments, texts and unit tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One file of the crate.
pub(super) struct Source {
    /// Below the crate's root, such as `src/plan/item.rs`.
    pub(super) path: String,
    /// The code without comments and without the insides of texts.
    pub(super) whole: String,
    /// The same without items that exist under test only.
    pub(super) code: String,
    pub(super) lines: usize,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let whole = bare(text);
        Self {
            path: path.to_owned(),
            code: without_tests(&whole),
            whole,
            lines: text.lines().count(),
        }
    }

    /// Its module: `src/plan/item.rs` is `plan`, `item`.
    pub(super) fn module(&self) -> Vec<&str> {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside
            .strip_suffix(".rs")
            .unwrap_or(inside)
            .split('/')
            .filter(|part| !matches!(*part, "lib" | "main"))
            .collect()
    }

    /// Whether it exists under test only: such a file may name whatever it tests with.
    pub(super) fn is_test(&self) -> bool {
        self.module()
            .iter()
            .any(|part| matches!(*part, "tests" | "fixtures") || part.ends_with("_tests"))
    }

    /// Whether it is `src/room.rs` or lies in `src/room/`.
    pub(super) fn is_in(&self, room: &str) -> bool {
        self.path == format!("src/{room}.rs") || self.path.starts_with(&format!("src/{room}/"))
    }

    /// Whether `word` stands in the code as a word of its own where it begins and ends with a letter.
    pub(super) fn names(&self, word: &str) -> bool {
        names(&self.code, word)
    }

    /// The paths it names within the crate, from the crate's root on, each with its modules and at most one item:
    /// by `crate::`, by `super::`, and those of its own children. Groups in braces are expanded.
    pub(super) fn uses(&self) -> Vec<Vec<String>> {
        let module = self.module();
        let mut found = Vec::new();
        for (at, word) in words(&self.code) {
            let before = self.code[..at].trim_end();
            if before.ends_with("::") || before.ends_with('.') {
                continue;
            }
            let rest = &self.code[at + word.len()..];
            let Some(rest) = rest.strip_prefix("::") else {
                continue;
            };
            let start: Vec<String> = match word {
                "crate" => Vec::new(),
                "self" => module.iter().map(ToString::to_string).collect(),
                "super" => module[..module.len().saturating_sub(1)]
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                child if names(&self.code, &format!("mod {child};")) => {
                    let own = module.iter().map(ToString::to_string);
                    own.chain([child.to_owned()]).collect()
                }
                _ => continue,
            };
            tree(rest, &start, &mut found);
        }
        found
    }
}

/// All files below `place`, by path.
pub(super) fn sources(place: &str) -> Vec<Source> {
    let mut files = Vec::new();
    walk(&root().join(place), &mut files);
    files.sort();
    files
        .iter()
        .map(|file| {
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap();
            Source::new(path, &fs::read_to_string(file).unwrap())
        })
        .collect()
}

pub(super) fn root() -> &'static Path {
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

/// Which files each file names: places in `sources`. A name leads to the longest part of its path that is a file. Not
/// followed: names of the faces a file lies under, which hold it (`src/a.rs` from `src/a/b.rs`); nothing of test files.
pub(super) fn arrows(sources: &[Source]) -> Vec<Vec<usize>> {
    let places: BTreeMap<Vec<&str>, usize> = sources
        .iter()
        .enumerate()
        .filter(|(_, source)| !source.is_test() && !source.module().is_empty())
        .map(|(place, source)| (source.module(), place))
        .collect();
    let arrows_of = |source: &Source| {
        let module = source.module();
        let mut found: Vec<usize> = source
            .uses()
            .iter()
            .filter_map(|path| {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let file = (1..=path.len())
                    .rev()
                    .find(|n| places.contains_key(&path[..*n]))?;
                (!module.starts_with(&path[..file])).then(|| places[&path[..file]])
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    sources
        .iter()
        .map(|source| {
            if source.is_test() {
                Vec::new()
            } else {
                arrows_of(source)
            }
        })
        .collect()
}

/// Groups of things that lead to each other, each sorted: `arrows` leads from each to others.
pub(super) fn circles(arrows: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let reached: Vec<Vec<bool>> = (0..arrows.len())
        .map(|from| {
            let mut seen = vec![false; arrows.len()];
            let mut todo = arrows[from].clone();
            while let Some(next) = todo.pop() {
                if !std::mem::replace(&mut seen[next], true) {
                    todo.extend(&arrows[next]);
                }
            }
            seen
        })
        .collect();
    (0..arrows.len())
        .map(|one| {
            (0..arrows.len())
                .filter(|&other| reached[one][other] && reached[other][one])
                .collect::<Vec<_>>()
        })
        .enumerate()
        .filter(|(one, group)| group.len() > 1 && group[0] == *one)
        .map(|(_, group)| group)
        .collect()
}

/// The text without comments and without what stands in quotes.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let raw = rest.trim_start_matches(['b', 'r', 'c']);
        let marks = raw.len() - raw.trim_start_matches('#').len();
        let is_raw = rest[..rest.len() - raw.len()].ends_with('r')
            && raw[marks..].starts_with('"')
            && !out.ends_with(is_part);
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if is_raw {
            let end = format!("\"{}", "#".repeat(marks));
            let inside = rest.len() - raw.len() + marks + 1;
            out.push_str("\"\"");
            rest[inside..]
                .find(&end)
                .map_or(rest.len(), |at| inside + at + end.len())
        } else if c == '"' {
            out.push_str("\"\"");
            1 + quoted(&rest[1..], '"')
        } else if c == '\'' && (rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'')) {
            out.push_str("' '");
            1 + quoted(&rest[1..], '\'')
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    out
}

/// How long the inside of a quoted text is, with its closing quote.
fn quoted(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    inside.len()
}

/// Leaves out each `#[cfg(test)]` and the one item behind it, up to its `;` or the end of its braces.
fn without_tests(code: &str) -> String {
    const TEST: &str = "#[cfg(test)]";
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(TEST) {
        out.push_str(&rest[..at]);
        rest = rest[at + TEST.len()..].trim_start();
        while rest.starts_with("#[") {
            rest = rest[closed(&rest[1..], |_| false) + 1..].trim_start();
        }
        rest = &rest[closed(rest, |c| c == ';')..];
    }
    out + rest
}

/// Where the first group in brackets is over that ends in `}` or `]`, or the first `end` outside of brackets.
fn closed(code: &str, end: impl Fn(char) -> bool) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        let is_attribute = code.starts_with('[');
        if depth == 0 && (c == '}' || end(c) || (is_attribute && c == ']')) {
            return at + c.len_utf8();
        }
    }
    code.len()
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The words of `code` and where each begins.
fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let at = rest + code[rest..].find(is_part)?;
        let word = &code[at..];
        let word = &word[..word.find(|c| !is_part(c)).unwrap_or(word.len())];
        rest = at + word.len();
        Some((at, word))
    })
}

/// Adds the paths that begin with `start` and go on at `text`, which stands behind a `::`; gives what follows them.
fn tree<'t>(text: &'t str, start: &[String], found: &mut Vec<Vec<String>>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut list) = text.strip_prefix('{') {
        loop {
            list = tree(list, start, found).trim_start();
            // `as` and its name, and whatever else the group has that is no path.
            list = &list[list.find([',', '}']).unwrap_or(list.len())..];
            match list.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => list = more,
                Some(more) => return more.trim_start().strip_prefix('}').unwrap_or(""),
                None => return list.strip_prefix('}').unwrap_or(""),
            }
        }
    }
    let word = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(word);
    let mut path = start.to_vec();
    match word {
        "" | "self" => {}
        "super" => {
            path.pop();
        }
        name => path.push(name.to_owned()),
    }
    match rest.strip_prefix("::") {
        Some(more) if !word.is_empty() => tree(more, &path, found),
        _ => {
            found.push(path);
            rest
        }
    }
}

/// Whether `word` stands in `code` as a word of its own where it begins and ends with a letter.
pub(super) fn names(code: &str, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].ends_with(is_part) && letter(word.chars().next());
        let after =
            code[at + word.len()..].starts_with(is_part) && letter(word.chars().next_back());
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(path: &str, text: &str) -> Vec<String> {
        let paths = Source::new(path, text).uses();
        paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn whole_files_are_read_without_their_tests() {
        let text = "mod a;\n#[cfg(test)]\nmod fixtures;\nuse crate::tui;\n#[cfg(test)]\n#[path = \"x\"]\nmod tests {\n    \
                    use crate::cli;\n    const X: &str = \"}\";\n}\nuse crate::http;";
        assert_eq!(uses("src/foo.rs", text), ["tui", "http"]);
        let inside = "impl A {\n    #[cfg(test)]\n    fn f(x: [u8; 2]) -> u8 {\n        crate::cli::x()\n    }\n\n    fn g() { crate::desk::y() }\n}";
        assert_eq!(uses("src/foo.rs", inside), ["desk::y"]);
    }

    #[test]
    fn paths_are_read_from_the_root_on() {
        let text = "use crate::{config::Config, desk::{Desk, x as y}, text};\n// use crate::lms;\nlet url = \"http://crate::x\";\n\
                    use super::store;\nsuper::super::lms::Client::new(); pub(in crate::tui) fn f(a: &'a str, c: char) { c == '\"' || self::b::c() }";
        assert_eq!(
            uses("src/foo/bar.rs", text),
            [
                "config::Config",
                "desk::Desk",
                "desk::x",
                "text",
                "foo::store",
                "lms::Client::new",
                "tui",
                "foo::bar::b::c"
            ]
        );
        assert_eq!(
            uses(
                "src/foo.rs",
                "mod bar;\npub use bar::{self, Baz};\nfn f() { other::bar::x(); bar::<T>::y() }"
            ),
            ["foo::bar", "foo::bar::Baz", "foo::bar"]
        );
        assert_eq!(
            uses(
                "src/foo.rs",
                "let x = r#\"crate::tui\"#; let y = br\"crate::cli\"; /* crate::http */"
            ),
            [""; 0]
        );
    }

    #[test]
    fn words_are_whole_words() {
        assert!(names("let x = sqlx::query()", "sqlx"));
        assert!(!names("let sqlx_like = 1; mysqlx", "sqlx"));
        assert!(names("x.await", ".await"));
        assert!(names("DisplaySafe(text)", "DisplaySafe("));
        let is_in = |path: &str| Source::new(path, "").is_in("plan");
        assert!(is_in("src/plan.rs") && is_in("src/plan/item.rs") && !is_in("src/planner.rs"));
    }

    #[test]
    fn circles_are_found() {
        let texts = [
            ("src/a.rs", "mod b;\nmod c;"),
            ("src/a/b.rs", "use super::c::X;"),
            ("src/a/c.rs", "use super::X;\nfn f() { crate::d::e::g() }"),
            ("src/d.rs", "mod e;"),
            ("src/d/e.rs", "use crate::a::{b::Y, Z};"),
            ("src/f.rs", "use crate::a;"),
        ];
        let sources: Vec<Source> = texts
            .iter()
            .map(|(path, text)| Source::new(path, text))
            .collect();
        assert_eq!(circles(&arrows(&sources)), [[1, 2, 4]]);
    }
}
