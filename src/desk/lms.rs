//! `lms refresh`: what the LMS holds, into the `lms_` tables; then who is linked to whom.
//!
//! Everything is read before the first row is written. What the LMS does not give whole is kept as the tables have it:
//! an empty listing where there was one is an error, a membership shorter than its group says stays as it was.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::Desk;
use super::running::Running;
use crate::error::{Error, Kind, Result};
use crate::lms::{Client, Group, LmsError};
use crate::progress::{Phase, Progress, RunEvent};
use crate::store::{
    LinkRules, LmsSnapshot, StoredEnrolment, StoredGroup, StoredPerson, Transcript,
};
use crate::values::{LmsRefreshed, RunStatus, Transcripts};

/// Calls under way at once; the rate limit is shared, this only hides the latency.
const CONCURRENCY: usize = 6;
/// People whose transcripts are written together.
const CHUNK: usize = 200;

impl Desk {
    /// Reads people, groups and memberships (and transcripts) from the LMS into the `lms_` tables, links contacts by
    /// e-mail and groups by name. Takes the lease; a run record tells what was read.
    pub async fn lms_refresh(
        &self,
        transcripts: Transcripts,
        progress: &Progress,
    ) -> Result<LmsRefreshed> {
        self.allow_write("refresh the LMS tables")?;
        let lms = self.lms()?.clone();
        progress.phase(Phase::Starting);
        let running = self.begin(self.new_run("lms_refresh", "lms", None)).await?;
        match self
            .refresh_under(&running, &lms, transcripts, progress)
            .await
        {
            Ok(done) => {
                let message = format!(
                    "{} people, {} groups, {} memberships, {} transcripts read; {} rows changed",
                    done.people, done.groups, done.memberships, done.transcripts, done.changed
                );
                let faults = done.warnings.len() as u64;
                let status = if faults > 0 {
                    RunStatus::Partial
                } else {
                    RunStatus::Applied
                };
                self.end_work(running, status, faults, Some(&message))
                    .await?;
                Ok(done)
            }
            Err(error) => Err(self.fail(running, error).await),
        }
    }

    async fn refresh_under(
        &self,
        running: &Running,
        lms: &Client,
        transcripts: Transcripts,
        progress: &Progress,
    ) -> Result<LmsRefreshed> {
        progress.phase(Phase::Refreshing);
        let mut done = LmsRefreshed {
            run_id: running.run_id,
            ..LmsRefreshed::default()
        };
        match transcripts {
            Transcripts::No => self.everything(lms, &mut done, progress).await?,
            Transcripts::All => {
                self.everything(lms, &mut done, progress).await?;
                self.transcripts(lms, &[], &mut done, progress).await?;
            }
            Transcripts::Partner(partner) => {
                self.known_partner(partner).await?;
                self.one_partner(lms, partner, &mut done, progress).await?;
                self.transcripts(lms, &[partner], &mut done, progress)
                    .await?;
            }
        }
        Ok(done)
    }

    async fn everything(
        &self,
        lms: &Client,
        done: &mut LmsRefreshed,
        progress: &Progress,
    ) -> Result<()> {
        let (people, groups) = tokio::try_join!(lms.people(progress), lms.groups(progress))?;
        let (had_people, had_groups) = self.store().lms_counts().await?;
        refuse_empty("people", people.len(), had_people)?;
        refuse_empty("groups", groups.len(), had_groups)?;
        done.people = people.len() as u64;
        done.groups = groups.len() as u64;
        let groups = memberships(lms, groups, done, progress).await?;
        let snapshot = LmsSnapshot {
            people: people
                .into_iter()
                .map(|person| StoredPerson {
                    id: person.id,
                    email: person.email,
                    first_name: person.first_name,
                    last_name: person.last_name,
                    status: if person.disabled {
                        "disabled"
                    } else {
                        "active"
                    },
                })
                .collect(),
            groups,
        };
        let at = self.clock().now();
        let written = self.store().replace_lms(&snapshot, at).await?;
        done.changed += written.people
            + written.people_gone
            + written.groups
            + written.groups_gone
            + written.members
            + written.members_gone;
        done.contacts_linked = self.store().link_contacts(at).await?;
        let config = &self.config().lms;
        let rules = LinkRules {
            prefixes: &config.group_prefixes,
            all_partners: &config.all_partners_group,
        };
        done.groups_linked = self.store().link_groups(rules).await?;
        Ok(())
    }

    /// The memberships of one partner's groups alone.
    async fn one_partner(
        &self,
        lms: &Client,
        partner: i64,
        done: &mut LmsRefreshed,
        progress: &Progress,
    ) -> Result<()> {
        let mut groups = Vec::new();
        for (id, _) in self.store().partner_groups(partner).await? {
            if let Some(group) = lms.group(&id).await? {
                groups.push(group);
            }
        }
        done.groups = groups.len() as u64;
        for group in memberships(lms, groups, done, progress).await? {
            let Some(members) = &group.members else {
                continue;
            };
            done.changed += self.store().replace_members(&group.id, members).await?;
        }
        Ok(())
    }

