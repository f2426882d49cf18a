//! Actions that belong to no screen alone, and the way to those that do.

use super::{Console, hand, journal, moves};
use crate::plan::{Mode, Scope};
use crate::tui::dialog::places;
use crate::tui::dialog::{Ask, Dialog, Palette, TextDialog, Then, Waits};
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::list::{Cursor, Move};
use crate::tui::kit::theme::{Theme, ThemeName};
use crate::tui::kit::tone::Tone;
use crate::tui::model::{Life, Model};
use crate::tui::msg::Effect;
use crate::tui::request::Request;
use crate::tui::room::{self, Reason};
use crate::values::PreviewRequest;

/// Does an action, or says why it cannot be done.
pub(super) fn act(console: &mut Console, action: Action) -> Vec<Effect> {
    let here = console.model.screen;
    if !BINDINGS
        .iter()
        .any(|binding| binding.action == action && binding.on.has(here))
    {
        return Vec::new();
    }
    if let Some(why) = why_not(console, action) {
        console.model.complain(why);
        return Vec::new();
    }
    if let Some(request) = previews(action) {
        console.model.show(Screen::Preview);
        return vec![console.model.ask(Request::Preview(request))];
    }
    if let Some(screen) = action.shows() {
        console.model.show(screen);
        return Vec::new();
    }
    let model = &mut console.model;
    match action {
        Action::Up => go(console, Move::Up(1)),
        Action::Down => go(console, Move::Down(1)),
        Action::PageUp => go(console, Move::PageUp),
        Action::PageDown => go(console, Move::PageDown),
        Action::Home => go(console, Move::Home),
        Action::End => go(console, Move::End),
        Action::SwitchPane | Action::SwitchPaneBack => moves::switch_pane(console),
        Action::Escape => escape(console),
        Action::Back => back(console),
        Action::Interrupt => interrupt(console),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Help => model.push(Dialog::Help(Cursor::default())),
        Action::Palette => model.push(Dialog::Palette(Palette::new(here))),
        Action::Messages => messages(model),
        Action::ToggleMouse => {
            model.mouse = !model.mouse;
            model.toast(if model.mouse {
                "The mouse works here; m lets it go."
            } else {
                "The mouse is the terminal's again; m captures it."
            });
            vec![Effect::Mouse(model.mouse)]
        }
        Action::NextTheme => next_theme(model),
        Action::Copy => hand::copy(console),
        Action::Export => hand::export_menu(console),
        Action::Journal => journal::journal(console),
        Action::PushPartner => push_partner(console),
        own => {
            let (room, model) = console.here();
            room.act(model, own)
        }
    }
}

fn go(console: &mut Console, movement: Move) -> Vec<Effect> {
    let (room, model) = console.here();
    room::go(room, model, movement)
}

/// Why an action is not possible now.
pub(super) fn why_not(console: &Console, action: Action) -> Reason {
    let (room, model) = (console.screens.room(console.model.screen), &console.model);
    if previews(action).is_some() {
        return model.busy();
    }
    if action == Action::PushPartner {
        return match room.subject(model).partner {
            Err(why) => Some(why.into()),
            Ok(_) => model.no_writes(),
        };
    }
    room.why_not(model, action)
}

/// The preview that an action begins.
fn previews(action: Action) -> Option<PreviewRequest> {
    let (scope, mode) = match action {
        Action::PreviewIncremental => (Scope::All, Mode::Incremental),
        Action::PreviewFull => (Scope::All, Mode::Full),
        Action::PreviewPartners => (Scope::Partners, Mode::Full),
        Action::PreviewContacts => (Scope::Contacts, Mode::Full),
        _ => return None,
    };
    Some(PreviewRequest { scope, mode })
}

