//! What our tables say about the people and groups of a case.

use rustc_hash::FxHashMap;

use super::super::db::{Row, args};
use super::super::lists::{CHUNK, marks};
use super::super::{Store, StoreError};
use crate::plan::Entity;

/// The row of a case as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Whether it is active.
    pub active: bool,
    /// The partner: the contact's, or the row itself.
    pub partner: Option<i64>,
    /// The contact's LMS user.
    pub lms_user_id: Option<String>,
    /// Its name or e-mail.
    pub name: String,
}

/// One of our contact rows that an LMS user belongs to, by its link or by its e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The contact row.
    pub contact: i64,
    /// Whether the contact is active.
    pub active: bool,
    /// The partner row.
    pub partner: Option<i64>,
    /// The partner's name.
    pub partner_name: Option<String>,
    /// Whether the partner is active.
    pub partner_active: bool,
}

/// Claims by LMS user.
pub type Claims = FxHashMap<String, Vec<Claim>>;

const CLAIM: &str = "c.id, COALESCE(c.is_active, 1) <> 0, c.partner_id, p.account_name, \
     p.id IS NOT NULL AND COALESCE(p.is_active, 1) <> 0 FROM contacts c LEFT JOIN partners p ON p.id = c.partner_id";

fn claim(row: &Row) -> Result<(String, Claim), StoreError> {
    Ok((
        row.string(0)?,
        Claim {
            contact: row.int(1)?,
            active: row.flag(2)?,
            partner: row.opt_int(3)?,
            partner_name: row.opt_string(4)?,
            partner_active: row.flag(5)?,
        },
    ))
}

fn add(claims: &mut Claims, found: Vec<(String, Claim)>) {
    for (user, claim) in found {
        let known = claims.entry(user).or_default();
        if !known.iter().any(|k| k.contact == claim.contact) {
            known.push(claim);
        }
    }
}

impl Store {
    /// The row of a case; `None`: it is not in the database any more.
    pub async fn case_row(
        &self,
        entity: Entity,
        row_id: i64,
    ) -> Result<Option<CaseRow>, StoreError> {
        Ok(self.case_rows(entity, &[row_id]).await?.remove(&row_id))
    }

    /// The rows of cases, by their ids; those that are not in the database any more are left out.
    pub async fn case_rows(
        &self,
        entity: Entity,
        row_ids: &[i64],
    ) -> Result<FxHashMap<i64, CaseRow>, StoreError> {
        let select = match entity {
            Entity::Contacts => {
                "SELECT id, COALESCE(is_active, 1) <> 0, partner_id, lms_user_id, email FROM contacts"
            }
            Entity::Partners => {
                "SELECT id, COALESCE(is_active, 1) <> 0, id, NULL, account_name FROM partners"
            }
        };
        let mut conn = self.conn().await?;
        let mut rows = FxHashMap::default();
        for chunk in row_ids.chunks(CHUNK) {
            let sql = format!("{select} WHERE id IN ({})", marks(chunk.len()));
            let values = chunk.iter().map(|&id| id.into()).collect();
            conn.each(sql, values, |row| {
                let found = CaseRow {
                    active: row.flag(1)?,
                    partner: row.opt_int(2)?,
                    lms_user_id: row.opt_string(3)?.filter(|id| !id.is_empty()),
                    name: row.string(4)?,
                };
                rows.insert(row.int(0)?, found);
                Ok(())
            })
            .await?;
        }
        Ok(rows)
    }

    /// The groups linked to a partner, by id, with their stored names.
    pub async fn partner_groups(
        &self,
        partner_id: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let groups = self.groups_of(&[partner_id]).await?;
        Ok(groups.into_iter().map(|(_, id, name)| (id, name)).collect())
    }

    /// The groups linked to partners: the partner, the group's id and stored name, by id.
    pub async fn groups_of(
        &self,
        partners: &[i64],
    ) -> Result<Vec<(i64, String, String)>, StoreError> {
        let mut conn = self.conn().await?;
        let mut groups = Vec::new();
        for chunk in partners.chunks(CHUNK) {
            let sql = format!(
                "SELECT partner_id, id, name FROM lms_groups WHERE deleted_at IS NULL AND partner_id IN ({}) ORDER BY id",
                marks(chunk.len())
            );
            let values = chunk.iter().map(|&id| id.into()).collect();
            groups.extend(
                conn.all(sql, values, |row| {
                    Ok((row.int(0)?, row.string(1)?, row.string(2)?))
                })
                .await?,
            );
        }
        Ok(groups)
    }

