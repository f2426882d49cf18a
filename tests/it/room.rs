//! A disk without room, and one that takes no writes, under the SQLite file of the real binary: it says so,
//! exits with 1, leaves nothing half-written, and the next run after the trouble is over completes.
//!
//! The disk is a tmpfs of its own where this user may mount one (root); the limit on file sizes, which everybody may set
//! for a child, is the other way there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use prmdesk::clock::Clock;
use prmdesk::sandbox::{Account, Sandbox, SandboxOptions, User, World};
use serde_json::Value;
use sqlx::Connection as _;
use tempfile::TempDir;

const PARTNERS: i64 = 60;
const CONTACTS: i64 = 3000;
const SYNC: [&str; 5] = ["sync", "--mode", "full", "--yes", "--json"];

/// A stand-in source, a directory for the database, and one for everything else.
struct Place {
    sandbox: Sandbox,
    dir: TempDir,
    disk: PathBuf,
    mounted: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.mounted {
            mount("umount", &["-l"], &self.disk);
        }
    }
}

fn mount(command: &str, args: &[&str], at: &Path) -> bool {
    let done = Command::new(command)
        .args(args)
        .arg(at)
        .stderr(Stdio::null())
        .status();
    done.is_ok_and(|status| status.success())
}

impl Place {
    async fn new() -> Self {
        let epoch = chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut world = World::empty(7, epoch, Clock::fixed(epoch));
        for n in 1..=PARTNERS {
            world.add_account(Account {
                id: n,
                name: format!("P{n:02}"),
                is_active: true,
                status: Some("Active".into()),
                tier: Some("wave 0".into()),
                ..Account::default()
            });
        }
        for n in 1..=CONTACTS {
            world.add_user(User {
                id: n,
                email: Some(format!("u{n}@p.example")),
                is_active: true,
                first_name: Some("wave 0".into()),
                account_id: Some(n % PARTNERS + 1),
                ..User::default()
            });
        }
        let sandbox = Sandbox::start(world, SandboxOptions::default())
            .await
            .unwrap();
        let dir = TempDir::new().unwrap();
        let disk = dir.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let config = "operator = \"ann\"\n[guards]\nfield_change_percent = 100\n[impartner]\npage_size = 500\n";
        std::fs::write(dir.path().join("prmdesk.toml"), config).unwrap();
        Self {
            sandbox,
            dir,
            disk,
            mounted: false,
        }
    }

    /// A tmpfs of 64 MiB for the database; `false` where this user may not mount.
    fn mount(&mut self) -> bool {
        self.mounted = mount(
            "mount",
            &["-t", "tmpfs", "-o", "size=64m", "tmpfs"],
            &self.disk,
        );
        self.mounted
    }

    fn file(&self) -> PathBuf {
        self.disk.join("prm.db")
    }

    /// Changes every record upstream.
    fn wave(&self, n: u32) {
        let mut world = self.sandbox.world();
        for id in 1..=PARTNERS {
            world.edit_account(id, |account| account.tier = Some(format!("wave {n}")));
        }
        for id in 1..=CONTACTS {
            world.edit_user(id, |user| user.first_name = Some(format!("wave {n}")));
        }
    }

