//! The control path `/_sandbox` of both stand-ins, for tests against the real binary, and the keeping of the world
//! in a file.
//!
//! | call | does |
//! |---|---|
//! | `GET /_sandbox/faults` | the installed faults, with how often each struck |
//! | `POST /_sandbox/faults` | installs one fault or a list (JSON of [`Fault`]); answers their numbers |
//! | `DELETE /_sandbox/faults[/N]` | takes all away, or one |
//! | `GET /_sandbox/log[?since=N]` | the request log, from number N on |
//! | `DELETE /_sandbox/log` | forgets it |
//! | `POST /_sandbox/world/Account` | adds an account or user (vendor's field names, optional `Id`); answers `{"id"}` |
//! | `POST /_sandbox/world/Account/7` | edits it; `Updated` is stamped |
//! | `DELETE /_sandbox/world/Account/7` | deletes it upstream: 404 by id, and in the feed |
//! | `GET /_sandbox/world` | how many there are of each thing |
//! | `GET /_sandbox/world/lms` | groups with their members, and people |

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::faults::{Act, Fault, Faults};
use super::log::Log;
use super::records::{Account, Object, User};
use super::reply::Reply;
use super::world::World;

/// What the control path works on.
pub(super) struct Control {
    world: Arc<Mutex<World>>,
    faults: Faults,
    log: Log,
}

impl Control {
    pub(super) fn new(world: Arc<Mutex<World>>, faults: Faults, log: Log) -> Self {
        Self { world, faults, log }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call below `/_sandbox`.
    pub(super) fn answer(
        &self,
        method: &Method,
        path: &str,
        query: &[(String, String)],
        body: &[u8],
    ) -> Reply {
        let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
        match (method.as_str(), words.as_slice()) {
            ("GET", ["faults"]) => {
                let list: Vec<Value> = self
                    .faults
                    .list()
                    .into_iter()
                    .map(|(number, fault, struck)| json!({"number": number, "fault": fault, "struck": struck}))
                    .collect();
                Reply::json(200, &json!(list))
            }
            ("POST", ["faults"]) => self.install(body),
            ("DELETE", ["faults"]) => {
                self.faults.clear();
                Reply::empty(204)
            }
            ("DELETE", ["faults", number]) => {
                self.faults.remove(number.parse().unwrap_or(0));
                Reply::empty(204)
            }
            ("GET", ["log"]) => {
                let since = query
                    .iter()
                    .find(|(key, _)| key == "since")
                    .and_then(|(_, value)| value.parse().ok())
                    .unwrap_or(0);
                let entries = self.log.matching(|entry| entry.number >= since);
                Reply::json(200, &json!(entries))
            }
            ("DELETE", ["log"]) => {
                self.log.clear();
                Reply::empty(204)
            }
            ("GET", ["world"]) => self.counts(),
            ("GET", ["world", "lms"]) => {
                let world = self.world();
                let lms = world.lms();
                Reply::json(200, &json!({"groups": lms.groups, "people": lms.people}))
            }
            (method, ["world", object, rest @ ..]) => match (Object::named(object), rest) {
                (Some(object), []) if method == "POST" => self.edit(object, None, body),
                (Some(object), [id]) if method == "POST" => {
                    self.edit(object, id.parse().ok(), body)
                }
                (Some(object), [id]) if method == "DELETE" => {
                    if self.world().delete(object, id.parse().unwrap_or(0)) {
                        Reply::empty(204)
                    } else {
                        wrong("There is no such record.")
                    }
                }
                _ => wrong("Use POST or DELETE on Account or User."),
            },
            _ => wrong("There is no such control; see src/sandbox/control.rs."),
        }
    }

    fn install(&self, body: &[u8]) -> Reply {
        let faults = serde_json::from_slice::<Vec<Fault>>(body)
            .or_else(|_| serde_json::from_slice::<Fault>(body).map(|fault| vec![fault]));
        match faults {
            Ok(faults) => {
                let numbers: Vec<u64> = faults
                    .into_iter()
                    .map(|fault| self.faults.install(fault))
                    .collect();
                Reply::json(200, &json!(numbers))
            }
            Err(error) => wrong(&format!("That is no fault: {error}.")),
        }
    }

    fn counts(&self) -> Reply {
        let world = self.world();
        let lms = world.lms();
        Reply::json(
            200,
            &json!({
                "accounts": world.accounts().len(), "users": world.users().len(),
                "people": lms.people.len(), "groups": lms.groups.len(), "courses": lms.courses.len(),
                "requests": self.log.len(),
            }),
        )
    }

    /// Adds (without an id) or edits a record with the vendor's field names.
    fn edit(&self, object: Object, id: Option<i64>, body: &[u8]) -> Reply {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return wrong("The body must be a JSON object.");
        };
        let mut world = self.world();
        let wanted = fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("id"))
            .and_then(|(_, value)| value.as_i64());
        let done = match object {
            Object::Account => {
                let old = id.and_then(|id| world.account(id).cloned());
                change(old, id, &fields, Account::set).map(|mut new| {
                    let Some(id) = id else {
                        new.id = wanted.unwrap_or(0);
                        return Some(world.add_account(new));
                    };
                    world
                        .edit_account(id, |account| *account = new)
                        .then_some(id)
                })
            }
            Object::User => {
                let old = id.and_then(|id| world.user(id).cloned());
                change(old, id, &fields, User::set).map(|mut new| {
                    let Some(id) = id else {
                        new.id = wanted.unwrap_or(0);
                        return Some(world.add_user(new));
                    };
                    world.edit_user(id, |user| *user = new).then_some(id)
                })
            }
            Object::Region => Err("Regions cannot be edited.".to_owned()),
        };
        match done {
            Ok(Some(id)) => Reply::json(200, &json!({"id": id})),
            Ok(None) => wrong("There is no such record."),
            Err(message) => wrong(&message),
        }
    }

    /// Inserts or deletes records at the front of a listing, so that its later pages shift.
    pub(super) fn shift(&self, object: Option<&str>, act: &Act) {
        let Some(object) = object.and_then(Object::named) else {
            return;
        };
        let mut world = self.world();
        let ids = world.ids(object);
        match act {
            Act::DeleteFirst { records } => {
                for id in ids.into_iter().take(*records) {
                    world.delete(object, id);
                }
            }
            Act::InsertFirst { records } => {
                let taken: std::collections::BTreeSet<i64> = ids.into_iter().collect();
                let free: Vec<i64> = (1..)
                    .filter(|id| !taken.contains(id))
                    .take(*records)
                    .collect();
                for id in free {
                    insert(&mut world, object, id);
                }
            }
            _ => {}
        }
    }
}

