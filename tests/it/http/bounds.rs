//! Slow, huge and broken callers: bounded and answered, and never anybody else's trouble.

use std::time::{Duration, Instant};

use prmdesk::http::Limits;
use prmdesk::sandbox::{Act, Fault, World};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::rig::{Answer, Rig, TOKEN, until};
use crate::mariadb;

async fn rig(limits: Limits) -> Rig {
    Rig::bounded(
        World::generate(2, 30, 60),
        mariadb::sqlite(),
        |_| {},
        limits,
    )
    .await
}

/// Sends `head` as it is and gives all that comes back until the server closes.
async fn raw(rig: &Rig, head: &str) -> String {
    let mut stream = TcpStream::connect(rig.server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    rest(stream).await
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset counts as closed: what was read before it is what there is.
    let _closed_or_reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_huge_body_is_413_and_not_read() {
    let rig = rig(Limits::default()).await;
    let head = format!(
        "POST /api/impartner/sync/all HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99999999999\r\n\r\n{{"
    );
    let answer = raw(&rig, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(
        answer.contains("connection: close") && answer.contains("body_too_large"),
        "{answer}"
    );

    let endless =
        futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 16 * 1024]));
    let request = rig
        .server
        .request(Method::POST, "/api/impartner/sync/all")
        .body(reqwest::Body::wrap_stream(endless));
    // The server answers and hangs up; a client that is still sending may see only the latter.
    if let Ok(answer) = request.send().await {
        assert_eq!(answer.status(), 413);
    }
    assert!(rig.sandbox.log().is_empty());
    assert_eq!(rig.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_body_that_says_something_is_refused() {
    let rig = rig(Limits::default()).await;
    let path = "/api/db/certifications/sync-to-impartner";
    for body in ["{\"dryRun\": true}", "mode=full", "\u{0}"] {
        let request = rig.server.request(Method::POST, path).body(body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "unexpected_body"),
            "{body}"
        );
    }
    assert!(rig.sandbox.log().is_empty());
    for body in ["", "{}", " {} \n", "null"] {
        let request = rig
            .server
            .request(Method::POST, "/api/impartner/sync/preview")
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 200, "{body}");
    }
}

