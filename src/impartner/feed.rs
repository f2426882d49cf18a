//! The deleted-ids feed and `_describe`: both optional, both refused by some tenants (docs/apis.md, "Impartner").

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use reqwest::Method;
use serde_json::Value;

use super::ImpartnerError;
use super::client::{Answer, Client, Patience, until_cancelled};
use super::dialect::Query;
use super::retry::{Failure, Tally, Verdict};
use super::value::SourceValue;
use crate::plan::Entity;
use crate::progress::{Progress, RunEvent};

/// What an optional call gave.
enum Optional {
    Came(Value),
    /// Refused; what was said.
    Refused(String),
}

impl Client {
    /// The ids deleted between `from` and `to`, ascending. `None`: the tenant refuses the feed, or it never came; a
    /// notice says which. How far back the feed remembers is not documented: absence from it proves nothing.
    pub async fn deleted(
        &self,
        entity: Entity,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        progress: &Progress,
    ) -> Result<Option<Vec<i64>>, ImpartnerError> {
        let mut query = Query::default();
        // Whole seconds, rounded outwards: the feed's own resolution is not documented.
        let to = to.trunc_subsecs(0) + TimeDelta::seconds(1);
        for (key, at) in [("fromUtc", from.trunc_subsecs(0)), ("toUtc", to)] {
            query.add(key, &at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
        let ask = self.optional(
            entity.object(),
            "_deleted",
            &query.0,
            "the deleted-ids feed",
        );
        let why = match until_cancelled(progress, ask).await? {
            Optional::Came(value) => match ids(value) {
                Some(ids) => return Ok(Some(ids)),
                None => "its answer holds no list of ids.".to_owned(),
            },
            Optional::Refused(why) => why,
        };
        progress.report(RunEvent::Notice {
            message: format!(
                "Impartner gave no deleted-ids feed for {entity}: {why} Deletions are found by the next full run."
            ),
        });
        Ok(None)
    }

    /// The names of the fields an entity has. `None`: the tenant refuses to tell, or its answer cannot be read.
    pub async fn describe(&self, entity: Entity) -> Result<Option<Vec<String>>, ImpartnerError> {
        self.describe_object(entity.object()).await
    }

    pub(super) async fn describe_object(
        &self,
        object: &str,
    ) -> Result<Option<Vec<String>>, ImpartnerError> {
        match self
            .optional(object, "_describe", "", "the description")
            .await?
        {
            Optional::Came(value) => Ok(field_names(&value).filter(|names| !names.is_empty())),
            Optional::Refused(_) => Ok(None),
        }
    }

    async fn optional(
        &self,
        object: &str,
        path: &str,
        query: &str,
        what: &str,
    ) -> Result<Optional, ImpartnerError> {
        let url = self.url(&[object, path], query);
        let what = format!("{what} of {object}");
        let judge = |answer: &Answer| self.judge_optional(answer, &what);
        let fetched = self
            .fetch(
                Method::GET,
                &url,
                &what,
                Patience::Configured,
                &Tally::default(),
                judge,
            )
            .await;
        match fetched {
            Ok(optional) => Ok(optional),
            Err(Failure::Stop(error)) => Err(error),
            Err(Failure::GaveUp(gave_up)) => Ok(Optional::Refused(gave_up.last)),
        }
    }

    fn judge_optional(&self, answer: &Answer, what: &str) -> Verdict<Optional> {
        if !answer.status.is_success() {
            return Verdict::Done(Optional::Refused(self.status_text(answer)));
        }
        let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else {
            return Verdict::Again("the answer is not JSON.".into());
        };
        let Some(envelope) = super::envelope::Envelope::of_failure(&answer.body) else {
            return Verdict::Done(Optional::Came(value));
        };
        let said = self.bound(&envelope.said());
        if envelope.success != Some(false) {
            let nothing = match under(&value, "data") {
                None | Some(Value::Null) => true,
                Some(data) => data.as_array().is_some_and(Vec::is_empty),
            };
            // A list beside errors is half an answer, and an empty one beside an explanation is none.
            return Verdict::Done(if envelope.errors || nothing && envelope.says_anything() {
                Optional::Refused(format!("the answer holds errors or no list ({said})."))
            } else {
                Optional::Came(value)
            });
        }
        if envelope.says_unauthorized() {
            return Verdict::Stop(ImpartnerError::Unauthorized {
                what: what.to_owned(),
                message: said,
            });
        }
        Verdict::Done(Optional::Refused(format!("success: false ({said}).")))
    }
}

/// What stands under a key, whatever its case.
fn under<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value
        .as_object()?
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, value)| value)
}

/// The ids of a feed: `{"data": [12, 99]}`, a bare list, ids as text or within objects. One that cannot be read makes
/// the whole feed unreadable: half a feed is worse than none.
fn ids(value: Value) -> Option<Vec<i64>> {
    let value = match under(&value, "data") {
        Some(data) => under(data, "results").unwrap_or(data).clone(),
        None => value,
    };
    let mut ids = value
        .as_array()?
        .iter()
        .map(|item| {
            serde_json::from_value::<Value>(item.clone())
                .ok()
                .and_then(|item| id(&item))
        })
        .collect::<Option<Vec<i64>>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

fn id(item: &Value) -> Option<i64> {
    match item {
        Value::Number(number) => number.as_i64().map(SourceValue::Int)?.id(),
        Value::String(text) => SourceValue::Text(text.as_str().into()).id(),
        Value::Object(_) => under(item, "id").and_then(id),
        _ => None,
    }
}

/// The names in a description: a list of fields (texts, or objects with a name), or an object keyed by name.
fn field_names(value: &Value) -> Option<Vec<String>> {
    let value = under(value, "data").unwrap_or(value);
    let value = ["fields", "properties", "results", "attributes"]
        .into_iter()
        .find_map(|key| under(value, key).filter(|v| v.is_array() || v.is_object()))
        .unwrap_or(value);
    match value {
        Value::Array(list) => list
            .iter()
            .map(|field| match field {
                Value::String(name) => Some(name.clone()),
                field => ["name", "fieldName", "apiName"]
                    .into_iter()
                    .find_map(|key| under(field, key)?.as_str().map(str::to_owned)),
            })
            .collect(),
        Value::Object(map) => map
            .values()
            .all(Value::is_object)
            .then(|| map.keys().cloned().collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn feeds() {
        assert_eq!(
            ids(json!({"data": [99, "12", 12], "success": true})),
            Some(vec![12, 99])
        );
        assert_eq!(ids(json!([{"Id": 7}])), Some(vec![7]));
        assert_eq!(ids(json!({"data": []})), Some(vec![]));
        for odd in [
            json!({"data": null}),
            json!({"data": [1, null]}),
            json!({}),
            json!("no"),
            json!([1.5]),
        ] {
            assert_eq!(ids(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn descriptions() {
        let want = Some(vec!["Id".to_owned(), "Name".to_owned()]);
        for description in [
            json!({"data": {"fields": [{"name": "Id", "type": "int"}, {"name": "Name"}]}, "success": true}),
            json!({"data": [{"Name": "Id"}, {"Name": "Name"}]}),
            json!({"data": ["Id", "Name"]}),
            json!({"data": {"name": "Account", "fields": {"Id": {}, "Name": {}}}}),
        ] {
            assert_eq!(field_names(&description), want, "{description}");
        }
        assert_eq!(field_names(&json!({"data": null})), None);
    }
}
