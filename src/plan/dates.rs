//! Modification times that cannot be: they move no mark, and their records stay carried over (docs/rules.md, "Reading").

use chrono::{DateTime, TimeDelta, Utc};

use super::input::PlanInput;
use super::{Entity, Plan, SourceSet, Warning};

/// No record was modified before the year 2000; `0001-01-01`, an empty date of the source's, stands for none.
const FIRST: DateTime<Utc> = match DateTime::from_timestamp(946_684_800, 0) {
    Some(at) => at,
    None => DateTime::UNIX_EPOCH,
};

/// The source's clocks need not agree to the second: the one that stamps records and the one in its answers.
const SLACK: TimeDelta = TimeDelta::minutes(5);

/// So many misdated records are carried over, each fetched by id in every incremental run; a full run costs less than more.
const MOST: usize = 500;

/// Whether a record can have been modified then. `horizon`: the source's own clock.
fn credible(at: DateTime<Utc>, horizon: Option<DateTime<Utc>>) -> bool {
    at >= FIRST && horizon.is_none_or(|horizon| at <= horizon + SLACK)
}

/// The largest modification time of `records` that can be, never past `horizon`, the source's own clock.
pub fn latest(records: &SourceSet, horizon: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let all = (0u32..).zip(records.ids());
    let latest = all
        .filter_map(|(at, _)| records.modified(at))
        .filter(|&at| credible(at, horizon))
        .max()?;
    Some(horizon.map_or(latest, |horizon| latest.min(horizon)))
}

/// Whether a stored mark lies ahead of the source's clock: nothing that changes before then would be found.
pub fn is_ahead(mark: DateTime<Utc>, clock: DateTime<Utc>) -> bool {
    !credible(mark.max(FIRST), Some(clock))
}

/// Names the records of `entity` whose modification time cannot be, and has them carried over.
pub(super) fn judge(plan: &mut Plan, input: &PlanInput, entity: Entity) {
    let Some(read) = &input.entities[entity].read else {
        return;
    };
    let records = &read.records;
    let mut misdated: Vec<(i64, DateTime<Utc>)> = (0u32..)
        .zip(records.ids())
        .filter_map(|(at, &id)| Some((id, records.modified(at)?)))
        .filter(|&(_, at)| !credible(at, read.horizon))
        .collect();
    misdated.sort_unstable();
    misdated.dedup_by_key(|(id, _)| *id);
    let more = misdated.len().saturating_sub(MOST);
    misdated.truncate(MOST);
    let mut warn = |id, message| {
        plan.warnings.push(Warning {
            code: "misdated".into(),
            entity,
            impartner_id: id,
            message,
        });
    };
    for &(id, at) in &misdated {
        let why = if at < FIRST {
            "before the year 2000"
        } else {
            "later than Impartner's own clock"
        };
        warn(
            Some(id),
            format!(
                "Impartner says that {} #{id} was modified on {}, {why}; that moves no watermark, and the record stays carried over until its date is right.",
                entity.singular(),
                at.format("%Y-%m-%d %H:%M UTC"),
            ),
        );
    }
    if more > 0 {
        warn(
            None,
            format!(
                "{more} more {entity} have such a modification time and are not carried over: what changes in them only full runs see."
            ),
        );
    }
    plan.misdated[entity] = misdated.into_iter().map(|(id, _)| id).collect();
}