    async fn known_partner(&self, partner: i64) -> Result<()> {
        use crate::plan::Entity::Partners;
        match self.store().case_row(Partners, partner).await? {
            Some(row) if row.active => Ok(()),
            Some(_) => Err(unknown(format!(
                "The partner with row id {partner} is not active."
            ))),
            None => Err(unknown(format!(
                "There is no partner with row id {partner}."
            ))),
        }
    }

    /// Courses, their values, and the transcripts of the people who count for `partners` (all active ones when empty).
    async fn transcripts(
        &self,
        lms: &Client,
        partners: &[i64],
        done: &mut LmsRefreshed,
        progress: &Progress,
    ) -> Result<()> {
        let courses = courses(lms, progress).await?;
        done.courses = courses.len() as u64;
        done.changed += self.store().replace_courses(&courses).await?;
        let people = self.store().cert_people(partners).await?;
        let total = people.len() as u64;
        for chunk in people.chunks(CHUNK) {
            let read: Vec<Option<Transcript>> = stream::iter(chunk.iter().cloned())
                .map(|user_id| async move {
                    let lines = lms.transcript(&user_id, progress).await?;
                    Ok::<_, LmsError>(lines.map(|lines| {
                        Transcript {
                            user_id,
                            enrolments: lines
                                .into_iter()
                                .map(|line| StoredEnrolment {
                                    id: line.id,
                                    course_id: line.course_id,
                                    status: line.status,
                                    completed_at: line.completed_at,
                                    expires_at: line.expires_at,
                                })
                                .collect(),
                        }
                    }))
                })
                .buffered(CONCURRENCY)
                .try_collect()
                .await?;
            // Somebody who is gone from the LMS keeps the enrolments that the tables have.
            let read: Vec<Transcript> = read.into_iter().flatten().collect();
            done.changed += self.store().replace_transcripts(&read).await?;
            done.transcripts += read.len() as u64;
            progress.report(RunEvent::Working {
                what: "transcripts".to_owned(),
                done: done.transcripts,
                total: Some(total),
            });
        }
        Ok(())
    }
}

fn unknown(message: String) -> Error {
    Error::new(Kind::Usage, "unknown_partner", message)
        .help("Give the row id that `prmdesk certs preview --json` shows as row_id.")
}

/// A listing that is empty where the tables have rows is no answer: everybody at once does not leave.
fn refuse_empty(what: &str, read: usize, had: u64) -> Result<()> {
    if read > 0 || had == 0 {
        return Ok(());
    }
    Err(Error::new(
        Kind::Upstream,
        "lms_empty",
        format!("The LMS listed no {what} at all, where the tables have {had}. The tables were left as they are."),
    )
    .help("Check the LMS key and its rights, then run `prmdesk lms refresh` again."))
}

/// Who is in which group; a group that went away meanwhile is left out.
async fn memberships(
    lms: &Client,
    groups: Vec<Group>,
    done: &mut LmsRefreshed,
    progress: &Progress,
) -> Result<Vec<StoredGroup>> {
    let total = groups.len() as u64;
    let mut reading = stream::iter(groups)
        .map(|group| async move {
            let members = if group.user_count == Some(0) {
                Some(Vec::new())
            } else {
                lms.members(&group.id, progress).await?
            };
            Ok::<_, LmsError>((group, members))
        })
        .buffered(CONCURRENCY);
    let mut stored = Vec::new();
    let mut seen = 0;
    while let Some((group, members)) = reading.try_next().await? {
        seen += 1;
        progress.report(RunEvent::Working {
            what: "memberships".to_owned(),
            done: seen,
            total: Some(total),
        });
        let Some(members) = members else { continue };
        let short = group
            .user_count
            .is_some_and(|count| count > members.len() as u64);
        if short {
            done.warnings.push(format!(
                "The LMS gave {} of {} members of the group “{}”; the tables keep the members they had.",
                members.len(),
                group.user_count.unwrap_or_default(),
                group.name
            ));
        }
        done.memberships += members.len() as u64;
        stored.push(StoredGroup {
            id: group.id,
            name: group.name,
            members: (!short).then_some(members),
        });
    }
    Ok(stored)
}

/// The courses with their values; `None`: this key may not see the value.
async fn courses(
    lms: &Client,
    progress: &Progress,
) -> Result<Vec<(String, String, Option<i64>)>, LmsError> {
    let (courses, listed) = tokio::try_join!(lms.courses(progress), lms.course_values(progress))?;
    let listed = listed.unwrap_or_default();
    let mut valued = Vec::new();
    for course in courses {
        // Some are left out of the listing, or the whole listing is refused: each is asked for by itself then.
        let npcu = match listed.iter().find(|value| value.course_id == course.id) {
            Some(value) => Some(value.npcu.unwrap_or(0.0)),
            None => lms.course_value(&course.id).await?,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "0, 1 or 2; the column holds whole numbers"
        )]
        valued.push((course.id, course.name, npcu.map(|npcu| npcu.round() as i64)));
    }
    Ok(valued)
}