#[tokio::test]
async fn a_head_or_a_body_that_does_not_come_is_not_waited_for() {
    let rig = rig(Limits {
        head: Duration::from_millis(300),
        body: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    let began = Instant::now();
    let stalled = raw(&rig, "GET /healthz HTTP/1.1\r\nHo").await;
    assert!(
        stalled.is_empty() || stalled.starts_with("HTTP/1.1 408"),
        "{stalled}"
    );
    let head = format!(
        "POST /api/impartner/sync/all HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10\r\n\r\n{{"
    );
    let stalled = raw(&rig, &head).await;
    assert!(stalled.starts_with("HTTP/1.1 408"), "{stalled}");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(rig.sandbox.log().is_empty());
}

#[tokio::test]
async fn a_caller_that_takes_nothing_loses_its_turn() {
    let rig = rig(Limits {
        write: Duration::from_millis(300),
        previews: 1,
        waiting_previews: 1,
        ..Limits::default()
    })
    .await;
    {
        // A plan that fits no socket buffer.
        let mut world = rig.sandbox.world();
        for id in world.ids(prmdesk::sandbox::Object::Account) {
            world.edit_account(id, |account| {
                let long = || Some("x".repeat(120_000));
                account.website = long();
                account.owner = long();
                account.owner_email = long();
                account.partner_type = long();
                account.country = long();
            });
        }
    }
    let mut stream = TcpStream::connect(rig.server.address()).await.unwrap();
    let head = format!(
        "GET /api/impartner/sync/preview?mode=full HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    // Nothing more is read, and yet the next caller gets a turn.
    let next = rig.get("/api/impartner/sync/preview?limit=0").await;
    assert_eq!(next.status, 200, "{}", next.text);
    let whole = rest(stream).await;
    assert!(!whole.ends_with("0\r\n\r\n"), "the answer was cut off");
}

#[tokio::test]
async fn previews_wait_for_their_turn_and_too_many_are_429() {
    let rig = rig(Limits {
        previews: 1,
        waiting_previews: 1,
        ..Limits::default()
    })
    .await;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Delay { ms: 200 }).listings().always());
    let previews = (0..6).map(|_| rig.get("/api/impartner/sync/preview?mode=full"));
    let answers = futures_util::future::join_all(previews).await;
    let of = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert!(
        of(200) >= 1 && of(429) >= 1 && of(200) + of(429) == 6,
        "{answers:?}"
    );
    let busy = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!((busy.code(), busy.header("retry-after")), ("busy", "5"));
    // Everything else answers meanwhile and after.
    assert_eq!(rig.get("/api/impartner/sync/preview").await.status, 200);
}

#[tokio::test]
async fn connections_are_bounded_and_the_rest_wait() {
    let rig = rig(Limits {
        connections: 2,
        head: Duration::from_millis(400),
        ..Limits::default()
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(TcpStream::connect(rig.server.address()).await.unwrap());
    }
    // All eight say nothing and are let go one after the other; then it is our turn.
    assert_eq!(rig.get("/healthz").await.status, 200);
    drop(idle);
}

/// 385 connections with half a head held all seats until their time was over, and a health check with them.
#[tokio::test]
async fn half_open_connections_make_room_for_who_asks() {
    let rig = rig(Limits {
        connections: 256,
        head: Duration::from_hours(1),
        ..Limits::default()
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..385 {
        let mut stream = TcpStream::connect(rig.server.address()).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHo")
            .await
            .unwrap();
        open.push(stream);
    }
    assert_eq!(rig.get("/healthz").await.status, 200);
    drop(open);
}

/// Who has asked something keeps the connection, however many others come.
#[tokio::test]
async fn a_connection_that_asked_keeps_its_seat() {
    let rig = rig(Limits {
        connections: 2,
        ..Limits::default()
    })
    .await;
    let mut first = TcpStream::connect(rig.server.address()).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut buffer = [0; 4096];
    first.write_all(ask).await.unwrap();
    assert!(first.read(&mut buffer).await.unwrap() > 0);
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(TcpStream::connect(rig.server.address()).await.unwrap());
    }
    assert_eq!(rig.get("/healthz").await.status, 200);
    first.write_all(ask).await.unwrap();
    assert!(first.read(&mut buffer).await.unwrap() > 0);
}

#[tokio::test]
async fn nonsense_is_400_and_the_server_lives() {
    let rig = rig(Limits::default()).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let heads = format!(
        "GET / HTTP/1.1\r\nHost: x\r\n{}\r\n",
        "A: b\r\n".repeat(5_000)
    );
    for head in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{0}\u{0}\u{0}\u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        &long,
        &heads,
    ] {
        let answer = raw(&rig, head).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{head:.40}: {answer}"
        );
    }
    assert_eq!(rig.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered() {
    let rig = rig(Limits::default()).await;
    rig.post("/api/impartner/sync/all?mode=full").await;
    let paths = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/api/impartner/sync/status",
        "/api/runs/1",
        "/api/runs/2",
        "/nowhere",
    ];
    let calls = (0..160).map(|n| rig.get(paths[n % paths.len()]));
    let answers = futures_util::future::join_all(calls).await;
    for (n, answer) in answers.iter().enumerate() {
        let expected = if n % paths.len() >= 6 { 404 } else { 200 };
        assert_eq!(answer.status, expected, "{}", paths[n % paths.len()]);
    }
}

#[tokio::test]
async fn a_preview_whose_caller_hangs_up_is_dropped() {
    let rig = rig(Limits {
        previews: 1,
        waiting_previews: 0,
        ..Limits::default()
    })
    .await;
    rig.sandbox
        .faults()
        .impartner(Fault::new(Act::Hang).listings().times(2));
    let request = rig
        .server
        .request(Method::GET, "/api/impartner/sync/preview?mode=full");
    let hung_up = request.timeout(Duration::from_millis(200)).send().await;
    assert!(hung_up.unwrap_err().is_timeout());
    // Its turn is free again, long before the reading would have given up.
    rig.sandbox.faults().clear();
    until(async || {
        rig.get("/api/impartner/sync/preview?mode=full")
            .await
            .status
            == 200
    })
    .await;
}
