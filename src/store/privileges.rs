//! What the database user may do, for `doctor`.

use super::{Engine, Store, StoreError};

/// Needed by every run.
const RUN: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
/// Needed by `prmdesk migrate` beside those.
const MIGRATE: [&str; 4] = ["CREATE", "ALTER", "INDEX", "REFERENCES"];

/// Rights that the user lacks on the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingPrivileges {
    /// Of those that runs need: SELECT for everything, INSERT and UPDATE for every run, DELETE for some.
    pub run: Vec<&'static str>,
    /// Without these `prmdesk migrate` does not.
    pub migrate: Vec<&'static str>,
}

impl Store {
    /// Which rights the user lacks. `None` where that cannot be told: SQLite, rights by role, or by table.
    pub async fn missing_privileges(&self) -> Result<Option<MissingPrivileges>, StoreError> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut conn = self.conn().await?;
        let database = conn
            .first("SELECT DATABASE()", vec![], |row| row.string(0))
            .await?
            .unwrap_or_default();
        let grants = conn.all("SHOW GRANTS", vec![], |row| row.string(0)).await?;
        Ok(missing(&grants, &database))
    }
}

/// Reads `GRANT a, b ON place TO …` lines.
fn missing(grants: &[String], database: &str) -> Option<MissingPrivileges> {
    let mut have: Vec<String> = Vec::new();
    for grant in grants {
        let Some((rights, rest)) = grant
            .strip_prefix("GRANT ")
            .and_then(|rest| rest.split_once(" ON "))
        else {
            // A role: what it holds is not shown here.
            return None;
        };
        let place = rest.split(" TO ").next().unwrap_or_default();
        let whole = place == "*.*"
            || place
                .strip_suffix(".*")
                .is_some_and(|name| like(database, name.trim_matches('`')));
        if whole {
            have.extend(rights.split(',').map(|right| right.trim().to_uppercase()));
        } else if place.contains(&format!("`{database}`.")) {
            return None;
        }
    }
    let lacks = |wanted: &[&'static str]| -> Vec<&'static str> {
        if have.iter().any(|right| right == "ALL PRIVILEGES") {
            return Vec::new();
        }
        wanted
            .iter()
            .copied()
            .filter(|want| !have.iter().any(|right| right == want))
            .collect()
    };
    Some(MissingPrivileges {
        run: lacks(&RUN),
        migrate: lacks(&MIGRATE),
    })
}

/// Whether a database's name is meant by the name in a grant: `_` is any character, `%` any text, `\` takes that away.
fn like(name: &str, pattern: &str) -> bool {
    let mut pattern = pattern.chars();
    match pattern.next() {
        None => name.is_empty(),
        Some('%') => {
            let rest = pattern.as_str();
            name.char_indices().any(|(at, _)| like(&name[at..], rest)) || like("", rest)
        }
        Some(first) => {
            let literal = if first == '\\' {
                pattern.next()
            } else {
                (first != '_').then_some(first)
            };
            let mut name = name.chars();
            name.next()
                .is_some_and(|c| literal.is_none_or(|literal| c.eq_ignore_ascii_case(&literal)))
                && like(name.as_str(), pattern.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(grants: &[&str]) -> Option<MissingPrivileges> {
        missing(
            &grants
                .iter()
                .map(|&grant| grant.to_owned())
                .collect::<Vec<_>>(),
            "prm_prod",
        )
    }

    #[test]
    fn grants_are_read() {
        let usage = "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'";
        assert_eq!(
            of(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"]),
            Some(MissingPrivileges::default())
        );
        assert_eq!(
            of(&[usage, r"GRANT ALL PRIVILEGES ON `prm\_prod`.* TO `u`@`%`"]),
            Some(MissingPrivileges::default())
        );
        let some = of(&[usage, "GRANT SELECT, INSERT, UPDATE ON `prm%`.* TO `u`@`%`"]).unwrap();
        assert_eq!(some.run, ["DELETE"]);
        assert_eq!(some.migrate, MIGRATE);
        assert_eq!(
            of(&[usage, "GRANT ALL PRIVILEGES ON `prm`.* TO `u`@`%`"])
                .unwrap()
                .run,
            RUN
        );
        assert_eq!(
            of(&[usage, "GRANT SELECT ON `prm_prod`.`partners` TO `u`@`%`"]),
            None
        );
        assert_eq!(of(&["GRANT `writers` TO `u`@`%`", usage]), None);
    }
}
