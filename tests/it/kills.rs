//! SIGKILL of the real binary at random moments of an apply: afterwards the database holds all of the run or
//! none of it, the next start says which, and the next run completes.
//!
//! Few kills here, so that the suite stays quick; `PRMDESK_TEST_KILLS=110 cargo test --test it kills -- --nocapture`
//! does 220 on both engines and prints the figures.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use prmdesk::plan::{Entity, Mode};
use prmdesk::sandbox::SandboxOptions;
use prmdesk::store::Engine;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use crate::desk::rig::{Rig, both};

const PARTNERS: usize = 300;
const CONTACTS: usize = 3000;

fn kills() -> u32 {
    std::env::var("PRMDESK_TEST_KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(6)
}

/// The real binary with the rig's configuration.
fn prmdesk(rig: &Rig, config: &std::path::Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prmdesk"));
    command
        .args(args)
        .env_clear()
        .env("HOME", config.parent().unwrap())
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PRMDESK_CONFIG", config)
        .env(
            "PRMDESK_DATABASE_URL",
            rig.config.database.url.as_ref().unwrap().expose(),
        )
        .env("PRMDESK_IMPARTNER_URL", rig.sandbox.impartner_url())
        .env("PRMDESK_IMPARTNER_API_KEY", rig.sandbox.impartner_key())
        .env("PRMDESK_LMS_URL", rig.sandbox.lms_url())
        .env("PRMDESK_LMS_API_KEY", rig.sandbox.lms_key())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn json(rig: &Rig, config: &std::path::Path, args: &[&str]) -> Value {
    let output = prmdesk(rig, config, args).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{args:?}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// The values that partners and contacts carry; one each when a run is whole.
async fn waves(rig: &Rig) -> (Vec<String>, Vec<String>) {
    let rows = rig.rows().await;
    let of = |entity: Entity| {
        let mut values: Vec<String> = rows[entity]
            .values()
            .map(|(_, value)| value.clone())
            .collect();
        values.sort();
        values.dedup();
        values
    };
    (of(Entity::Partners), of(Entity::Contacts))
}

/// Changes every record upstream.
fn wave(rig: &Rig, n: u32) {
    rig.upstream.advance(chrono::TimeDelta::minutes(1));
    let mut world = rig.sandbox.world();
    for id in world
        .accounts()
        .map(|account| account.id)
        .collect::<Vec<_>>()
    {
        world.edit_account(id, |account| account.tier = Some(format!("wave {n}")));
    }
    for id in world.users().map(|user| user.id).collect::<Vec<_>>() {
        world.edit_user(id, |user| user.first_name = Some(format!("wave {n}")));
    }
}

both! {
    async fn killed_at_any_moment_all_or_nothing(engine: Engine) {
        let rig = Rig::with(engine, PARTNERS, CONTACTS, SandboxOptions::default(), |config| config.guards.field_change_percent = 100.0).await;
        let dir = tempfile::TempDir::new().unwrap();
        let config = dir.path().join("prmdesk.toml");
        std::fs::write(&config, "operator = \"ann\"\n[guards]\nfield_change_percent = 100\n[impartner]\npage_size = 500\n").unwrap();
        wave(&rig, 0);
        rig.sync(Mode::Full).await.unwrap();
        let sync = ["sync", "--mode", "full", "--yes", "--json"];
        let file = dir.path().join("plan.json");
        let file = file.to_str().unwrap();
        let apply = ["apply", file, "--yes", "--json"];
        let plan = || {
            // The file of the wave before is not written over: an apply of it may be wanted still.
            let _old = std::fs::remove_file(file);
            let preview = json(&rig, &config, &["preview", "--mode", "full", "--out", file, "--json"]);
            assert!(preview["plan_id"].is_string(), "{preview}");
        };
        wave(&rig, 1);
        plan();
        let began = Instant::now();
        assert_eq!(json(&rig, &config, &apply)["status"], "applied");
        let whole = began.elapsed();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let (mut all, mut begun, mut before, mut ended, mut known) = (0, 0, 0, 0, 1);
        for n in 2..2 + kills() {
            wave(&rig, n);
            plan();
            let mut child = prmdesk(&rig, &config, &apply).spawn().unwrap();
            std::thread::sleep(whole.mul_f64(rng.random_range(0.05..1.05)));
            ended += u32::from(child.try_wait().unwrap().is_some());
            child.kill().unwrap();
            child.wait().unwrap();
            let (partners, contacts) = waves(&rig).await;
            assert!(partners.len() == 1 && partners == contacts, "kill {n}: half a run: {partners:?} {contacts:?}");
            let status = json(&rig, &config, &["status", "--json"]);
            if partners[0] == format!("wave {n}") {
                all += 1;
                known = n;
                assert!(status["interrupted"].is_null(), "kill {n}: {status}");
            } else {
                assert_eq!(partners[0], format!("wave {known}"), "kill {n}");
                // A kill before the run record was opened leaves nothing to tell.
                if status["interrupted"]["run_id"].is_i64() {
                    begun += 1;
                } else {
                    before += 1;
                }
            }
        }
        wave(&rig, 1_000_000);
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut last = json(&rig, &config, &sync);
        while last["status"] != "applied" && Instant::now() < deadline {
            last = json(&rig, &config, &sync);
        }
        assert_eq!(last["status"], "applied", "{last}");
        assert_eq!(waves(&rig).await.0, ["wave 1000000"]);
        let status = json(&rig, &config, &["status", "--json"]);
        assert!(status["interrupted"].is_null(), "{status}");
        println!(
            "{} kills on {engine:?}: {all} left the whole run ({ended} came after its end); {begun} fell between run record and commit and left \
             nothing of it, {before} before; an apply takes {whole:?}",
            kills()
        );
    }
}
