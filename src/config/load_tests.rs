//! Tests of the loader: the template, every key, and what a wrong file says.

use super::super::keys::KEYS;
use super::*;
use crate::config::{DialectChoice, PartnerRule, PatternMatch, TEMPLATE};
use std::time::Duration;

fn none(_: &str) -> Option<String> {
    None
}

/// Loads `text` as the file, with `env` and `overrides`.
fn load_with(text: &str, overrides: Overrides, env: Env<'_>) -> Result<Loaded, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prmdesk.toml");
    std::fs::write(&path, text).unwrap();
    load(
        &Overrides {
            config: Some(path),
            ..overrides
        },
        env,
    )
}

fn load_text(text: &str) -> Result<Loaded, ConfigError> {
    load_with(text, Overrides::default(), &none)
}

/// The message of a file that is refused, with the directory taken out.
fn refused(text: &str) -> String {
    let error = load_text(text).unwrap_err().to_string();
    let mut out = String::new();
    for word in error.split_inclusive(' ') {
        out.push_str(
            word.rfind('/')
                .filter(|_| word.contains("prmdesk.toml"))
                .map_or(word, |at| &word[at + 1..]),
        );
    }
    out
}

/// Lines of the template that give a key, with their table: (table, line).
fn template_keys() -> Vec<(String, String)> {
    let mut table = String::new();
    let mut keys = Vec::new();
    for line in TEMPLATE.lines() {
        let bare = line.strip_prefix('#').unwrap_or(line);
        if bare.starts_with("[profiles") {
            break;
        }
        if bare.starts_with('[') {
            bare.trim_matches(['[', ']']).clone_into(&mut table);
        } else if line.starts_with('#') && !bare.starts_with([' ']) && bare.contains('=') {
            keys.push((table.clone(), bare.to_owned()));
        }
    }
    keys
}

#[test]
fn the_template_is_the_defaults() {
    let loaded = load_text(TEMPLATE).unwrap();
    let defaults = load(
        &Overrides {
            config: Some("/dev/null".into()),
            ..Overrides::default()
        },
        &none,
    )
    .unwrap();
    assert_eq!(values(loaded.config), values(defaults.config));
}

/// A configuration without the name of its file.
fn values(config: Config) -> Config {
    Config {
        file: None,
        ..config
    }
}

#[test]
fn every_key_of_the_template_parses_and_every_key_is_in_it() {
    let mut named = std::collections::BTreeSet::new();
    let defaults = load_text("").unwrap().config;
    for (table, line) in template_keys() {
        let name = line.split_once(" =").unwrap().0;
        let dotted = if table.is_empty() {
            name.to_owned()
        } else {
            format!("{table}.{name}")
        };
        let (key, rest) = find(&dotted).unwrap_or_else(|| panic!("{dotted} is no key"));
        named.insert(match key.set {
            Set::Open(_) => key.name.to_owned(),
            _ => dotted.clone(),
        });
        let text = if table.is_empty() {
            line.clone()
        } else {
            format!("[{table}]\n{line}")
        };
        File::parse(&text, Path::new("template")).unwrap_or_else(|error| panic!("{error}"));
        // What has a default stands with it: taking the # away changes nothing.
        let examples = ["operator", "log.dir", "console.theme"];
        if matches!(key.set, Set::Plain(_)) && !examples.contains(&key.name) && rest.is_empty() {
            let loaded = load_text(&text).unwrap().config;
            assert_eq!(values(loaded), values(defaults.clone()), "{dotted}");
        }
        if dotted.starts_with("mapping.") {
            let config = load_text(&text).unwrap().config;
            for entity in crate::entity::Entity::ALL {
                let mut schema = config.schema(entity);
                let default = defaults.schema(entity);
                // `status` has two candidates by default; the template can only show one.
                if dotted.ends_with(".status") {
                    schema.values.status.clone_from(&default.values.status);
                }
                assert_eq!(schema, default, "{dotted}");
            }
        }
    }
    for key in KEYS {
        let suffixes: &[&str] = if matches!(key.set, Set::Secret(_)) {
            &SECRET_SUFFIXES
        } else {
            &[""]
        };
        for suffix in suffixes {
            let name = format!("{}{suffix}", key.name);
            assert!(
                named.contains(&name),
                "{name} is missing in assets/prmdesk.toml"
            );
        }
    }
}

#[test]
fn the_profile_of_the_template_parses() {
    let profile: String = TEMPLATE
        .lines()
        .skip_while(|line| !line.starts_with("#[profiles"))
        .flat_map(|line| [line.trim_start_matches('#'), "\n"])
        .collect();
    let staging = Overrides {
        profile: Some("staging".into()),
        ..Overrides::default()
    };
    let config = load_with(&profile, staging, &none).unwrap().config;
    assert!(config.read_only);
    assert_eq!(config.impartner.url, "https://staging.example.com");
}

