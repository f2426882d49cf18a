//! The migrations as files.

use std::collections::BTreeSet;

/// The file names of migrations of one engine.
fn files(engine: &str) -> BTreeSet<String> {
    let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn every_migration_is_there_for_both_engines_and_is_run() {
    let (mariadb, sqlite) = (files("mysql"), files("sqlite"));
    assert_eq!(mariadb, sqlite);
    let schema = include_str!("../../../src/store/schema.rs");
    for (engine, names) in [("mysql", mariadb), ("sqlite", sqlite)] {
        for name in names {
            let path = format!("migrations/{engine}/{name}\"");
            assert!(schema.contains(&path), "{path} is a file that nobody runs");
        }
    }
}
