//! What people expect to find again at the next start, in the state directory. A broken file never stops the start.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::tui::keymap::Screen;
use crate::tui::kit::theme::{Theme, ThemeName};
use crate::tui::model::Model;
use crate::tui::plan_columns::PlanColumn;
use crate::tui::preview::FilterBox;

/// The file's name.
const FILE: &str = "console.json";

/// What is kept. Unknown keys are left alone, missing ones take their defaults: older and newer releases read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::tui) struct Saved {
    pub(in crate::tui) screen: Option<String>,
    pub(in crate::tui) filters: Vec<String>,
    pub(in crate::tui) sort: Option<String>,
    pub(in crate::tui) descending: bool,
    pub(in crate::tui) theme: Option<String>,
    pub(in crate::tui) split: Option<u16>,
    pub(in crate::tui) mouse: Option<bool>,
}

impl Saved {
    /// Reads the file; whatever is wrong with it reads as nothing kept, and is logged.
    pub(in crate::tui) fn read(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the console's state was not read");
                return Self::default();
            }
        };
        serde_json::from_str(&text).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "the console's state is broken and was left out");
            Self::default()
        })
    }

    /// Writes the file: whole or not at all.
    pub(in crate::tui) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.persist(folder.join(FILE))?;
        Ok(())
    }

    /// Puts a new console where the last one was. `theme`: asked for on purpose, goes before the kept one.
    pub(in crate::tui) fn restore(self, model: &mut Model, theme: Option<ThemeName>) {
        if let Some(screen) = self.screen.as_deref().and_then(Screen::from_title) {
            model.screen = screen;
        }
        let kept = self.theme.as_deref().and_then(ThemeName::from_word);
        if let Some(name) = theme.or(kept) {
            model.theme = Theme::new(name, model.depth);
        }
        model.preview.filter.history = self.filters;
        model.preview.filter.history.truncate(FilterBox::HISTORY);
        model.preview.sort.column = self.sort.as_deref().and_then(PlanColumn::from_word);
        model.preview.sort.descending = self.descending;
        if let Some(split) = self.split {
            model.split = split.clamp(25, 80);
        }
        if let Some(mouse) = self.mouse {
            model.mouse = mouse;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_reads_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Saved::read(folder.path()), Saved::default());
        std::fs::write(folder.path().join(FILE), b"{\"split\": \"wide\"").unwrap();
        assert_eq!(Saved::read(folder.path()), Saved::default());
        let saved = Saved {
            split: Some(40),
            filters: vec!["op:add".into()],
            ..Saved::default()
        };
        saved.write(folder.path()).unwrap();
        assert_eq!(Saved::read(folder.path()), saved);
    }
}
