//! Whose word counts for secrets, and who else can read them (docs/contract.md, "Configuration").

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};

use super::Place;

fn mode(place: &Place, name: &str, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(place.path().join(name), mode).unwrap();
}

#[test]
fn a_file_that_others_may_write_names_no_commands_and_no_secrets() {
    let place = Place::new();
    for (line, delicate) in [
        (
            "lms.api_key_command = 'touch ran; echo k'",
            "lms.api_key_command",
        ),
        ("database.url = 'sqlite:///tmp/x.db'", "database.url"),
        ("profiles.p.serve.token_file = 't'", "serve.token_file"),
        (
            "impartner.url = 'https://elsewhere.example'",
            "impartner.url",
        ),
    ] {
        place.write("prmdesk.toml", &format!("operator = 'ann'\n{line}"));
        for (rights, why) in [
            (0o664, "may be written by others"),
            (0o606, "may be written by others"),
        ] {
            mode(&place, "prmdesk.toml", rights);
            let ran = place.run("status");
            ran.fails(2, why);
            assert!(
                ran.stderr.contains(&format!("names {delicate} (line 2)")),
                "{ran:?}"
            );
            place.run("status --json").fails_json(2, "config_untrusted");
        }
        mode(&place, "prmdesk.toml", 0o600);
        let path = place.path().join("prmdesk.toml");
        // Only root can give a file to somebody else.
        if chown(&path, Some(12_345), None).is_ok() {
            place.run("status").fails(2, "belongs to user 12345");
            chown(&path, Some(0), None).unwrap();
        }
    }
    assert!(!place.path().join("ran").exists());
    place.write("prmdesk.toml", "operator = 'ann'\n[guards]\nmax_count = 7");
    mode(&place, "prmdesk.toml", 0o666);
    place.run("status").fails(2, "No database is configured");
}

#[test]
fn secrets_that_others_can_read_are_told_everywhere() {
    let place = Place::new();
    place.write("key", "k-1\n");
    let database = format!("sqlite://{}/p.db", place.path().display());
    place.write(
        "prmdesk.toml",
        &format!("lms.api_key_file = 'key'\ndatabase.url = '{database}'"),
    );
    let told = "warning: lms.api_key_file: key can be read by others";
    mode(&place, "key", 0o644);
    for args in ["status", "runs", "status --json"] {
        let ran = place.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.contains(told), "{args}: {ran:?}");
        assert!(!format!("{ran:?}").contains("k-1"), "{ran:?}");
    }
    let ran = place.run("doctor");
    assert!(
        ran.stdout.contains("warning  secrets: lms.api_key_file"),
        "{ran:?}"
    );
    mode(&place, "key", 0o600);
    let ran = place.run("status");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn variables_that_are_no_text_are_errors() {
    let place = Place::new();
    let database = format!("sqlite://{}/of-the-file.db", place.path().display());
    place.write("prmdesk.toml", &format!("database.url = '{database}'"));
    for name in [
        "PRMDESK_DATABASE_URL",
        "PRMDESK_SERVE_TOKEN",
        "PRMDESK_CONFIG",
        "PRMDESK_LMS_API_KEY",
    ] {
        for args in ["status", "serve", "doctor", "sync"] {
            let mut command = place.command();
            command
                .args(args.split(' '))
                .env(name, OsStr::from_bytes(b"hush\xff"));
            let ran = super::Ran::of(&command.output().unwrap());
            ran.fails(
                2,
                &format!("The environment variable {name} is no UTF-8 text"),
            );
            assert!(!ran.stderr.contains("hush"), "{ran:?}");
        }
    }
    assert!(!place.path().join("of-the-file.db").exists());
}
