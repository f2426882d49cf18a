//! Courses and enrolments, of everybody concerned or of one partner's people.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::Desk;
use super::super::running::Running;
use super::{CONCURRENCY, so_far, take};
use crate::error::Result;
use crate::lms::{Client, LmsError};
use crate::progress::{Progress, RunEvent};
use crate::store::{StoredEnrolment, Transcript};
use crate::values::LmsRefreshed;

/// People whose transcripts are written together.
const CHUNK: usize = 200;

impl Desk {
    /// Courses, their values, and the transcripts of the people who count for `partners` (all active ones when empty).
    pub(super) async fn transcripts(
        &self,
        running: &Running,
        lms: &Client,
        partners: &[i64],
        done: &mut LmsRefreshed,
        progress: &Progress,
    ) -> Result<()> {
        let courses = courses(lms, progress).await?;
        done.courses = courses.len() as u64;
        let written = self
            .insist(running, &so_far(done), progress, || {
                self.store().replace_courses(&courses)
            })
            .await?;
        take(written, done);
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
            let written = self
                .insist(running, &so_far(done), progress, || {
                    self.store().replace_transcripts(&read)
                })
                .await?;
            take(written, done);
            done.enrollments += read.iter().map(|t| t.enrolments.len() as u64).sum::<u64>();
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
