//! Where the configuration comes from, and what a wrong one says.

use super::Place;

#[test]
fn the_first_file_found_is_the_one() {
    let place = Place::new();
    let broken = |name: &str| format!("{name} = 1");
    let found = |place: &Place, args: &str, env: &[(&str, &str)]| {
        let error = place.run_env(args, env).fails_json(2, "config_invalid");
        let message = error["message"].as_str().unwrap().to_owned();
        message.split('`').nth(1).unwrap().to_owned()
    };
    std::fs::create_dir_all(place.path().join("config/prmdesk")).unwrap();
    place.write("config/prmdesk/config.toml", &broken("in_home"));
    assert_eq!(found(&place, "status --json", &[]), "in_home");
    place.write("prmdesk.toml", &broken("here"));
    assert_eq!(found(&place, "status --json", &[]), "here");
    place.write("env.toml", &broken("in_env"));
    let env = [("PRMDESK_CONFIG", "env.toml")];
    assert_eq!(found(&place, "status --json", &env), "in_env");
    place.write("flag.toml", &broken("in_flag"));
    assert_eq!(
        found(&place, "status --json --config flag.toml", &env),
        "in_flag"
    );
}

#[test]
fn wrong_configurations_are_exit_2_and_say_where() {
    let place = Place::new();
    for (text, says) in [
        (
            "[impartner]\npage_sise = 5",
            "line 2: unknown key `impartner.page_sise`; the nearest known key is `impartner.page_size`",
        ),
        (
            "[guards]\nmax_count = 'lots'",
            "line 2: guards.max_count must be a whole number",
        ),
        (
            "[impartner]\nurl = 'http://prm.example'",
            "plain http is refused except to loopback",
        ),
        (
            "[lms]\nurl = 'http://10.0.0.1:80'",
            "plain http is refused except to loopback",
        ),
        ("[lms\n", "line 1: "),
        (
            "[mapping.partners]\npartner_teir = 'X'",
            "the nearest is `partner_tier`",
        ),
        (
            "[lms]\napi_key_file = 'nowhere'",
            "line 2: lms.api_key_file: nowhere could not be read",
        ),
        (
            "[lms]\napi_key_command = 'exit 7'",
            "line 2: lms.api_key_command: the command failed",
        ),
    ] {
        place.write("prmdesk.toml", text);
        place.run("status").fails(2, says);
        assert_eq!(place.run("status --json").code, 2);
    }
    place.write("prmdesk.toml", "[profiles.test]\nread_only = true");
    place.run("status --profile prod").fails(
        2,
        "There is no profile \"prod\"; the configuration has test.",
    );
    place
        .run("status --config nowhere.toml")
        .fails(2, "nowhere.toml could not be read");
    place.run("status --log-level loud").fails(
        2,
        "flag --log-level: log.level must be one of error, warn, info, debug, trace",
    );
    let env = [("PRMDESK_IMPARTNER_DIALECT", "sql")];
    place.run_env("status", &env).fails(
        2,
        "PRMDESK_IMPARTNER_DIALECT: impartner.dialect must be one of",
    );
}

#[test]
fn a_missing_database_says_how_to_name_one() {
    let place = Place::new();
    let ran = place.run("status");
    ran.fails(2, "No database is configured");
    assert!(ran.stderr.contains("PRMDESK_DATABASE_URL") && ran.stderr.contains("prmdesk init"));
}

#[test]
fn wrong_database_urls_are_exit_2_and_never_shown() {
    let place = Place::new();
    for url in ["postgres://u:hush@h/db", "mysql://u:hush@", "nonsense hush"] {
        let ran = place.run_env("status", &[("PRMDESK_DATABASE_URL", url)]);
        assert_eq!(ran.code, 2, "{url}: {ran:?}");
        assert!(!format!("{ran:?}").contains("hush"), "{ran:?}");
    }
}

#[test]
fn an_unreachable_database_is_exit_1() {
    let place = Place::new();
    let env = [("PRMDESK_DATABASE_URL", "mysql://u:hush@127.0.0.1:1/db")];
    let ran = place.run_env("status", &env);
    ran.fails(1, "127.0.0.1:1");
    assert!(!format!("{ran:?}").contains("hush"), "{ran:?}");
    place
        .run_env("status --json", &env)
        .fails_json(1, "database_unreachable");
}
