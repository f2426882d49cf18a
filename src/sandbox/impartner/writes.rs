//! PUT creates, PATCH changes one or many.

use serde_json::{Value, json};

use super::super::faults::Act;
use super::super::records::{Account, Object, User};
use super::super::render;
use super::super::reply::Reply;
use super::super::world::World;
use super::{Call, Impartner, not_found, refused};

impl Impartner {
    pub(super) fn create(&self, object: Object, call: &Call<'_>) -> Reply {
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

    pub(super) fn patch_one(&self, object: Object, id: &str, call: &Call<'_>) -> Reply {
        let Ok(Value::Object(body)) = serde_json::from_slice(call.body) else {
            return refused(400, "The body must be a JSON object.");
        };
        let mut world = self.world();
        let known = id
            .parse()
            .ok()
            .filter(|&id| world.row(object, id).is_some());
        let Some(number) = known else {
            return not_found(object, id, self.options.missing);
        };
        match patch(&mut world, object, number, &body, call.acts) {
            Ok(()) => Reply::json_bytes(200, self.envelope_of(&world, object, number)),
            Err(message) => refused(400, &message),
        }
    }

    pub(super) fn patch_many(&self, object: Object, call: &Call<'_>) -> Reply {
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
                if world.row(object, id).is_none() {
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
