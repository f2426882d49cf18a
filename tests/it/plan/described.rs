//! A plan's file, its JSON and the OpenAPI description of it come from one serialiser: what is written is described, and
//! nothing is written that is not.

use std::collections::BTreeSet;

use prmdesk::plan::Plan;
use prmdesk::plan::file::{Page, PlanDocument};
use prmdesk::plan::filter::Filter;
use prmdesk::text::JsonLayout;
use proptest::prelude::*;
use serde_json::Value;

use super::properties::any_world;

fn written(plan: &Plan, filter: Option<&Filter>) -> Value {
    let page = Page {
        filter,
        ..Page::default()
    };
    let mut json = Vec::new();
    plan.write_json(&mut json, page, JsonLayout::Compact)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_described(world in any_world()) {
        let schema = schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<PlanDocument<'static>>();
        let schema = schema.as_value();
        let validator = jsonschema::validator_for(schema).unwrap();
        let plan = world.plan();
        let excluded = Filter::parse("op:excluded").unwrap();
        for filter in [None, Some(&excluded)] {
            let json = written(&plan, filter);
            let faults: Vec<String> = validator.iter_errors(&json).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
            prop_assert!(faults.is_empty(), "{faults:#?}");
            let described = keys(&schema["properties"]);
            prop_assert_eq!(&keys(&json), &described);
            let described = keys(&schema["$defs"]["Item"]["properties"]);
            for item in json["items"].as_array().unwrap() {
                prop_assert!(keys(item).is_subset(&described), "{item}");
            }
        }
    }
}
