//! The place where we work, and as whom.

/// Where we work and as whom; shown in the title bar and in every confirmation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Environment {
    /// The profile.
    pub(super) label: String,
    /// What the database is: "mariadb", "sqlite".
    pub(super) database: String,
    /// Who works.
    pub(super) operator: String,
    /// Whether that name was given on purpose.
    pub(super) operator_named: bool,
    /// Whether every write is refused.
    pub(super) read_only: bool,
    /// The sandbox's banner.
    pub(super) demo: Option<String>,
}

impl Environment {
    /// Whether the profile's name says that this is the real thing.
    pub(super) fn production(&self) -> bool {
        let label = self.label.to_lowercase();
        self.demo.is_none() && (label.starts_with("prod") || label.contains("live"))
    }

    /// "prod (mariadb)": for sentences.
    pub(super) fn words(&self) -> String {
        crate::text::safe(&format!("{} ({})", self.label, self.database))
    }
}
