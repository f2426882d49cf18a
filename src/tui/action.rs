//! What a person can do. The names are those of `console.keys` in the configuration.

/// An action; [`super::keymap::BINDINGS`] says on which screens, by which key, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    ShowOverview,
    ShowPreview,
    ShowOffboarding,
    ShowCertifications,
    ShowHistory,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    SwitchPane,
    SwitchPaneBack,
    NextTab,
    PreviousTab,
    Open,
    Escape,
    Back,
    Interrupt,
    Suspend,
    Redraw,
    Refresh,
    Help,
    Palette,
    ToggleMouse,
    NextTheme,
    Copy,
    Export,
    Messages,
    Filter,
    PreviewIncremental,
    PreviewFull,
    PreviewPartners,
    PreviewContacts,
    Tick,
    TickShown,
    Reviewed,
    Hold,
    NextNotable,
    PreviousNotable,
    SortNext,
    SortReverse,
    AllFields,
    Apply,
    ReleaseGuard,
    Journal,
    Undo,
    Approve,
    Reject,
    HoldCase,
    RunApproved,
    Restore,
    Sweep,
    LmsRefresh,
    Compare,
    Push,
    PushPartner,
}

impl Action {
    /// The name in configuration and docs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ShowOverview => "show_overview",
            Self::ShowPreview => "show_preview",
            Self::ShowOffboarding => "show_offboarding",
            Self::ShowCertifications => "show_certifications",
            Self::ShowHistory => "show_history",
            Self::Up => "up",
            Self::Down => "down",
            Self::PageUp => "page_up",
            Self::PageDown => "page_down",
            Self::Home => "home",
            Self::End => "end",
            Self::SwitchPane => "switch_pane",
            Self::SwitchPaneBack => "switch_pane_back",
            Self::NextTab => "next_tab",
            Self::PreviousTab => "previous_tab",
            Self::Open => "open",
            Self::Escape => "escape",
            Self::Back => "back",
            Self::Interrupt => "interrupt",
            Self::Suspend => "suspend",
            Self::Redraw => "redraw",
            Self::Refresh => "refresh",
            Self::Help => "help",
            Self::Palette => "palette",
            Self::ToggleMouse => "toggle_mouse",
            Self::NextTheme => "next_theme",
            Self::Copy => "copy",
            Self::Export => "export",
            Self::Messages => "messages",
            Self::Filter => "filter",
            Self::PreviewIncremental => "preview_incremental",
            Self::PreviewFull => "preview_full",
            Self::PreviewPartners => "preview_partners",
            Self::PreviewContacts => "preview_contacts",
            Self::Tick => "tick",
            Self::TickShown => "tick_shown",
            Self::Reviewed => "reviewed",
            Self::Hold => "hold",
            Self::NextNotable => "next_notable",
            Self::PreviousNotable => "previous_notable",
            Self::SortNext => "sort_next",
            Self::SortReverse => "sort_reverse",
            Self::AllFields => "all_fields",
            Self::Apply => "apply",
            Self::ReleaseGuard => "release_guard",
            Self::Journal => "journal",
            Self::Undo => "undo",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::HoldCase => "hold_case",
            Self::RunApproved => "run_approved",
            Self::Restore => "restore",
            Self::Sweep => "sweep",
            Self::LmsRefresh => "lms_refresh",
            Self::Compare => "compare",
            Self::Push => "push",
            Self::PushPartner => "push_partner",
        }
    }

    /// Whether it opens something that takes the keys after it.
    pub(super) fn asks(self) -> bool {
        matches!(
            self,
            Self::Apply
                | Self::ReleaseGuard
                | Self::Hold
                | Self::Export
                | Self::Journal
                | Self::PushPartner
        )
    }

    /// Whether it is about the line under the cursor or what is shown: such a key waits while the list is computed.
    pub(super) fn about_lines(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::Home
                | Self::End
                | Self::Open
                | Self::Copy
                | Self::Export
                | Self::Tick
                | Self::TickShown
                | Self::Reviewed
                | Self::Hold
                | Self::NextNotable
                | Self::PreviousNotable
                | Self::Apply
                | Self::ReleaseGuard
                | Self::Journal
                | Self::PushPartner
        )
    }
}
