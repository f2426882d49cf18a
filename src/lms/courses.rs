//! Courses, their values, and one person's progress.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::jsonapi::Resource;
use super::reads::working;
use super::{Client, LmsError};
use crate::progress::Progress;

/// A course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The LMS's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The value of a course in certification points.
#[derive(Clone, Debug, PartialEq)]
pub struct CourseValue {
    /// The course.
    pub course_id: String,
    /// Its NPCU: 0, 1 or 2; `None` where the LMS gives none.
    pub npcu: Option<f64>,
}

/// One line of a person's transcript about a course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The line's id.
    pub id: String,
    /// The course.
    pub course_id: String,
    /// `enrolled`, `in_progress` or `completed`.
    pub status: String,
    /// When it was completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it expires; `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Client {
    /// All courses.
    pub async fn courses(&self, progress: &Progress) -> Result<Vec<Course>, LmsError> {
        let decode = |item: &Resource<'_>| {
            Some(Course {
                id: item.id.clone(),
                name: item.text("name").or_else(|| item.text("title"))?,
            })
        };
        let count = working("courses", progress);
        self.listing(&["courses"], &[], progress, decode, count)
            .await
    }

    /// The values of the courses; `None`: this key may not see any of them (403).
    pub async fn course_values(
        &self,
        progress: &Progress,
    ) -> Result<Option<Vec<CourseValue>>, LmsError> {
        let listed = self
            .listing(
                &["properties", "courses"],
                &[],
                progress,
                |item| {
                    Some(CourseValue {
                        course_id: item.id.clone(),
                        npcu: npcu(item),
                    })
                },
                |_| {},
            )
            .await;
        match listed {
            Ok(values) => Ok(Some(values)),
            Err(LmsError::Refused { status: 403, .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The value of one course; `Ok(None)`: it has none, or this key may not see it (403 for some, 404).
    pub async fn course_value(&self, course_id: &str) -> Result<Option<f64>, LmsError> {
        let url = self.url(&["properties", "courses", course_id], &[]);
        match self.get(&url).await {
            Ok(document) => Ok(document
                .items()
                .and_then(|items| items.first().and_then(npcu))),
            Err(
                LmsError::Refused { status: 403, .. }
                | LmsError::NotFound { .. }
                | LmsError::ForeignNotFound { .. },
            ) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// What one person has done, courses only; `None`: the person does not exist.
    pub async fn transcript(
        &self,
        person_id: &str,
        progress: &Progress,
    ) -> Result<Option<Vec<Enrolment>>, LmsError> {
        let listed = self
            .listing(&["transcripts", person_id], &[], progress, line, |_| {})
            .await;
        match listed {
            Ok(lines) => Ok(Some(
                lines
                    .into_iter()
                    .filter_map(|line| match line {
                        Line::Course(enrolment) => Some(enrolment),
                        Line::Other => None,
                    })
                    .collect(),
            )),
            Err(LmsError::NotFound { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// A line of a transcript.
enum Line {
    Course(Enrolment),
    /// Something else than a course, a learning path for example.
    Other,
}

/// `None`: a line about a course that does not say which or how far.
fn line(item: &Resource<'_>) -> Option<Line> {
    if !item.text("resource_type")?.eq_ignore_ascii_case("course") {
        return Some(Line::Other);
    }
    Some(Line::Course(Enrolment {
        id: item.id.clone(),
        course_id: item.text("resource_id")?,
        status: item.text("progress_status")?,
        completed_at: time(item, "completed_at"),
        expires_at: time(item, "expires_at"),
    }))
}

fn npcu(item: &Resource<'_>) -> Option<f64> {
    let value = item.attribute("properties")?.get("npcu")?;
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|npcu: &f64| npcu.is_finite() && *npcu >= 0.0)
}

/// A time with or without a zone (then UTC), or a date alone.
fn time(item: &Resource<'_>, name: &str) -> Option<DateTime<Utc>> {
    let text = item.text(name)?;
    DateTime::parse_from_rfc3339(&text)
        .map(|at| at.with_timezone(&Utc))
        .ok()
        .or_else(|| {
            NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f")
                .ok()
                .map(|at| at.and_utc())
        })
        .or_else(|| {
            let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
            Some(date.and_hms_opt(0, 0, 0)?.and_utc())
        })
}
