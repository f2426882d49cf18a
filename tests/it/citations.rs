//! Comments cite documents by file and heading (`docs/rules.md, "Matching"`): a citation that leads nowhere fails here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a citation may stand.
const PLACES: &[&str] = &[
    "src",
    "tests",
    "benches",
    "docs",
    "ARCHITECTURE.md",
    "README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(at: &Path, out: &mut Vec<PathBuf>) {
    if at.is_dir() {
        for entry in fs::read_dir(at).unwrap() {
            files(&entry.unwrap().path(), out);
        }
    } else if at
        .extension()
        .is_some_and(|end| end == "rs" || end == "md" || end == "toml")
    {
        out.push(at.to_owned());
    }
}

/// The text as one line: a citation may go on behind the next line's comment sign.
fn in_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        line.trim()
            .trim_start_matches("//")
            .trim_start_matches(['!', '/', '#'])
            .trim()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The documents that `text` names, each with the headings it cites of it.
fn citations(text: &str) -> Vec<(String, Vec<String>)> {
    let text = in_one_line(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".md") {
        let start = text[..at]
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || "/_.-".contains(c)))
            .map_or(0, |before| before + 1);
        let file = text[start..at + ".md".len()].trim_start_matches("../");
        let mut rest = &text[at + ".md".len()..];
        let mut headings = Vec::new();
        for joint in [", \"", " and \"", ", \"", " to \""] {
            let Some(quoted) = rest.strip_prefix(joint) else {
                continue;
            };
            let Some(end) = quoted.find('"') else { break };
            headings.push(quoted[..end].trim_end_matches(',').to_owned());
            rest = &quoted[end + 1..];
        }
        found.push((file.to_owned(), headings));
    }
    found
}

/// The headings of a document.
fn headings(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_owned())
        .collect()
}

#[test]
fn citations_are_found_across_lines() {
    let text =
        "/// See (docs/rules.md,\n/// \"The plan\" and \"Status\") and [console](docs/console.md).";
    let expected = [
        ("docs/rules.md", vec!["The plan", "Status"]),
        ("docs/console.md", vec![]),
    ];
    let expected = expected.map(|(file, headings)| {
        (
            file.to_owned(),
            headings.into_iter().map(str::to_owned).collect(),
        )
    });
    assert_eq!(citations(text), expected);
}

#[test]
fn every_citation_leads_somewhere() {
    let mut sources = Vec::new();
    for place in PLACES {
        files(&root().join(place), &mut sources);
    }
    let mut lost = Vec::new();
    let mut cited = 0;
    for source in sources {
        if source.ends_with("tests/it/citations.rs") {
            continue;
        }
        let text = fs::read_to_string(&source).unwrap();
        let shown = source.strip_prefix(root()).unwrap().display().to_string();
        let beside = source.parent().unwrap();
        for (file, wanted) in citations(&text) {
            // A document of the project, or, between documents, one that lies beside.
            let Some(document) = [root().join(&file), beside.join(&file)]
                .into_iter()
                .find(|path| path.is_file())
            else {
                lost.push(format!("{shown}: there is no {file}"));
                continue;
            };
            let known = headings(&document);
            for heading in wanted {
                cited += 1;
                if !known.contains(&heading) {
                    lost.push(format!("{shown}: {file} has no heading \"{heading}\""));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(cited > 100, "only {cited} citations were found");
}
