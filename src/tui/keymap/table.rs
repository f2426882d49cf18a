//! The screens, the actions and their keys: one row each. The order of the bindings is that of help; the number is the place
//! in the footer, 1 first, 0: not there.

use crossterm::event::KeyCode;

use crate::tui::kit::key::Key;

macro_rules! screens {
    ($($screen:ident $on:ident $shown_by:ident $title:literal, $short:literal;)*) => {
        /// The screens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(in crate::tui) enum Screen {
            $($screen),*
        }

        impl Screen {
            /// All, in the order of their numbers.
            pub(in crate::tui) const ALL: [Self; [$(Self::$screen),*].len()] = [$(Self::$screen),*];

            /// What it is called.
            pub(in crate::tui) fn title(self) -> &'static str {
                match self {
                    $(Self::$screen => $title),*
                }
            }

            /// What it is called where there is little room.
            pub(in crate::tui) fn short(self) -> &'static str {
                match self {
                    $(Self::$screen => $short),*
                }
            }
        }

        impl Action {
            /// The screen that it goes to; `None`: it does something else.
            pub(in crate::tui) fn shows(self) -> Option<Screen> {
                match self {
                    $(Self::$shown_by => Some(Screen::$screen),)*
                    _ => None,
                }
            }
        }

        impl On {
            $(pub(in crate::tui) const $on: Self = Self(1 << Screen::$screen as u16);)*
        }
    };
}

screens! {
    Overview OVERVIEW ShowOverview "Overview", "Overview";
    Preview PREVIEW ShowPreview "Preview", "Preview";
    Offboarding OFFBOARDING ShowOffboarding "Off-boarding", "Off-board";
    Certifications CERTIFICATIONS ShowCertifications "Certifications", "Certs";
    History HISTORY ShowHistory "History", "History";
}

impl Screen {
    /// The screen of a title; for the state file.
    pub(in crate::tui) fn from_title(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.title() == title)
    }
}

impl Default for Screen {
    /// The first.
    fn default() -> Self {
        Self::ALL[0]
    }
}

/// On which screens a binding works: one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) struct On(u16);

impl On {
    /// On every screen.
    pub(in crate::tui) const ALL: Self = Self((1 << Screen::ALL.len()) - 1);

    /// On `screen` alone.
    pub(in crate::tui) fn only(screen: Screen) -> Self {
        Self(1 << screen as u16)
    }

    /// Both.
    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it works on `screen`.
    pub(in crate::tui) fn has(self, screen: Screen) -> bool {
        self.0 & Self::only(screen).0 != 0
    }

    /// On how many screens.
    pub(in crate::tui) fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// A key, what it does and where.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Binding {
    /// What it does.
    pub(in crate::tui) action: Action,
    /// The keys that do it, the shown one first.
    pub(in crate::tui) keys: &'static [Key],
    /// One or two words for the footer.
    pub(in crate::tui) short: &'static str,
    /// A sentence without a full stop for help, palette and docs.
    pub(in crate::tui) long: &'static str,
    /// On which screens.
    pub(in crate::tui) on: On,
    /// Place in the footer, 1 first; 0: not there.
    pub(in crate::tui) footer: u8,
}

const fn key(c: char) -> Key {
    Key::char(c)
}

const fn named(code: KeyCode) -> Key {
    Key::plain(code)
}

const LISTS: On = On::PREVIEW.and(On::OFFBOARDING).and(On::CERTIFICATIONS);
const PANES: On = On::PREVIEW.and(On::OFFBOARDING).and(On::HISTORY);
/// Where previews lead the footer.
const LEADS: On = On::OVERVIEW.and(On::PREVIEW);
/// Where `p` begins a preview; on Certifications it compares.
const STARTS: On = On::OVERVIEW
    .and(On::PREVIEW)
    .and(On::OFFBOARDING)
    .and(On::HISTORY);

