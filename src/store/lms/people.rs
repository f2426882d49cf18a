//! People: new, changed, gone. Where addresses are unique, one that changes hands is freed before it is given on.

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use super::super::StoreError;
use super::super::apply::fold;
use super::super::db::args;
use super::super::dialect::{self, ColumnType};
use super::rows::{Cells, Writer};
use super::{DELETED, LmsWritten, StoredPerson};

const TABLE: &str = "lms_users";

/// E-mail, first name, last name, status.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    status: Option<String>,
}

impl Row {
    fn is_gone(&self) -> bool {
        matches!(self.status.as_deref(), Some(DELETED | "gone"))
    }

    fn cells(&self, id: &str) -> Cells {
        let Self {
            email,
            first_name,
            last_name,
            status,
        } = self;
        Cells::new(id, &json!([id, email, first_name, last_name, status]))
    }
}

/// Brings the table up to `people`.
pub(super) async fn bring(
    writer: &mut Writer<'_>,
    people: &[StoredPerson],
    at: DateTime<Utc>,
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let known = known(writer).await?;
    let fit = writer.fit(TABLE);
    let mut listed: FxHashMap<&str, Row> = FxHashMap::default();
    let (mut fresh, mut changed, mut same) = (Vec::new(), Vec::new(), Vec::new());
    for person in people {
        let old = known.get(&person.id);
        let mut row = Row {
            email: person.email.clone(),
            first_name: fit.name("first_name", person.first_name.as_deref()),
            last_name: fit.name("last_name", person.last_name.as_deref()),
            status: Some(person.status.to_owned()),
        };
        if let Some(old) = old {
            keep_untold(&mut row, old, &person.untold);
        }
        if row.email.is_none() && fit.needs("email") {
            let kept = match old {
                Some(_) => "The row was left as it is",
                None => "No row was made",
            };
            let why =
                format!("The LMS gives no e-mail, and lms_users.email must have one. {kept}.");
            writer.refuse(TABLE, &person.id, why);
            // Who is there is not gone, whatever is missing.
            listed.insert(&person.id, row);
            continue;
        }
        if listed.insert(&person.id, row.clone()).is_some() {
            continue;
        }
        match old {
            None => fresh.push(row.cells(&person.id)),
            Some(old) if *old != row => changed.push(row.cells(&person.id)),
            Some(_) => same.push(person.id.as_str()),
        }
    }
    let freed = free_addresses(writer, &known, &listed).await?;

    let sets = format!(
        "email = v.v_1, first_name = v.v_2, last_name = v.v_3, status = v.v_4, synced_at = {}",
        dialect::time_literal(at)
    );
    written.people = writer
        .update(TABLE, &sets, &[ColumnType::Text; 5], &changed)
        .await?;
    let mut left: Vec<(&str, bool)> = known
        .iter()
        .filter(|(id, row)| {
            !listed.contains_key(id.as_str()) && row.status.as_deref() != Some(DELETED)
        })
        .map(|(id, row)| (id.as_str(), row.is_gone()))
        .collect();
    left.sort_unstable();
    let mark = format!("status = '{DELETED}'");
    // Those that an earlier version marked in its own word are not gone anew.
    for earlier in [false, true] {
        let cells: Vec<Cells> = left
            .iter()
            .filter(|(_, was)| *was == earlier)
            .map(|(id, _)| Cells::new(id, &json!([id])))
            .collect();
        let marked = writer
            .update(TABLE, &mark, &[ColumnType::Text], &cells)
            .await?;
        if earlier {
            written.people += marked;
        } else {
            written.people_gone = marked;
        }
    }
    let columns = ["id", "email", "first_name", "last_name", "status"];
    written.people += writer
        .insert(TABLE, &columns, &[ColumnType::Text; 5], &fresh, Some(at))
        .await?;
    writer.seen(TABLE, &same, at).await?;
    give_back(writer, freed).await
}

async fn known(writer: &mut Writer<'_>) -> Result<FxHashMap<String, Row>, StoreError> {
    let sql = "SELECT id, email, first_name, last_name, status FROM lms_users";
    let rows = writer.conn.all(sql, args![], |row| {
        let cells = Row {
            email: row.opt_string(1)?,
            first_name: row.opt_string(2)?,
            last_name: row.opt_string(3)?,
            status: row.opt_string(4)?,
        };
        Ok((row.string(0)?, cells))
    });
    Ok(rows.await?.into_iter().collect())
}

/// Puts what the row has in the place of what the LMS did not tell. Who was gone and is listed again is not gone.
fn keep_untold(row: &mut Row, old: &Row, untold: &[&str]) {
    for &column in untold {
        match column {
            "email" => row.email.clone_from(&old.email),
            "first_name" => row.first_name.clone_from(&old.first_name),
            "last_name" => row.last_name.clone_from(&old.last_name),
            "status" if !old.is_gone() => row.status.clone_from(&old.status),
            _ => {}
        }
    }
}

/// Takes the address from every row that somebody else is to have it of: who is gone, and who has another one by now. Gives
/// these rows with what they had.
async fn free_addresses(
    writer: &mut Writer<'_>,
    known: &FxHashMap<String, Row>,
    listed: &FxHashMap<&str, Row>,
) -> Result<Vec<(String, String)>, StoreError> {
    if !writer.fit(TABLE).is_unique("email") {
        return Ok(Vec::new());
    }
    let mut wanted: FxHashMap<String, FxHashSet<&str>> = FxHashMap::default();
    for (&id, row) in listed {
        if let Some(email) = &row.email {
            wanted.entry(fold(email)).or_default().insert(id);
        }
    }
    let mut freed = Vec::new();
    for (id, row) in known {
        let Some(email) = &row.email else { continue };
        let Some(who) = wanted.get(&fold(email)) else {
            continue;
        };
        if !who.contains(id.as_str()) {
            freed.push((id.clone(), email.clone()));
        }
    }
    freed.sort_unstable();
    let nullable = !writer.fit(TABLE).needs("email");
    let cells: Vec<Cells> = freed
        .iter()
        .map(|(id, _)| Cells::new(id, &json!([id, (!nullable).then(|| stand_in(id))])))
        .collect();
    writer
        .update(TABLE, "email = v.v_1", &[ColumnType::Text; 2], &cells)
        .await?;
    Ok(freed)
}

/// What stands in the place of an address that somebody else has by now, where there must be one: nobody's, because
/// `.invalid` is reserved (RFC 2606).
fn stand_in(id: &str) -> String {
    format!("{id}@gone.invalid")
}

/// Where rows were refused, those whose address was taken from them in vain get it back.
async fn give_back(
    writer: &mut Writer<'_>,
    freed: Vec<(String, String)>,
) -> Result<(), StoreError> {
    let refused = writer.refused_of(TABLE);
    if refused.is_empty() || freed.is_empty() {
        return Ok(());
    }
    let now = known(writer).await?;
    let empty = |id: &str| {
        now.get(id).is_some_and(|row| {
            row.email
                .as_deref()
                .is_none_or(|email| email == stand_in(id))
        })
    };
    let taken: FxHashSet<String> = now
        .values()
        .filter_map(|row| row.email.as_deref().map(fold))
        .collect();
    let cells: Vec<Cells> = freed
        .iter()
        .filter(|(id, email)| empty(id) && !taken.contains(&fold(email)))
        .map(|(id, email)| Cells::new(id, &json!([id, email])))
        .collect();
    writer
        .update(TABLE, "email = v.v_1", &[ColumnType::Text; 2], &cells)
        .await?;
    Ok(())
}
