//! The stand-in Impartner: Objects v1 as docs/apis.md, "Impartner" says, also where that is inconvenient.

mod listing;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, Method};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::faults::Act;
use super::query;
use super::records::{Access, Object};
use super::render;
use super::reply::Reply;
use super::world::{Fate, World};
use super::{Dialect, OdataNames, SandboxOptions};

/// Everything the stand-in needs for one call.
pub(super) struct Impartner {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) options: SandboxOptions,
    queries: Mutex<FxHashMap<String, Found>>,
    /// Rendered pages and the world's version they show; only with [`super::Pages::Kept`].
    pages: Mutex<FxHashMap<String, (u64, Vec<u8>)>>,
}

/// The matches of a query, kept while the world does not change: a client reads them page by page.
struct Found {
    version: u64,
    ids: Arc<Vec<i64>>,
}

/// A call, taken apart.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// The path after `/api/objects/v1`, in parts.
    pub(super) parts: &'a [&'a str],
    pub(super) query: &'a [(String, String)],
    pub(super) body: &'a [u8],
    pub(super) acts: &'a [Act],
}

impl Impartner {
    pub(super) fn new(world: Arc<Mutex<World>>, options: SandboxOptions) -> Self {
        Self {
            world,
            options,
            queries: Mutex::default(),
            pages: Mutex::default(),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present moment in its world.
    pub(super) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.world().now()
    }

    /// Whether the key and the tenant are right; else the answer and who it was.
    pub(super) fn authorise(&self, headers: &HeaderMap) -> Result<(), (&'static str, Reply)> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match header("authorization") {
            None => Err(("no key", refused(401, "Authorization is required."))),
            Some(given) if given != format!("prm-key {}", self.options.impartner_key) => {
                Err(("wrong key", refused(401, "The prm-key is not valid.")))
            }
            Some(_) if header("x-prm-tenantid") != Some(&self.options.tenant_id) => Err((
                "wrong tenant",
                refused(
                    401,
                    "The X-PRM-TenantId header names no tenant of this key.",
                ),
            )),
            Some(_) => Ok(()),
        }
    }

    /// The page of a listing call, from 0, for the faults.
    pub(super) fn page_of(&self, query: &[(String, String)]) -> u64 {
        let (skip, take) = self.window(query);
        (skip / take.max(1)) as u64
    }

    /// Answers an authorised call.
    pub(super) fn answer(&self, call: &Call<'_>) -> Reply {
        let Some(object) = call.parts.first().and_then(|word| Object::named(word)) else {
            return refused(404, "There is no such object.");
        };
        match (call.method.as_str(), &call.parts[1..]) {
            ("GET", []) => self.list(object, call),
            ("POST", []) => self.search(object, call),
            ("GET", ["_describe"]) => self.describe(object),
            ("GET", ["_deleted"]) => self.deleted(object, call),
            ("PUT", []) => self.create(object, call),
            ("PATCH", []) => self.patch_many(object, call),
            ("GET", [id]) => self.one(object, id, call),
            ("PATCH", [id]) => self.patch_one(object, id, call),
            (_, [] | [_]) => refused(405, "The method is not allowed."),
            _ => refused(404, "There is no such resource."),
        }
    }

    fn param<'a>(
        &self,
        query: &'a [(String, String)],
        objects: &str,
        odata: &str,
    ) -> Option<&'a str> {
        let name = match (self.options.dialect, self.options.odata_names) {
            (Dialect::Objects, _) => objects,
            (Dialect::Odata, OdataNames::Dollar) => odata,
            (Dialect::Odata, OdataNames::Plain) => match odata {
                "$orderby" => "orderby",
                "$select" => "fields",
                other => other,
            },
        };
        query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn one(&self, object: Object, id: &str, call: &Call<'_>) -> Reply {
        let mut fields = match self.fields(object, self.param(call.query, "fields", "$select")) {
            Ok(fields) => fields,
            Err(reply) => return reply,
        };
        for act in call.acts {
            if let Act::DropField { name } = act {
                listing::drop_field(object, &mut fields, name);
            }
        }
        let shape = call
            .acts
            .iter()
            .fold(self.options.shape.clone(), |shape, act| match act {
                Act::Shape { shape: other } => other.over(&shape),
                _ => shape,
            });
        let world = self.world();
        let mut out = b"{\"data\":".to_vec();
        let found = id.parse().is_ok_and(|id| {
            render::record(
                &mut out,
                &world,
                object,
                id,
                &fields,
                &shape,
                self.options.dialect,
            )
        });
        if !found {
            return match id.parse().ok().and_then(|id| world.fate(object, id)) {
                Some(Fate::Refused) => refused(403, "You may not read this record."),
                Some(Fate::Broken) => refused(500, "An unexpected error occurred."),
                _ => not_found(object, id, self.options.missing),
            };
        }
        out.extend_from_slice(b",\"success\":true}");
        Reply::json_bytes(200, out)
    }

    fn describe(&self, object: Object) -> Reply {
        let fields: Vec<Value> = object
            .fields()
            .iter()
            .filter(|field| field.known_to(self.options.dialect))
            .map(|field| {
                json!({
                    "name": field.name,
                    "displayName": field.name.trim_end_matches("__cf").replace('_', " "),
                    "type": format!("{:?}", field.kind),
                    "maxLength": field.length,
                    "isReadOnly": field.access == Access::Read,
                    "isCustom": field.name.ends_with("__cf"),
                })
            })
            .collect();
        Reply::json(
            200,
            &json!({"data": {"name": object.name(), "fields": fields}, "success": true}),
        )
    }

    fn deleted(&self, object: Object, call: &Call<'_>) -> Reply {
        let bound = |name: &str| {
            call.query
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .and_then(|(_, value)| query::time(value))
        };
        let (Some(from), Some(to)) = (bound("fromUtc"), bound("toUtc")) else {
            return refused(400, "fromUtc and toUtc are required.");
        };
        let mut ids = self.world().deleted(object, from, to);
        for act in call.acts {
            if let Act::FeedLies { add, drop } = act {
                ids.retain(|id| !drop.contains(id));
                ids.extend(add);
            }
        }
        Reply::json(200, &json!({"data": ids, "success": true}))
    }
}

/// The API's failure body.
pub(super) fn failure(code: &str, message: &str) -> Value {
    json!({"success": false, "message": message, "errors": [{"code": code, "message": message}]})
}

/// A failure with its status.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    let code = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        425 => "TooEarly",
        429 => "TooManyRequests",
        500.. => "ServerError",
        _ => "InvalidRequest",
    };
    Reply::json(status, &failure(code, message))
}

fn not_found(object: Object, id: &str, missing: super::Missing) -> Reply {
    let message = format!("{} {id} was not found.", object.name());
    match missing {
        super::Missing::Status404 => refused(404, &message),
        super::Missing::SuccessFalse => Reply::json(200, &failure("NotFound", &message)),
        super::Missing::NullData => Reply::json(200, &json!({"data": null, "success": true})),
    }
}
