//! The real binary's command line: help, wrong use, configuration, exit codes, JSON.

mod asked;
mod config;
mod demo;
mod doctor;
mod files;
mod help;
mod holds;
mod init;
mod people;
pub(crate) mod rig;
mod rules;
mod said;
mod schedulers;
mod secrets;
mod shadow;
mod story;
mod trouble;
mod usage;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// A place of its own for one test: a home, a working directory, and nothing of our environment.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file here.
    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.path().join(name), text).unwrap();
        self
    }

    /// The binary, in this place.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::cargo_bin("prmdesk").unwrap();
        command.current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PRMDESK_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("RUST_BACKTRACE", "0")
            .env_remove("NO_COLOR");
        command
    }

    /// Runs it with `args`; words are split at white space.
    pub(crate) fn run(&self, args: &str) -> Ran {
        self.run_args(&args.split_whitespace().collect::<Vec<_>>(), &[])
    }

    pub(crate) fn run_env(&self, args: &str, env: &[(&str, &str)]) -> Ran {
        self.run_args(&args.split_whitespace().collect::<Vec<_>>(), env)
    }

    pub(crate) fn run_args(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = self.command();
        command.args(args).envs(env.iter().copied());
        Ran::of(&command.output().unwrap())
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Standard output as the one JSON document that it must be, and nothing on standard error.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stderr, "", "standard error is for terminals");
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The error with its exit code: on standard error for people, with something to do about it.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, says: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(
            self.stderr.contains(says),
            "{says:?} is not in: {}",
            self.stderr
        );
        assert_eq!(self.stdout, "");
    }

    /// The error as JSON with its exit code and fixed word.
    #[track_caller]
    pub(crate) fn fails_json(&self, code: i32, word: &str) -> Value {
        assert_eq!(self.code, code, "{self:?}");
        let error = self.json()["error"].take();
        assert_eq!(error["code"], word, "{error}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{error}"
        );
        assert!(error.get("help").is_some(), "{error}");
        error
    }
}
