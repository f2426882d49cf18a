//! What goes wrong outside, and what the binary says.

use std::process::Stdio;
use std::time::{Duration, Instant};

use prmdesk::sandbox::{Act, Fault};
use prmdesk::store::LeaseClaim;

use super::rig::Rig;
use crate::http::hooks::Receiver;
use crate::mariadb::{both, sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn another_run_is_exit_6_and_says_who() {
    for db in both().await {
        let rig = Rig::start(db).await;
        let store = rig.store().await;
        let lease = store
            .lease(LeaseClaim {
                operator: "carol".into(),
                purpose: "sync".into(),
                ttl: Duration::from_mins(1),
            })
            .await
            .unwrap();
        let error = rig
            .run("sync --mode full --yes --json")
            .fails_json(6, "leased");
        assert!(
            error["message"].as_str().unwrap().contains("carol"),
            "{error}"
        );
        // Looking needs no lease.
        assert_eq!(rig.run("preview --mode full").code, 5);
        assert_eq!(rig.json(0, "status")["lease"]["operator"], "carol");
        lease.release().await.unwrap();
        assert_eq!(rig.run("sync --mode full --yes").code, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_ca_certificates_is_told_what_to_install() {
    let rig = Rig::start(sqlite()).await;
    rig.place.write("no-certificates.pem", "");
    let none = rig.path("no-certificates.pem").display().to_string();
    let nowhere = rig.path("nowhere").display().to_string();
    let mut env = rig.env();
    env.push(("SSL_CERT_FILE", none));
    env.push(("SSL_CERT_DIR", nowhere));
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    for (args, what) in [
        (&["sync", "--yes"][..], "Impartner"),
        (&["lms", "refresh"], "the LMS"),
    ] {
        let ran = rig.place.run_args(args, &env);
        ran.fails(
            1,
            &format!("The HTTP client for {what} could not be set up"),
        );
        assert!(ran.stderr.contains("ca-certificates"), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_exit_1_and_never_shown() {
    let rig = Rig::start(sqlite()).await;
    let mut env = rig.env();
    env.retain(|(name, _)| *name != "PRMDESK_IMPARTNER_API_KEY");
    env.push(("PRMDESK_IMPARTNER_API_KEY", "hush-hush".into()));
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let ran = rig.place.run_args(&["preview", "--mode", "full"], &env);
    ran.fails(1, "401");
    assert!(!format!("{ran:?}").contains("hush-hush"));
    let env: Vec<(&str, &str)> = env
        .into_iter()
        .filter(|(name, _)| *name != "PRMDESK_IMPARTNER_API_KEY")
        .collect();
    rig.place.run_args(&["preview"], &env).fails(2, "key");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_impartner_is_exit_1() {
    let rig = Rig::start(sqlite()).await;
    rig.place.write("prmdesk.toml", "impartner.retries = 0");
    let mut env = rig.env();
    env.retain(|(name, _)| *name != "PRMDESK_IMPARTNER_URL");
    env.push(("PRMDESK_IMPARTNER_URL", "http://127.0.0.1:1".into()));
    let env: Vec<(&str, &str)> = env
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    rig.place
        .run_args(&["sync", "--mode", "full", "--yes"], &env)
        .fails(1, "Impartner");
    assert_eq!(rig.active(), (0, 0));
    // The run is recorded, and it is no mystery how it ended.
    assert_eq!(rig.json(0, "runs")[0]["status"], "failed");
}

/// Ctrl-C and SIGTERM while the listing is read: nothing is written, the lease is free, the run says cancelled.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_cancels_cleanly() {
    for (db, signal) in both()
        .await
        .into_iter()
        .zip([nix::sys::signal::SIGINT, nix::sys::signal::SIGTERM])
    {
        let rig = Rig::start(db).await;
        rig.sandbox
            .faults()
            .impartner(Fault::new(Act::Hang).object("User").listings().always());
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("prmdesk"));
        command
            .args(["sync", "--mode", "full", "--yes", "--json"])
            .current_dir(rig.place.path())
            .env("HOME", rig.place.path())
            .envs(rig.env())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while rig
            .sandbox
            .log()
            .matching(|entry| entry.path.contains("User"))
            .is_empty()
        {
            assert!(Instant::now() < deadline, "the binary never asked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
            .await
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(130), "{text}");
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["error"]["code"], "cancelled");
        rig.sandbox.faults().clear();
        assert_eq!(rig.active(), (0, 0));
        let runs = rig.json(0, "runs");
        assert_eq!(runs[0]["status"], "cancelled", "{runs}");
        assert_eq!(
            rig.run("sync --mode full --yes").code,
            0,
            "the lease is free"
        );
        let _engine = rig.is_mariadb();
    }
}

/// A name with an escape sequence, a bidi override and a zero-width character reaches no output as it is.
#[tokio::test(flavor = "multi_thread")]
async fn no_output_carries_raw_control_or_bidi_characters() {
    let rig = Rig::start(sqlite()).await;
    let nasty = "Evil\u{1b}[2J\u{202e}gnp.exe\u{200b} =cmd()";
    let id = rig
        .sandbox
        .world()
        .accounts()
        .find(|account| account.is_active)
        .unwrap()
        .id;
    rig.sandbox
        .world()
        .edit_account(id, |account| account.name = nasty.into());
    let clean = |text: &str| {
        !text
            .chars()
            .any(|c| c != '\n' && c != '\r' && (c.is_control() || "\u{202e}\u{200b}".contains(c)))
    };
    for args in [
        "preview --mode full",
        "preview --mode full --json",
        "preview --mode full --csv",
        "preview --mode full --filter op:excluded",
        "sync --mode full --yes",
        "runs",
        "runs show 1",
        "runs show 1 --json",
        "status",
    ] {
        let ran = rig.run(args);
        assert!(clean(&ran.stdout) && clean(&ran.stderr), "{args}");
        assert_ne!(ran.code, 1, "{args}: {ran:?}");
    }
    let plan: serde_json::Value = rig.run("runs show 1 --json").json();
    assert!(
        plan.to_string().contains("Evil"),
        "the value itself is kept"
    );
    assert!(
        rig.run("runs show 1")
            .stdout
            .contains("Evil\\x1b[2J\\u{202e}gnp.exe\\u{200b}")
    );
}

/// What goes to this machine goes past every proxy: keys over plain http would leave it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_proxy_sees_what_goes_to_this_machine() {
    let rig = Rig::start(sqlite()).await;
    let hook = Receiver::start(200).await;
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", trap.local_addr().unwrap());
    let mut env = rig.env();
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        env.push((name, proxy.clone()));
    }
    rig.place.write(
        "prmdesk.toml",
        &format!("[notify]\nwebhook_url = \"{}\"\n", hook.url),
    );
    let run = |args: &str| {
        let env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        rig.place.run_env(args, &env)
    };
    let refreshed = run("lms refresh");
    assert_eq!(refreshed.code, 0, "{refreshed:?}");
    rig.sandbox.faults().impartner(
        Fault::new(Act::Status {
            status: 401,
            retry_after: None,
            message: None,
        })
        .always(),
    );
    let failed = run("sync --unattended");
    assert_eq!(failed.code, 1, "{failed:?}");
    assert_eq!(hook.events(), ["run_failed"]);
    trap.set_nonblocking(true).unwrap();
    let seen = trap.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(
        seen,
        Err(std::io::ErrorKind::WouldBlock),
        "the proxy was asked"
    );
}
