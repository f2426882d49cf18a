//! The LMS's resources and errors as JSON:API.

use serde_json::{Value, json};

use super::super::lms_world::{Course, Group, Person};
use super::super::reply::Reply;

pub(super) fn person_json(person: &Person) -> Value {
    json!({
        "type": "people",
        "id": person.id,
        "attributes": {
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "disabled": person.disabled,
            "updated_at": person.updated_at,
        },
    })
}

pub(super) fn group_json(group: &Group) -> Value {
    json!({
        "type": "groups",
        "id": group.id,
        "attributes": {"name": group.name, "user_count": group.members.len()},
    })
}

pub(super) fn course_json(course: &Course) -> Value {
    json!({"type": "courses", "id": course.id, "attributes": {"name": course.name, "status": "live"}})
}

pub(super) fn properties_json(course: &Course) -> Value {
    // Often as text (docs/apis.md, "Northpass"): so it is here.
    let npcu = course.npcu.map(|npcu| npcu.to_string());
    json!({
        "type": "course_properties",
        "id": course.id,
        "attributes": {"properties": {"npcu": npcu}},
    })
}

pub(super) fn one(found: Option<Value>, what: &str) -> Reply {
    match found {
        Some(data) => Reply::json(200, &json!({"data": data})),
        None => errors(404, &format!("The {what} was not found.")),
    }
}

/// A JSON:API error.
pub(in super::super) fn errors(status: u16, detail: &str) -> Reply {
    let title = match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500.. => "Internal Server Error",
        _ => "Bad Request",
    };
    let status_text = status.to_string();
    let body = json!({"errors": [{"status": status_text, "title": title, "detail": detail,
                                  "source": {"pointer": "/data"}}]});
    Reply::json(status, &body)
}
