//! What is handed out of the console: to the clipboard, to files.

use super::Console;
use crate::tui::dialog::{Choice, Dialog, Menu};
use crate::tui::msg::{Effect, Export, Format};

/// Copies the name or id of what is chosen.
pub(super) fn copy(console: &mut Console) -> Vec<Effect> {
    let (room, model) = console.here();
    let name = room.subject(model).name;
    let Some(text) = name.filter(|text| !text.is_empty()) else {
        model.complain("There is nothing to copy here.");
        return Vec::new();
    };
    let text = crate::text::safe(&text);
    model.toast(format!("Copied: {text}"));
    vec![Effect::Copy(text)]
}

/// Asks for the format of an export.
pub(super) fn export_menu(console: &mut Console) -> Vec<Effect> {
    let (room, model) = console.here();
    if room.sheet(model).is_none() {
        model.complain("There is nothing to export here.");
        return Vec::new();
    }
    model.push(Dialog::Menu(Menu {
        title: "Export what is shown".to_owned(),
        items: vec![
            ("CSV, for spreadsheets".to_owned(), Choice::ExportCsv),
            ("JSON, for programs".to_owned(), Choice::ExportJson),
        ],
        at: 0,
    }))
}

/// Exports what is shown.
pub(super) fn export(console: &mut Console, format: Format) -> Vec<Effect> {
    let (room, model) = console.here();
    match room.sheet(model) {
        Some(sheet) => vec![Effect::Export(Export {
            format,
            sheet,
            at: model.now,
        })],
        None => Vec::new(),
    }
}
