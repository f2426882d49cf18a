//! People, groups and who is in which.

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::jsonapi::Resource;
use super::{Client, LmsError};
use crate::progress::{Progress, RunEvent};

/// Nothing known yet: ask for `/memberships` first.
pub(super) const SHAPE_UNKNOWN: u8 = 0;
const SHAPE_MEMBERSHIPS: u8 = 1;
const SHAPE_PEOPLE: u8 = 2;

/// A person of the LMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The LMS's id.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Whether the LMS disabled the account. Never changed by us.
    pub disabled: bool,
    /// What this answer does not tell, by the names of the columns: the record came without it, or with something else
    /// in its place. Of such a field the value above says nothing.
    pub untold: Vec<&'static str>,
}

impl Person {
    /// The e-mail, else the name, else the id; for people.
    pub fn label(&self) -> String {
        if let Some(email) = &self.email {
            return email.clone();
        }
        let name: Vec<&str> = [&self.first_name, &self.last_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if name.is_empty() {
            self.id.clone()
        } else {
            name.join(" ")
        }
    }
}

/// A group of the LMS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The LMS's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Number of members, where the LMS says.
    pub user_count: Option<u64>,
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a decoder")]
fn person(item: &Resource<'_>) -> Option<Person> {
    let mut untold = Vec::new();
    // Everybody in the LMS has an address, so null is no more an answer than an object is; a name may really be empty.
    if !matches!(item.sent("email"), Some(Value::String(_))) {
        untold.push("email");
    }
    for name in ["first_name", "last_name"] {
        if !matches!(
            item.sent(name),
            Some(Value::String(_) | Value::Number(_) | Value::Null)
        ) {
            untold.push(name);
        }
    }
    if item.sent("disabled").is_none() {
        untold.push("status");
    }
    Some(Person {
        id: item.id.clone(),
        email: item.text("email").filter(|_| !untold.contains(&"email")),
        first_name: item.text("first_name"),
        last_name: item.text("last_name"),
        untold,
        disabled: item
            .attribute("disabled")
            .is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true")),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a decoder")]
fn group(item: &Resource<'_>) -> Option<Group> {
    Some(Group {
        id: item.id.clone(),
        name: item.text("name").unwrap_or_default(),
        user_count: item.text("user_count").and_then(|text| text.parse().ok()),
    })
}

/// The person of a membership, in both shapes: a membership that points to a person, or the person itself.
fn member(item: &Resource<'_>) -> Option<String> {
    item.related("person")
        .or_else(|| matches!(item.kind, "people" | "person").then(|| item.id.clone()))
        .or_else(|| item.text("person_id"))
}

impl Client {
    /// Everybody.
    pub async fn people(&self, progress: &Progress) -> Result<Vec<Person>, LmsError> {
        let count = working("people", progress);
        self.listing(&["people"], &[], progress, person, count)
            .await
    }

    /// One person; `None`: the LMS itself says that the id does not exist (its 404; never 401,
    /// never a gateway's page).
    pub async fn person(&self, id: &str) -> Result<Option<Person>, LmsError> {
        self.one(&["people", id], person).await
    }

    /// All groups.
    pub async fn groups(&self, progress: &Progress) -> Result<Vec<Group>, LmsError> {
        let count = working("groups", progress);
        self.listing(&["groups"], &[], progress, group, count).await
    }

    /// One group; `None`: the LMS itself says that the id does not exist (its 404; never 401,
    /// never a gateway's page).
    pub async fn group(&self, id: &str) -> Result<Option<Group>, LmsError> {
        self.one(&["groups", id], group).await
    }

    /// The groups with exactly this name. The exact filter is asked for and what comes back is compared again: a
    /// server that reads `eq` as “contains” changes nothing.
    pub async fn groups_named(&self, name: &str) -> Result<Vec<Group>, LmsError> {
        let found = self
            .listing(
                &["groups"],
                &[("filter[name][eq]", name)],
                &Progress::silent(),
                group,
                |_| {},
            )
            .await?;
        Ok(found
            .into_iter()
            .filter(|g| g.name == name.trim())
            .collect())
    }

    /// The one group with exactly this name; two of them are an error.
    pub async fn group_by_name(&self, name: &str) -> Result<Option<Group>, LmsError> {
        let mut found = self.groups_named(name).await?;
        if found.len() > 1 {
            return Err(LmsError::Ambiguous {
                name: name.to_owned(),
                count: found.len(),
            });
        }
        Ok(found.pop())
    }

    /// The ids of a group's members, sorted; `None`: the group does not exist. Both shapes of the listing are known:
    /// `/memberships` and, of older clients, `/people`; which one the server has is remembered.
    pub async fn members(
        &self,
        group_id: &str,
        progress: &Progress,
    ) -> Result<Option<Vec<String>>, LmsError> {
        self.members_with(group_id, progress, |_| {}).await
    }

    /// Like [`Client::members`], and reports how many were read so far: for groups that take a while.
    pub async fn members_counted(
        &self,
        group_id: &str,
        progress: &Progress,
    ) -> Result<Option<Vec<String>>, LmsError> {
        let count = working("members", progress);
        self.members_with(group_id, progress, count).await
    }

    async fn members_with(
        &self,
        group_id: &str,
        progress: &Progress,
        mut count: impl FnMut(u64),
    ) -> Result<Option<Vec<String>>, LmsError> {
        let known = self.0.membership_shape.load(Ordering::Relaxed);
        let shapes: &[u8] = match known {
            SHAPE_MEMBERSHIPS => &[SHAPE_MEMBERSHIPS],
            SHAPE_PEOPLE => &[SHAPE_PEOPLE],
            _ => &[SHAPE_MEMBERSHIPS, SHAPE_PEOPLE],
        };
        let mut missing = None;
        for &shape in shapes {
            let part = if shape == SHAPE_MEMBERSHIPS {
                "memberships"
            } else {
                "people"
            };
            let listed = self
                .listing(
                    &["groups", group_id, part],
                    &[],
                    progress,
                    member,
                    &mut count,
                )
                .await;
            match listed {
                Ok(mut ids) => {
                    self.0.membership_shape.store(shape, Ordering::Relaxed);
                    ids.sort_unstable();
                    ids.dedup();
                    return Ok(Some(ids));
                }
                // A server without this listing may answer in whatever form it answers for an unknown path.
                Err(
                    e @ (LmsError::NotFound { .. }
                    | LmsError::ForeignNotFound { .. }
                    | LmsError::Refused { status: 405, .. }),
                ) => {
                    missing = Some(e);
                }
                Err(e) => return Err(e),
            }
        }
        // The listing is missing: because the group is, or because the server has no such listing?
        match (self.group(group_id).await?, missing) {
            (Some(_), Some(e)) => Err(e),
            _ => Ok(None),
        }
    }

    async fn one<T>(
        &self,
        segments: &[&str],
        decode: impl Fn(&Resource<'_>) -> Option<T>,
    ) -> Result<Option<T>, LmsError> {
        let url = self.url(segments, &[]);
        let unreadable = || LmsError::Unreadable {
            what: url.path().to_owned(),
            detail: "it holds no item".to_owned(),
        };
        match self.get(&url).await {
            Ok(document) => {
                let items = document.items().ok_or_else(unreadable)?;
                let item = items.first().ok_or_else(unreadable)?;
                Ok(Some(decode(item).ok_or_else(unreadable)?))
            }
            Err(LmsError::NotFound { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// Reports the number of items read so far as `what`.
pub(super) fn working(what: &'static str, progress: &Progress) -> impl FnMut(u64) {
    let progress = progress.clone();
    move |done| {
        progress.report(RunEvent::Working {
            what: what.to_owned(),
            done,
            total: None,
        });
    }
}