macro_rules! bindings {
    ($($action:ident $name:literal [$($key:expr),*] $on:expr, $footer:literal, $short:literal, $long:literal;)*) => {
        /// What a person can do; [`BINDINGS`] says on which screens and by which key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(in crate::tui) enum Action {
            $($action),*
        }

        impl Action {
            /// The name in `console.keys` of the configuration, and in the docs.
            pub(in crate::tui) fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name),*
                }
            }
        }

        /// Every binding.
        pub(in crate::tui) const BINDINGS: &[Binding] = &[$(Binding {
            action: Action::$action,
            keys: &[$($key),*],
            short: $short,
            long: $long,
            on: $on,
            footer: $footer,
        }),*];
    };
}

bindings! {
    Tick "tick" [key(' ')] LISTS, 2, "tick", "tick or untick the chosen line";
    PreviewIncremental "preview_incremental" [key('p')] STARTS, 3, "preview", "preview what changed since the watermark";
    PreviewFull "preview_full" [key('P')] On::ALL, 4, "full", "preview everything, deletions included";
    PreviewPartners "preview_partners" [] On::ALL, 0, "partners", "preview partners only, everything";
    PreviewContacts "preview_contacts" [] On::ALL, 0, "contacts", "preview contacts only, everything";
    Apply "apply" [key('A')] On::PREVIEW, 1, "apply", "apply what is ticked, after a confirmation";
    ReleaseGuard "release_guard" [key('!')] On::PREVIEW, 6, "guard", "look at the tripped guard, and release it for this plan";
    Filter "filter" [key('/')] On::PREVIEW, 5, "filter", "filter the list: words, field:value, field=value, -not, a,b";
    TickShown "tick_shown" [key('t')] LISTS, 7, "tick shown", "tick all that are shown; all ticked already: untick them";
    NextNotable "next_notable" [key('n')] On::PREVIEW, 8, "next", "go to the next soft-delete, conflict or warning";
    PreviousNotable "previous_notable" [key('N')] On::PREVIEW, 0, "previous", "go to the previous soft-delete, conflict or warning";
    Hold "hold" [key('h')] On::PREVIEW, 9, "hold", "hold the row, so that no run soft-deletes it, or lift the hold";
    Reviewed "reviewed" [key('r')] On::PREVIEW, 10, "reviewed", "mark the line as reviewed and go to the next";
    AllFields "all_fields" [key('v')] On::PREVIEW.and(On::CERTIFICATIONS), 11, "all", "show all fields, or only what differs";
    SortNext "sort_next" [key('s')] On::PREVIEW, 12, "sort", "sort by the next column";
    SortReverse "sort_reverse" [key('S')] On::PREVIEW, 0, "reverse", "reverse the order";
    Undo "undo" [key('U')] On::HISTORY, 1, "undo", "preview the undo of the run";
    Approve "approve" [key('a')] On::OFFBOARDING, 1, "approve", "approve the chosen or ticked cases, after a confirmation";
    Reject "reject" [key('x')] On::OFFBOARDING, 3, "reject", "reject the chosen or ticked cases";
    HoldCase "hold_case" [key('h')] On::OFFBOARDING, 4, "hold", "put the chosen or ticked cases aside";
    RunApproved "run_approved" [key('R')] On::OFFBOARDING, 5, "run approved", "run the approved cases, after a confirmation";
    Restore "restore" [key('U')] On::OFFBOARDING, 6, "restore", "put the people of a case that was run back";
    Sweep "sweep" [key('w')] On::OFFBOARDING, 7, "sweep", "look for inactive rows that are still in LMS groups";
    Push "push" [key('A')] On::CERTIFICATIONS, 1, "push", "push the ticked figures to Impartner, after a confirmation";
    PushPartner "push_partner" [key('C')] PANES.and(On::CERTIFICATIONS), 20, "push figures", "compare and push the certification figures of this partner";
    Compare "compare" [key('p')] On::CERTIFICATIONS, 3, "compare", "compare our figures with what Impartner holds";
    LmsRefresh "lms_refresh" [key('L')] On::OFFBOARDING.and(On::CERTIFICATIONS), 8, "read LMS", "read people, groups and enrolments from the LMS";
    Open "open" [named(KeyCode::Enter)] On::ALL, 13, "details", "open the chosen line; opens, never executes";
    NextTab "next_tab" [key(']'), named(KeyCode::Right)] On::PREVIEW.and(On::OFFBOARDING), 14, "next tab", "go to the next inner tab";
    PreviousTab "previous_tab" [key('['), named(KeyCode::Left)] On::PREVIEW.and(On::OFFBOARDING), 0, "previous tab", "go to the previous inner tab";
    Journal "journal" [key('J')] On::PREVIEW.and(On::CERTIFICATIONS).and(On::HISTORY), 15, "journal", "who changed this record, when, from what to what, by which plan";
    Export "export" [key('e')] LISTS.and(On::HISTORY), 16, "export", "export what is shown, as CSV or JSON";
    Copy "copy" [key('y')] LISTS.and(On::HISTORY), 17, "copy", "copy the e-mail or id to the clipboard (OSC 52)";
    SwitchPane "switch_pane" [named(KeyCode::Tab)] PANES, 18, "pane", "go to the other pane";
    SwitchPaneBack "switch_pane_back" [named(KeyCode::BackTab)] PANES, 0, "pane", "go back to the other pane";
    Refresh "refresh" [Key::ctrl('r'), named(KeyCode::F(5))] On::ALL, 19, "refresh", "read the facts of this screen anew";
    ShowOverview "show_overview" [key('1')] On::ALL, 0, "overview", "go to the Overview";
    ShowPreview "show_preview" [key('2')] On::ALL, 0, "preview", "go to the Preview";
    ShowOffboarding "show_offboarding" [key('3')] On::ALL, 0, "off-boarding", "go to Off-boarding";
    ShowCertifications "show_certifications" [key('4')] On::ALL, 0, "certifications", "go to Certifications";
    ShowHistory "show_history" [key('5')] On::ALL, 0, "history", "go to History";
    Up "up" [named(KeyCode::Up), key('k')] On::ALL, 0, "up", "one line up";
    Down "down" [named(KeyCode::Down), key('j')] On::ALL, 0, "down", "one line down";
    PageUp "page_up" [named(KeyCode::PageUp), Key::ctrl('b')] On::ALL, 0, "page up", "one page up";
    PageDown "page_down" [named(KeyCode::PageDown), Key::ctrl('f')] On::ALL, 0, "page down", "one page down";
    Home "home" [named(KeyCode::Home), key('g')] On::ALL, 0, "top", "go to the first line";
    End "end" [named(KeyCode::End), key('G')] On::ALL, 0, "bottom", "go to the last line";
    Palette "palette" [key(':')] On::ALL, 21, "commands", "find any action by its words";
    Help "help" [key('?'), named(KeyCode::F(1))] On::ALL, 0, "help", "show the keys that work here";
    Messages "messages" [key('M')] On::ALL, 0, "messages", "show the messages of this session again";
    ToggleMouse "toggle_mouse" [key('m')] On::ALL, 0, "mouse", "let the mouse go, or capture it again";
    NextTheme "next_theme" [key('T')] On::ALL, 0, "theme", "change the colours: dark, light, 16, mono";
    Escape "escape" [named(KeyCode::Esc)] On::ALL, 0, "back", "peel off one layer: box, filter, details, work under way";
    Back "back" [key('q')] On::ALL, 22, "quit", "go back one layer, or quit";
    Interrupt "interrupt" [Key::ctrl('c')] On::ALL, 0, "cancel", "stop what is at work; nothing at work: quit";
    Suspend "suspend" [Key::ctrl('z')] On::ALL, 0, "suspend", "suspend; `fg` comes back";
    Redraw "redraw" [Key::ctrl('l')] On::ALL, 0, "redraw", "draw everything anew";
}

impl Binding {
    /// Its place in the footer of a screen: previews begin everywhere, but lead only where they belong.
    pub(in crate::tui) fn place(&self, screen: Screen) -> u8 {
        let preview = matches!(
            self.action,
            Action::PreviewIncremental | Action::PreviewFull
        );
        if preview && !LEADS.has(screen) {
            20
        } else {
            self.footer
        }
    }
}

impl Action {
    /// Whether it opens something that takes the keys after it.
    pub(in crate::tui) fn asks(self) -> bool {
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
    pub(in crate::tui) fn about_lines(self) -> bool {
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
