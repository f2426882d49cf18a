//! The columns of a plan's list, as data: their titles and names.

/// A column of the plan's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PlanColumn {
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
    pub(super) const ALL: [Self; 6] = [
        Self::Op,
        Self::Name,
        Self::What,
        Self::Where,
        Self::Fields,
        Self::Id,
    ];

    /// The head of the column.
    pub(super) fn title(self) -> &'static str {
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
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Where => "where",
            other => other.title(),
        }
    }

    /// The column of a name.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }
}
