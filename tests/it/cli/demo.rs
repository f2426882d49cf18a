//! `prmdesk demo --no-console`, as a person at two terminals uses it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::Place;

/// The stand-ins as a process of their own.
struct Demo {
    child: Child,
    env: HashMap<String, String>,
}

impl Demo {
    fn start(place: &Place, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("prmdesk"))
            .args([
                "demo",
                "--no-console",
                "--dir",
                "demo",
                "--partners",
                "80",
                "--contacts",
                "500",
            ])
            .args(args)
            .current_dir(place.path())
            .env("HOME", place.path())
            .env_remove("PRMDESK_DATABASE_URL")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut env = HashMap::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some((name, value)) = line
                .strip_prefix("export ")
                .and_then(|line| line.split_once('='))
            {
                env.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            }
            if line.starts_with("# Then:") {
                break;
            }
        }
        Self { child, env }
    }

    fn env(&self) -> Vec<(&str, &str)> {
        self.env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Ctrl-C; gives the exit code.
    fn stop(mut self) -> Option<i32> {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::SIGINT).unwrap();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn the_printed_environment_is_all_that_a_second_terminal_needs() {
    let place = Place::new();
    let demo = Demo::start(&place, &[], &[]);
    let preview = place.run_args(&["preview", "--mode", "full", "--json"], &demo.env());
    assert_eq!(preview.code, 5, "{preview:?}");
    let plan = preview.json();
    for entity in ["partners", "contacts"] {
        for op in ["add", "update", "soft_delete", "excluded", "unchanged"] {
            assert!(
                plan["totals"][entity][op].as_u64().unwrap() > 0,
                "{entity} {op}: {}",
                plan["totals"]
            );
        }
    }
    assert_eq!(
        place
            .run_args(&["sync", "--mode", "full", "--yes"], &demo.env())
            .code,
        0
    );
    assert_eq!(demo.stop(), Some(0));

    // What was done stays, until --reset.
    let demo = Demo::start(&place, &[], &[]);
    let runs = place.run_args(&["runs", "--json"], &demo.env()).json();
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(demo.stop(), Some(0));
    let demo = Demo::start(&place, &["--reset"], &[]);
    let runs = place.run_args(&["runs", "--json"], &demo.env()).json();
    assert_eq!(runs.as_array().unwrap().len(), 0);
    assert_eq!(demo.stop(), Some(0));
}

/// What is pasted from the demo never aims at the database that the environment named before.
#[test]
fn the_demos_own_database_is_always_named() {
    let place = Place::new();
    let url = format!("sqlite://{}", place.path().join("mine.db").display());
    let demo = Demo::start(&place, &[], &[("PRMDESK_DATABASE_URL", &url)]);
    let named = demo.env["PRMDESK_DATABASE_URL"].clone();
    assert!(named.ends_with("/demo/demo.db"), "{named}");
    assert!(place.path().join("demo/demo.db").exists());
    assert!(!place.path().join("mine.db").exists());
    assert_eq!(demo.stop(), Some(0));
}
