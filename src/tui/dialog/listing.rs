//! What a question lists: lines, or items of a plan.

use std::sync::Arc;

use crate::plan::Plan;
use crate::text::safe;
use crate::tui::kit::glyphs::Glyphs;

/// What is listed in a question.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) enum Listing {
    #[default]
    Nothing,
    Lines(Vec<String>),
    /// Items of a plan: they may be many, so their lines are made when they are drawn.
    Items(Arc<Plan>, Vec<u32>),
}

impl Listing {
    /// Number of lines.
    pub(in crate::tui) fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Lines(lines) => lines.len(),
            Self::Items(_, items) => items.len(),
        }
    }

    /// Line `at`; safe to show.
    pub(in crate::tui) fn line(&self, at: usize, glyphs: &Glyphs) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Lines(lines) => lines.get(at).cloned().unwrap_or_default(),
            Self::Items(plan, items) => {
                let Some(&item) = items.get(at) else {
                    return String::new();
                };
                let view = plan.view(item as usize);
                let id = view
                    .item
                    .impartner_id
                    .map_or_else(String::new, |id| format!(" #{id}"));
                format!(
                    "{} {} {}{id}  {}",
                    glyphs.sign(view.item.op),
                    view.item.entity.singular(),
                    safe(view.name()),
                    crate::tui::kit::words::what(&view, glyphs)
                )
            }
        }
    }
}
