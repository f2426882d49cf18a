//! The table itself. The order is that of help; `footer` is the place in the footer.

use crossterm::event::KeyCode;

use super::super::action::Action;
use super::{Binding, Disabled, On, reasons};
use crate::tui::kit::key::Key;

const fn key(c: char) -> Key {
    Key::char(c)
}

const fn named(code: KeyCode) -> Key {
    Key::plain(code)
}

const LISTS: On = On::PREVIEW.and(On::OFFBOARDING).and(On::CERTIFICATIONS);
const PANES: On = On::PREVIEW.and(On::OFFBOARDING).and(On::HISTORY);
/// Where `p` begins a preview; on Certifications it compares.
const STARTS: On = On::OVERVIEW
    .and(On::PREVIEW)
    .and(On::OFFBOARDING)
    .and(On::HISTORY);

macro_rules! bindings {
    ($($action:ident [$($key:expr),*] $on:expr, $footer:literal, $short:literal, $long:literal, $reason:ident;)*) => {
        /// Every binding.
        pub(in crate::tui) const BINDINGS: &[Binding] = &[$(Binding {
            action: Action::$action,
            keys: &[$($key),*],
            short: $short,
            long: $long,
            on: $on,
            footer: $footer,
            disabled: reasons::$reason as Disabled,
        }),*];
    };
}

