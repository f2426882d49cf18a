//! Undo: a run's journal as a plan (docs/rules.md, "Applying").

use std::str::FromStr as _;

use serde_json::Value as Json;

use super::Desk;
use crate::error::{Error, Kind, Result};
use crate::plan::undo::{Done, UndoInput, undo};
use crate::plan::{Entity, PerEntity, Plan, SameKeys, Schema, Scope, Warning};
use crate::values::{JournalEntry, LeftCase};

impl Desk {
    /// What a run was about; an unknown run is a usage error.
    pub(super) async fn run_scope(&self, run_id: i64) -> Result<Scope> {
        let run = self.store().run(run_id).await?;
        Scope::from_str(&run.scope).map_err(|_| {
            Error::new(Kind::Usage, "not_undoable", format!("Run {run_id} ({}) changed no partners or contacts, so there is nothing to undo.", run.kind))
                .help("Undo works on sync, apply and undo runs; `prmdesk runs` lists them.")
        })
    }

    /// The reverse of a run as a plan; changes that were undone already are left out. Takes no lease.
    pub async fn preview_undo(&self, run_id: i64) -> Result<Plan> {
        let scope = self.run_scope(run_id).await?;
        let database = self.store().point().await?;
        let schemas = self.schemas();
        let journal = self.store().undoable(run_id).await?;
        let mut done = Vec::with_capacity(journal.len());
        for entry in journal {
            done.extend(reversible(entry));
        }
        let since = self.window_start().await?;
        let mut input = UndoInput {
            run_id,
            scope,
            created_at: self.clock().now(),
            database,
            rows: PerEntity {
                partners: self.store().rows(&schemas.partners).await?,
                contacts: self.store().rows(&schemas.contacts).await?,
            },
            windows: PerEntity::default(),
            holds: PerEntity::default(),
            same: PerEntity::default(),
            warnings: self.left_in_lms(run_id).await?,
            schemas,
            done,
        };
        for entity in scope.entities() {
            input.windows[entity] = self.store().window_counts(entity, since).await?;
            input.same[entity] = self.same_as_before(&input, entity).await?;
            input.holds[entity] = self.held_rows(entity).await?;
        }
        Ok(undo(&input, &self.config().guards))
    }

    /// What an undo of this run does not bring back, a warning for each case.
    async fn left_in_lms(&self, run_id: i64) -> Result<Vec<Warning>> {
        let left = self.store().cases_left(run_id).await?;
        let said = |case: LeftCase| Warning {
            code: "lms_not_restored".into(),
            entity: case.entity,
            impartner_id: None,
            message: format!(
                "Case {} took {} out of the LMS; the undo does not bring that back, `prmdesk offboard restore {}` does.",
                case.case_id, case.name, case.case_id
            ),
        };
        Ok(left.into_iter().map(said).collect())
    }

    /// What the database takes for one among the names or e-mails that rows would get back, and those that stand there.
    async fn same_as_before(&self, input: &UndoInput, entity: Entity) -> Result<SameKeys> {
        let schema = &input.schemas[entity];
        let key = schema.fields[Schema::KEY].column;
        let done = input.done.iter().filter(|done| done.entity == entity);
        let texts = done
            .filter_map(|done| done.before.get(key)?.as_str())
            .collect();
        Ok(self.store().same_keys(schema, &texts, false).await?)
    }
}

/// A journal entry as something to reverse; entries without a row (failed adds) are none.
fn reversible(entry: JournalEntry) -> Option<Done> {
    let object = |value: Json| match value {
        Json::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    Some(Done {
        entity: entry.entity,
        row_id: entry.row_id?,
        impartner_id: entry.impartner_id,
        op: entry.op,
        before: object(entry.before),
        after: object(entry.after),
    })
}
