//! The rules of the business, as pure functions over values: records, filters, matching, diffing, evidence, guards,
//! and the [`Plan`] they make. No I/O, no clock, no async (ARCHITECTURE.md, "Code map"; checked by
//! `tests/it/house.rs`).
//!
//! The road: [`SourceSet`] (what was read) + [`RowSet`] (what the database has) → `planner::plan` → [`Plan`]
//! → [`Selection`] → store.

mod accepted;
mod blank;
mod build;
pub mod dates;
mod document;
pub mod edit;
pub mod export;
pub mod file;
pub mod filter;
mod groups;
pub mod guards;
mod holds;
mod index;
mod input;
mod item;
mod latest;
mod matching;
mod op;
mod outcome;
mod packed;
mod partners;
pub mod planner;
mod point;
mod records;
pub mod rules;
mod selection;
pub mod sfid;
pub mod undo;
mod waiting;

pub use crate::entity::{Entity, Field, FieldKind, Mode, PerEntity, Schema, Scope, ValueSources};
pub use accepted::{AcceptedRules, ByRule, Hits, RulesFacts, hits};
pub use document::{Arenas, Plan, PlanOrigin, SourceFacts, Totals, Warning};
pub use groups::Groups;
pub use holds::Holds;
pub use index::SameKeys;
pub use item::{Change, Changed, Item, ItemView, PartnerAt, PartnerRef, Value};
pub use op::{Evidence, Op};
pub use outcome::{CarryOver, Outcome, carry_over};
pub use packed::Packed;
pub use point::{DatabasePoint, RunMark};
pub use records::{Limits, LmsLinks, RowRecord, RowSet, SourceRecord, SourceSet, fingerprint};
pub use selection::{NotTickable, Release, Selection};
pub use waiting::{Waiting, Waits};
