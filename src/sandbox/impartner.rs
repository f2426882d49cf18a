//! The stand-in Impartner: Objects v1 as APIS.md section 1 says, also where that is inconvenient.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, Method};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::faults::Act;
use super::query::{self, Expr};
use super::records::{Access, Account, Cell, Object, User};
use super::render::{self, Envelope};
use super::reply::Reply;
use super::world::{Fate, World};
use super::{Dialect, Paging, SandboxOptions};

/// Everything the stand-in needs for one call.
pub(super) struct Impartner {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) options: SandboxOptions,
    queries: Mutex<FxHashMap<String, Found>>,
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

/// What a listing asks for, after the dialect has been looked at.
struct Ask {
    filter: String,
    order: String,
    fields: Vec<usize>,
    skip: usize,
    take: usize,
}

impl Impartner {
    pub(super) fn new(world: Arc<Mutex<World>>, options: SandboxOptions) -> Self {
        Self {
            world,
            options,
            queries: Mutex::default(),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
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
        let name = match self.options.dialect {
            Dialect::Objects => objects,
            Dialect::Odata => odata,
        };
        query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn window(&self, query: &[(String, String)]) -> (usize, usize) {
        if self.options.paging == Paging::Ignored {
            return (0, self.options.default_take);
        }
        let number = |objects, odata| {
            self.param(query, objects, odata)
                .and_then(|text| text.parse::<usize>().ok())
        };
        let take = number("take", "pageSize").unwrap_or(self.options.default_take);
        let take = take.clamp(1, self.options.page_cap.max(1));
        let skip = match self.options.dialect {
            Dialect::Objects => number("skip", "").unwrap_or(0),
            // Pages are as long as the server makes them, so a cap moves their borders.
            Dialect::Odata => (number("", "page").unwrap_or(1).max(1) - 1).saturating_mul(take),
        };
        (skip, take)
    }

    fn ask(&self, object: Object, query: &[(String, String)]) -> Result<Ask, Reply> {
        let (skip, take) = self.window(query);
        Ok(Ask {
            filter: self
                .param(query, "filter", "$filter")
                .unwrap_or("")
                .to_owned(),
            order: self
                .param(query, "orderby", "$orderby")
                .unwrap_or("")
                .to_owned(),
            fields: self.fields(object, self.param(query, "fields", "$select"))?,
            skip,
            take,
        })
    }

    /// The fields asked for; all without a list. Names the tenant does not have are left out or refused.
    fn fields(&self, object: Object, list: Option<&str>) -> Result<Vec<usize>, Reply> {
        let dialect = self.options.dialect;
        let Some(list) = list.filter(|list| !list.trim().is_empty()) else {
            let all = object.fields().iter().enumerate();
            return Ok(all
                .filter(|(_, field)| field.known_to(dialect))
                .map(|(at, _)| at)
                .collect());
        };
        let mut fields = Vec::new();
        for name in list.split(',').map(str::trim) {
            match object.field(name, dialect) {
                Some(field) => fields.push(field),
                None if self.options.strict_fields => {
                    let message = format!("Unknown field '{name}' on {}.", object.name());
                    return Err(refused(400, &message));
                }
                None => {}
            }
        }
        Ok(fields)
    }

    fn list(&self, object: Object, call: &Call<'_>) -> Reply {
        match self.ask(object, call.query) {
            Ok(ask) => self.listing(object, ask, call.acts),
            Err(reply) => reply,
        }
    }

    /// POST searches: the same query in a JSON body.
    fn search(&self, object: Object, call: &Call<'_>) -> Reply {
        let Ok(Value::Object(body)) = serde_json::from_slice(call.body) else {
            return refused(400, "The body must be a JSON object.");
        };
        let query: Vec<(String, String)> = body
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) => (key, text),
                other => (key, other.to_string()),
            })
            .collect();
        match self.ask(object, &query) {
            Ok(ask) => self.listing(object, ask, call.acts),
            Err(reply) => reply,
        }
    }

    fn listing(&self, object: Object, mut ask: Ask, acts: &[Act]) -> Reply {
        let filter = match query::parse(&ask.filter, object, self.options.dialect) {
            Ok(filter) => filter,
            Err(message) => return refused(400, &message),
        };
        let mut shape = self.options.shape.clone();
        for act in acts {
            match act {
                Act::CapTake { cap } => ask.take = ask.take.min((*cap).max(1)),
                Act::RepeatPage { page } => {
                    ask.skip = usize::try_from(*page).unwrap_or(0).saturating_mul(ask.take);
                }
                Act::Shape { shape: other } => shape = other.over(&shape),
                _ => {}
            }
        }
        let world = self.world();
        let found = match self.find(&world, object, &filter, &ask) {
            Ok(found) => found,
            Err(message) => return refused(400, &message),
        };
        let mut count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let from = ask.skip.min(found.len());
        let to = from.saturating_add(ask.take).min(found.len());
        let mut page = self.in_order(&found, from, to, &ask);
        for act in acts {
            match act {
                Act::ShortPage { drop } => page.truncate(page.len().saturating_sub(*drop)),
                Act::EmptyPage { count: claimed } => {
                    page.clear();
                    count = claimed.map_or(count, |n| i64::try_from(n).unwrap_or(i64::MAX));
                }
                Act::Count { by } => count = (count + by).max(0),
                Act::HideIds { ids } => {
                    count -= i64::try_from(ids.iter().filter(|id| found.contains(id)).count())
                        .unwrap_or(0);
                    page.retain(|id| !ids.contains(id));
                }
                _ => {}
            }
        }
        let envelope = shape.envelope.unwrap_or(Envelope::Counted);
        let mut out = Vec::with_capacity(page.len() * 256 + 128);
        out.extend_from_slice(match envelope {
            Envelope::Counted => b"{\"data\":{\"count\":".as_slice(),
            Envelope::Array => b"[",
            Envelope::Value => b"{\"value\":[",
        });
        if envelope == Envelope::Counted {
            let head = format!("{count},\"entity\":\"{}\",\"results\":[", object.name());
            out.extend_from_slice(head.as_bytes());
        }
        let start = out.len();
        for id in page {
            if out.len() > start {
                out.push(b',');
            }
            render::record(
                &mut out,
                &world,
                object,
                id,
                &ask.fields,
                &shape,
                self.options.dialect,
            );
        }
        out.extend_from_slice(match envelope {
            Envelope::Counted => b"]},\"success\":true}".as_slice(),
            Envelope::Array => b"]",
            Envelope::Value => b"]}",
        });
        Reply::json_bytes(200, out)
    }

    /// The ids that fit, in the order asked for, or ascending without one.
    fn find(
        &self,
        world: &World,
        object: Object,
        filter: &Expr,
        ask: &Ask,
    ) -> Result<Arc<Vec<i64>>, String> {
        let key = format!("{}\u{0}{}\u{0}{}", object.name(), ask.filter, ask.order);
        let mut queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = queries.get(&key)
            && found.version == world.version()
        {
            return Ok(found.ids.clone());
        }
        let order = self.order(object, &ask.order)?;
        let mut ids = world.ids(object);
        let cell = |id, field| world.cell(object, id, field).unwrap_or(Cell::Null);
        if *filter != Expr::All {
            ids.retain(|&id| filter.fits(&|field| cell(id, field)));
        }
        // Ids come ascending already; that order is the usual one and needs no sorting.
        if !matches!(order.as_slice(), [] | [(0, false), ..]) {
            ids.sort_by(|&a, &b| {
                order
                    .iter()
                    .map(|&(field, down)| {
                        let by = query::sort_order(cell(a, field), cell(b, field));
                        if down { by.reverse() } else { by }
                    })
                    .find(|by| by.is_ne())
                    .unwrap_or_else(|| a.cmp(&b))
            });
        }
        let ids = Arc::new(ids);
        if queries.len() >= 64 {
            queries.clear();
        }
        queries.insert(
            key,
            Found {
                version: world.version(),
                ids: ids.clone(),
            },
        );
        Ok(ids)
    }

    fn order(&self, object: Object, text: &str) -> Result<Vec<(usize, bool)>, String> {
        text.split(',')
            .filter(|part| !part.trim().is_empty())
            .map(|part| {
                let mut words = part.split_whitespace();
                let name = words.next().unwrap_or_default();
                let field = object
                    .field(name, self.options.dialect)
                    .ok_or_else(|| format!("Unknown field '{name}' on {}.", object.name()))?;
                match words.next().map(str::to_ascii_lowercase).as_deref() {
                    None | Some("asc") => Ok((field, false)),
                    Some("desc") => Ok((field, true)),
                    Some(other) => Err(format!("'{other}' is no direction.")),
                }
            })
            .collect()
    }

    /// A page. Without an order every request has an order of its own, as a database without ORDER BY may: what
    /// is read so page by page misses records and repeats others.
    fn in_order(&self, found: &[i64], from: usize, to: usize, ask: &Ask) -> Vec<i64> {
        if !ask.order.trim().is_empty() {
            return found[from..to].to_vec();
        }
        let salt = (from as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.options.shuffle_seed;
        let mut rng = ChaCha8Rng::seed_from_u64(salt);
        let mut all = found.to_vec();
        // A partial Fisher-Yates: only the page has to be right.
        for at in 0..to {
            let other = rng.random_range(at..all.len());
            all.swap(at, other);
        }
        all[from..to].to_vec()
    }

    fn one(&self, object: Object, id: &str, call: &Call<'_>) -> Reply {
        let fields = match self.fields(object, self.param(call.query, "fields", "$select")) {
            Ok(fields) => fields,
            Err(reply) => return reply,
        };
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

    fn create(&self, object: Object, call: &Call<'_>) -> Reply {
        let Ok(Value::Object(body)) = serde_json::from_slice(call.body) else {
            return refused(400, "The body must be a JSON object.");
        };
        let mut world = self.world();
        let set = |set: &mut dyn FnMut(&str, &Value) -> Result<(), String>| {
            body.iter().try_for_each(|(key, value)| set(key, value))
        };
        let id = match object {
            Object::Account => {
                let mut new = Account {
                    is_active: true,
                    ..Account::default()
                };
                set(&mut |key, value| new.set(key, value)).map(|()| world.add_account(new))
            }
            Object::User => {
                let mut new = User {
                    is_active: true,
                    ..User::default()
                };
                set(&mut |key, value| new.set(key, value)).map(|()| world.add_user(new))
            }
            Object::Region => Err("Regions cannot be created.".to_owned()),
        };
        match id {
            Ok(id) => Reply::json_bytes(201, self.envelope_of(&world, object, id)),
            Err(message) => refused(400, &message),
        }
    }

    fn envelope_of(&self, world: &World, object: Object, id: i64) -> Vec<u8> {
        let fields = self.fields(object, None).unwrap_or_default();
        let mut out = b"{\"data\":".to_vec();
        let shape = &self.options.shape;
        render::record(
            &mut out,
            world,
            object,
            id,
            &fields,
            shape,
            self.options.dialect,
        );
        out.extend_from_slice(b",\"success\":true}");
        out
    }

    fn patch_one(&self, object: Object, id: &str, call: &Call<'_>) -> Reply {
        let Ok(Value::Object(body)) = serde_json::from_slice(call.body) else {
            return refused(400, "The body must be a JSON object.");
        };
        let mut world = self.world();
        let known = id
            .parse()
            .ok()
            .filter(|&id| world.cell(object, id, 0).is_some());
        let Some(number) = known else {
            return not_found(object, id, self.options.missing);
        };
        match patch(&mut world, object, number, &body, call.acts) {
            Ok(()) => Reply::json_bytes(200, self.envelope_of(&world, object, number)),
            Err(message) => refused(400, &message),
        }
    }

    fn patch_many(&self, object: Object, call: &Call<'_>) -> Reply {
        let Ok(Value::Array(rows)) = serde_json::from_slice(call.body) else {
            return refused(400, "The body must be a JSON array.");
        };
        let mut world = self.world();
        let mut all = true;
        let mut results = Vec::with_capacity(rows.len());
        for row in &rows {
            let outcome = row
                .as_object()
                .ok_or("Each row must be an object.".to_owned());
            let outcome = outcome.and_then(|row| {
                let id = row
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case("id"))
                    .and_then(|(_, id)| id.as_i64().or_else(|| id.as_str()?.parse().ok()))
                    .ok_or("Each row needs an Id.")?;
                if world.cell(object, id, 0).is_none() {
                    return Err(format!("{} {id} was not found.", object.name()));
                }
                patch(&mut world, object, id, row, call.acts).map(|()| id)
            });
            results.push(match outcome {
                Ok(id) => json!({"data": {"id": id}, "success": true, "errors": []}),
                Err(message) => {
                    all = false;
                    json!({"data": null, "success": false,
                           "errors": [{"code": "InvalidData", "message": message}]})
                }
            });
        }
        Reply::json(200, &json!({"results": results, "success": all}))
    }
}

/// Sets the fields of one record: all of them, or none when one is refused.
fn patch(
    world: &mut World,
    object: Object,
    id: i64,
    body: &serde_json::Map<String, Value>,
    acts: &[Act],
) -> Result<(), String> {
    for act in acts {
        if let Act::RefuseIds { ids, message } = act
            && ids.contains(&id)
        {
            return Err(message.clone());
        }
    }
    let fields = || {
        body.iter()
            .filter(|(key, _)| !key.eq_ignore_ascii_case("id"))
    };
    match object {
        Object::Account => {
            let mut new = world.account(id).cloned().ok_or("It was not found.")?;
            fields().try_for_each(|(key, value)| new.set(key, value))?;
            world.edit_account(id, |account| *account = new);
        }
        Object::User => {
            let mut new = world.user(id).cloned().ok_or("It was not found.")?;
            fields().try_for_each(|(key, value)| new.set(key, value))?;
            world.edit_user(id, |user| *user = new);
        }
        Object::Region => return Err("Regions cannot be changed.".to_owned()),
    }
    Ok(())
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
