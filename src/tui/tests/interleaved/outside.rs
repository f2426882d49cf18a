//! What stands outside in a walk, and what a second operator does to it.

use crate::error::{Error, Kind};
use crate::tui::fixtures;
use crate::tui::request::{Answer, Request};
use crate::values::{Case, CaseState, CertReport, CertRow};

/// What stands outside: what the answers are made from.
pub(super) struct Outside {
    pub(super) cases: Vec<Case>,
    pub(super) certs: Vec<CertRow>,
    pub(super) leavers: i64,
}

impl Outside {
    /// The second operator approves, rejects, lets people in, pushes figures, applies.
    pub(super) fn other(&mut self, what: usize) {
        match what {
            0 => self.cases[0].people += 1,
            1 => self.cases[1].state = CaseState::Rejected,
            2 => {
                self.cases[3].people += 1;
                self.cases[3].decided_by = Some("bob".into());
                self.cases[3].decided_at = self.cases[3]
                    .decided_at
                    .map(|at| at + chrono::Duration::hours(1));
            }
            3 => {
                let remote = self.certs[0].remote.as_mut().unwrap();
                remote.total_npcu += 1.0;
            }
            4 => self.leavers = (self.leavers + 5) % 13,
            _ => {
                self.cases[2].people = 3;
                self.certs[2].local.certification_count += 1.0;
            }
        }
    }

    pub(super) fn answer(&self, request: &Request, how: usize) -> Result<Answer, Error> {
        let decided = |ids: &mut dyn Iterator<Item = i64>| {
            let ids: Vec<i64> = ids.collect();
            let cases = self.cases.iter().filter(|case| ids.contains(&case.case_id));
            Answer::Decided(cases.cloned().collect())
        };
        if how % 5 == 4 {
            return Err(match how {
                4 => Error::cancelled(),
                _ => Error::new(
                    Kind::Blocked,
                    "changed_since_shown",
                    "It is not so any more.",
                ),
            });
        }
        Ok(match request {
            Request::Preview(_) | Request::PreviewUndo(_) => {
                Answer::Plan(Box::new(fixtures::plan_with(self.leavers)))
            }
            Request::Apply { .. } => Answer::Report(Box::new(fixtures::report())),
            Request::Windows(plan) => Answer::Windows(plan.clone(), plan.windows),
            Request::Status(_) => Answer::Status(Box::new(fixtures::status())),
            Request::Runs => Answer::Runs(fixtures::runs()),
            Request::Run(_) => Answer::Run(Box::new(fixtures::run_detail())),
            Request::Journal {
                entity,
                impartner_id,
            } => Answer::Journal {
                entity: *entity,
                impartner_id: *impartner_id,
                entries: Vec::new(),
            },
            Request::Hold {
                entity,
                impartner_id,
                ..
            } => Answer::Held(*entity, *impartner_id),
            Request::Lift {
                entity,
                impartner_id,
            } => Answer::Lifted(*entity, *impartner_id),
            Request::Cases => Answer::Cases(self.cases.clone()),
            Request::Case(id) => {
                let case = self.cases.iter().find(|case| case.case_id == *id);
                Answer::Case(Box::new(case.unwrap().clone()), Vec::new())
            }
            Request::Look(ids) => {
                let cases = self.cases.iter().filter(|case| ids.contains(&case.case_id));
                Answer::Looked(cases.cloned().collect())
            }
            Request::Approve { cases, .. } => decided(&mut cases.iter().map(|case| case.case_id)),
            Request::RunCases(cases) => decided(&mut cases.iter().map(|case| case.case_id)),
            Request::Reject { ids, .. }
            | Request::HoldCases { ids, .. }
            | Request::ReopenCases { ids, .. } => decided(&mut ids.iter().copied()),
            Request::RestoreCase(id) => decided(&mut std::iter::once(*id)),
            Request::Sweep | Request::LmsRefresh { .. } => Answer::Done("Done.".into()),
            Request::Certs => Answer::Certs(self.certs.clone()),
            Request::CertsOf(row) => {
                let row = self.certs.iter().filter(|known| known.row_id == *row);
                Answer::CertsOf(row.cloned().collect())
            }
            Request::PushCerts(rows) => Answer::Pushed(CertReport {
                pushed: rows.len() as u64,
                rows: rows.iter().map(|row| row.row_id).collect(),
                ..CertReport::default()
            }),
        })
    }
}
