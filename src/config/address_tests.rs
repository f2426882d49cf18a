//! Which keys go to which addresses.

use super::super::{ConfigError, Loaded, Overrides, load};

const FILE: &str = "[database]\nurl = 'sqlite:///base.db'\n[impartner]\nurl = 'https://base.example'\napi_key = 'base'\n\
                    [lms]\napi_key = 'lms'\n";

fn loaded(profile: &str, env: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prmdesk.toml");
    std::fs::write(&path, format!("{FILE}[profiles.p]\n{profile}")).unwrap();
    let overrides = Overrides {
        config: Some(path),
        profile: Some("p".into()),
        ..Overrides::default()
    };
    load(&overrides, &|name| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn goes(profile: &str, env: &[(&str, &str)]) -> (String, String) {
    let config = loaded(profile, env).unwrap().config;
    let key = config.impartner.api_key.unwrap();
    (config.impartner.url, key.expose().to_owned())
}

fn stays(profile: &str, env: &[(&str, &str)]) -> String {
    let error = loaded(profile, env).unwrap_err();
    let told = crate::error::Error::from(error);
    assert_eq!(told.code, "config_address");
    format!("{} {}", told.message, told.help.unwrap_or_default())
}

#[test]
fn a_profile_with_another_address_brings_its_own_key_and_database() {
    let url = "impartner.url = 'https://staging.example'\n";
    let said = stays(url, &[]);
    assert!(
        said.contains("line 5: impartner.api_key was given for https://base.example"),
        "{said}"
    );
    assert!(
        said.contains("changes that to https://staging.example"),
        "{said}"
    );
    assert!(
        said.contains("set PRMDESK_IMPARTNER_API_KEY") && !said.contains("'base'"),
        "{said}"
    );
    let with_key = format!("{url}impartner.api_key = 'own'\n");
    let said = stays(&with_key, &[]);
    assert!(
        said.contains("database.url was given for https://base.example"),
        "{said}"
    );
    assert!(
        stays("lms.url = 'https://lms.example'", &[])
            .contains("lms.api_key was given for https://api.northpass.com")
    );

    let whole = format!("{with_key}database.url = 'sqlite:///own.db'");
    assert_eq!(
        goes(&whole, &[]),
        ("https://staging.example".into(), "own".into())
    );
    let database = [("PRMDESK_DATABASE_URL", "sqlite:///env.db")];
    assert_eq!(goes(&with_key, &database).1, "own");
    let both = [("PRMDESK_IMPARTNER_API_KEY", "env"), database[0]];
    assert_eq!(
        goes(url, &both),
        ("https://staging.example".into(), "env".into())
    );
}

#[test]
fn the_same_address_written_otherwise_is_no_other() {
    assert_eq!(
        goes(
            "impartner.url = 'https://base.example/api/objects/v1/'",
            &[]
        )
        .1,
        "base"
    );
    assert_eq!(
        goes(
            "read_only = true",
            &[("PRMDESK_IMPARTNER_URL", "https://base.example/")]
        )
        .1,
        "base"
    );
}

#[test]
fn the_environment_brings_its_halves_together_too() {
    let url = ("PRMDESK_IMPARTNER_URL", "https://env.example");
    let key = ("PRMDESK_IMPARTNER_API_KEY", "env");
    // A key alone is the usual way: the address stands in the file.
    assert_eq!(
        goes("", &[key]),
        ("https://base.example".into(), "env".into())
    );
    assert_eq!(
        goes("", &[key, url]),
        ("https://env.example".into(), "env".into())
    );
    let said = stays("", &[url]);
    assert!(
        said.contains("environment variable PRMDESK_IMPARTNER_URL changes that"),
        "{said}"
    );
    assert!(said.contains("Set PRMDESK_IMPARTNER_API_KEY too"), "{said}");
    assert_eq!(
        goes("impartner.api_key = 'own'", &[]),
        ("https://base.example".into(), "own".into())
    );
}
