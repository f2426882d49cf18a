//! Wrong use: exit 2, said to people on standard error, to programs as JSON.

use super::Place;

#[test]
fn wrong_arguments_are_exit_2() {
    let place = Place::new();
    for (args, says) in [
        ("nonsense", "unrecognized subcommand 'nonsense'"),
        ("statu", "a similar subcommand exists: 'status'"),
        ("preview --mode half", "possible values: incremental, full"),
        ("preview nobody", "possible values: all, partners, contacts"),
        ("sync --yes --allow-deletes 3", "--reason <TEXT>"),
        ("sync --yes --allow-updates 3", "--reason <TEXT>"),
        ("sync --yes --allow-deletes -1 --reason x", "'-1'"),
        ("undo 3 --yes --allow-deletes 1", "--reason <TEXT>"),
        ("apply", "<PLAN>"),
        ("undo", "<RUN>"),
        ("undo seven", "invalid digit"),
        ("holds add partners 7", "--note <TEXT>"),
        (
            "holds add people 7 --note x",
            "possible values: partners, contacts",
        ),
        ("offboard approve 1 --note x", "--yes"),
        ("offboard approve 1 --yes", "--note <TEXT>"),
        ("offboard approve --yes --note x", "<CASE>"),
        ("offboard reject 1", "--note <TEXT>"),
        (
            "offboard list --state gone",
            "possible values: pending, approved",
        ),
        (
            "demo --partners 99999999999",
            "99999999999 is not in 0..=200000",
        ),
        ("demo --contacts 2000001", "2000001 is not in 0..=2000000"),
        ("demo --seed 18446744073709551616", "number too large"),
        ("runs --limit 0", "0 is not in 1..=100000"),
        ("runs --limit 4294967295", "is not in 1..=100000"),
        ("runs show 0", "0 is not in 1.."),
        ("runs show 9223372036854775808", "number too large"),
        ("runs show 1 --log-lines 10001", "10001 is not in 0..=10000"),
        ("runs history partners 0", "0 is not in 1.."),
        ("undo 0", "0 is not in 1.."),
        ("holds lift contacts 0", "0 is not in 1.."),
        ("offboard show 0", "0 is not in 1.."),
        ("offboard run 1 0", "0 is not in 1.."),
        (
            "offboard reject 99999999999999999999 --note x",
            "number too large",
        ),
        ("lms refresh --transcripts --partner 0", "0 is not in 1.."),
        ("certs preview --partner 0", "0 is not in 1.."),
        (
            "sync --yes --allow-deletes 18446744073709551616 --reason x",
            "number too large",
        ),
        ("completions tcsh", "possible values"),
        ("serve --listen nowhere", "invalid socket address"),
        (
            "status --color sometimes",
            "possible values: auto, always, never",
        ),
    ] {
        let ran = place.run(args);
        ran.fails(2, says);
        let json = place.run(&format!("{args} --json"));
        assert_eq!(json.code, 2, "{args}");
        let error = json.fails_json(2, "usage");
        assert!(
            !error["message"].as_str().unwrap().starts_with("error:"),
            "{error}"
        );
    }
}

#[test]
fn one_form_of_output_at_a_time() {
    let error = Place::new()
        .run("preview --json --csv")
        .fails_json(2, "usage");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("cannot be used with")
    );
}

#[test]
fn an_empty_reason_or_note_is_none() {
    let place = Place::new();
    let args = ["sync", "--yes", "--allow-deletes", "3", "--reason", ""];
    place
        .run_args(&args, &[])
        .fails(2, "a value is required for '--reason <TEXT>'");
    let args = ["offboard", "approve", "1", "--yes", "--note", ""];
    place
        .run_args(&args, &[])
        .fails(2, "a value is required for '--note <TEXT>'");
}

