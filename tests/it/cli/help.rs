//! Every help page, as a picture: a change of it is seen in review.

use super::Place;

const COMMANDS: &[&str] = &[
    "",
    "demo",
    "init",
    "doctor",
    "migrate",
    "status",
    "preview",
    "apply",
    "sync",
    "runs",
    "runs show",
    "runs history",
    "undo",
    "carried",
    "holds",
    "holds add",
    "holds lift",
    "rules",
    "rules try",
    "rules accept",
    "rules allow",
    "offboard",
    "offboard list",
    "offboard show",
    "offboard approve",
    "offboard reject",
    "offboard hold",
    "offboard reopen",
    "offboard log",
    "offboard run",
    "offboard restore",
    "offboard sweep",
    "lms refresh",
    "certs preview",
    "certs push",
    "serve",
    "completions",
    "man",
];

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in COMMANDS {
        let ran = place.run(&format!("{command} --help"));
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{command}");
        // The options of every command are in the first picture.
        let own = match (command.is_empty(), ran.stdout.find("\nGlobal options:")) {
            (false, Some(at)) => &ran.stdout[..at],
            _ => &ran.stdout,
        };
        let lines: Vec<&str> = own.lines().map(str::trim_end).collect();
        let name = format!(
            "help {}",
            if command.is_empty() {
                "prmdesk"
            } else {
                command
            }
        );
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name.replace(' ', "_"), lines.join("\n"));
        });
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Place::new().run("--version");
    assert_eq!(
        ran.stdout,
        format!("prmdesk {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(ran.code, 0);
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(&format!("completions {shell}"));
        assert_eq!(ran.code, 0);
        assert!(
            ran.stdout.contains("offboard") && ran.stdout.contains("allow-deletes"),
            "{shell}"
        );
    }
    let page = place.run("man");
    assert_eq!(page.code, 0);
    assert!(
        page.stdout.starts_with(".ie") || page.stdout.contains(".TH prmdesk 1"),
        "{}",
        page.stdout
    );
    assert_eq!(place.run("man --dir pages").code, 0);
    for page in ["prmdesk.1", "prmdesk-sync.1", "prmdesk-runs-show.1"] {
        let text = std::fs::read_to_string(place.path().join("pages").join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    for page in std::fs::read_dir(place.path().join("pages")).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("-help"), "{name}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    use std::process::Stdio;
    let place = Place::new();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("prmdesk"))
        .args(["completions", "zsh"])
        .env("HOME", place.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything is read.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
