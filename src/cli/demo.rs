//! `prmdesk demo`.

mod yesterday;

use std::path::{Path, PathBuf};

use chrono::{DurationRound, TimeDelta};
use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::args::Global;
use super::context;
use super::exit::Exit;
use super::faces::Faces;
use super::output::Out;
use super::progress::Signals;
use super::{console, report};
use crate::clock::Clock;
use crate::config::{Config, Secret, process_env, state_dir};
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::sandbox::{Sandbox, SandboxOptions, World};
use crate::store::Store;

/// Most accounts and people that are made up: twice what the program is made for (docs/rules.md, its beginning), and what
/// a machine of some gigabytes holds.
const MOST_PARTNERS: u64 = 200_000;
const MOST_CONTACTS: u64 = 2_000_000;

/// Open the console on the built-in sandbox: no configuration, no network, no other program
///
/// It starts a stand-in Impartner and a stand-in LMS on loopback and an SQLite file with a database "from yesterday".
/// What you do stays there until --reset.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Begin anew: forget what was done in the demo
    #[arg(long)]
    reset: bool,
    /// Partner accounts to make up
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = RangedU64ValueParser::<usize>::new().range(..=MOST_PARTNERS))]
    partners: usize,
    /// Contacts to make up
    #[arg(long, value_name = "M", default_value_t = 2_000, value_parser = RangedU64ValueParser::<usize>::new().range(..=MOST_CONTACTS))]
    contacts: usize,
    /// The data follows from this number
    #[arg(long, value_name = "S", default_value_t = 7)]
    seed: u64,
    /// Where the demo keeps its files; else $XDG_STATE_HOME/prmdesk/demo
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Run the stand-ins only, and print their URLs, the keys and the environment to use, until Ctrl-C
    #[arg(long)]
    no_console: bool,
}

/// The files of a demo.
struct Files {
    world: PathBuf,
    database: PathBuf,
}

impl Demo {
    pub(super) fn run(self, global: &Global, faces: Faces, out: &mut Out) -> Result<Exit> {
        if !self.no_console {
            console::terminal()?;
        }
        context::block_on(async { self.start(global, faces, out).await })
    }

    async fn start(self, global: &Global, faces: Faces, out: &mut Out) -> Result<Exit> {
        let mut signals = Signals::listen()?;
        let files = self.files()?;
        let world = self.world(&files)?;
        yesterday::fill(&files.database, &world).await?;
        let options = SandboxOptions {
            keep: Some(files.world.clone()),
            ..SandboxOptions::demo()
        };
        let sandbox = Sandbox::start(world, options).await.map_err(|error| {
            Error::new(
                Kind::Internal,
                "demo",
                "The stand-ins could not be started on loopback.",
            )
            .source(error)
        })?;
        let done = if self.no_console {
            print(&sandbox, &files.database, out)?;
            signals.next().await;
            Ok(Exit::Done)
        } else {
            // The console hears signals by itself.
            drop(signals);
            let config = config(&sandbox, &files.database, global);
            let banner = "the built-in sandbox: nothing here is real".to_owned();
            console::run(config, global, faces, Some(banner)).await
        };
        sandbox.stop().await;
        done
    }

    /// The directory of the demo, made if it is not there, and emptied of the demo's files with `--reset`.
    fn files(&self) -> Result<Files> {
        let dir = self
            .dir
            .clone()
            .unwrap_or_else(|| state_dir(&process_env).join("demo"));
        let failed = |error: std::io::Error| {
            Error::new(
                Kind::Internal,
                "demo_dir",
                format!(
                    "The demo's directory {} cannot be used: {error}.",
                    dir.display()
                ),
            )
            .help("Name another one with --dir.")
        };
        files::create_folder(&dir).map_err(failed)?;
        // SQLite URLs need an absolute path.
        let dir = dir.canonicalize().map_err(failed)?;
        let files = Files {
            world: dir.join("world.json"),
            database: dir.join("demo.db"),
        };
        if self.reset {
            let beside = |suffix: &str| dir.join(format!("demo.db{suffix}"));
            for path in [
                &files.world,
                &files.database,
                &beside("-wal"),
                &beside("-shm"),
            ] {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(failed(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(files)
    }

    /// The world of the last time, or a new one.
    fn world(&self, files: &Files) -> Result<World> {
        let clock = Clock::system();
        let broken = |error: std::io::Error| {
            Error::new(
                Kind::Internal,
                "demo_world",
                format!("{} cannot be used: {error}.", files.world.display()),
            )
            .help("Begin anew with --reset.")
        };
        if files.world.exists() {
            let world = World::load(&files.world, clock).map_err(broken)?;
            let (partners, contacts) = (world.accounts().len(), world.users().len());
            if world.seed() != self.seed {
                report::warn(&format!(
                    "the demo goes on with {partners} accounts and {contacts} people of seed {}; --reset begins anew",
                    world.seed()
                ));
            }
            return Ok(world);
        }
        let now = clock.now();
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let world = World::generate_at(self.seed, self.partners, self.contacts, hour);
        world.save(&files.world).map_err(broken)?;
        Ok(world)
    }
}

/// The configuration of the demo; no file is read.
fn config(sandbox: &Sandbox, database: &Path, global: &Global) -> Config {
    let mut config = Config {
        profile: "demo".to_owned(),
        operator: "demo".to_owned(),
        // In the demo the off-boarding can be tried without naming oneself.
        operator_named: true,
        read_only: global.read_only,
        ..Config::default()
    };
    if let Some(operator) = &global.operator {
        operator.clone_into(&mut config.operator);
    }
    config.database.url = Some(Secret::new(database_url(database)));
    config.impartner.url = sandbox.impartner_url();
    config.impartner.api_key = Some(Secret::new(sandbox.impartner_key()));
    config
        .impartner
        .tenant_id
        .clone_from(&sandbox.options().tenant_id);
    config.lms.url = sandbox.lms_url();
    config.lms.api_key = Some(Secret::new(sandbox.lms_key()));
    config
}

fn database_url(database: &Path) -> String {
    format!("sqlite://{}", database.display())
}

/// Prints what a second terminal needs, ready to be pasted or `eval`ed.
fn print(sandbox: &Sandbox, database: &Path, out: &mut Out) -> Result<()> {
    out.line("# The sandbox of prmdesk runs until Ctrl-C. In another terminal:")?;
    for (name, value) in [
        ("PRMDESK_IMPARTNER_URL", sandbox.impartner_url()),
        (
            "PRMDESK_IMPARTNER_API_KEY",
            sandbox.impartner_key().to_owned(),
        ),
        (
            "PRMDESK_IMPARTNER_TENANT",
            sandbox.options().tenant_id.clone(),
        ),
        ("PRMDESK_LMS_URL", sandbox.lms_url()),
        ("PRMDESK_LMS_API_KEY", sandbox.lms_key().to_owned()),
        // Always, whatever the environment names: what is done in the demo never aims at somebody's real database.
        ("PRMDESK_DATABASE_URL", database_url(database)),
    ] {
        out.line(format!("export {name}='{}'", value.replace('\'', r"'\''")))?;
    }
    out.line("# Then: prmdesk preview --mode full")?;
    out.finish()
}
