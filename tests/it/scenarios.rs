//! The rules as files: each of tests/scenarios/*.toml says what the source and the database have and what the plan makes
//! of it. tests/scenarios/README.md tells the format; an unknown key is an error.

mod format;

use std::collections::BTreeSet;

use prmdesk::plan::{ItemView, Value};

use format::Scenario;

/// "partner 1", or "partner row 11" where there is no Impartner id.
fn named(view: &ItemView<'_>) -> String {
    let item = view.item;
    match (item.impartner_id, item.row_id) {
        (Some(id), _) => format!("{} {id}", item.entity.singular()),
        (None, Some(row)) => format!("{} row {row}", item.entity.singular()),
        (None, None) => item.entity.singular().to_owned(),
    }
}

/// What the plan says of one record, in a line.
fn line(view: &ItemView<'_>) -> String {
    let item = view.item;
    let row = item
        .row_id
        .map_or_else(String::new, |row| format!(" of row {row}"));
    let evidence = item
        .evidence
        .map_or_else(String::new, |evidence| format!(" ({})", evidence.word()));
    let marks: String = [
        (", not ticked", item.op.writes() && !item.selected),
        (", by rule", item.by_rule),
        (", held", item.held),
        (", suspicious", item.suspicious),
    ]
    .into_iter()
    .filter_map(|(mark, said)| said.then_some(mark))
    .collect();
    let mut parts = vec![format!(
        "{}: {}{row}{evidence}{marks}: {}",
        named(view),
        item.op.word(),
        view.reason()
    )];
    if item.op.writes() && item.row_id.is_some() {
        let text = |value: &Value<'_>| {
            let text = value.text();
            text.map_or_else(|| "-".to_owned(), std::borrow::Cow::into_owned)
        };
        let changes = view.changes();
        parts.extend(changes.map(|change| {
            let (before, after) = (text(&change.before), text(&change.after));
            format!("{} {before} -> {after}", change.field)
        }));
    } else if let Some(partner) = view.partner_after() {
        parts.push(format!("partner {}", partner.name));
    }
    parts.join("; ")
}

fn check(text: &str) -> Result<(), String> {
    let scenario: Scenario = toml::from_str(text).map_err(|error| error.to_string())?;
    let rules = include_str!("../../docs/rules.md");
    let heading = format!("\n## {}\n", scenario.rule);
    if !rules.contains(&heading) || scenario.title.is_empty() {
        return Err(format!(
            "`{}` is no heading of docs/rules.md",
            scenario.rule
        ));
    }
    let (plan, expected) = scenario.plan()?;
    let views = || {
        plan.views()
            .chain(plan.excluded.iter().map(|item| plan.view_of(item)))
    };
    same("plan", expected.plan, views().map(|view| line(&view)))?;
    let warned = plan.warnings.iter().map(|warning| {
        let id = warning.impartner_id.map(|id| format!(" {id}"));
        format!(
            "{} {}{}",
            warning.code,
            warning.entity.singular(),
            id.unwrap_or_default()
        )
    });
    same("warnings", expected.warnings, warned)?;
    let tripped = plan.guards.iter().filter(|guard| guard.tripped);
    let tripped = tripped.map(|guard| {
        let field = guard.field.as_deref().map(|field| format!(" {field}"));
        format!(
            "{} {}{}",
            guard.entity.word(),
            guard.rule.word(),
            field.unwrap_or_default()
        )
    });
    same("guards", expected.guards, tripped)?;
    let kept_back = plan.kept_back.partners + plan.kept_back.contacts;
    same(
        "kept_back",
        vec![expected.kept_back.to_string()],
        std::iter::once(kept_back.to_string()),
    )?;
    let begun = plan
        .waits
        .begun
        .iter()
        .map(|waiting| waiting.impartner_id.to_string());
    same("waits", texts(&expected.waits), begun)?;
    let ended = plan.waits.ended.iter().map(ToString::to_string);
    same("waits_no_longer", texts(&expected.waits_no_longer), ended)?;
    let listed: BTreeSet<String> = views().map(|view| named(&view)).collect();
    match expected
        .unchanged
        .iter()
        .find(|record| listed.contains(*record))
    {
        Some(record) => Err(format!("{record} is not unchanged")),
        None => Ok(()),
    }
}

fn texts(numbers: &[i64]) -> Vec<String> {
    numbers.iter().map(ToString::to_string).collect()
}

/// Both lists hold the same lines, in any order.
fn same(
    what: &str,
    mut expected: Vec<String>,
    found: impl Iterator<Item = String>,
) -> Result<(), String> {
    let mut found: Vec<String> = found.collect();
    expected.sort();
    found.sort();
    if expected == found {
        return Ok(());
    }
    let list = |lines: &[String]| lines.join("\n    ");
    Err(format!(
        "{what}\n  expected\n    {}\n  found\n    {}",
        list(&expected),
        list(&found)
    ))
}

#[test]
fn every_scenario_comes_out_as_its_file_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 30, "{} scenarios", files.len());
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|path| {
            let said = check(&std::fs::read_to_string(path).unwrap()).err()?;
            Some(format!("{}: {said}", path.file_name()?.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_scenario_with_an_unknown_key_or_another_outcome_is_refused() {
    let text = "title = 'x'\nrule = 'Matching'\n[source]\npartners = [{ id = 1, account_name = 'A', partner_tier = 'Gold' }]\n[expected]\nplan = ['partner 1: add: new in Impartner']\n";
    assert_eq!(check(text), Ok(()));
    let refused = |from: &str, to: &str| check(&text.replace(from, to)).unwrap_err();
    assert!(refused("partner_tier", "tier").contains("unknown field"));
    assert!(refused("[expected]", "[expected]\nwarning = []").contains("unknown field"));
    assert!(refused("partner 1: add", "partner 1: update").contains("expected"));
    assert!(refused("'Matching'", "'Guessing'").contains("heading"));
}
