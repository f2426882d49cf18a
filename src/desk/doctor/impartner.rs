//! Impartner: key, dialect, mapped fields, clock.

use chrono::{DateTime, TimeDelta, Utc};

use super::{failed, failure, ok, warning};
use crate::clock::Clock;
use crate::config::Config;
use crate::impartner::Client;
use crate::plan::dates;
use crate::plan::{Entity, Schema};
use crate::values::Check;

/// A clock that is off by more than this many seconds is worth a word.
const SKEW: i64 = 60;

pub(super) async fn checks(config: &Config, clock: &Clock) -> Vec<Check> {
    let name = "impartner";
    let client = match Client::new(&config.impartner, clock.clone()) {
        Ok(client) => client,
        Err(error) => return vec![failed(name, error)],
    };
    let ping = match client.ping().await {
        Ok(ping) => ping,
        Err(error) => return vec![failed(name, error)],
    };
    let url = &config.impartner.url;
    let mut checks = vec![ok(
        name,
        format!(
            "{url} answers in {} ms and takes the key.",
            ping.latency.as_millis()
        ),
    )];
    checks.push(match ping.dialect {
        Some(dialect) => ok(
            "dialect",
            format!("The server honours the dialect {dialect}."),
        ),
        None => warning(
            "dialect",
            "Nothing tells the dialects apart yet; it is read like objects.",
            "Check again when Impartner has records, or set impartner.dialect.",
        ),
    });
    for entity in Entity::ALL {
        checks.push(fields(config, &client, entity).await);
    }
    let theirs = client.server_time().await;
    checks.push(skew(theirs, clock));
    checks.extend(watermarks(config, clock, theirs).await);
    checks
}

/// Whether a stored watermark lies ahead of the source's clock: then incremental runs find nothing.
async fn watermarks(
    config: &Config,
    clock: &Clock,
    theirs: Option<DateTime<Utc>>,
) -> Option<Check> {
    let name = "watermark";
    let horizon = theirs.unwrap_or_else(|| clock.now() + TimeDelta::days(1));
    let marks = super::database::watermarks(config, clock).await;
    let ahead: Vec<String> = marks
        .iter()
        .filter_map(|(entity, mark)| Some((entity, (*mark)?)))
        .filter(|&(_, mark)| dates::is_ahead(mark, horizon))
        .map(|(entity, mark)| format!("{entity} ({})", mark.format("%Y-%m-%d %H:%M UTC")))
        .collect();
    if ahead.is_empty() {
        return None;
    }
    Some(warning(
        name,
        format!(
            "The watermark of {} lies ahead of Impartner's clock: incremental runs find nothing that changed.",
            ahead.join(" and of ")
        ),
        "Run once in full (`prmdesk sync --full`): a proved full run sets it anew.",
    ))
}

/// Whether every mapped field is there.
async fn fields(config: &Config, client: &Client, entity: Entity) -> Check {
    let name = format!("fields_{entity}");
    let described = match client.describe(entity).await {
        Ok(described) => described,
        Err(error) => return failed(&name, error),
    };
    let Some(known) = described else {
        return warning(
            &name,
            format!(
                "Impartner does not describe {}, so the mapping could not be checked.",
                entity.object()
            ),
            "Look at a preview: a field that is not there shows as empty everywhere.",
        );
    };
    let missing = missing(&config.schema(entity), &known);
    let certifications = match entity {
        Entity::Partners => [
            &config.mapping.certification_count,
            &config.mapping.total_npcu,
        ]
        .into_iter()
        .filter(|field| !has(&known, field))
        .map(|field| named("mapping.certifications", field, &known))
        .collect(),
        Entity::Contacts => Vec::new(),
    };
    if !missing.is_empty() {
        return failure(
            &name,
            format!("{} has no field {}.", entity.object(), missing.join(", ")),
            &format!("Correct the names under [mapping.{entity}]."),
        );
    }
    if !certifications.is_empty() {
        return warning(
            &name,
            format!(
                "{} has no field {}.",
                entity.object(),
                certifications.join(", ")
            ),
            "Correct the names under [mapping.certifications], or do not push certifications.",
        );
    }
    ok(
        &name,
        format!("Every mapped field of {} is there.", entity.object()),
    )
}

/// The mapped fields that `known` lacks, each with the column or value it is for.
fn missing(schema: &Schema, known: &[String]) -> Vec<String> {
    let columns = schema
        .fields
        .iter()
        .filter_map(|field| Some((field.column, field.source.as_deref()?)));
    let active = schema
        .values
        .active
        .as_deref()
        .map(|source| ("is_active", source));
    let mut missing: Vec<String> = columns
        .chain(active)
        // A region may be given as its id (docs/apis.md, "Impartner").
        .filter(|(_, source)| !has(known, source) && !has(known, &format!("{source}Id")))
        .map(|(column, source)| named(column, source, known))
        .collect();
    // Of several candidates one is enough.
    let values = &schema.values;
    let account = values
        .account_id
        .iter()
        .chain(&values.account_name)
        .collect::<Vec<_>>();
    let status = if schema.may_lack_status() {
        Vec::new()
    } else {
        values.status.iter().collect::<Vec<_>>()
    };
    for (value, candidates) in [("status", status), ("account_id", account)] {
        if let Some(first) = candidates.first()
            && !candidates.iter().any(|source| has(known, source))
        {
            missing.push(named(value, first, known));
        }
    }
    missing
}

/// Names are matched whatever their case (docs/apis.md, "Impartner").
fn has(known: &[String], field: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(field))
}

fn named(what: &str, field: &str, known: &[String]) -> String {
    let lower = field.to_ascii_lowercase();
    let near = known
        .iter()
        .min_by_key(|known| strsim::osa_distance(&known.to_ascii_lowercase(), &lower));
    match near {
        Some(near) => format!("{field} (for {what}; the nearest is {near})"),
        None => format!("{field} (for {what})"),
    }
}

/// Our clock plays no part in what is read, but a log with wrong times helps nobody, and certifications expire by it.
fn skew(theirs: Option<DateTime<Utc>>, clock: &Clock) -> Check {
    let name = "clock";
    let Some(theirs) = theirs else {
        return warning(
            name,
            "Impartner's answers carry no time, so the clock could not be compared.",
            "Check that this machine's clock is set by NTP.",
        );
    };
    let off = (clock.now() - theirs).num_seconds();
    if off.abs() <= SKEW {
        return ok(name, "This machine's clock agrees with Impartner's.");
    }
    let side = if off > 0 { "ahead of" } else { "behind" };
    warning(
        name,
        format!(
            "This machine's clock is {} s {side} Impartner's.",
            off.abs()
        ),
        "Set the clock by NTP.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_missing_is_named_with_the_nearest() {
        let all = [
            "id",
            "name",
            "partner_Tier__cf",
            "account_Owner__cf",
            "account_Owner_Email__cf",
            "partner_Type__cf",
            "crmId",
            "website",
            "regionId",
            "mailingCountry",
            "status",
        ];
        let schema = Schema::of(Entity::Partners);
        assert_eq!(missing(&schema, &known(&all)), Vec::<String>::new());
        let fewer: Vec<&str> = all
            .into_iter()
            .filter(|name| !["partner_Tier__cf", "status"].contains(name))
            .collect();
        assert_eq!(
            missing(&schema, &known(&fewer)),
            [
                "Partner_Tier__cf (for partner_tier; the nearest is partner_Type__cf)",
                "Account_Status__cf (for status; the nearest is account_Owner__cf)"
            ]
        );
    }
}