/// Every key with a value that is not its default. The patterns below name every field without `..`: a new field
/// does not compile here until it has a key.
#[test]
fn every_field_has_a_key() {
    let text = include_str!("load_tests.toml");
    let crate::config::Config {
        profile: _,
        file: _,
        operator,
        operator_named,
        read_only,
        database: crate::config::DatabaseConfig { url: database_url },
        impartner,
        lms,
        filters: crate::config::FilterConfig { partners, contacts },
        mapping,
        guards,
        policy,
        lease_ttl,
        serve: crate::config::ServeConfig { token },
        notify: crate::config::NotifyConfig { webhook_url },
        log,
        console,
    } = load_text(text).unwrap().config;
    assert_eq!(operator, "somebody");
    assert!(operator_named && read_only);
    assert_eq!(database_url, Some(Secret::new("sqlite:///x.db")));
    assert_eq!(token, Some(Secret::new("token")));
    assert_eq!(webhook_url, Some(Secret::new("https://hook.example/1")));
    assert_eq!(lease_ttl, Duration::from_secs(61));
    assert_eq!(
        impartner,
        crate::config::ImpartnerConfig {
            url: "https://i.example".into(),
            api_key: Some(Secret::new("i-key")),
            tenant_id: "7".into(),
            dialect: DialectChoice::Odata,
            page_size: 101,
            concurrency: 7,
            timeout: Duration::from_secs(31),
            retries: 6,
            backoff: Duration::from_millis(501),
            overlap: Duration::from_mins(11),
        }
    );
    assert_eq!(
        lms,
        crate::config::LmsConfig {
            url: "https://l.example".into(),
            api_key: Some(Secret::new("l-key")),
            all_partners_group: "Everybody".into(),
            group_prefixes: vec!["p_".into()],
            max_rps: 7,
        }
    );
    assert_eq!(
        partners,
        crate::config::PartnerFilters {
            excluded_tiers: vec!["t".into()],
            excluded_statuses: vec!["s".into()],
            excluded_names: vec!["n".into()],
        }
    );
    assert_eq!(
        contacts,
        crate::config::ContactFilters {
            excluded_statuses: vec!["c".into(), String::new()],
            excluded_domains: vec!["d".into()],
            excluded_patterns: vec!["p".into()],
            pattern_match: PatternMatch::Word,
            allow: vec!["a@b.example".into()],
            partner: PartnerRule::Active,
        }
    );
    assert_eq!(
        mapping,
        crate::config::MappingConfig {
            partners: [("country".to_owned(), "Land".to_owned())].into(),
            contacts: [("phone".to_owned(), "Telefon".to_owned())].into(),
            certification_count: "A__cf".into(),
            total_npcu: "B__cf".into(),
        }
    );
    assert_eq!(
        guards,
        crate::config::GuardConfig {
            max_count: 51,
            max_percent: 10.5,
            small_set: 21,
            window: Duration::from_hours(25),
            field_change_percent: 31.0,
        }
    );
    assert_eq!(
        policy,
        crate::config::PolicyConfig {
            unattended_deletes: true,
            four_eyes: true,
            recheck_after: Duration::from_mins(16),
            offboarding_delay: Duration::from_hours(24),
        }
    );
    assert_eq!(
        log,
        crate::config::LogConfig {
            dir: Some("/logs".into()),
            level: "debug".into(),
            json: true,
            keep: 15,
        }
    );
    assert_eq!(
        console,
        crate::config::ConsoleConfig {
            theme: Some("light".into()),
            keys: [("quit".to_owned(), "x".to_owned())].into(),
        }
    );
}

#[test]
fn unknown_keys_name_the_nearest_and_the_line() {
    assert_eq!(
        refused("\n[impartner]\npage_sze = 5\n"),
        "prmdesk.toml, line 3: unknown key `impartner.page_sze`; the nearest known key is `impartner.page_size`."
    );
    assert!(refused("page_size = 5").contains("nearest known key is `impartner.page_size`"));
    assert!(refused("[imparter]\nurl = 'x'").contains("nearest known key is `impartner"));
    assert!(
        refused("[profiles.x.guards]\nmax_cont = 1")
            .contains("nearest known key is `guards.max_count`")
    );
    assert!(refused("[mapping.partners]\ncountri = 'X'").contains("nearest is `country`"));
}

#[test]
fn wrong_types_say_what_where_and_what_is_right() {
    assert_eq!(
        refused("[impartner]\npage_size = \"many\""),
        "prmdesk.toml, line 2: impartner.page_size must be a whole number from 1 to 10000, but it is a text."
    );
    assert!(refused("[impartner]\ntimeout = 30").contains("30 without a unit"));
    assert!(
        refused("[impartner]\ndialect = 'odat'")
            .contains("one of auto, objects, odata, but it is \"odat\"")
    );
    assert!(refused("[guards]\nmax_percent = 101").contains("from 0 to 100, but it is 101"));
    assert!(
        refused("[filters.partners]\nexcluded_tiers = ['a', 1]").contains("entry 2 must be a text")
    );
    assert!(refused("impartner = 1").contains("impartner must be a table"));
    assert!(refused("profiles = 1").contains("profiles must be a table"));
    assert!(refused("read_only = 'yes'").contains("true or false, without quotes"));
    let many = refused("read_only = 1\n[lms]\nmax_rps = 0\n[nowhere]\n");
    assert!(
        many.starts_with("The configuration has 3 faults:"),
        "{many}"
    );
}

