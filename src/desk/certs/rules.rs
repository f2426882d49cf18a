//! Comparing what our tables say with what Impartner holds: pure.
//!
//! A partner is found in Impartner by its Impartner id, else by its Salesforce id (15 or 18 characters are the same
//! id), else it is reported as not found. Two figures are the same when they are the same number: `5`, `"5"`, `5.0` and
//! `"5.00"` are one value, and an empty field holds 0.

use rustc_hash::FxHashMap;
use serde_json::{Map, Number, Value, json};

use crate::plan::sfid;
use crate::values::{CertFault, CertFigures, CertRow};

/// A partner as our tables have it.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Our row.
    pub row_id: i64,
    /// Impartner's id.
    pub impartner_id: Option<i64>,
    /// The Salesforce id.
    pub salesforce_id: Option<String>,
    /// Its name.
    pub name: String,
    /// What our tables say.
    pub figures: CertFigures,
}

/// An account as Impartner has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remote {
    /// Impartner's id.
    pub id: i64,
    /// The Salesforce id.
    pub crm_id: Option<String>,
    /// The certification count, as it came.
    pub count: Value,
    /// The total NPCU, as it came.
    pub npcu: Value,
}

/// A figure as a number: numbers, numbers as text, and nothing (0). `None`: something that is no number.
pub fn figure(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(0.0),
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.trim().is_empty() => Some(0.0),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// Whether two figures are the same number; sums of small numbers are exact, a stored decimal may not be.
pub fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// Sets the partners against the accounts, in the order of the partners.
pub fn compare(locals: &[Local], remotes: &[Remote]) -> Vec<CertRow> {
    let by_id: FxHashMap<i64, &Remote> = remotes.iter().map(|r| (r.id, r)).collect();
    let mut by_sfid: FxHashMap<String, Vec<&Remote>> = FxHashMap::default();
    for remote in remotes {
        if let Some(id) = remote.crm_id.as_deref().and_then(crate::text::clean) {
            by_sfid.entry(sfid::key(id)).or_default().push(remote);
        }
    }
    locals
        .iter()
        .map(|local| {
            let (found, note) = find(local, &by_id, &by_sfid);
            row(local, found, note)
        })
        .collect()
}

fn find<'a>(
    local: &Local,
    by_id: &FxHashMap<i64, &'a Remote>,
    by_sfid: &FxHashMap<String, Vec<&'a Remote>>,
) -> (Option<&'a Remote>, Option<String>) {
    if let Some(found) = local.impartner_id.and_then(|id| by_id.get(&id)) {
        return (Some(found), None);
    }
    let key = local
        .salesforce_id
        .as_deref()
        .and_then(crate::text::clean)
        .map(sfid::key);
    match key.and_then(|key| by_sfid.get(&key)).map(Vec::as_slice) {
        Some([one]) => (Some(one), Some("Found by its Salesforce id.".to_owned())),
        Some(many) => {
            let ids: Vec<String> = many.iter().map(|r| r.id.to_string()).collect();
            let note = format!(
                "Not pushed: {} accounts in Impartner have its Salesforce id ({}).",
                many.len(),
                ids.join(", ")
            );
            (None, Some(note))
        }
        None => (None, Some("Not found in Impartner.".to_owned())),
    }
}

fn row(local: &Local, found: Option<&Remote>, mut note: Option<String>) -> CertRow {
    let mut differs = false;
    let remote = found.map(|remote| {
        let count = figure(&remote.count);
        let npcu = figure(&remote.npcu);
        let figures = CertFigures {
            certification_count: count.unwrap_or_default(),
            total_npcu: npcu.unwrap_or_default(),
        };
        if count.is_none() || npcu.is_none() {
            let odd = if count.is_none() {
                &remote.count
            } else {
                &remote.npcu
            };
            note = Some(format!("Impartner holds {odd}, which is no number."));
            differs = true;
        } else {
            differs = !same_figures(local.figures, figures);
        }
        figures
    });
    CertRow {
        row_id: local.row_id,
        impartner_id: found.map(|remote| remote.id),
        name: local.name.clone(),
        local: local.figures,
        remote,
        differs,
        note,
    }
}

/// Of `shown`, what may still be pushed: the rows whose figures are those that were confirmed, as they are `now`, and
/// those that need no push any more. Every other one is a fault with its reason.
pub fn as_shown(shown: &[CertRow], now: Vec<CertRow>, faults: &mut Vec<CertFault>) -> Vec<CertRow> {
    let gone = shown
        .iter()
        .filter(|row| !now.iter().any(|now| now.row_id == row.row_id));
    faults.extend(gone.map(|row| fault(row, "failed", "The partner is not active any more.")));
    let mut rows = found(now, faults);
    rows.retain(|now| {
        let same = shown.iter().any(|row| {
            row.row_id == now.row_id
                && row.impartner_id == now.impartner_id
                && same_figures(row.local, now.local)
                && row
                    .remote
                    .zip(now.remote)
                    .is_some_and(|(shown, held)| same_figures(shown, held))
        });
        if now.differs && !same {
            let pair = |f: CertFigures| format!("{} / {}", f.certification_count, f.total_npcu);
            let message = format!(
                "Impartner holds {} and we have {}, which is not what was confirmed; it was not pushed. Compare again.",
                pair(now.remote.unwrap_or_default()),
                pair(now.local)
            );
            faults.push(fault(now, "changed", &message));
        }
        !now.differs || same
    });
    rows
}

/// The rows whose account was found; every other one is a fault with its reason.
pub fn found(rows: Vec<CertRow>, faults: &mut Vec<CertFault>) -> Vec<CertRow> {
    let (rows, lost): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.remote.is_some());
    faults.extend(lost.iter().map(|row| {
        let why = row.note.as_deref().unwrap_or("Not found in Impartner.");
        fault(row, "failed", why)
    }));
    rows
}

