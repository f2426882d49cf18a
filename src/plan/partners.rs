//! From contacts to their partners (docs/rules.md, "Matching").

use rustc_hash::FxHashMap;

use super::{Entity, Op, PartnerAt, PartnerRef, Plan, RowSet, Schema, SourceSet};
use crate::text::name_key;

/// The active partners, those that this plan adds included, by account id and by name.
#[derive(Debug, Default)]
pub(super) struct Directory {
    by_account: FxHashMap<i64, PartnerAt>,
    by_name: FxHashMap<String, Named>,
    by_row: FxHashMap<i64, PartnerAt>,
    /// Account names repeat from contact to contact; their keys are made once.
    answers: FxHashMap<String, Named>,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug)]
enum Named {
    None,
    One(PartnerAt, Owned),
    Several,
}

/// Whether the partner found by name has an account id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owned {
    ByAccount,
    ByNobody,
}

/// The partner of a contact, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    Partner(PartnerAt),
    None(String),
}

impl Directory {
    /// All rows, for a run that leaves partners alone.
    pub(super) fn add_rows(&mut self, schema: &Schema, rows: &RowSet, plan: &mut Plan) {
        for row in rows.indices() {
            self.add_row(schema, rows, row, rows.active(row), plan);
        }
    }

    fn add_row(
        &mut self,
        _schema: &Schema,
        rows: &RowSet,
        row: u32,
        active: bool,
        plan: &mut Plan,
    ) {
        let name = rows.field(row, Schema::KEY).unwrap_or_default().to_owned();
        self.add(
            plan,
            PartnerRef {
                row_id: Some(rows.row_id(row)),
                impartner_id: rows.impartner_id(row),
                name,
            },
            active,
        );
    }

    /// The partners as they stand once `plan` is applied with the ticks as first set.
    pub(super) fn add_plan(&mut self, schema: &Schema, rows: &RowSet, plan: &mut Plan) {
        let mut changed: FxHashMap<i64, (PartnerRef, bool)> = FxHashMap::default();
        let mut added = Vec::new();
        for item in plan
            .items
            .iter()
            // What only a change of the filters would do is not ticked.
            .filter(|item| item.entity == Entity::Partners && !item.by_rule)
        {
            let view = plan.view_of(item);
            let partner = PartnerRef {
                row_id: item.row_id,
                impartner_id: item.impartner_id,
                name: view.name().to_owned(),
            };
            match (item.op, item.row_id) {
                (Op::Add, _) => added.push(partner),
                (Op::Update | Op::Reactivate, Some(row)) => {
                    changed.insert(row, (partner, true));
                }
                (Op::SoftDelete, Some(row)) if item.selected => {
                    changed.insert(row, (partner, false));
                }
                _ => {}
            }
        }
        for row in rows.indices() {
            match changed.remove(&rows.row_id(row)) {
                Some((partner, active)) => self.add(plan, partner, active),
                None => self.add_row(schema, rows, row, rows.active(row), plan),
            }
        }
        for partner in added {
            self.add(plan, partner, true);
        }
    }

    fn add(&mut self, plan: &mut Plan, partner: PartnerRef, active: bool) {
        let at = PartnerAt(u32::try_from(plan.partners.len()).unwrap_or(u32::MAX));
        if let Some(row) = partner.row_id {
            self.by_row.insert(row, at);
        }
        if active {
            if let Some(id) = partner.impartner_id {
                self.by_account.insert(id, at);
            }
            let owned = if partner.impartner_id.is_some() {
                Owned::ByAccount
            } else {
                Owned::ByNobody
            };
            self.by_name
                .entry(name_key(&partner.name))
                .and_modify(|named| *named = Named::Several)
                .or_insert(Named::One(at, owned));
        }
        plan.partners.push(partner);
    }

    /// The partner in row `row`, active or not.
    pub(super) fn at_row(&mut self, plan: &mut Plan, row: i64) -> PartnerAt {
        *self.by_row.entry(row).or_insert_with(|| {
            plan.partners.push(PartnerRef {
                row_id: Some(row),
                impartner_id: None,
                name: String::new(),
            });
            PartnerAt(u32::try_from(plan.partners.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// The partner of contact `at`: by account id where the source gives it, else by account name among the active
    /// partners. A name stands in for an unknown account id only where the partner has no account id of its own.
    pub(super) fn resolve(&mut self, source: &SourceSet, at: u32) -> Resolved {
        self.find(source.account_id(at), source.account_name(at))
    }

    /// The partner of a contact that names its account so.
    pub(super) fn find(&mut self, account_id: Option<i64>, account_name: Option<&str>) -> Resolved {
        match (account_id, account_name) {
            (Some(id), name) => {
                if let Some(&partner) = self.by_account.get(&id) {
                    return Resolved::Partner(partner);
                }
                match name.map(|name| self.named(name)) {
                    Some(Named::One(partner, Owned::ByNobody)) => Resolved::Partner(partner),
                    _ => Resolved::None(format!("its account #{id} is no active partner")),
                }
            }
            (None, Some(name)) => match self.named(name) {
                Named::One(partner, _) => Resolved::Partner(partner),
                Named::Several => {
                    Resolved::None(format!("several active partners are called `{name}`"))
                }
                Named::None => Resolved::None(format!("no active partner is called `{name}`")),
            },
            (None, None) => Resolved::None("it names no account".into()),
        }
    }

    fn named(&mut self, name: &str) -> Named {
        if let Some(&known) = self.answers.get(name) {
            return known;
        }
        let found = self
            .by_name
            .get(&name_key(name))
            .copied()
            .unwrap_or(Named::None);
        self.answers.insert(name.to_owned(), found);
        found
    }
}
