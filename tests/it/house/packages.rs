//! What the program is built from: Cargo.toml, Cargo.lock, and the licences that deny.toml allows.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::process::Command;

use super::source::{Source, names, root, sources};

/// Packages of Cargo.lock at most: each is somebody's code that runs with the keys of three systems.
const MOST: usize = 540;

/// What is wrong with the packages: unused ones, too many, licences nobody allowed.
pub(super) fn faults(source: &[Source]) -> Vec<String> {
    let manifest = read("Cargo.toml");
    let benches = sources("benches");
    let mut faults = Vec::new();
    for (section, tests_too) in [("dependencies", false), ("dev-dependencies", true)] {
        for package in listed(&manifest, section) {
            let word = package.replace('-', "_");
            let used = source.iter().chain(&benches).any(|file| {
                if tests_too {
                    names(&file.whole, &word)
                } else {
                    file.path.starts_with("src/") && file.names(&word)
                }
            });
            if !used {
                faults.push(format!(
                    "Cargo.toml: nothing names {package} of [{section}]"
                ));
            }
        }
    }
    let packages = read("Cargo.lock").matches("[[package]]").count();
    if packages > MOST {
        faults.push(format!("Cargo.lock: {packages} packages, more than {MOST}"));
    }
    let deny = read("deny.toml");
    let allowed = allow_list(&deny);
    let refused = licences()
        .into_iter()
        .filter(|(_, licence)| !is_allowed(licence, &allowed));
    faults.extend(
        refused
            .map(|(package, licence)| format!("{package}: deny.toml does not allow {licence:?}")),
    );
    faults
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The names of a section of Cargo.toml.
fn listed<'m>(manifest: &'m str, section: &str) -> Vec<&'m str> {
    let head = format!("[{section}]");
    manifest
        .lines()
        .skip_while(|line| *line != head)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect()
}

/// The licences that deny.toml allows.
fn allow_list(deny: &str) -> BTreeSet<&str> {
    let (_, list) = deny.split_once("\nallow = [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split('"').skip(1).step_by(2).collect()
}

/// Every package that is built here, with its licence; asked of cargo without network.
fn licences() -> BTreeSet<(String, String)> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let told = Command::new(cargo)
        .current_dir(root())
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--format", "{p}|{l}"])
        .output()
        .unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let text = String::from_utf8(told.stdout).unwrap();
    let packages: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(package, licence)| {
            // `name v1.2.3 (proc-macro)`, and ` (*)` behind the licence where the package was told before.
            let package = package.split(" (").next().unwrap_or_default();
            let licence = licence.trim_end_matches(" (*)");
            (package.to_owned(), licence.to_owned())
        })
        .collect();
    assert!(packages.len() > 100, "{text}");
    packages
}

/// Whether an SPDX expression can be met with licences that are allowed. A `/` of old manifests means OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ")
        .replace(" WITH ", "+WITH+");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words, allowed) && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any_of(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    let mut met = one_of(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one_of(words, allowed);
    }
    met
}

fn one_of(words: &mut Words<'_>, allowed: &BTreeSet<&str>) -> bool {
    match words.next() {
        Some("(") => any_of(words, allowed) && words.next() == Some(")"),
        Some(licence) => allowed.contains(licence.replace("+WITH+", " WITH ").as_str()),
        None => false,
    }
}

#[test]
fn licences_are_read_as_written() {
    let allowed = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]);
    for (expression, is) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND Zlib", true),
        ("MIT AND (GPL-3.0 OR ISC)", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("Apache-2.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), is, "{expression}");
    }
}

#[test]
fn a_manifest_is_read_by_its_sections() {
    let text = "[dependencies]\nserde = \"1\"\nserde_json = { version = \"1\" }\n\n[dev-dependencies]\ninsta = \"1\"\n";
    assert_eq!(listed(text, "dependencies"), ["serde", "serde_json"]);
    assert_eq!(listed(text, "dev-dependencies"), ["insta"]);
}