    /// The groups of exactly this name as of the last refresh: ids and names.
    pub async fn stored_groups_named(
        &self,
        name: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let stored = self.collations().await?.any_text("lms_groups g.name");
        let mut conn = self.conn().await?;
        let found = conn
            .all(
                format!("SELECT g.id, g.name FROM lms_groups g WHERE g.deleted_at IS NULL AND {stored} = ? ORDER BY g.id"),
                args![name.trim()],
                |row| Ok((row.string(0)?, row.string(1)?)),
            )
            .await?;
        // The column's collation may think two names alike that are not.
        Ok(found
            .into_iter()
            .filter(|(_, found)| found.trim() == name.trim())
            .collect())
    }

    /// The members of groups as of the last refresh, by group, sorted.
    pub async fn stored_memberships(
        &self,
        groups: &[String],
    ) -> Result<FxHashMap<String, Vec<String>>, StoreError> {
        let mut conn = self.conn().await?;
        let mut members: FxHashMap<String, Vec<String>> = FxHashMap::default();
        for chunk in groups.chunks(CHUNK) {
            let sql = format!(
                "SELECT group_id, user_id FROM lms_group_members WHERE group_id IN ({})",
                marks(chunk.len())
            );
            let values = chunk.iter().map(|id| id.as_str().into()).collect();
            conn.each(sql, values, |row| {
                members
                    .entry(row.string(0)?)
                    .or_default()
                    .push(row.string(1)?);
                Ok(())
            })
            .await?;
        }
        for people in members.values_mut() {
            people.sort_unstable();
            people.dedup();
        }
        Ok(members)
    }

    /// Whose contacts these LMS users are: by the link, and by the e-mail of the last refresh.
    pub async fn claims(&self, users: &[String]) -> Result<Claims, StoreError> {
        let same_email = self
            .collations()
            .await?
            .equal("contacts c.email", "lms_users u.email");
        let mut conn = self.conn().await?;
        let mut claims = Claims::default();
        for chunk in users.chunks(CHUNK) {
            for sql in [
                format!(
                    "SELECT c.lms_user_id, {CLAIM} WHERE c.lms_user_id IN ({})",
                    marks(chunk.len())
                ),
                format!(
                    "SELECT u.id, {CLAIM} JOIN lms_users u ON {same_email} WHERE u.id IN ({})",
                    marks(chunk.len())
                ),
            ] {
                let values = chunk.iter().map(|u| u.as_str().into()).collect();
                add(&mut claims, conn.all(sql, values, claim).await?);
            }
        }
        Ok(claims)
    }

    /// Adds to `claims` by e-mail addresses that were read from the LMS just now: (user, e-mail).
    pub async fn claims_by_email(
        &self,
        users: &[(String, String)],
        claims: &mut Claims,
    ) -> Result<(), StoreError> {
        let address = self.collations().await?.any_text("contacts c.email");
        let mut conn = self.conn().await?;
        for (user, email) in users {
            let sql = format!("SELECT '', {CLAIM} WHERE {address} = ?");
            let found = conn.all(sql, args![email.as_str()], claim).await?;
            add(
                claims,
                found.into_iter().map(|(_, c)| (user.clone(), c)).collect(),
            );
        }
        Ok(())
    }

    /// The e-mail addresses of LMS users, as of the last refresh.
    pub async fn lms_labels(
        &self,
        users: &[String],
    ) -> Result<FxHashMap<String, String>, StoreError> {
        let mut conn = self.conn().await?;
        let mut labels = FxHashMap::default();
        for chunk in users.chunks(CHUNK) {
            let sql = format!(
                "SELECT id, email FROM lms_users WHERE email IS NOT NULL AND id IN ({})",
                marks(chunk.len())
            );
            let values = chunk.iter().map(|u| u.as_str().into()).collect();
            labels.extend(
                conn.all(sql, values, |row| Ok((row.string(0)?, row.string(1)?)))
                    .await?,
            );
        }
        Ok(labels)
    }

    /// The members of a group as of the last refresh, of those asked for.
    pub async fn stored_members(
        &self,
        group_id: &str,
        of: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let mut conn = self.conn().await?;
        let mut members = Vec::new();
        for chunk in of.chunks(CHUNK) {
            let sql = format!(
                "SELECT user_id FROM lms_group_members WHERE group_id = ? AND user_id IN ({})",
                marks(chunk.len())
            );
            let mut values = args![group_id];
            values.extend(chunk.iter().map(|u| u.as_str().into()));
            members.extend(conn.all(sql, values, |row| row.string(0)).await?);
        }
        Ok(members)
    }

    /// The number of members of a group as of the last refresh.
    pub async fn stored_member_count(&self, group_id: &str) -> Result<u64, StoreError> {
        let mut conn = self.conn().await?;
        let found = conn
            .first(
                "SELECT COUNT(*) FROM lms_group_members WHERE group_id = ?",
                args![group_id],
                |row| row.count(0),
            )
            .await?;
        Ok(found.unwrap_or_default())
    }
}