#[test]
fn a_filter_that_does_not_parse_is_pointed_at() {
    let place = Place::new();
    let args = ["preview", "--filter", "tier:premier op:"];
    let ran = place.run_args(&args, &[]);
    ran.fails(2, "--filter: ");
    assert!(
        ran.stderr
            .contains("\n  tier:premier op:\n               ^^^\n"),
        "{}",
        ran.stderr
    );
    for flag in ["--only", "--except"] {
        let ran = place.run_args(&["sync", "--yes", "--json", flag, "colour:red"], &[]);
        let error = ran.fails_json(2, "filter");
        assert!(error["message"].as_str().unwrap().starts_with(flag));
    }
}

/// A filter may begin with a hyphen: that is how a term is negated.
#[test]
fn a_filter_may_begin_with_a_hyphen() {
    let place = Place::new();
    let ran = place.run_args(&["preview", "--json", "--filter", "-op:add"], &[]);
    ran.fails_json(2, "no_database");
}

#[test]
fn nobody_to_ask_and_no_yes_is_exit_2() {
    let place = Place::new();
    place.write("plan.json", "{}");
    for args in ["sync", "undo 1", "certs push", "offboard restore 1"] {
        place.run(args).fails(2, "There is no terminal to ask on");
        place
            .run(&format!("{args} --json"))
            .fails_json(2, "no_terminal");
    }
}

#[test]
fn the_console_needs_a_terminal() {
    let place = Place::new();
    place.run("").fails(2, "The console needs a terminal");
    place.run("demo").fails(2, "The console needs a terminal");
}

#[test]
fn approving_needs_a_named_operator() {
    let place = Place::new();
    let args = "offboard approve 1 --yes --note x --json";
    place.run(args).fails_json(2, "operator");
    // Named in any of the three ways, the next thing that is missing is the database.
    place
        .run(&format!("{args} --operator alice"))
        .fails_json(2, "no_database");
    place
        .run_env(args, &[("PRMDESK_OPERATOR", "alice")])
        .fails_json(2, "no_database");
    place.write("prmdesk.toml", "operator = 'alice'");
    place.run(args).fails_json(2, "no_database");
}

#[test]
fn without_a_token_only_loopback_is_served() {
    let place = Place::new();
    place
        .run("serve --listen 0.0.0.0:0")
        .fails(2, "listens on loopback only");
}

#[test]
fn plans_that_cannot_be_read_are_exit_2() {
    let place = Place::new();
    place
        .run("apply nowhere.json --yes")
        .fails(2, "nowhere.json could not be read");
    place.write("plan.json", "{\"plan_id\": \"x\"");
    place
        .run("apply plan.json --yes")
        .fails(2, "plan.json cannot be applied");
    place
        .run("apply plan.json --yes --json")
        .fails_json(2, "plan_file");
}

#[test]
fn colour_is_asked_for_or_not_there() {
    let place = Place::new();
    assert!(!place.run("sync").stderr.contains('\u{1b}'));
    assert!(place.run("sync --color always").stderr.contains('\u{1b}'));
    assert!(
        place
            .run("--color always nonsense")
            .stderr
            .contains('\u{1b}')
    );
    assert!(
        !place
            .run("--color never nonsense")
            .stderr
            .contains('\u{1b}')
    );
    let forced = place.run_env("sync", &[("NO_COLOR", "1")]);
    assert!(!forced.stderr.contains('\u{1b}'));
}

/// What the message of a wrong argument quotes may have come from elsewhere.
#[test]
fn a_wrong_argument_is_quoted_without_what_a_terminal_obeys() {
    for hostile in ["\x1b[2Jx", "\u{9b}2Jx", "\u{202e}x", "a\u{200b}x"] {
        for args in [
            ["status", "--color", hostile],
            ["runs", "show", hostile],
            ["serve", "--listen", hostile],
        ] {
            let ran = Place::new().run_args(&args, &[]);
            ran.fails(2, "error:");
            assert!(
                !ran.stderr
                    .contains(['\x1b', '\u{9b}', '\u{202e}', '\u{200b}']),
                "{ran:?}"
            );
        }
    }
}
