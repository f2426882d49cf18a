//! What the LMS holds now, gathered for one case.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::super::Desk;
use super::steps::{AllPartners, Facts, LiveGroup, Outline, outline};
use crate::error::{Error, Kind, Result};
use crate::lms::{Client, Group, LmsError};
use crate::plan::Entity;
use crate::progress::Progress;
use crate::store::{CaseRecord, CaseRow, Claims};
use crate::values::Case;

/// Members of “All Partners” up to which it is read live for a mere look; more would take longer than a person waits
/// (100 to a page, 8 pages a second: two and a half seconds). A run always reads it.
const LOOK_LIVE: u64 = 2000;

/// What the decision rested on, and what was there before the first call: the case's record, as JSON in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What was shown last, by who looked: what one operator saw is no consent of another.
    #[serde(
        default,
        rename = "shown_to",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) shown: BTreeMap<String, Outline>,
    /// What was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) approved: Option<Rested>,
    /// What was there before the first call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<PreImage>,
}

/// Groups and foreign members that a set of steps rests on; the steps are in their own table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rested {
    pub(super) groups: Vec<LiveGroup>,
    pub(super) foreign: Vec<String>,
}

/// Groups with the people of the case that were in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PreImage {
    pub(super) groups: Vec<LiveGroup>,
}

impl Record {
    /// The record of a case; a text that cannot be read is an error, never an empty record: a pre-image is in it.
    pub(super) fn of(case: &CaseRecord) -> Result<Self> {
        let Some(text) = &case.record else {
            return Ok(Self::default());
        };
        serde_json::from_str(text).map_err(|e| {
            Error::new(
                Kind::Database,
                "case_record",
                format!(
                    "The record of case {} in offboarding_cases.pre_image cannot be read; nothing was done.",
                    case.case.case_id
                ),
            )
            .source(e)
        })
    }

    /// Notes what `operator` was shown.
    pub(super) fn show(&mut self, operator: &str, outline: &Outline) {
        self.shown.insert(operator.to_owned(), outline.clone());
    }

    /// What `operator` was shown last; `None`: they were never shown this case, or it was decided since.
    pub(super) fn shown_to(&self, operator: &str) -> Option<&Outline> {
        self.shown.get(operator)
    }

    /// Adds what is there now to what was there before the first call: a run that goes on finds less than the first
    /// one did, and an approval that was renewed may cover more.
    pub(super) fn remember(&mut self, now: PreImage) {
        let before = self.before.get_or_insert_default();
        for group in now.groups {
            match before.groups.iter_mut().find(|old| old.id == group.id) {
                None => before.groups.push(group),
                Some(old) => {
                    for member in group.members {
                        if !old.members.contains(&member) {
                            old.members.push(member);
                        }
                    }
                }
            }
        }
    }

    /// The record as text.
    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| {
            Error::new(
                Kind::Internal,
                "case_record",
                "The record of a case could not be written.",
            )
            .source(e)
        })
    }
}

impl Rested {
    pub(super) fn of(outline: &Outline) -> Self {
        Self {
            groups: outline.groups.clone(),
            foreign: outline.foreign.clone(),
        }
    }

    /// The outline again, with the steps of the table.
    pub(super) fn with(&self, case: &Case) -> Outline {
        Outline {
            steps: case.steps.clone(),
            foreign: self.foreign.clone(),
            groups: self.groups.clone(),
        }
    }
}

/// One case, seen against the LMS.
pub(super) struct Seen {
    pub(super) row: CaseRow,
    pub(super) groups: Vec<LiveGroup>,
    pub(super) outline: Outline,
}

impl Desk {
    /// The row of a case.
    pub(super) async fn row_of(&self, case: &Case) -> Result<CaseRow> {
        let found = self.store().case_row(case.entity, case.row_id).await?;
        found.ok_or_else(|| {
            Error::new(
                Kind::Database,
                "case_row",
                format!(
                    "The {} row {} of case {} is not in the database any more.",
                    case.entity.singular(),
                    case.row_id,
                    case.case_id
                ),
            )
        })
    }

    /// The group that everybody is in; an LMS without it is an error, because then nobody would leave it.
    pub(super) async fn everybody(&self, lms: &Client) -> Result<Group> {
        let name = &self.config().lms.all_partners_group;
        let found = lms.group_by_name(name).await?;
        found.ok_or_else(|| {
            Error::new(
                Kind::Config,
                "all_partners_missing",
                format!("The LMS has no group named “{name}”; nothing was done."),
            )
            .help("Set lms.all_partners_group to the exact name of the group that every partner person is in.")
        })
    }

    /// “All Partners” with its members, read live; refuses a listing that is shorter than the group says it is.
    pub(super) async fn all_partners(
        &self,
        lms: &Client,
        progress: &Progress,
    ) -> Result<AllPartners> {
        let group = self.everybody(lms).await?;
        let members = members_of(lms, &group, progress).await?.unwrap_or_default();
        Ok(AllPartners {
            id: group.id,
            name: group.name,
            members: members.into_iter().collect(),
            known: true,
        })
    }

