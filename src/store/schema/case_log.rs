//! The log of cases that an earlier version kept in a column, copied into its own table.

use super::super::db::{Conn, args};
use super::super::{Engine, StoreError};

/// Whether there is a case at all.
pub(super) async fn any_case(conn: &mut Conn) -> Result<bool, StoreError> {
    let found = conn
        .first("SELECT 1 FROM offboarding_cases LIMIT 1", args![], |row| {
            row.int(0)
        })
        .await?;
    Ok(found.is_some())
}

/// Whether cases stand there and no log of any of them: those of a version that kept it elsewhere.
pub(super) async fn unlogged(conn: &mut Conn) -> Result<bool, StoreError> {
    let found = conn
        .first(
            "SELECT 1 FROM offboarding_cases WHERE NOT EXISTS (SELECT 1 FROM offboarding_events) LIMIT 1",
            args![],
            |row| row.int(0),
        )
        .await?;
    Ok(found.is_some())
}

/// One statement that copies what `offboarding_cases.log` holds; of a case without any, that it was opened.
pub(super) fn copied(engine: Engine) -> String {
    let (entries, at) = match engine {
        Engine::MariaDb => (
            "JSON_TABLE(c.log, '$[*]' COLUMNS (n FOR ORDINALITY, at VARCHAR(40) PATH '$.at', who VARCHAR(255) PATH '$.who', \
             what VARCHAR(20) PATH '$.what', f VARCHAR(20) PATH '$.from', t VARCHAR(20) PATH '$.to', \
             note TEXT PATH '$.note')) j"
                .to_owned(),
            "CAST(LEFT(REPLACE(TRIM(TRAILING 'Z' FROM j.at), 'T', ' '), 26) AS DATETIME(6))",
        ),
        Engine::Sqlite => {
            let of = |name: &str, path: &str| format!("json_extract(e.value, '$.{path}') AS {name}");
            let columns = [("at", "at"), ("who", "who"), ("what", "what"), ("f", "from"), ("t", "to"), ("note", "note")]
                .map(|(name, path)| of(name, path))
                .join(", ");
            (
                format!("(SELECT l.case_id AS id, e.key AS n, {columns} FROM offboarding_cases l, json_each(l.log) e) j"),
                "substr(replace(rtrim(j.at, 'Z'), 'T', ' '), 1, 26)",
            )
        }
    };
    let same = match engine {
        Engine::MariaDb => "",
        Engine::Sqlite => " AND j.id = c.case_id",
    };
    format!(
        "INSERT INTO offboarding_events (case_id, at, operator, event, from_state, to_state, note) \
         SELECT x.case_id, x.at, x.who, x.what, x.f, x.t, x.note FROM (\
         SELECT c.case_id, j.n, {at} AS at, j.who, j.what, j.f, j.t, j.note FROM offboarding_cases c, {entries} \
         WHERE c.log IS NOT NULL{same} \
         UNION ALL SELECT c.case_id, 0, c.opened_at, c.opened_by, 'open', c.state, c.state, c.reason \
         FROM offboarding_cases c WHERE c.log IS NULL) x ORDER BY x.case_id, x.n"
    )
}
