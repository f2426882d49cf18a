//! `lms refresh`: what the LMS holds, into the `lms_` tables; then who is linked to whom.
//!
//! Everything is read before the first row is written. What the LMS does not give whole is kept as the tables have it:
//! an empty listing where there was one is an error, a membership shorter than its group says stays as it was. What the
//! database does not take is named row by row; a transaction that a lock or a lost host undid is begun again, because the
//! reading took minutes.

mod transcripts;

use futures_util::{StreamExt, TryStreamExt, stream};
use rustc_hash::FxHashSet;

use super::Desk;
use super::running::Running;
use crate::error::{Error, Kind, Result};
use crate::lms::{Client, Group, LmsError};
use crate::progress::{Phase, Progress, RunEvent};
use crate::store::{LinkRules, LmsSnapshot, LmsWritten, Refused, StoredGroup, StoredPerson};
use crate::values::{LmsFault, LmsRefreshed, RunStatus, Transcripts};

/// Calls under way at once; the rate limit is shared, this only hides the latency.
const CONCURRENCY: usize = 6;

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
        let running = self
            .begin(self.new_run("lms_refresh", "lms", None), progress)
            .await?;
        match self
            .refresh_under(&running, &lms, transcripts, progress)
            .await
        {
            Ok(done) => {
                let message = format!(
                    "{} people, {} groups, {} memberships, {} transcripts read; {} rows changed",
                    done.people, done.groups, done.memberships, done.transcripts, done.changed
                );
                let faults = (done.warnings.len() + done.failed.len()) as u64;
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
            Transcripts::No => self.everything(running, lms, &mut done, progress).await?,
            Transcripts::All => {
                self.everything(running, lms, &mut done, progress).await?;
                self.transcripts(running, lms, &[], &mut done, progress)
                    .await?;
                self.note_transcripts(transcripts, false).await?;
            }
            Transcripts::Partner(partner) => {
                self.known_partner(partner).await?;
                let portal = self.store().holds_enrolments().await?;
                self.one_partner(running, lms, partner, &mut done, progress)
                    .await?;
                self.transcripts(running, lms, &[partner], &mut done, progress)
                    .await?;
                self.note_transcripts(transcripts, portal).await?;
            }
        }
        Ok(done)
    }

    async fn everything(
        &self,
        running: &Running,
        lms: &Client,
        done: &mut LmsRefreshed,
        progress: &Progress,
    ) -> Result<()> {
        let (mut people, mut groups) =
            tokio::try_join!(lms.people(progress), lms.groups(progress))?;
        let (had_people, had_groups) = self.store().lms_ids().await?;
        refuse_empty("people", people.len(), had_people.len())?;
        refuse_empty("groups", groups.len(), had_groups.len())?;
        // These listings have no control total: whoever is missing is asked for by id before they count as gone.
        let missing = missing(had_people, people.iter().map(|person| person.id.as_str()));
        people.extend(
            still_there(missing, progress, |id| async move { lms.person(&id).await }).await?,
        );
        let missing = self::missing(had_groups, groups.iter().map(|group| group.id.as_str()));
        groups.extend(
            still_there(missing, progress, |id| async move { lms.group(&id).await }).await?,
        );
        done.groups = groups.len() as u64;
        let nameless = groups.iter().filter(|g| g.name.is_empty());
        untold(
            "Groups: no readable name",
            nameless.map(|g| g.id.as_str()),
            done,
        );
        let groups = memberships(lms, groups, done, progress).await?;
        // A member whom the listing of people leaves out is somebody all the same.
        let unlisted = members_missing(&groups, people.iter().map(|person| person.id.as_str()));
        people.extend(
            still_there(
                unlisted,
                progress,
                |id| async move { lms.person(&id).await },
            )
            .await?,
        );
        done.people = people.len() as u64;
        let nobody = people.iter().filter(|p| p.untold.contains(&"email"));
        untold(
            "People: no readable e-mail",
            nobody.map(|p| p.id.as_str()),
            done,
        );
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
                    untold: person.untold,
                })
                .collect(),
            groups,
        };
        let at = self.clock().now();
        let written = self
            .insist(running, &so_far(done), progress, || {
                self.store().replace_lms(&snapshot, at)
            })
            .await?;
        take(written, done);
        let (linked, refused) = self
            .insist(running, &so_far(done), progress, || {
                self.store().link_contacts(at)
            })
            .await?;
        done.contacts_linked = linked;
        done.failed.extend(refused.into_iter().map(fault));
        let config = &self.config().lms;
        let rules = LinkRules {
            prefixes: &config.group_prefixes,
            all_partners: &config.all_partners_group,
        };
        let (linked, refused) = self
            .insist(running, &so_far(done), progress, || {
                self.store().link_groups(rules)
            })
            .await?;
        done.groups_linked = linked;
        done.failed.extend(refused.into_iter().map(fault));
        Ok(())
    }

    /// The memberships of one partner's groups alone.
    async fn one_partner(
        &self,
        running: &Running,
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
            let written = self
                .insist(running, &so_far(done), progress, || {
                    self.store().replace_members(&group.id, members)
                })
                .await?;
            take(written, done);
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
}

