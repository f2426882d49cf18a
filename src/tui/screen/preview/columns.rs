//! The columns of a plan's list, as data: their titles and names.

/// A column of the plan's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::tui) enum PlanColumn {
    /// The operation.
    Op,
    /// Account name or e-mail.
    Name,
    /// What changes, or why.
    What,
    /// Region of a partner, partner of a contact.
    Where,
    /// Number of changed fields.
    Fields,
    /// Impartner's id.
    Id,
}

impl PlanColumn {
    /// All, in the order in which `s` goes through them.
    pub(in crate::tui) const ALL: [Self; 6] = [
        Self::Op,
        Self::Name,
        Self::What,
        Self::Where,
        Self::Fields,
        Self::Id,
    ];

    /// Which head it is when clicked.
    pub(super) const fn head(self) -> usize {
        self as usize
    }

    /// The column of a head.
    pub(super) fn of_head(head: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.head() == head)
    }

    /// What stands above the column.
    pub(in crate::tui) fn title(self) -> &'static str {
        match self {
            Self::Op => "op",
            Self::Name => "name",
            Self::What => "what",
            Self::Where => "region/partner",
            Self::Fields => "fields",
            Self::Id => "id",
        }
    }

    /// The name in the state file.
    pub(in crate::tui) fn word(self) -> &'static str {
        match self {
            Self::Where => "where",
            other => other.title(),
        }
    }

    /// The column of a name.
    pub(in crate::tui) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Sort {
    /// By which column; `None`: as the plan has it, soft-deletes first.
    pub(in crate::tui) column: Option<PlanColumn>,
    /// Largest first.
    pub(in crate::tui) descending: bool,
}
