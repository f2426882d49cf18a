//! Who is who: contacts to LMS users by e-mail, LMS groups to partners by name. An existing link is never touched.

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::super::db::{Conn, args};
use super::super::dialect::{self, ColumnType, STILL_THERE};
use super::super::{Store, StoreError, catalog};
use super::rows::{Cells, Refused, Writer};
use crate::text::{email_key, name_key};

/// How groups are linked.
#[derive(Clone, Copy, Debug)]
pub struct LinkRules<'a> {
    /// Prefixes that a group's name may carry before the account's name (`lms.group_prefixes`).
    pub prefixes: &'a [String],
    /// The group that everybody is in: linked to nobody.
    pub all_partners: &'a str,
}

impl Store {
    /// Links contacts without an LMS user to the one user that has their e-mail; two users with one address link
    /// nobody. Gives the number of contacts linked, and those that the database did not take.
    pub async fn link_contacts(
        &self,
        at: DateTime<Utc>,
    ) -> Result<(u64, Vec<Refused>), StoreError> {
        let collations = self.collations().await?;
        let mut conn = self.conn().await?;
        let catalog = catalog::read(&mut conn).await?;
        conn.begin().await?;
        let mut users: FxHashMap<String, Option<String>> = FxHashMap::default();
        let listed = format!(
            "SELECT u.id, u.email FROM lms_users u WHERE u.email IS NOT NULL AND {STILL_THERE}"
        );
        conn.each(listed, args![], |row| {
            let id = row.string(0)?;
            users
                .entry(email_key(row.text(1)?))
                .and_modify(|known| *known = None)
                .or_insert(Some(id));
            Ok(())
        })
        .await?;
        let mut links = Vec::new();
        conn.each(
            "SELECT id, email FROM contacts WHERE lms_user_id IS NULL OR lms_user_id = ''",
            args![],
            |row| {
                if let Some(Some(user)) = users.get(&email_key(row.text(1)?)) {
                    let id = row.int(0)?;
                    links.push(Cells::new(&id.to_string(), &json!([id, user])));
                }
                Ok(())
            },
        )
        .await?;
        let sets = format!(
            "lms_user_id = v.v_1, updated_at = {}",
            dialect::time_literal(at)
        );
        let mut writer = Writer::new(&mut conn, collations, &catalog);
        let linked = writer
            .update(
                "contacts",
                &sets,
                &[ColumnType::Int, ColumnType::Text],
                &links,
            )
            .await?;
        let refused = writer.finish();
        conn.commit().await?;
        Ok((linked, refused))
    }

    /// Links groups without a partner; see [`link_groups`].
    pub async fn link_groups(
        &self,
        rules: LinkRules<'_>,
    ) -> Result<(u64, Vec<Refused>), StoreError> {
        let mut conn = self.conn().await?;
        conn.begin().await?;
        let linked = link_groups(&mut conn, rules).await?;
        conn.commit().await?;
        Ok(linked)
    }
}

/// Links groups that have no partner to the one whose name is the group's, with or without one of the prefixes
/// (normalised as in matching). Where several partners have that name, the one that is active is meant; several of
/// these link nobody. Runs on the caller's transaction, so that a sync links the partners it adds. Gives the number of
/// groups linked, and those that the database did not take.
pub(in crate::store) async fn link_groups(
    conn: &mut Conn,
    rules: LinkRules<'_>,
) -> Result<(u64, Vec<Refused>), StoreError> {
    let groups: Vec<(String, String)> = conn
        .all(
            "SELECT id, name FROM lms_groups WHERE partner_id IS NULL AND name IS NOT NULL AND deleted_at IS NULL",
            args![],
            |row| Ok((row.string(0)?, row.string(1)?)),
        )
        .await?;
    if groups.is_empty() {
        return Ok((0, Vec::new()));
    }
    let mut partners: FxHashMap<String, Vec<(i64, bool)>> = FxHashMap::default();
    conn.each(
        "SELECT p.id, p.account_name, COALESCE(p.is_active, 1) <> 0 FROM partners p",
        args![],
        |row| {
            partners
                .entry(name_key(row.text(1)?))
                .or_default()
                .push((row.int(0)?, row.flag(2)?));
            Ok(())
        },
    )
    .await?;
    let everybody = name_key(rules.all_partners);
    let prefixes: Vec<String> = rules.prefixes.iter().map(|p| name_key(p)).collect();
    let mut links = Vec::new();
    for (id, name) in groups {
        let key = name_key(&name);
        if key == everybody {
            continue;
        }
        let bare = prefixes
            .iter()
            .filter(|prefix| !prefix.is_empty())
            .filter_map(|prefix| key.strip_prefix(prefix.as_str()));
        // The whole name first: a partner may really be called “ptr_something”.
        let found = std::iter::once(key.as_str())
            .chain(bare)
            .find_map(|key| partners.get(key.trim()));
        if let Some(partner) = found.and_then(|same| only(same)) {
            links.push((id, partner));
        }
    }
    let (mut linked, mut refused) = (0, Vec::new());
    for (id, partner) in &links {
        let sql = "UPDATE lms_groups SET partner_id = ? WHERE id = ? AND partner_id IS NULL";
        match conn.execute(sql, args![*partner, id.as_str()]).await {
            Ok(_) => linked += 1,
            // Only this statement is taken back; the transaction goes on.
            Err(error) if error.is_row_fault() => refused.push(Refused {
                table: "lms_groups",
                id: id.clone(),
                message: error.row_message(),
            }),
            Err(error) => return Err(error),
        }
    }
    Ok((linked, refused))
}

/// The one row that is meant: the only one, or the only active one.
fn only(rows: &[(i64, bool)]) -> Option<i64> {
    if let [(row, _)] = rows {
        return Some(*row);
    }
    let mut active = rows.iter().filter(|(_, active)| *active);
    match (active.next(), active.next()) {
        (Some((row, _)), None) => Some(*row),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::only;

    #[test]
    fn the_active_one_is_meant_and_two_are_nobody() {
        assert_eq!(only(&[(1, false)]), Some(1));
        assert_eq!(only(&[(1, false), (2, true)]), Some(2));
        assert_eq!(only(&[(1, true), (2, true)]), None);
        assert_eq!(only(&[]), None);
    }
}
