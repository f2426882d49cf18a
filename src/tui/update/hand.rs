//! What is handed out of the console: to the clipboard, to files.

use crate::tui::dialog::{Choice, Dialog, Menu};
use crate::tui::keymap::Screen;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::msg::{Export, Format, Sheet};
use crate::tui::screen::{certifications, history, offboarding};
use crate::tui::update::act::push;
use crate::tui::update::review;

/// Copies the name or id of what is chosen.
pub(super) fn copy(model: &mut Model) -> Vec<Effect> {
    let text = match model.screen {
        Screen::Preview => review::copied(model),
        Screen::Offboarding => model.offboard.chosen().map(|case| case.name.clone()),
        Screen::Certifications => model.certs.chosen().map(|row| row.name.clone()),
        Screen::History => match model.history.change() {
            Some(change) => Some(change.name.clone()),
            None => model.history.run().map(|run| run.run_id.to_string()),
        },
        Screen::Overview => None,
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        model.complain("There is nothing to copy here.");
        return Vec::new();
    };
    let text = crate::text::safe(&text);
    model.toast(format!("Copied: {text}"));
    vec![Effect::Copy(text)]
}

/// Asks for the format of an export.
pub(super) fn export_menu(model: &mut Model) -> Vec<Effect> {
    if exported(model).is_none() {
        model.complain("There is nothing to export here.");
        return Vec::new();
    }
    push(
        model,
        Dialog::Menu(Menu {
            title: "Export what is shown".to_owned(),
            items: vec![
                ("CSV, for spreadsheets".to_owned(), Choice::ExportCsv),
                ("JSON, for programs".to_owned(), Choice::ExportJson),
            ],
            at: 0,
        }),
    )
}

/// What is shown, as data.
fn exported(model: &Model) -> Option<Box<dyn Sheet>> {
    match model.screen {
        Screen::Preview => review::exported(model),
        Screen::Offboarding => {
            let cases: Vec<_> = model.offboard.shown().into_iter().cloned().collect();
            (!cases.is_empty()).then(|| Box::new(offboarding::export::Cases(cases)) as _)
        }
        Screen::Certifications => {
            let rows: Vec<_> = model.certs.shown().into_iter().cloned().collect();
            (!rows.is_empty()).then(|| Box::new(certifications::export::Figures(rows)) as _)
        }
        Screen::History => match &model.history.open {
            Some(open) => Some(Box::new(history::export::Run(open.detail.clone()))),
            None => (!model.history.runs.is_empty())
                .then(|| Box::new(history::export::Runs(model.history.runs.clone())) as _),
        },
        Screen::Overview => None,
    }
}

/// Exports what is shown.
pub(super) fn export(model: &mut Model, format: Format) -> Vec<Effect> {
    match exported(model) {
        Some(sheet) => vec![Effect::Export(Export {
            format,
            sheet,
            at: model.now,
        })],
        None => Vec::new(),
    }
}