#[test]
fn an_empty_text_is_no_value_in_lists_of_tiers_and_statuses_alone() {
    let lists = load_text(
        "[filters.partners]\nexcluded_tiers = ['', 'Pending']\nexcluded_statuses = [' ']\n[filters.contacts]\nexcluded_statuses = ['']",
    );
    let filters = lists.unwrap().config.filters;
    assert_eq!(filters.partners.excluded_tiers, ["Pending", ""]);
    assert_eq!(filters.partners.excluded_statuses, [""]);
    assert_eq!(filters.contacts.excluded_statuses, [""]);
    let said = refused("[filters.partners]\nexcluded_names = ['']");
    assert!(said.contains("entry 1 must be a text"), "{said}");
}

#[test]
fn a_secret_is_never_in_a_message() {
    let syntax = load_text("[impartner]\napi_key = \"hush\nurl = 1").unwrap_err();
    assert!(
        matches!(syntax, ConfigError::Syntax { line: 2, .. }),
        "{syntax:?}"
    );
    assert!(!format!("{syntax} {syntax:?}").contains("hush"));
    let twice = refused("[impartner]\napi_key = 'hush'\napi_key_file = 'f'");
    assert!(twice.contains("are both given"), "{twice}");
    assert!(!twice.contains("hush"));
    assert!(!refused("[serve]\ntoken = ['hush']").contains("hush"));
    assert!(!format!("{:?}", load_text("[serve]\ntoken = 'hush'").unwrap()).contains("hush"));
}

#[test]
fn environment_overrides_the_profile_and_flags_override_both() {
    let text = "operator = 'file'\n[impartner]\nurl = 'https://file.example'\napi_key_file = 'nowhere'\n\
                [profiles.p]\noperator = 'profile'\n[profiles.p.impartner]\nurl = 'https://profile.example'";
    let env = |name: &str| match name {
        "PRMDESK_OPERATOR" => Some("variable".to_owned()),
        "PRMDESK_IMPARTNER_API_KEY" => Some("k".to_owned()),
        "PRMDESK_LMS_URL" => Some(String::new()),
        _ => None,
    };
    let profile = Overrides {
        profile: Some("p".into()),
        ..Overrides::default()
    };
    let config = load_with(text, profile.clone(), &env).unwrap().config;
    assert_eq!(config.operator, "variable");
    assert_eq!(config.impartner.url, "https://profile.example");
    // The variable replaces the file's `api_key_file`, which is then not read.
    assert_eq!(config.impartner.api_key, Some(Secret::new("k")));
    assert_eq!(config.lms.url, "https://api.northpass.com");
    let flags = Overrides {
        operator: Some("flag".into()),
        read_only: true,
        ..profile
    };
    let config = load_with(text, flags, &env).unwrap().config;
    assert_eq!((config.operator.as_str(), config.read_only), ("flag", true));
    let bad = |name: &str| (name == "PRMDESK_IMPARTNER_DIALECT").then(|| "sql".to_owned());
    let error = load_with("", Overrides::default(), &bad)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(
            "environment variable PRMDESK_IMPARTNER_DIALECT: impartner.dialect must be"
        ),
        "{error}"
    );
}

#[test]
fn an_unknown_profile_says_which_there_are() {
    let profile = Overrides {
        profile: Some("prod".into()),
        ..Overrides::default()
    };
    let error = load_with("[profiles.test]\nread_only = true", profile, &none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "There is no profile \"prod\"; the configuration has test."
    );
}

#[test]
fn the_operator_is_the_login_name_unless_named() {
    let config = load_text("").unwrap().config;
    assert!(!config.operator_named && !config.operator.is_empty());
}

#[test]
fn secrets_come_from_files_beside_the_configuration_and_from_commands() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("key"), "from-file\n").unwrap();
    let path = dir.path().join("c.toml");
    std::fs::write(&path, "[impartner]\napi_key_file = 'key'\n[lms]\napi_key_command = 'cat key'\n[serve]\ntoken = 't'").unwrap();
    let overrides = Overrides {
        config: Some(path.clone()),
        ..Overrides::default()
    };
    let loaded = load(&overrides, &none).unwrap();
    assert_eq!(
        loaded.config.impartner.api_key,
        Some(Secret::new("from-file"))
    );
    assert_eq!(loaded.config.lms.api_key, Some(Secret::new("from-file")));
    assert_eq!(loaded.inline_secrets, ["serve.token"]);
    std::fs::write(&path, "[lms]\napi_key_command = 'exit 4'").unwrap();
    let error = load(&overrides, &none).unwrap_err().to_string();
    assert!(
        error.contains("line 2: lms.api_key_command: the command failed"),
        "{error}"
    );
}
