//! `/openapi.json`: made from the table and from the types themselves (OpenAPI 3.1, JSON Schema 2020-12).

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::shapes::Shape;
use super::table::{Access, Answer, ENDPOINTS, Endpoint};

/// Errors that every endpoint can give.
const COMMON: &[(u16, &str)] = &[
    (400, "The query or the body is wrong; nothing was done."),
    (408, "The body did not arrive in time."),
    (413, "The body is too large."),
    (500, "The configuration is wrong, or a fault of ours."),
    (
        503,
        "The database does not answer, or the server is stopping.",
    ),
];

/// Errors that every endpoint but the open ones can give.
const GUARDED: &[(u16, &str)] = &[
    (401, "The token is missing or wrong."),
    (
        403,
        "Read-only mode; or, without a token, a caller from elsewhere.",
    ),
];

/// The document as JSON text.
pub(super) fn document() -> String {
    let mut schemas = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let operation = operation(endpoint, &mut schemas);
        let verb = endpoint.verb.word().to_lowercase();
        let path = paths
            .entry(endpoint.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(path) = path.as_object_mut() {
            path.insert(verb, operation);
        }
    }
    // The error is a part of every operation, so it is there even where no row of the table names it.
    let _named = Shape::Error.schema(&mut schemas);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "prmdesk",
            "version": env!("CARGO_PKG_VERSION"),
            "description": env!("CARGO_PKG_DESCRIPTION"),
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "serve.token of the configuration. A server without one listens on loopback only and asks for none.",
            }},
            "schemas": schemas.take_definitions(true),
        },
    });
    format!("{document}\n")
}

fn operation(endpoint: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .params
        .iter()
        .map(super::params::Param::document)
        .collect();
    if endpoint.path.contains("{run_id}") {
        parameters.push(json!({
            "name": "run_id", "in": "path", "required": true,
            "description": "The run.", "schema": {"type": "integer", "format": "int64"},
        }));
    }
    if endpoint.answers.iter().any(|answer| answer.status == 202) {
        parameters.push(json!({
            "name": "Prefer", "in": "header", "required": false,
            "description": "`respond-async`: do not wait for the end.", "schema": {"type": "string"},
        }));
    }
    let mut answers = Map::new();
    for answer in endpoint.answers {
        answers.insert(answer.status.to_string(), described(answer, schemas));
    }
    let common = match endpoint.access {
        Access::Open => COMMON.iter().chain(&[]),
        Access::Token => COMMON.iter().chain(GUARDED),
    };
    for (status, about) in common {
        answers.entry(status.to_string()).or_insert_with(|| {
            let answer = Answer {
                status: *status,
                about,
                shape: Shape::Error,
            };
            described(&answer, schemas)
        });
    }
    answers.sort_keys();
    let mut operation = json!({
        "operationId": endpoint.name,
        "summary": endpoint.about,
        "parameters": parameters,
        "responses": answers,
    });
    if let (Access::Open, Some(operation)) = (endpoint.access, operation.as_object_mut()) {
        operation.insert("security".to_owned(), json!([]));
    }
    operation
}

fn described(answer: &Answer, schemas: &mut SchemaGenerator) -> Value {
    let mut described = json!({
        "description": answer.about,
        "content": {answer.shape.media_type(): {"schema": answer.shape.schema(schemas)}},
    });
    let header = |about: &str, kind: &str| json!({"description": about, "schema": {"type": kind}});
    let headers = match (answer.status, answer.shape) {
        (202, _) => json!({"Location": header("Where to ask for the run.", "string")}),
        (200, Shape::Plan) => json!({"X-Total-Count": header("Items in all.", "integer")}),
        (401, _) => json!({"WWW-Authenticate": header("Bearer.", "string")}),
        _ => return described,
    };
    if let Some(described) = described.as_object_mut() {
        described.insert("headers".to_owned(), headers);
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_its_name() {
        let document: Value = serde_json::from_str(&document()).unwrap();
        let text = document.to_string();
        let references: Vec<&str> = text
            .split("\"$ref\":\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(references.len() > 20, "{references:?}");
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
        let mut names: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENDPOINTS.len());
        for endpoint in ENDPOINTS {
            let verb = endpoint.verb.word().to_lowercase();
            let operation = &document["paths"][endpoint.path][verb];
            assert_eq!(operation["operationId"], endpoint.name);
        }
    }
}