/// What a refresh that ends early had written.
fn so_far(done: &LmsRefreshed) -> String {
    match done.changed {
        0 => "Nothing was written to the LMS tables.".to_owned(),
        rows => format!("{rows} rows of the LMS tables were changed before that and stay so."),
    }
}

fn unknown(message: String) -> Error {
    Error::new(Kind::Usage, "unknown_partner", message)
        .help("Give the row id that `prmdesk certs preview --json` shows as row_id.")
}

/// Adds what was written to what is reported.
fn take(written: LmsWritten, done: &mut LmsRefreshed) {
    done.changed += written.changed();
    done.gone.people += written.people_gone;
    done.gone.groups += written.groups_gone;
    done.failed.extend(written.refused.into_iter().map(fault));
}

fn fault(row: Refused) -> LmsFault {
    LmsFault {
        table: row.table.to_owned(),
        id: row.id,
        message: row.message,
    }
}

/// The members whom the listing of people has not.
fn members_missing<'a>(
    groups: &[StoredGroup],
    listed: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let listed: FxHashSet<&str> = listed.collect();
    let members = groups.iter().filter_map(|group| group.members.as_ref());
    let mut missing: Vec<String> = members
        .flatten()
        .filter(|id| !listed.contains(id.as_str()))
        .cloned()
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// The ids that the tables have and the listing has not.
fn missing<'a>(known: Vec<String>, listed: impl Iterator<Item = &'a str>) -> Vec<String> {
    let listed: FxHashSet<&str> = listed.collect();
    known
        .into_iter()
        .filter(|id| !listed.contains(id.as_str()))
        .collect()
}

/// Those of `ids` that answer by id.
async fn still_there<T, F: Future<Output = Result<Option<T>, LmsError>>>(
    ids: Vec<String>,
    progress: &Progress,
    ask: impl Fn(String) -> F,
) -> Result<Vec<T>> {
    let total = ids.len() as u64;
    let mut asking = stream::iter(ids).map(ask).buffered(CONCURRENCY);
    let (mut found, mut done) = (Vec::new(), 0);
    while let Some(answer) = asking.try_next().await? {
        if progress.is_cancelled() {
            return Err(LmsError::Cancelled.into());
        }
        found.extend(answer);
        done += 1;
        progress.report(RunEvent::Working {
            what: "missing".to_owned(),
            done,
            total: Some(total),
        });
    }
    Ok(found)
}

/// Warns of records that came without what they must have; the tables keep what they have of them.
fn untold<'a>(what: &str, ids: impl Iterator<Item = &'a str>, done: &mut LmsRefreshed) {
    const NAMED: usize = 5;
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        return;
    }
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let named = ids[..ids.len().min(NAMED)].join(", ");
    done.warnings.push(format!(
        "{what} came from the LMS for {} ({named}{more}); the tables keep what they have.",
        ids.len()
    ));
}

/// A listing that is empty where the tables have rows is no answer: everybody at once does not leave.
fn refuse_empty(what: &str, read: usize, had: usize) -> Result<()> {
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
    mut groups: Vec<Group>,
    done: &mut LmsRefreshed,
    progress: &Progress,
) -> Result<Vec<StoredGroup>> {
    let total = groups.len() as u64;
    // A group is read page after page. The largest begin first and nobody waits for them, so that the many small ones
    // fill the rate limit meanwhile.
    groups.sort_by_key(|group| std::cmp::Reverse(group.user_count));
    let mut reading = stream::iter(groups)
        .map(|group| async move {
            // Asked for even where the group says that it is empty: that count is seen in clients only (docs/apis.md).
            let members = lms.members(&group.id, progress).await?;
            Ok::<_, LmsError>((group, members))
        })
        .buffer_unordered(CONCURRENCY);
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
    // The order of the answers is chance, the report's is not.
    done.warnings.sort();
    Ok(stored)
}
