//! The few things we change: who is in a group, and groups. Never a person.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::jsonapi::Document;
use super::transport::WriteAnswer;
use super::{Client, LmsError};

/// People in one call; batches of 50 are in use (docs/apis.md, "Northpass").
pub const BATCH: usize = 50;

/// How a write ended. What is `Refused` or `Unknown` is settled by reading again, never by assuming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Done: the API said so, with its JSON or an empty 204.
    Done,
    /// It was so already: the group to be deleted does not exist.
    AlreadySo,
    /// The LMS refused, with its title and detail. Removing somebody who is not a member is among these: some
    /// servers answer 404, some 422.
    Refused(String),
    /// The request went out and no clear answer of the API itself came back: it may have happened.
    Unknown(String),
}

impl Client {
    /// Adds at most [`BATCH`] people to a group. `Err` is a refused key, nothing else.
    pub async fn add_members(
        &self,
        group_id: &str,
        people: &[String],
    ) -> Result<WriteOutcome, LmsError> {
        self.change_members(Method::POST, group_id, people).await
    }

    /// Takes at most [`BATCH`] people out of a group. `Err` is a refused key, nothing else.
    pub async fn remove_members(
        &self,
        group_id: &str,
        people: &[String],
    ) -> Result<WriteOutcome, LmsError> {
        self.change_members(Method::DELETE, group_id, people).await
    }

    async fn change_members(
        &self,
        method: Method,
        group_id: &str,
        people: &[String],
    ) -> Result<WriteOutcome, LmsError> {
        debug_assert!(people.len() <= BATCH, "batches of {BATCH}");
        let url = self.url(&["groups", group_id, "relationships", "people"], &[]);
        let data: Vec<_> = people
            .iter()
            .map(|id| json!({"type": "people", "id": id}))
            .collect();
        let answer = self
            .write(method, &url, Some(&json!({ "data": data })))
            .await?;
        Ok(match answer {
            WriteAnswer::Ok(_) => WriteOutcome::Done,
            WriteAnswer::Refused(_, why) => WriteOutcome::Refused(why),
            WriteAnswer::Unknown(why) => WriteOutcome::Unknown(why),
        })
    }

    /// Creates a group and gives its id. Without a clear answer the outcome is given instead: look for the group by
    /// its name before trying again.
    pub async fn create_group(&self, name: &str) -> Result<Result<String, WriteOutcome>, LmsError> {
        let url = self.url(&["groups"], &[]);
        let body = json!({"data": {"type": "groups", "attributes": {"name": name}}});
        Ok(match self.write(Method::POST, &url, Some(&body)).await? {
            WriteAnswer::Ok(body) => serde_json::from_slice::<Document>(&body)
                .ok()
                .and_then(|doc| doc.items()?.first().map(|item| item.id.clone()))
                .ok_or_else(|| {
                    WriteOutcome::Unknown("the answer does not give the group's id".to_owned())
                }),
            WriteAnswer::Refused(_, why) => Err(WriteOutcome::Refused(why)),
            WriteAnswer::Unknown(why) => Err(WriteOutcome::Unknown(why)),
        })
    }

    /// Deletes a group; irreversible. That it may be deleted at all is for the caller to know.
    pub async fn delete_group(&self, group_id: &str) -> Result<WriteOutcome, LmsError> {
        let url = self.url(&["groups", group_id], &[]);
        Ok(match self.write(Method::DELETE, &url, None).await? {
            WriteAnswer::Ok(_) => WriteOutcome::Done,
            WriteAnswer::Refused(StatusCode::NOT_FOUND, _) => WriteOutcome::AlreadySo,
            WriteAnswer::Refused(_, why) => WriteOutcome::Refused(why),
            WriteAnswer::Unknown(why) => WriteOutcome::Unknown(why),
        })
    }
}
