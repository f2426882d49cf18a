//! What Preview exports: the lines that are shown, with the ticks as they are now. The fields of an item are listed in
//! `plan/` only.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::tab::Tab;
use crate::plan::export::write_csv;
use crate::plan::file::ItemDocument;
use crate::plan::{ItemView, Plan, Selection, Warning};
use crate::tui::kit::csv::{self, id};
use crate::tui::msg::Sheet;

/// Lines of one tab of a plan.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) plan: Arc<Plan>,
    pub(super) selection: Arc<Selection>,
    pub(super) tab: Tab,
    pub(super) shown: Vec<u32>,
}

impl Lines {
    /// The items of the lines, each with whether it is ticked now.
    fn items(&self) -> impl Iterator<Item = (ItemView<'_>, bool)> {
        self.shown.iter().filter_map(|&at| {
            let ticked = self.tab == Tab::Changes && self.selection.is_ticked(at as usize);
            Some((self.plan.view_of(self.tab.item(&self.plan, at)?), ticked))
        })
    }

    /// The warnings of the lines.
    fn warnings(&self) -> impl Iterator<Item = &Warning> {
        let warnings = &self.plan.warnings;
        self.shown
            .iter()
            .filter_map(|&at| warnings.get(at as usize))
    }
}

impl Sheet for Lines {
    fn word(&self) -> &'static str {
        match self.tab {
            Tab::Changes => "changes",
            Tab::Excluded => "excluded",
            Tab::Warnings => "warnings",
        }
    }

    fn json(&self) -> Json {
        if self.tab == Tab::Warnings {
            return self.warnings().map(|warning| json!(warning)).collect();
        }
        self.items()
            .map(|(view, ticked)| json!(ItemDocument::of(view, ticked)))
            .collect()
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.tab != Tab::Warnings {
            return Ok(write_csv(out, self.items())?);
        }
        let heads = ["code", "entity", "impartner_id", "message"];
        let row = |warning: &Warning| {
            [
                warning.code.to_string(),
                warning.entity.word().to_owned(),
                id(warning.impartner_id),
                warning.message.clone(),
            ]
        };
        csv::write(out, heads, self.warnings().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::file::Page;
    use crate::text::{JsonLayout, write_json};
    use crate::tui::fixtures::small_plan;

    /// The console's export of all lines with the ticks as first set is what the command line prints.
    #[test]
    fn the_export_of_a_plan_is_what_the_command_line_prints() {
        let plan = Arc::new(small_plan());
        let sheet = Lines {
            selection: Arc::new(Selection::of(&plan)),
            tab: Tab::Changes,
            shown: (0u32..).take(plan.items.len()).collect(),
            plan: Arc::clone(&plan),
        };
        let mut json = Vec::new();
        plan.write_json(&mut json, Page::default(), JsonLayout::Pretty)
            .unwrap();
        let whole: Json = serde_json::from_slice(&json).unwrap();
        let mut exported = Vec::new();
        write_json(&mut exported, &sheet.json(), JsonLayout::Pretty).unwrap();
        let items: Json = serde_json::from_slice(&exported).unwrap();
        assert_eq!(items, whole["items"]);
        let mut csv = Vec::new();
        let items = plan.views().map(|view| (view, view.item.selected));
        write_csv(&mut csv, items).unwrap();
        let mut exported = Vec::new();
        sheet.csv(&mut exported).unwrap();
        let exported = String::from_utf8(exported).unwrap();
        assert_eq!(exported, String::from_utf8(csv).unwrap());
        assert!(!exported.contains('\u{202e}'));
    }
}
