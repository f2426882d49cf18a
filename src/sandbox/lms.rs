//! The stand-in Northpass LMS, v2 (docs/apis.md, "Northpass"). It has no call that deletes or disables a person.

mod json;
mod writes;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::SandboxOptions;
use super::faults::Act;
use super::impartner::Call;
use super::lms_world::{Course, Group, LmsWorld, Person};
use super::reply::Reply;
use super::world::World;
use json::{course_json, group_json, one, person_json, properties_json};
use writes::Way;

pub(super) use json::errors;

/// Everything the stand-in needs for one call.
pub(super) struct Lms {
    world: Arc<Mutex<World>>,
    options: SandboxOptions,
    address: SocketAddr,
    lists: Mutex<FxHashMap<String, Listed>>,
}

/// A listing's ids, and the version of the LMS they belong to.
type Listed = (u64, Arc<Vec<String>>);

/// What a listing names: page, from 1, and how long it is.
struct Window {
    page: usize,
    limit: usize,
}

impl Lms {
    pub(super) fn new(
        world: Arc<Mutex<World>>,
        options: SandboxOptions,
        address: SocketAddr,
    ) -> Self {
        Self {
            world,
            options,
            address,
            lists: Mutex::default(),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the key is right; a bad one gives 401 on everything.
    pub(super) fn authorise(&self, headers: &HeaderMap) -> Result<(), (&'static str, Reply)> {
        match headers.get("x-api-key").and_then(|key| key.to_str().ok()) {
            Some(key) if key == self.options.lms_key => Ok(()),
            Some(_) => Err(("wrong key", errors(401, "The API key is not valid."))),
            None => Err(("no key", errors(401, "An API key is required."))),
        }
    }

    /// The page of a listing, from 0, for the faults.
    pub(super) fn page_of(&self, query: &[(String, String)]) -> u64 {
        (self.window(query).page - 1) as u64
    }

    fn window(&self, query: &[(String, String)]) -> Window {
        let number = |new: &str, old: &str| {
            param(query, new)
                .or_else(|| param(query, old))
                .and_then(|text| text.parse::<usize>().ok())
        };
        let cap = self.options.lms_page_cap.max(1);
        Window {
            page: number("page", "page[number]").unwrap_or(1).max(1),
            limit: number("limit", "page[size]").unwrap_or(25).clamp(1, cap),
        }
    }

    /// Answers an authorised call.
    pub(super) fn answer(&self, call: &Call<'_>) -> Reply {
        match (call.method.as_str(), call.parts) {
            ("GET", ["people"]) => self.people(call),
            ("GET", ["people", id]) => {
                let world = self.world();
                let found = world.lms().people.get(*id);
                one(found.map(|person| shown(call, person)), "person")
            }
            ("GET", ["groups"]) => self.groups(call),
            ("GET", ["groups", id]) => {
                one(self.world().lms().groups.get(*id).map(group_json), "group")
            }
            ("GET", ["groups", id, "memberships"]) => self.members(call, id, Shown::Memberships),
            ("GET", ["groups", id, "people"]) => self.members(call, id, Shown::People),
            ("POST", ["groups"]) => self.create_group(call),
            ("DELETE", ["groups", id]) => self.delete_group(id),
            ("POST", ["groups", id, "relationships", "people"]) => self.relate(call, id, Way::Add),
            ("DELETE", ["groups", id, "relationships", "people"]) => {
                self.relate(call, id, Way::Remove)
            }
            ("GET", ["courses"]) => self.courses(call),
            ("GET", ["courses", id]) => one(
                self.world().lms().courses.get(*id).map(course_json),
                "course",
            ),
            ("GET", ["properties", "courses"]) => self.properties(call),
            ("GET", ["properties", "courses", id]) => self.property(id),
            ("GET", ["transcripts", id]) => self.transcript(call, id),
            (
                _,
                [
                    "people" | "groups" | "courses" | "transcripts" | "properties",
                    ..,
                ],
            ) => errors(405, "The method is not allowed here."),
            _ => errors(404, "There is no such resource."),
        }
    }

    /// One page of `ids`, with the links to the next.
    fn page(&self, call: &Call<'_>, total: usize, item: impl Fn(usize) -> Value) -> Reply {
        let window = self.window(call.query);
        let from = (window.page - 1).saturating_mul(window.limit).min(total);
        let to = from.saturating_add(window.limit).min(total);
        let mut data: Vec<Value> = (from..to).map(item).collect();
        for act in call.acts {
            match act {
                Act::ShortPage { drop } => data.truncate(data.len().saturating_sub(*drop)),
                Act::EmptyPage { .. } => data.clear(),
                _ => {}
            }
        }
        let mut links = serde_json::Map::new();
        links.insert("self".into(), self.link(call, window.page).into());
        if to < total {
            let other = call.acts.iter().find_map(|act| match act {
                Act::NextLink { url } => Some(url.clone()),
                _ => None,
            });
            let next = other.unwrap_or_else(|| self.link(call, window.page + 1));
            links.insert("next".into(), next.into());
        }
        Reply::json(200, &json!({"data": data, "links": links}))
    }

    /// The address of a page of this listing, with the caller's own parameters.
    fn link(&self, call: &Call<'_>, page: usize) -> String {
        let name = if param(call.query, "page[number]").is_some() {
            "page[number]"
        } else {
            "page"
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in call.query.iter().filter(|(key, _)| key != name) {
            query.append_pair(key, value);
        }
        query.append_pair(name, &page.to_string());
        format!(
            "http://{}/v2/{}?{}",
            self.address,
            call.parts.join("/"),
            query.finish()
        )
    }

    /// The ids that a listing has, kept while the LMS does not change.
    fn ids(
        &self,
        lms: &LmsWorld,
        key: String,
        make: impl FnOnce(&LmsWorld) -> Vec<String>,
    ) -> Arc<Vec<String>> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, ids)) = lists.get(&key)
            && *version == lms.version
        {
            return ids.clone();
        }
        let ids = Arc::new(make(lms));
        if lists.len() >= 16 {
            lists.clear();
        }
        lists.insert(key, (lms.version, ids.clone()));
        ids
    }