/// A record that appears while somebody reads.
fn insert(world: &mut World, object: Object, id: i64) {
    match object {
        Object::Account => {
            world.add_account(Account {
                id,
                name: format!("Newcomer {id}"),
                is_active: true,
                tier: Some("Registered".to_owned()),
                status: Some("Active".to_owned()),
                ..Account::default()
            });
        }
        Object::User => {
            world.add_user(User {
                id,
                email: Some(format!("newcomer{id}@example.net")),
                first_name: Some("New".to_owned()),
                last_name: Some("Comer".to_owned()),
                is_active: true,
                ..User::default()
            });
        }
        Object::Region => {}
    }
}

trait Fresh: Default {
    fn fresh() -> Self;
}

impl Fresh for Account {
    fn fresh() -> Self {
        Self {
            is_active: true,
            ..Self::default()
        }
    }
}

impl Fresh for User {
    fn fresh() -> Self {
        Self {
            is_active: true,
            ..Self::default()
        }
    }
}

fn change<T: Fresh>(
    old: Option<T>,
    id: Option<i64>,
    fields: &Map<String, Value>,
    set: impl Fn(&mut T, &str, &Value) -> Result<(), String>,
) -> Result<T, String> {
    let mut new = match (old, id) {
        (Some(old), _) => old,
        (None, None) => T::fresh(),
        (None, Some(id)) => return Err(format!("There is no record {id}.")),
    };
    fields
        .iter()
        .filter(|(key, _)| !key.eq_ignore_ascii_case("id"))
        .try_for_each(|(key, value)| set(&mut new, key, value))?;
    Ok(new)
}

fn wrong(message: &str) -> Reply {
    Reply::json(400, &json!({"error": message}))
}

/// Writes the world to `path` within a second of each change, and once more at the end.
pub(super) async fn keep(world: Arc<Mutex<World>>, path: PathBuf, stopped: CancellationToken) {
    let mut kept = None;
    loop {
        let last = tokio::select! {
            () = stopped.cancelled() => true,
            () = tokio::time::sleep(Duration::from_secs(1)) => false,
        };
        let (world, path) = (world.clone(), path.clone());
        let written = tokio::task::spawn_blocking(move || {
            let world = world.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Some(world.versions());
            if now != kept
                && let Err(error) = world.save(&path)
            {
                tracing::error!(%error, path = %path.display(), "the sandbox's world was not kept");
                return kept;
            }
            now
        });
        kept = written.await.unwrap_or(kept);
        if last {
            return;
        }
    }
}
