//! Listings: what is asked for in the server's own dialect, found, ordered and paged.

use std::sync::{Arc, PoisonError};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::super::faults::Act;
use super::super::query::{self, Expr};
use super::super::records::FieldValue;
use super::super::records::Object;
use super::super::render::{self, Envelope};
use super::super::reply::Reply;
use super::super::world::World;
use super::super::{Dialect, Pages, Paging};
use super::{Call, Found, Impartner, refused};

/// What a listing asks for, after the dialect has been looked at.
#[derive(Debug)]
struct Ask {
    filter: String,
    order: String,
    fields: Vec<usize>,
    skip: usize,
    take: usize,
}

impl Impartner {
    pub(super) fn window(&self, query: &[(String, String)]) -> (usize, usize) {
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
    pub(super) fn fields(&self, object: Object, list: Option<&str>) -> Result<Vec<usize>, Reply> {
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
                Some(field) if fields.contains(&field) => {}
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

    pub(super) fn list(&self, object: Object, call: &Call<'_>) -> Reply {
        match self.ask(object, call.query) {
            Ok(ask) => self.listing(object, ask, call.acts),
            Err(reply) => reply,
        }
    }

    /// POST searches: the same query in a JSON body.
    pub(super) fn search(&self, object: Object, call: &Call<'_>) -> Reply {
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
                Act::DropField { name } => drop_field(object, &mut ask.fields, name),
                Act::CapTake { cap } => ask.take = ask.take.min((*cap).max(1)),
                Act::RepeatPage { page } => {
                    ask.skip = usize::try_from(*page).unwrap_or(0).saturating_mul(ask.take);
                }
                Act::Shape { shape: other } => shape = other.over(&shape),
                _ => {}
            }
        }
        let world = self.world();
        let key = (self.options.pages == Pages::Kept && acts.is_empty())
            .then(|| format!("{} {ask:?}", object.name()));
        if let Some(kept) = key.as_ref().and_then(|key| self.kept(key, world.version())) {
            return Reply::json_bytes(200, kept);
        }
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
        if let Some(key) = key {
            self.keep(key, world.version(), out.clone());
        }
        Reply::json_bytes(200, out)
    }

    /// A page rendered before, while the world is the same.
    fn kept(&self, key: &str, version: u64) -> Option<Vec<u8>> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages
            .get(key)
            .filter(|(rendered, _)| *rendered == version)
            .map(|(_, page)| page.clone())
    }

    fn keep(&self, key: String, version: u64, page: Vec<u8>) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(key, (version, page));
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
        let cell = |id, field| {
            let row = world.row(object, id);
            row.map_or(FieldValue::Null, |row| world.cell(row, field))
        };
        if *filter != Expr::All {
            ids.retain(|&id| {
                let row = world.row(object, id);
                row.is_some_and(|row| filter.fits(&|field| world.cell(row, field)))
            });
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
}

/// Takes a field out of those that come.
pub(super) fn drop_field(object: Object, fields: &mut Vec<usize>, name: &str) {
    fields.retain(|&field| !object.fields()[field].name.eq_ignore_ascii_case(name));
}