    fn people(&self, call: &Call<'_>) -> Reply {
        let exact = param(call.query, "filter[email][eq]").map(str::to_lowercase);
        let part = param(call.query, "filter[email]").map(str::to_lowercase);
        let world = self.world();
        let lms = world.lms();
        let ids = self.ids(lms, format!("people {exact:?} {part:?}"), |lms| {
            let fits = |person: &Person| {
                let email = person.email.to_lowercase();
                exact.as_ref().is_none_or(|exact| *exact == email)
                    && part.as_ref().is_none_or(|part| email.contains(part))
            };
            let people = lms.people.values().filter(|person| fits(person));
            people.map(|person| person.id.clone()).collect()
        });
        self.page(call, ids.len(), |at| {
            let person = lms.people.get(&ids[at]);
            person.map_or(Value::Null, |person| shown(call, person))
        })
    }

    fn groups(&self, call: &Call<'_>) -> Reply {
        let exact = param(call.query, "filter[name][eq]").map(str::to_owned);
        let part = param(call.query, "filter[name]").map(str::to_lowercase);
        let world = self.world();
        let lms = world.lms();
        let ids = self.ids(lms, format!("groups {exact:?} {part:?}"), |lms| {
            let fits = |group: &Group| {
                exact.as_ref().is_none_or(|exact| *exact == group.name)
                    && part
                        .as_ref()
                        .is_none_or(|part| group.name.to_lowercase().contains(part))
            };
            let groups = lms.groups.values().filter(|group| fits(group));
            groups.map(|group| group.id.clone()).collect()
        });
        self.page(call, ids.len(), |at| {
            lms.groups.get(&ids[at]).map_or(Value::Null, group_json)
        })
    }

    fn members(&self, call: &Call<'_>, id: &str, shown: Shown) -> Reply {
        let world = self.world();
        let lms = world.lms();
        let Some(group) = lms.groups.get(id) else {
            return errors(404, "The group was not found.");
        };
        let ids = self.ids(lms, format!("members {id}"), |_| {
            group.members.iter().cloned().collect()
        });
        self.page(call, ids.len(), |at| match shown {
            Shown::People => lms.people.get(&ids[at]).map_or(Value::Null, person_json),
            Shown::Memberships => json!({
                "type": "memberships",
                "id": format!("{id}:{}", ids[at]),
                "relationships": {
                    "group": {"data": {"type": "groups", "id": id}},
                    "person": {"data": {"type": "people", "id": ids[at]}},
                },
            }),
        })
    }

    fn courses(&self, call: &Call<'_>) -> Reply {
        let world = self.world();
        let courses: Vec<&Course> = world.lms().courses.values().collect();
        self.page(call, courses.len(), |at| course_json(courses[at]))
    }

    fn properties(&self, call: &Call<'_>) -> Reply {
        let world = self.world();
        let with: Vec<&Course> = world
            .lms()
            .courses
            .values()
            .filter(|course| course.npcu.is_some())
            .collect();
        self.page(call, with.len(), |at| properties_json(with[at]))
    }

    fn property(&self, id: &str) -> Reply {
        match self.world().lms().courses.get(id) {
            None => errors(404, "The course was not found."),
            Some(course) if course.npcu.is_none() => {
                errors(403, "The properties of this course are not yours to read.")
            }
            Some(course) => Reply::json(200, &json!({"data": properties_json(course)})),
        }
    }

    fn transcript(&self, call: &Call<'_>, id: &str) -> Reply {
        let world = self.world();
        let lms = world.lms();
        if !lms.people.contains_key(id) {
            return errors(404, "The person was not found.");
        }
        let lines = lms.transcripts.get(id).map_or(&[][..], Vec::as_slice);
        self.page(call, lines.len(), |at| {
            let line = &lines[at];
            json!({
                "type": "transcripts",
                "id": line.id,
                "attributes": {
                    "resource_type": line.resource_type,
                    "resource_id": line.resource_id,
                    "progress_status": line.progress_status,
                    "enrolled_at": line.enrolled_at,
                    "completed_at": line.completed_at,
                    "expires_at": line.expires_at,
                },
            })
        })
    }
}

/// A person as the faults let them be seen.
fn shown(call: &Call<'_>, person: &Person) -> Value {
    let mut json = person_json(person);
    for act in call.acts {
        if let Act::OddPerson { id, bare, email } = act
            && *id == person.id
        {
            if *bare {
                json.as_object_mut()
                    .and_then(|json| json.remove("attributes"));
            } else {
                json["attributes"]["email"] = email.clone();
            }
        }
    }
    json
}

#[derive(Clone, Copy)]
enum Shown {
    Memberships,
    People,
}

fn param<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}