/// Whether a push would set a partner's figures to 0 where Impartner holds some. What Impartner holds and is no number
/// counts as none.
pub fn falls_to_zero(row: &CertRow) -> bool {
    let zero = |figures: CertFigures| same_figures(figures, CertFigures::default());
    row.differs && zero(row.local) && row.remote.is_some_and(|held| !zero(held))
}

/// Whether so many of the active partners do not fall to 0 on one day: more than a tenth of them, and at least five. That
/// is how a table looks that was emptied or never read.
pub fn too_many_zeros(falling: u64, partners: u64) -> bool {
    falling >= 5 && falling.saturating_mul(10) > partners
}

/// A row that is not pushed, and why.
pub fn fault(row: &CertRow, status: &str, message: &str) -> CertFault {
    CertFault {
        row_id: row.row_id,
        impartner_id: row.impartner_id,
        name: row.name.clone(),
        status: status.to_owned(),
        message: message.to_owned(),
    }
}

/// Whether both figures are the same numbers.
pub fn same_figures(a: CertFigures, b: CertFigures) -> bool {
    same(a.certification_count, b.certification_count) && same(a.total_npcu, b.total_npcu)
}

/// The body of the PATCH: the two mapped fields and nothing else, numbers as numbers.
pub fn body(figures: CertFigures, count_field: &str, npcu_field: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert(count_field.to_owned(), number(figures.certification_count));
    body.insert(npcu_field.to_owned(), number(figures.total_npcu));
    body
}

/// Figures for the journal, by our names.
pub fn journal(figures: Option<CertFigures>) -> Value {
    figures.map_or(Value::Null, |figures| {
        json!({
            "certification_count": number(figures.certification_count),
            "total_npcu": number(figures.total_npcu),
        })
    })
}

/// The figures of a journal entry.
pub fn from_journal(value: &Value) -> Option<CertFigures> {
    Some(CertFigures {
        certification_count: value.get("certification_count")?.as_f64()?,
        total_npcu: value.get("total_npcu")?.as_f64()?,
    })
}

/// A whole number without a decimal point, as a person would write it.
fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and far inside the range"
    )]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        Value::Number(Number::from(value as i64))
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(impartner_id: Option<i64>, salesforce_id: Option<&str>) -> Local {
        Local {
            row_id: 1,
            impartner_id,
            salesforce_id: salesforce_id.map(str::to_owned),
            name: "Acme".into(),
            figures: CertFigures {
                certification_count: 5.0,
                total_npcu: 12.0,
            },
        }
    }

    fn remote(id: i64, crm_id: &str, count: Value, npcu: Value) -> Remote {
        Remote {
            id,
            crm_id: Some(crm_id.into()),
            count,
            npcu,
        }
    }

    #[test]
    fn type_and_trailing_zeros_are_no_difference() {
        for (count, npcu) in [
            (json!(5), json!(12)),
            (json!("5"), json!("12.00")),
            (json!(5.0), json!(" 12 ")),
        ] {
            let rows = compare(&[local(Some(7), None)], &[remote(7, "x", count, npcu)]);
            assert!(!rows[0].differs, "{rows:?}");
        }
        let rows = compare(
            &[local(Some(7), None)],
            &[remote(7, "x", json!(5), Value::Null)],
        );
        assert!(rows[0].differs);
        let rows = compare(
            &[local(Some(7), None)],
            &[remote(7, "x", json!("n/a"), json!(12))],
        );
        assert!(rows[0].differs && rows[0].note.as_deref().unwrap().contains("n/a"));
    }

    #[test]
    fn empty_holds_zero() {
        let mut none = local(Some(7), None);
        none.figures = CertFigures::default();
        let rows = compare(&[none], &[remote(7, "x", Value::Null, json!(""))]);
        assert!(!rows[0].differs);
    }

    #[test]
    fn by_impartner_id_else_salesforce_id_else_not_found() {
        let accounts = [
            remote(7, "70130000001tcyI", json!(0), json!(0)),
            remote(8, "003G000001SUbc4IAD", json!(0), json!(0)),
            remote(9, "0019000000B98de", json!(0), json!(0)),
            remote(10, "0019000000B98deAAB", json!(0), json!(0)),
        ];
        let found = |l: Local| compare(&[l], &accounts).remove(0);
        assert_eq!(
            found(local(Some(8), Some("70130000001tcyIAAQ"))).impartner_id,
            Some(8)
        );
        assert_eq!(
            found(local(None, Some("70130000001tcyIAAQ"))).impartner_id,
            Some(7)
        );
        assert_eq!(
            found(local(Some(99), Some("003G000001SUbc4"))).impartner_id,
            Some(8)
        );
        let twice = found(local(None, Some("0019000000B98de")));
        assert_eq!(twice.impartner_id, None);
        assert!(!twice.differs && twice.note.unwrap().contains("9, 10"));
        let gone = found(local(None, Some("003g000001subc4")));
        assert!(gone.remote.is_none() && !gone.differs);
        assert_eq!(gone.note.as_deref(), Some("Not found in Impartner."));
    }

    #[test]
    fn numbers_are_sent_as_numbers() {
        let sent = body(
            CertFigures {
                certification_count: 5.0,
                total_npcu: 7.5,
            },
            "Certification_Count__cf",
            "Total_NPCU__cf",
        );
        assert_eq!(
            serde_json::to_string(&sent).unwrap(),
            r#"{"Certification_Count__cf":5,"Total_NPCU__cf":7.5}"#
        );
    }
}
