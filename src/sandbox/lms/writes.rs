//! Changes: groups come and go, people join and leave them.

use serde_json::{Value, json};

use super::super::faults::Act;
use super::super::impartner::Call;
use super::super::lms_world::Group;
use super::super::reply::Reply;
use super::Lms;
use super::json::{errors, group_json};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Add,
    Remove,
}

impl Lms {
    pub(super) fn create_group(&self, call: &Call<'_>) -> Reply {
        let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
        let name = body
            .pointer("/data/attributes/name")
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let Some(name) = name else {
            return errors(422, "name can't be blank");
        };
        let mut world = self.world();
        let lms = world.lms_mut();
        if lms.group_named(name).is_some() {
            return errors(422, "name has already been taken");
        }
        lms.created += 1;
        let group = Group {
            id: format!("00000000-0000-4000-8000-{:012}", lms.created),
            name: name.to_owned(),
            members: std::collections::BTreeSet::new(),
        };
        let reply = Reply::json(201, &json!({"data": group_json(&group)}));
        lms.groups.insert(group.id.clone(), group);
        reply
    }

    pub(super) fn delete_group(&self, id: &str) -> Reply {
        match self.world().lms_mut().groups.remove(id) {
            Some(_) => Reply::empty(204),
            None => errors(404, "The group was not found."),
        }
    }

    pub(super) fn relate(&self, call: &Call<'_>, id: &str, way: Way) -> Reply {
        let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
        let people: Option<Vec<String>> = body["data"].as_array().and_then(|data| {
            data.iter()
                .map(|one| {
                    let id = one["id"].as_str()?;
                    (one["type"] == "people").then(|| id.to_owned())
                })
                .collect()
        });
        let Some(people) = people.filter(|people| !people.is_empty()) else {
            return errors(422, "data must be a list of people");
        };
        let half = call.acts.iter().find_map(|act| match act {
            Act::HalfBatch { status } => Some(*status),
            _ => None,
        });
        let mut world = self.world();
        let lms = world.lms_mut();
        if let Some(unknown) = people.iter().find(|id| !lms.people.contains_key(*id)) {
            return errors(422, &format!("person {unknown} does not exist"));
        }
        let Some(group) = lms.groups.get_mut(id) else {
            return errors(404, "The group was not found.");
        };
        // One who is not in the group spoils the whole batch: the inconvenient reading of docs/apis.md, "Northpass".
        if way == Way::Remove
            && let Some(stranger) = people.iter().find(|id| !group.members.contains(*id))
        {
            return errors(
                422,
                &format!("person {stranger} is not a member of the group"),
            );
        }
        let count = match half {
            Some(_) => people.len().div_ceil(2),
            None => people.len(),
        };
        for person in people.iter().take(count) {
            match way {
                Way::Add => group.members.insert(person.clone()),
                Way::Remove => group.members.remove(person),
            };
        }
        match (half, way) {
            (Some(status), _) => errors(status, "The sandbox stopped in the middle of the batch."),
            (None, Way::Remove) => Reply::empty(204),
            (None, Way::Add) => Reply::json(200, &json!({"data": body["data"]})),
        }
    }
}