    /// Whether a look reads “All Partners”.
    pub(super) async fn readable_at_a_look(&self, lms: &Client) -> Result<bool> {
        let group = self.everybody(lms).await?;
        self.is_small(&group).await
    }

    async fn is_small(&self, group: &Group) -> Result<bool> {
        let size = match group.user_count {
            Some(size) => size,
            None => self.store().stored_member_count(&group.id).await?,
        };
        Ok(size <= LOOK_LIVE)
    }

    /// “All Partners” for a look: read when it is small. When it is large everybody asked about counts as a member: a
    /// removal too many is shown (and turns out to be done already), never one too few.
    async fn all_partners_look(
        &self,
        lms: &Client,
        people: &[String],
        progress: &Progress,
    ) -> Result<AllPartners> {
        let group = self.everybody(lms).await?;
        let live = self.is_small(&group).await?;
        let members = if live {
            members_of(lms, &group, progress).await?.unwrap_or_default()
        } else {
            people.to_vec()
        };
        Ok(AllPartners {
            id: group.id,
            name: group.name,
            members: members.into_iter().collect(),
            known: live,
        })
    }

    /// The partner's groups, live; those that are gone from the LMS are left out.
    async fn live_groups(
        &self,
        lms: &Client,
        partner: Option<i64>,
        progress: &Progress,
    ) -> Result<Vec<LiveGroup>> {
        let Some(partner) = partner else {
            return Ok(Vec::new());
        };
        let mut groups = Vec::new();
        for (id, _) in self.store().partner_groups(partner).await? {
            let Some(group) = lms.group(&id).await? else {
                continue;
            };
            // A link to “All Partners” is a mistake that must cost nothing: its members are not even read.
            let members = if group.name.trim() == self.config().lms.all_partners_group.trim() {
                Some(Vec::new())
            } else {
                members_of(lms, &group, progress).await?
            };
            if let Some(members) = members {
                groups.push(LiveGroup {
                    id: group.id,
                    name: group.name,
                    members,
                });
            }
        }
        Ok(groups)
    }

    /// What a case would do right now. `all` is given by a run, which reads it once for all its cases.
    pub(super) async fn see(
        &self,
        lms: &Client,
        case: &Case,
        all: Option<&AllPartners>,
        progress: &Progress,
    ) -> Result<Seen> {
        let row = self.row_of(case).await?;
        let groups = self.live_groups(lms, row.partner, progress).await?;
        let mut people: Vec<String> = match case.entity {
            Entity::Contacts => row.lms_user_id.iter().cloned().collect(),
            Entity::Partners => groups.iter().flat_map(|g| g.members.clone()).collect(),
        };
        people.sort_unstable();
        people.dedup();
        let (claims, labels) = self.whose(lms, &people).await?;
        let looked;
        let all = if let Some(all) = all {
            all
        } else {
            looked = self.all_partners_look(lms, &people, progress).await?;
            &looked
        };
        let outline = outline(&Facts {
            entity: case.entity,
            row: case.row_id,
            partner: row.partner,
            user: row.lms_user_id.as_deref(),
            groups: &groups,
            all,
            claims: &claims,
            labels: &labels,
        });
        Ok(Seen {
            row,
            groups,
            outline,
        })
    }

    /// Whose contacts these LMS users are and what people call them. A user that the last refresh did not know is
    /// asked for, so that somebody's new colleague is not taken for a stranger and a protected one not for nobody.
    async fn whose(
        &self,
        lms: &Client,
        people: &[String],
    ) -> Result<(Claims, FxHashMap<String, String>)> {
        let mut claims = self.store().claims(people).await?;
        let mut labels = self.store().lms_labels(people).await?;
        let mut emails = Vec::new();
        for id in people {
            if labels.contains_key(id) {
                continue;
            }
            if let Some(person) = lms.person(id).await? {
                labels.insert(id.clone(), person.label());
                if let Some(email) = person.email {
                    emails.push((id.clone(), email));
                }
            }
        }
        self.store().claims_by_email(&emails, &mut claims).await?;
        Ok((claims, labels))
    }
}

/// The members of a group; an error when the listing is shorter than the group says, because a step left out for a
/// short listing is a person forgotten.
pub(super) async fn members_of(
    lms: &Client,
    group: &Group,
    progress: &Progress,
) -> Result<Option<Vec<String>>, LmsError> {
    let Some(members) = lms.members_counted(&group.id, progress).await? else {
        return Ok(None);
    };
    match group.user_count {
        Some(count) if count > members.len() as u64 => {
            // Somebody may have left between the two answers.
            let again = lms.group(&group.id).await?.and_then(|g| g.user_count);
            if again.is_some_and(|count| count > members.len() as u64) {
                return Err(LmsError::Unreadable {
                    what: format!("the members of the group {}", group.name),
                    detail: format!("{} came of {count}", members.len()),
                });
            }
            Ok(Some(members))
        }
        _ => Ok(Some(members)),
    }
}
