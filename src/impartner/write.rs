//! The one write: PATCH of a record, only the keys sent (docs/rules.md, "Certifications").

use reqwest::Method;
use serde_json::{Map, Value};

use super::ImpartnerError;
use super::client::{Answer, Client};
use super::envelope::{Data, Envelope, value};
use crate::plan::Entity;
use crate::wire::Fault;

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchOutcome {
    /// Impartner says it is done.
    Ok,
    /// Impartner refused it, or it never left: nothing was written. Why, in Impartner's words.
    Failed(String),
    /// Sent, but no clear answer came: it may have been written. Read the record again before saying more.
    Unknown(String),
}

impl Client {
    /// Updates record `id` with `values`. Repeated only where nothing can have been written: 429, 503, and a
    /// connection that was never made. `Err`: 401, which ends the run.
    pub async fn patch(
        &self,
        entity: Entity,
        id: i64,
        values: &Map<String, Value>,
    ) -> Result<PatchOutcome, ImpartnerError> {
        let number = id.to_string();
        let url = self.url(&[entity.object(), &number], "");
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (last, pause) = match self.send(Method::PATCH, &url, Some(values)).await {
                Ok(answer) if matches!(answer.status.as_u16(), 425 | 429 | 503) => {
                    (self.status_text(&answer), answer.pause)
                }
                Ok(answer) => return self.judge_patch(&answer, entity, id),
                Err(Fault::NotSent(why)) => (format!("{why}."), None),
                Err(Fault::Lost(why)) => return Ok(PatchOutcome::Unknown(format!("{why}."))),
            };
            if attempts > self.inner.config.retries {
                return Ok(PatchOutcome::Failed(format!(
                    "{attempts} attempts failed; the last one: {last}"
                )));
            }
            let wait = self.backoff.wait(attempts);
            tokio::time::sleep(pause.map_or(wait, |pause| pause.min(wait))).await;
        }
    }

    fn judge_patch(
        &self,
        answer: &Answer,
        entity: Entity,
        id: i64,
    ) -> Result<PatchOutcome, ImpartnerError> {
        let body = value(&answer.body);
        let envelope = body.as_ref().and_then(Value::as_object).cloned();
        let envelope = envelope.map(Envelope::of_object);
        let unauthorized = envelope
            .as_ref()
            .is_some_and(|e| e.success == Some(false) && e.says_unauthorized());
        let status = answer.status.as_u16();
        if status == 401 || unauthorized {
            return Err(self.unauthorized(answer, &format!("PATCH of {} {id}", entity.object())));
        }
        let said = self.said(&answer.body);
        Ok(match (status, body) {
            (204, None) if answer.body.trim_ascii().is_empty() => PatchOutcome::Ok,
            (200..=299, Some(body)) => match told(&body, id) {
                Told::Done => PatchOutcome::Ok,
                Told::Refused(said) if said.is_empty() => PatchOutcome::Failed(
                    "Impartner answered success: false and gave no reason.".into(),
                ),
                Told::Refused(said) => PatchOutcome::Failed(self.bound(&said)),
                Told::Nothing => PatchOutcome::Unknown(format!(
                    "status {}, but the answer does not say that it is done{}",
                    status,
                    if said.is_empty() {
                        String::new()
                    } else {
                        format!(" ({said})")
                    }
                )),
            },
            (200..=299, None) => {
                PatchOutcome::Unknown(format!("status {status}, but the answer is not the API's"))
            }
            // The server had it and failed on it, or something in between did: nobody knows how far it came.
            (408 | 500..=599, _) => PatchOutcome::Unknown(self.status_text(answer)),
            (404, _) => PatchOutcome::Failed(self.status_text(answer)),
            _ if said.is_empty() => PatchOutcome::Failed(format!("status {status}.")),
            _ => PatchOutcome::Failed(said),
        })
    }
}

/// What the body of an answer with a good status says of the write.
enum Told {
    /// It is done.
    Done,
    /// It was refused; why, in Impartner's words.
    Refused(String),
    /// Neither: it is no answer to this write, or contradicts itself.
    Nothing,
}

/// Reads the answer to a PATCH of record `id`: the envelope, and what stands for each row within it (docs/apis.md,
/// "Impartner": `{"results": [{"data", "success", "errors"}], "success"}`). A refusal anywhere is one.
fn told(body: &Value, id: i64) -> Told {
    let mut done = false;
    let mut doubtful = false;
    let mut refused: Option<String> = None;
    let mut open = vec![body];
    while let Some(part) = open.pop() {
        match part {
            // A list holds one answer for each row that was sent.
            Value::Array(rows) => open.extend(rows),
            Value::Object(map) => {
                let says = Envelope::of_object(map.clone());
                if says.success == Some(false) || (says.errors && says.data == Data::Null) {
                    refused.get_or_insert_default();
                    refused = refused
                        .filter(|said| !said.is_empty())
                        .or(Some(says.said()));
                }
                done |= says.success == Some(true) && says.data != Data::Null;
                doubtful |= says.errors || says.data == Data::Null;
                let is = |key: &str, word: &str| key.eq_ignore_ascii_case(word);
                for (key, value) in map {
                    if is(key, "data") || is(key, "results") {
                        open.push(value);
                    } else if is(key, "id") {
                        let other = value
                            .as_i64()
                            .or_else(|| value.as_str()?.trim().parse().ok());
                        doubtful |= other != Some(id);
                    }
                }
            }
            _ => {}
        }
    }
    match refused {
        Some(said) => Told::Refused(said),
        None if done && !doubtful => Told::Done,
        None => Told::Nothing,
    }
}
