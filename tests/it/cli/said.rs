//! What the command line says to people, whole: the answers of one administrator's day, as they stand in the terminal.
//!
//! Times, durations, ports, ids that are digests and paths of this machine are replaced by words in angle brackets.

mod day;
mod lms;
mod refused;
mod rules;

use std::fmt::Write as _;

use prmdesk::sandbox::{Sandbox, SandboxOptions, World};

use super::rig::Rig;
use super::{Place, Ran};
use crate::mariadb::sqlite;

/// A small tenant, so that whole answers can be read.
async fn small() -> Rig {
    let sandbox = Sandbox::start(World::generate(5, 12, 40), SandboxOptions::default())
        .await
        .unwrap();
    Rig {
        place: Place::new(),
        sandbox,
        db: sqlite(),
    }
}

/// What stands in the terminal after `args`, with the exit code below.
fn said(rig: &Rig, args: &str) -> String {
    told(rig, &rig.run(args), args)
}

fn told(rig: &Rig, ran: &Ran, args: &str) -> String {
    let mut text = format!("$ prmdesk {args}\n{}{}", ran.stdout, ran.stderr);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let _ = write!(text, "exit {}", ran.code);
    redacted(rig, &text)
}

/// The text without what differs from run to run and from machine to machine.
fn redacted(rig: &Rig, text: &str) -> String {
    let place = rig.place.path().display().to_string();
    let text = text
        .replace(&rig.sandbox.impartner_url(), "<impartner>")
        .replace(&rig.sandbox.lms_url(), "<lms>")
        .replace(rig.db.url.trim_start_matches("sqlite://"), "<database>")
        .replace(&place, "<place>");
    // Widths follow what was replaced: runs of spaces say nothing here.
    let replaced = [
        (
            r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC|Z)?",
            "<time>",
        ),
        (r"\d{4}-\d\d-\d\d", "<day>"),
        (r"\b\d+(\.\d+)? ?(ms|s)\b", "<duration>"),
        (r"\b[0-9a-f]{12,64}\b", "<digest>"),
        (r"\([0-9 dhmins]+ ago\)", "(<age> ago)"),
        (r"sqlite [0-9.]+[0-9]", "<engine>"),
    ];
    let mut text = text;
    for (pattern, word) in replaced {
        let pattern = regex::Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, word).into_owned();
    }
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}
