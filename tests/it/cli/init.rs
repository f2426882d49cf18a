//! `prmdesk init`.

use std::os::unix::fs::PermissionsExt;

use super::Place;

#[test]
fn a_new_file_is_private_whole_and_valid() {
    let place = Place::new();
    let ran = place.run("init --path deep/down/prmdesk.toml");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("deep/down/prmdesk.toml") && ran.stdout.contains("doctor"));
    let path = place.path().join("deep/down/prmdesk.toml");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        prmdesk::config::TEMPLATE
    );
    // It is a configuration: what is missing is a database, not a key.
    place
        .run("status --config deep/down/prmdesk.toml --json")
        .fails_json(2, "no_database");
}

#[test]
fn without_a_path_it_goes_where_it_is_found() {
    let place = Place::new();
    assert_eq!(place.run("init").code, 0);
    assert!(place.path().join("config/prmdesk/config.toml").exists());
    let env = [("PRMDESK_CONFIG", "named.toml")];
    assert_eq!(place.run_env("init", &env).code, 0);
    assert!(place.path().join("named.toml").exists());
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let place = Place::new();
    place.write("mine.toml", "read_only = true");
    place
        .run("init --path mine.toml")
        .fails(2, "mine.toml is there already; it was left as it is.");
    assert_eq!(
        std::fs::read_to_string(place.path().join("mine.toml")).unwrap(),
        "read_only = true"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.write("file", "");
    place
        .run("init --path file/prmdesk.toml")
        .fails(1, "file/prmdesk.toml could not be written");
}