/// `C`: reads what Impartner holds for the partner under the cursor; the question follows.
fn push_partner(console: &mut Console) -> Vec<Effect> {
    let (room, model) = console.here();
    match room.subject(model).partner {
        Ok(row) => {
            let (ticket, effect) = model.ask_for(Request::CertsOf(row));
            let place = Waits::Answer(ticket);
            places::keep(&mut model.dialogs, "Push figures?", place);
            vec![effect]
        }
        Err(why) => {
            model.complain(why);
            Vec::new()
        }
    }
}

fn escape(console: &mut Console) -> Vec<Effect> {
    // Work under way is the topmost thing a person sees: Esc stops it first.
    if console.model.job.is_some() {
        return cancel(&mut console.model);
    }
    moves::peel(console).unwrap_or_default()
}

fn back(console: &mut Console) -> Vec<Effect> {
    match moves::peel(console) {
        Some(effects) => effects,
        None => leave_if_idle(console),
    }
}

fn interrupt(console: &mut Console) -> Vec<Effect> {
    match &console.model.job {
        Some(job) if !job.cancelled => cancel(&mut console.model),
        _ => leave_if_idle(console),
    }
}

/// Asks the work under way to stop.
fn cancel(model: &mut Model) -> Vec<Effect> {
    let Some(job) = &mut model.job else {
        return Vec::new();
    };
    if job.committing {
        model.complain(
            "The changes are being committed: it is too late to stop, and it ends in a moment.",
        );
        return Vec::new();
    }
    job.cancelled = true;
    vec![Effect::Cancel(job.ticket)]
}

/// Quits. While work that writes is under way a question comes first; a decision that is not answered yet is waited for.
fn leave_if_idle(console: &mut Console) -> Vec<Effect> {
    let model = &mut console.model;
    if let Some((_, what)) = model.acting.first() {
        model.toast(format!(
            "{what} is under way; the console ends when it is answered."
        ));
    }
    let writing = model.job.as_ref().filter(|job| job.request.writes());
    let Some(job) = writing else {
        return leave(console);
    };
    let mut ask = Ask::new("Quit while work is under way?", "Stop and quit", Then::Quit);
    ask.intro.push((
        Tone::Plain,
        format!(
            "{} is at work. It is asked to stop first, and what is not committed is rolled back.",
            job.request.title()
        ),
    ));
    model.ask_first(ask)
}

/// Ends the console, keeping what people expect to find again.
pub(super) fn quit(console: &mut Console) -> Vec<Effect> {
    console.model.life = Life::Over;
    vec![Effect::Save(console.saved()), Effect::Quit]
}

/// Ends the console; work under way is asked to stop and waited for, and what was decided is waited for.
pub(super) fn leave(console: &mut Console) -> Vec<Effect> {
    let model = &mut console.model;
    if model.life == Life::Runs && (model.job.is_some() || !model.acting.is_empty()) {
        model.life = Life::Ending;
        return match &mut model.job {
            Some(job) => {
                job.cancelled = true;
                vec![Effect::Cancel(job.ticket)]
            }
            None => Vec::new(),
        };
    }
    model.failed = model.unanswered();
    quit(console)
}

fn messages(model: &mut Model) -> Vec<Effect> {
    let lines = model
        .toasts
        .log
        .iter()
        .rev()
        .map(|toast| {
            let tone = if toast.bad { Tone::Bad } else { Tone::Plain };
            (
                tone,
                format!("{}  {}", toast.at.format("%H:%M:%S"), toast.text),
            )
        })
        .collect();
    model.push(Dialog::Text(TextDialog::new(
        "Messages of this session, newest first",
        lines,
    )))
}

fn next_theme(model: &mut Model) -> Vec<Effect> {
    let at = ThemeName::ALL
        .iter()
        .position(|&name| name == model.theme.name);
    let next = ThemeName::ALL[(at.unwrap_or_default() + 1) % ThemeName::ALL.len()];
    model.theme = Theme::new(next, model.depth);
    let name = model.theme.name.word();
    model.retoast("Theme: ", format!("Theme: {name}."));
    Vec::new()
}
