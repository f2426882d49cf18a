//! The lists of a plan.

use crate::plan::{Item, Plan};

/// Which of a plan's three lists (docs/console.md, "Tabs inside").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Tab {
    /// What would change, and what cannot.
    #[default]
    Changes,
    /// What a filter left out, suspicious ones first.
    Excluded,
    /// What a person should know.
    Warnings,
}

impl Tab {
    /// All, in order.
    pub(in crate::tui) const ALL: [Self; 3] = [Self::Changes, Self::Excluded, Self::Warnings];

    /// What it is called.
    pub(in crate::tui) fn title(self) -> &'static str {
        match self {
            Self::Changes => "Changes",
            Self::Excluded => "Excluded",
            Self::Warnings => "Warnings",
        }
    }

    /// What it is called where there is little room.
    pub(in crate::tui) fn short(self) -> &'static str {
        match self {
            Self::Changes => "Changes",
            Self::Excluded => "Excl.",
            Self::Warnings => "Warn.",
        }
    }

    /// Number of its lines in `plan`.
    pub(in crate::tui) fn len(self, plan: &Plan) -> usize {
        match self {
            Self::Changes => plan.items.len(),
            Self::Excluded => plan.excluded.len(),
            Self::Warnings => plan.warnings.len(),
        }
    }

    /// All its lines in `plan`.
    pub(in crate::tui) fn lines(self, plan: &Plan) -> std::ops::Range<u32> {
        0..u32::try_from(self.len(plan)).unwrap_or(u32::MAX)
    }

    /// The item of its line `at`; warnings have none of their own.
    pub(in crate::tui) fn item(self, plan: &Plan, at: u32) -> Option<&Item> {
        match self {
            Self::Changes => plan.items.get(at as usize),
            Self::Excluded => plan.excluded.get(at as usize),
            Self::Warnings => None,
        }
    }
}
