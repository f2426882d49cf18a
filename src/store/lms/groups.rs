//! Groups and who is in them.

use chrono::{DateTime, Utc};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use super::super::StoreError;
use super::super::apply::fold;
use super::super::db::args;
use super::super::dialect::{self, ColumnType};
use super::rows::{Cells, Writer};
use super::{LmsWritten, StoredGroup};

const TABLE: &str = "lms_groups";
const MEMBERS: &str = "lms_group_members";

/// Brings the groups up to `groups`; those that are not among them are marked and lose their members.
pub(super) async fn bring(
    writer: &mut Writer<'_>,
    groups: &[StoredGroup],
    at: DateTime<Utc>,
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let sql = "SELECT id, name, deleted_at IS NOT NULL FROM lms_groups";
    let known: FxHashMap<String, (Option<String>, bool)> = writer
        .conn
        .all(sql, args![], |row| {
            Ok((row.string(0)?, (row.opt_string(1)?, row.flag(2)?)))
        })
        .await?
        .into_iter()
        .collect();
    let fit = writer.fit(TABLE);
    let (mut fresh, mut changed, mut same) = (Vec::new(), Vec::new(), Vec::new());
    let mut listed: FxHashSet<&str> = FxHashSet::default();
    for group in groups {
        if !listed.insert(&group.id) {
            continue;
        }
        let mut name = fit.name("name", Some(&group.name));
        match known.get(&group.id) {
            None => fresh.push(Cells::new(&group.id, &json!([group.id, name]))),
            Some((old, marked)) => {
                if group.name.is_empty() {
                    name.clone_from(old);
                }
                if *old != name || *marked {
                    changed.push(Cells::new(&group.id, &json!([group.id, name])));
                } else {
                    same.push(group.id.as_str());
                }
            }
        }
    }
    let mut gone: Vec<String> = known
        .iter()
        .filter(|(id, (_, marked))| !marked && !listed.contains(id.as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    gone.sort_unstable();
    written.members_gone = ended(writer, &gone).await?;
    if fit.is_unique("name") {
        free_names(writer, groups, &known, &listed).await?;
    }
    let cells: Vec<Cells> = gone.iter().map(|id| Cells::new(id, &json!([id]))).collect();
    let mark = format!("deleted_at = {}", dialect::time_literal(at));
    written.groups_gone = writer
        .update(TABLE, &mark, &[ColumnType::Text], &cells)
        .await?;
    // A renamed group keeps its link: an existing link is never overwritten (docs/rules.md, "Off-boarding"). One that comes
    // back is the one that it was.
    let sets = format!(
        "name = v.v_1, deleted_at = NULL, synced_at = {}",
        dialect::time_literal(at)
    );
    written.groups = writer
        .update(TABLE, &sets, &[ColumnType::Text; 2], &changed)
        .await?;
    written.groups += writer
        .insert(
            TABLE,
            &["id", "name"],
            &[ColumnType::Text; 2],
            &fresh,
            Some(at),
        )
        .await?;
    writer.seen(TABLE, &same, at).await
}

/// Where names are unique, a group that is gone gives its name up to one that has it now, as a group that was made anew
/// does.
async fn free_names(
    writer: &mut Writer<'_>,
    groups: &[StoredGroup],
    known: &FxHashMap<String, (Option<String>, bool)>,
    listed: &FxHashSet<&str>,
) -> Result<(), StoreError> {
    let wanted: FxHashSet<String> = groups.iter().map(|group| fold(&group.name)).collect();
    let fit = writer.fit(TABLE);
    let mut cells = Vec::new();
    for (id, (name, _)) in known {
        if let Some(name) = name.as_deref().filter(|name| wanted.contains(&fold(name)))
            && !listed.contains(id.as_str())
        {
            let other = fit.name("name", Some(&format!("{id} (gone) {name}")));
            cells.push(Cells::new(id, &json!([id, other])));
        }
    }
    writer
        .update(TABLE, "name = v.v_1", &[ColumnType::Text; 2], &cells)
        .await?;
    Ok(())
}

/// Ends the memberships of groups that are gone. Gives their number.
async fn ended(writer: &mut Writer<'_>, groups: &[String]) -> Result<u64, StoreError> {
    let mut ended = 0;
    for group in groups {
        let members = members_of(writer, group).await?;
        ended += leave(writer, group, &members).await?;
    }
    Ok(ended)
}

async fn members_of(writer: &mut Writer<'_>, group: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT user_id FROM lms_group_members WHERE group_id = ?";
    writer
        .conn
        .all(sql, args![group], |row| row.string(0))
        .await
}

/// Brings the memberships up to `groups`.
pub(super) async fn bring_members(
    writer: &mut Writer<'_>,
    groups: &[StoredGroup],
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let mut known: FxHashMap<String, FxHashSet<String>> = FxHashMap::default();
    let sql = "SELECT group_id, user_id FROM lms_group_members";
    writer
        .conn
        .each(sql, args![], |row| {
            known
                .entry(row.string(0)?)
                .or_default()
                .insert(row.string(1)?);
            Ok(())
        })
        .await?;
    let (mut fresh, mut gone) = (Vec::new(), Vec::new());
    for group in groups {
        let Some(members) = &group.members else {
            continue;
        };
        let mut old = known.remove(&group.id).unwrap_or_default();
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        for member in members {
            if seen.insert(member) && !old.remove(member) {
                fresh.push(membership(&group.id, member));
            }
        }
        if !old.is_empty() {
            let mut people: Vec<String> = old.into_iter().collect();
            people.sort_unstable();
            gone.push((group.id.as_str(), people));
        }
    }
    written.members += join(writer, &fresh).await?;
    for (group, people) in gone {
        written.members_gone += leave(writer, group, &people).await?;
    }
    Ok(())
}

/// Brings the memberships of one group up to `members`.
pub(super) async fn bring_members_of(
    writer: &mut Writer<'_>,
    group: &str,
    members: &[String],
    written: &mut LmsWritten,
) -> Result<(), StoreError> {
    let mut old: FxHashSet<String> = members_of(writer, group).await?.into_iter().collect();
    let joined = members.iter().filter(|member| !old.remove(*member));
    let fresh: Vec<Cells> = joined.map(|member| membership(group, member)).collect();
    let mut gone: Vec<String> = old.into_iter().collect();
    gone.sort_unstable();
    written.members += join(writer, &fresh).await?;
    written.members_gone += leave(writer, group, &gone).await?;
    Ok(())
}

fn membership(group: &str, member: &str) -> Cells {
    Cells::new(&pair(group, member), &json!([group, member]))
}

/// The id of a membership, for people.
fn pair(group: &str, member: &str) -> String {
    format!("{group}/{member}")
}

async fn join(writer: &mut Writer<'_>, rows: &[Cells]) -> Result<u64, StoreError> {
    let columns = ["group_id", "user_id"];
    writer
        .insert(MEMBERS, &columns, &[ColumnType::Text; 2], rows, None)
        .await
}

async fn leave(writer: &mut Writer<'_>, group: &str, people: &[String]) -> Result<u64, StoreError> {
    let sql = "DELETE FROM lms_group_members WHERE group_id = ? AND user_id IN";
    let name = |person: &str| pair(group, person);
    writer.listed(MEMBERS, sql, Some(group), people, name).await
}
