//! What off-boarding and restoring did in the LMS, done in our tables too. They mirror the LMS: what a portal's key or
//! trigger refuses here is logged, and the next `lms refresh` names it.

use chrono::{DateTime, Utc};

use super::super::db::{Arg, Conn, args};
use super::super::lists::CHUNK;
use super::super::lists::{marks, tuples};
use super::super::{Store, StoreError, catalog, dialect, split};

/// Columns that are not taken over from the row of the group as it was before.
const OURS: [&str; 5] = ["id", "name", "partner_id", "synced_at", "deleted_at"];

impl Store {
    /// Takes people out of a group, after the LMS did.
    pub async fn forget_members(
        &self,
        group_id: &str,
        people: &[String],
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let refused = split::each(&mut conn, chunks(people.len()), |range| {
            let mut values = args![group_id];
            values.extend(people[range.clone()].iter().map(|u| Arg::from(u.as_str())));
            let sql = format!(
                "DELETE FROM lms_group_members WHERE group_id = ? AND user_id IN ({})",
                marks(range.len())
            );
            (sql.into(), values)
        })
        .await?;
        conn.commit().await?;
        tell(group_id, &refused);
        Ok(())
    }

    /// Marks a group as gone and ends its memberships, after the LMS did. The row stays, with all that a portal keeps there.
    pub async fn forget_group(&self, group_id: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let members = self.stored_memberships(&[group_id.to_owned()]).await?;
        for people in members.values() {
            self.forget_members(group_id, people).await?;
        }
        let mut conn = self.conn().await?;
        let sql = "UPDATE lms_groups SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL";
        let marked = conn.execute(sql, args![at, group_id]).await;
        taken(group_id, marked.map(drop))
    }

    /// Puts people back into a group, after the LMS did.
    pub async fn remember_members(
        &self,
        group_id: &str,
        people: &[String],
    ) -> Result<(), StoreError> {
        let known = self.stored_members(group_id, people).await?;
        let fresh: Vec<&String> = people.iter().filter(|p| !known.contains(p)).collect();
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let refused = split::each(&mut conn, chunks(fresh.len()), |range| {
            let mut values = Vec::new();
            for person in &fresh[range.clone()] {
                values.extend(args![group_id, person.as_str()]);
            }
            let sql = format!(
                "INSERT INTO lms_group_members (group_id, user_id) VALUES {}",
                tuples(range.len(), 2)
            );
            (sql.into(), values)
        })
        .await?;
        conn.commit().await?;
        tell(group_id, &refused);
        Ok(())
    }

    /// Puts a restored group back: the row that is there is no longer marked; one that is there under the group's `old` id
    /// lends the new row every column that is not ours, and stays. Linked to its partner, unless it has a link.
    pub async fn remember_group(
        &self,
        old: &str,
        group_id: &str,
        name: &str,
        partner_id: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let done = remember(&mut conn, old, group_id, name, partner_id, at).await;
        match &done {
            Err(error) if !error.is_row_fault() => {}
            _ => conn.commit().await?,
        }
        taken(group_id, done)
    }
}

async fn remember(
    conn: &mut Conn,
    old: &str,
    group_id: &str,
    name: &str,
    partner_id: Option<i64>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let link = match partner_id {
        // Digits only.
        Some(id) => format!("COALESCE(partner_id, {id})"),
        None => "partner_id".to_owned(),
    };
    let at = dialect::time_literal(at);
    let sql = format!(
        "UPDATE lms_groups SET name = ?, deleted_at = NULL, synced_at = {at}, partner_id = {link} WHERE id = ?"
    );
    if conn.execute(sql, args![name, group_id]).await? > 0 {
        return Ok(());
    }
    let table = catalog::read(conn)
        .await?
        .remove("lms_groups")
        .unwrap_or_default();
    let theirs: Vec<String> = table
        .columns
        .iter()
        .filter(|column| !column.computed && !OURS.contains(&column.name.as_str()))
        .map(|column| format!(", `{}`", column.name))
        .collect();
    let theirs = theirs.concat();
    let sql = format!(
        "INSERT INTO lms_groups (id, name, synced_at, partner_id{theirs}) SELECT ?, ?, {at}, {link}{theirs} FROM lms_groups WHERE id = ?"
    );
    match conn.execute(sql, args![group_id, name, old]).await {
        Ok(0) => {}
        Ok(_) => return Ok(()),
        // A column of the portal's that no two rows may share.
        Err(error) if error.is_row_fault() => taken(group_id, Err(error))?,
        Err(error) => return Err(error),
    }
    let sql =
        format!("INSERT INTO lms_groups (id, name, synced_at, partner_id) VALUES (?, ?, {at}, ?)");
    conn.execute(sql, args![group_id, name, partner_id]).await?;
    Ok(())
}

fn chunks(rows: usize) -> Vec<std::ops::Range<usize>> {
    let starts = (0..rows).step_by(CHUNK);
    starts.map(|from| from..rows.min(from + CHUNK)).collect()
}

fn tell(group_id: &str, refused: &[(usize, String)]) {
    if !refused.is_empty() {
        let rows = refused.len();
        tracing::warn!(
            group_id,
            rows,
            "memberships were not taken by the lms_ tables"
        );
    }
}

/// What the database refuses is logged; another trouble is the caller's.
fn taken(group_id: &str, done: Result<(), StoreError>) -> Result<(), StoreError> {
    match done {
        Err(error) if error.is_row_fault() => {
            tracing::warn!(
                group_id,
                error = error.row_message(),
                "the group was not taken by the lms_ tables"
            );
            Ok(())
        }
        done => done,
    }
}