    /// The real binary, started through `sh` with `before` run first.
    fn run_after(&self, before: &str, args: &[&str]) -> Output {
        Command::new("sh")
            .args([
                "-c",
                &format!("{before} exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_prmdesk"),
            ])
            .args(args)
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PRMDESK_CONFIG", self.dir.path().join("prmdesk.toml"))
            .env(
                "PRMDESK_DATABASE_URL",
                format!("sqlite://{}", self.file().display()),
            )
            .env("PRMDESK_IMPARTNER_URL", self.sandbox.impartner_url())
            .env("PRMDESK_IMPARTNER_API_KEY", self.sandbox.impartner_key())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn sync(&self) -> Output {
        self.run_after("", &SYNC)
    }

    /// The values that the database holds; one when no run is there by half.
    async fn held(&self) -> Vec<String> {
        let url = format!("sqlite://{}", self.file().display());
        let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let sql = "SELECT partner_tier FROM partners UNION SELECT first_name FROM contacts";
        let held = sqlx::query_scalar(sql).fetch_all(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        held
    }

    /// Fills the disk but for so many KiB.
    fn fill(&self, leave: usize) {
        use std::io::Write as _;
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        let block = [0_u8; 4096];
        while ballast.write_all(&block).is_ok() {}
        let size = ballast.metadata().unwrap().len();
        ballast
            .set_len(size / 4096 * 4096 - leave as u64 * 1024)
            .unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.disk.join("ballast")
    }
}

fn code(output: &Output) -> String {
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let said = &json["error"];
    assert!(
        said["message"]
            .as_str()
            .is_some_and(|message| message.ends_with('.')),
        "{json}"
    );
    assert!(said["help"].is_string(), "{json}");
    said["code"].as_str().unwrap_or_default().to_owned()
}

fn assert_applied(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("\"applied\""), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_takes_nothing_of_a_run_and_the_next_one_completes() {
    let mut place = Place::new().await;
    if !place.mount() {
        println!("not run: this user may not mount a tmpfs");
        return;
    }
    assert_applied(&place.sync());
    // From no room at all to nearly enough: at the lease, at the run record, in the middle of the rows.
    let mut wave = 0;
    for leave in [0, 40, 80, 160, 320, 640] {
        place.wave(wave + 1);
        place.fill(leave);
        let output = place.sync();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{leave} KiB: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        // With no room at all SQLite fails before it writes, at its shared memory, and calls that a disk error.
        let code = code(&output);
        assert!(
            code == "database_full" || (leave < 80 && code == "database_disk"),
            "{leave} KiB: {code}"
        );
        std::fs::remove_file(place.ballast()).unwrap();
        assert_eq!(
            place.held().await,
            [format!("wave {wave}")],
            "{leave} KiB: half a run"
        );
        assert_applied(&place.sync());
        wave += 1;
        assert_eq!(place.held().await, [format!("wave {wave}")], "{leave} KiB");
    }
    let status = place.run_after("", &["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert!(status["interrupted"].is_null(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_takes_nothing_of_a_run() {
    let place = Place::new().await;
    assert_applied(&place.sync());
    place.wave(1);
    // Blocks of 512 bytes; without the trap the signal would end the process.
    for blocks in [0, 100, 400, 800] {
        let output = place.run_after(&format!("trap '' XFSZ; ulimit -f {blocks};"), &SYNC);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{blocks}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let code = code(&output);
        assert!(
            ["database_full", "database_disk", "database_file"].contains(&code.as_str()),
            "{blocks}: {code}"
        );
        assert_eq!(place.held().await, ["wave 0"], "{blocks}: half a run");
    }
    assert_applied(&place.sync());
    assert_eq!(place.held().await, ["wave 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_no_writes_is_named_and_left_alone() {
    let mut place = Place::new().await;
    if !place.mount() {
        println!("not run: this user may not mount a tmpfs");
        return;
    }
    assert_applied(&place.sync());
    place.wave(1);
    assert!(mount("mount", &["-o", "remount,ro"], &place.disk));
    let output = place.sync();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let code = code(&output);
    assert!(
        ["database_read_only", "database_file"].contains(&code.as_str()),
        "{code}"
    );
    assert!(said.contains("prm.db"), "the file is not named: {said}");
    assert!(mount("mount", &["-o", "remount,rw"], &place.disk));
    assert_eq!(place.held().await, ["wave 0"]);
    assert_applied(&place.sync());
    assert_eq!(place.held().await, ["wave 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_holds_no_file_is_named() {
    let place = Place::new().await;
    std::fs::create_dir(place.file()).unwrap();
    let output = place.sync();
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(code(&output), "database_file");
}