bindings! {
    Tick [key(' ')] LISTS, 2, "tick", "tick or untick the chosen line", never;
    PreviewIncremental [key('p')] STARTS, 3, "preview", "preview what changed since the watermark", busy;
    PreviewFull [key('P')] On::ALL, 4, "full", "preview everything, deletions included", busy;
    PreviewPartners [] On::ALL, 0, "partners", "preview partners only, everything", busy;
    PreviewContacts [] On::ALL, 0, "contacts", "preview contacts only, everything", busy;
    Apply [key('A')] On::PREVIEW, 1, "apply", "apply what is ticked, after a confirmation", apply;
    ReleaseGuard [key('!')] On::PREVIEW, 6, "guard", "look at the tripped guard, and release it for this plan", release;
    Filter [key('/')] On::PREVIEW, 5, "filter", "filter the list: words, field:value, field=value, -not, a,b", plan;
    TickShown [key('t')] LISTS, 7, "tick shown", "tick all that are shown; all ticked already: untick them", never;
    NextNotable [key('n')] On::PREVIEW, 8, "next", "go to the next soft-delete, conflict or warning", plan;
    PreviousNotable [key('N')] On::PREVIEW, 0, "previous", "go to the previous soft-delete, conflict or warning", plan;
    Hold [key('h')] On::PREVIEW, 9, "hold", "hold the row, so that no run soft-deletes it, or lift the hold", hold;
    Reviewed [key('r')] On::PREVIEW, 10, "reviewed", "mark the line as reviewed and go to the next", change_line;
    AllFields [key('v')] On::PREVIEW.and(On::CERTIFICATIONS), 11, "all", "show all fields, or only what differs", never;
    SortNext [key('s')] On::PREVIEW, 12, "sort", "sort by the next column", plan;
    SortReverse [key('S')] On::PREVIEW, 0, "reverse", "reverse the order", plan;
    Undo [key('U')] On::HISTORY, 1, "undo", "preview the undo of the run", undo;
    Approve [key('a')] On::OFFBOARDING, 1, "approve", "approve the chosen or ticked cases, after a confirmation", approve;
    Reject [key('x')] On::OFFBOARDING, 3, "reject", "reject the chosen or ticked cases", case;
    HoldCase [key('h')] On::OFFBOARDING, 4, "hold", "put the chosen or ticked cases aside", case;
    RunApproved [key('R')] On::OFFBOARDING, 5, "run approved", "run the approved cases, after a confirmation", run_approved;
    Restore [key('U')] On::OFFBOARDING, 6, "restore", "put the people of a case that was run back", restore;
    Sweep [key('w')] On::OFFBOARDING, 7, "sweep", "look for inactive rows that are still in LMS groups", writes;
    Push [key('A')] On::CERTIFICATIONS, 1, "push", "push the ticked figures to Impartner, after a confirmation", push;
    PushPartner [key('C')] PANES.and(On::CERTIFICATIONS), 20, "push figures", "compare and push the certification figures of this partner", push_partner;
    Compare [key('p')] On::CERTIFICATIONS, 3, "compare", "compare our figures with what Impartner holds", busy;
    LmsRefresh [key('L')] On::OFFBOARDING.and(On::CERTIFICATIONS), 8, "read LMS", "read people, groups and enrolments from the LMS", writes;
    Open [named(KeyCode::Enter)] On::ALL, 13, "details", "open the chosen line; opens, never executes", never;
    NextTab [key(']'), named(KeyCode::Right)] On::PREVIEW.and(On::OFFBOARDING), 14, "next tab", "go to the next inner tab", never;
    PreviousTab [key('['), named(KeyCode::Left)] On::PREVIEW.and(On::OFFBOARDING), 0, "previous tab", "go to the previous inner tab", never;
    Journal [key('J')] On::PREVIEW.and(On::CERTIFICATIONS).and(On::HISTORY), 15, "journal", "who changed this record, when, from what to what, by which plan", never;
    Export [key('e')] LISTS.and(On::HISTORY), 16, "export", "export what is shown, as CSV or JSON", never;
    Copy [key('y')] LISTS.and(On::HISTORY), 17, "copy", "copy the e-mail or id to the clipboard (OSC 52)", never;
    SwitchPane [named(KeyCode::Tab)] PANES, 18, "pane", "go to the other pane", never;
    SwitchPaneBack [named(KeyCode::BackTab)] PANES, 0, "pane", "go back to the other pane", never;
    Refresh [Key::ctrl('r'), named(KeyCode::F(5))] On::ALL, 19, "refresh", "read the facts of this screen anew", never;
    ShowOverview [key('1')] On::ALL, 0, "overview", "go to the Overview", never;
    ShowPreview [key('2')] On::ALL, 0, "preview", "go to the Preview", never;
    ShowOffboarding [key('3')] On::ALL, 0, "off-boarding", "go to Off-boarding", never;
    ShowCertifications [key('4')] On::ALL, 0, "certifications", "go to Certifications", never;
    ShowHistory [key('5')] On::ALL, 0, "history", "go to History", never;
    Up [named(KeyCode::Up), key('k')] On::ALL, 0, "up", "one line up", never;
    Down [named(KeyCode::Down), key('j')] On::ALL, 0, "down", "one line down", never;
    PageUp [named(KeyCode::PageUp), Key::ctrl('b')] On::ALL, 0, "page up", "one page up", never;
    PageDown [named(KeyCode::PageDown), Key::ctrl('f')] On::ALL, 0, "page down", "one page down", never;
    Home [named(KeyCode::Home), key('g')] On::ALL, 0, "top", "go to the first line", never;
    End [named(KeyCode::End), key('G')] On::ALL, 0, "bottom", "go to the last line", never;
    Palette [key(':')] On::ALL, 21, "commands", "find any action by its words", never;
    Help [key('?'), named(KeyCode::F(1))] On::ALL, 0, "help", "show the keys that work here", never;
    Messages [key('M')] On::ALL, 0, "messages", "show the messages of this session again", never;
    ToggleMouse [key('m')] On::ALL, 0, "mouse", "let the mouse go, or capture it again", never;
    NextTheme [key('T')] On::ALL, 0, "theme", "change the colours: dark, light, 16, mono", never;
    Escape [named(KeyCode::Esc)] On::ALL, 0, "back", "peel off one layer: box, filter, details, work under way", never;
    Back [key('q')] On::ALL, 22, "quit", "go back one layer, or quit", never;
    Interrupt [Key::ctrl('c')] On::ALL, 0, "cancel", "stop what is at work; nothing at work: quit", never;
    Suspend [Key::ctrl('z')] On::ALL, 0, "suspend", "suspend; `fg` comes back", never;
    Redraw [Key::ctrl('l')] On::ALL, 0, "redraw", "draw everything anew", never;
}
