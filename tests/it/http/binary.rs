//! `prmdesk serve` and `prmdesk sync --unattended` as a scheduler runs them: the real binary.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use prmdesk::sandbox::{Act, Fault, Sandbox, SandboxOptions, World};
use serde_json::Value;

use super::hooks::Receiver;
use super::rig::TOKEN;
use crate::mariadb::{self, TestDb};

/// The stand-ins, a database and a place for the binary.
struct Place {
    sandbox: Sandbox,
    db: TestDb,
    dir: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let world = World::generate(5, 60, 60);
        Self {
            sandbox: Sandbox::start(world, SandboxOptions::default())
                .await
                .unwrap(),
            db: mariadb::sqlite(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prmdesk"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            .current_dir(self.dir.path())
            .env("PRMDESK_DATABASE_URL", &self.db.url)
            .env("PRMDESK_IMPARTNER_URL", self.sandbox.impartner_url())
            .env("PRMDESK_IMPARTNER_API_KEY", self.sandbox.impartner_key())
            .env("PRMDESK_LMS_URL", self.sandbox.lms_url())
            .env("PRMDESK_LMS_API_KEY", self.sandbox.lms_key())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: exit code and JSON.
    async fn run(&self, args: &[&str]) -> (i32, Value) {
        let mut command = self.command(args);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), json)
    }

    /// Starts `serve` and gives it with the line that it prints.
    async fn serve(&self, token: Option<&str>) -> (Child, String) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        if let Some(token) = token {
            command.env("PRMDESK_SERVE_TOKEN", token);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        });
        (child, line.await.unwrap())
    }
}

/// The address in the line that `serve` prints.
fn address(line: &str) -> &str {
    let rest = &line[line.find("http://").unwrap()..];
    rest.split_whitespace().next().unwrap()
}

#[tokio::test]
async fn serve_says_where_it_listens_and_stops_in_good_order() {
    let place = Place::new().await;
    let (mut child, line) = place.serve(Some(TOKEN)).await;
    let base = address(&line);
    assert!(!line.contains("loopback only"), "{line}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{base}/api/impartner/sync/all?mode=full");
    assert_eq!(http.post(&url).send().await.unwrap().status(), 401);
    let synced = http.post(&url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(synced.status(), 200);
    kill(
        Pid::from_raw(i32::try_from(child.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let runs = place.db.rows("SELECT kind, status FROM sync_runs").await;
    assert_eq!(runs, ["sync|applied"]);
    let (code, shown) = place.run(&["runs", "show", "1", "--json"]).await;
    let lines = shown["log"]["lines"].as_array().unwrap();
    let of_request = |line: &Value| line.as_str().unwrap().contains("request{id=");
    assert_eq!(code, 0);
    assert!(lines.len() > 2 && lines.iter().all(of_request), "{shown}");
}

#[tokio::test]
async fn without_a_token_it_says_so_and_stays_on_this_machine() {
    let place = Place::new().await;
    let (mut child, line) = place.serve(None).await;
    assert!(line.contains("loopback only"), "{line}");
    kill(
        Pid::from_raw(i32::try_from(child.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(status.code(), Some(0));
    let (code, _) = place.run(&["serve", "--listen", "0.0.0.0:0"]).await;
    assert_eq!(code, 2);
}

#[tokio::test]
async fn an_unattended_sync_says_how_it_went_by_its_exit_code() {
    let receiver = Receiver::start(200).await;
    let place = Place::new().await;
    let config = format!("[notify]\nwebhook_url = \"{}\"\n", receiver.url);
    std::fs::write(place.dir.path().join("prmdesk.toml"), config).unwrap();
    let sync = ["sync", "--unattended", "--json", "--mode"];
    let run = async |mode: &str| place.run(&[&sync[..], &[mode]].concat()).await;

    let (code, report) = run("full").await;
    assert_eq!(
        (code, report["status"].as_str()),
        (0, Some("applied")),
        "{report}"
    );
    let (code, report) = run("incremental").await;
    assert_eq!(
        (code, report["status"].as_str()),
        (0, Some("nothing")),
        "{report}"
    );

    // Everybody leaves: nothing of it without a person.
    {
        let mut world = place.sandbox.world();
        for id in world.ids(prmdesk::sandbox::Object::Account) {
            world.edit_account(id, |account| account.tier = Some("Pending".into()));
        }
    }
    let (code, report) = run("incremental").await;
    assert_eq!(
        (code, report["status"].as_str()),
        (3, Some("blocked")),
        "{report}"
    );
    assert_eq!(report["withheld"][0]["cause"], "max_percent");
    assert_eq!(receiver.events(), ["guard_tripped"]);
    let (_, status) = place.run(&["status", "--json"]).await;
    assert_eq!(
        status["withheld"], report["withheld"][0]["count"],
        "the next start shows it"
    );
    // The timer meets the same guard again; it is told once.
    assert_eq!(run("incremental").await.0, 3);
    assert_eq!(receiver.events(), ["guard_tripped"]);

    let refused = Act::Status {
        status: 401,
        retry_after: None,
        message: None,
    };
    place
        .sandbox
        .faults()
        .impartner(Fault::new(refused).always());
    let (code, error) = run("incremental").await;
    assert_eq!(code, 1, "{error}");
    assert!(error["error"]["message"].is_string());
    assert_eq!(run("incremental").await.0, 1);
    assert_eq!(run("incremental").await.0, 1);
    assert_eq!(receiver.events(), ["guard_tripped", "run_failed"]);
}
