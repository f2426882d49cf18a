//! Actions that belong to no screen alone, and the way to those that do.

use crate::plan::{Mode, Scope};
use crate::tui::dialog::{Ask, Dialog, Palette, TextDialog, Then};
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::list::{Cursor, Move};
use crate::tui::kit::panes::Fields;
use crate::tui::kit::theme::{Theme, ThemeName};
use crate::tui::kit::tone::Tone;
use crate::tui::model::{Life, Model};
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request};
use crate::tui::update::reasons::why_not;
use crate::tui::update::{
    applying, cases, certs, filter, hand, journal, moves, quit, review, runs,
};

/// Does an action, or says why it cannot be done.
pub(in crate::tui) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let binding = BINDINGS
        .iter()
        .find(|b| b.action == action && b.on.has(model.screen));
    if let Some(why) = binding.and_then(|b| why_not(model, b.action)) {
        model.complain(why);
        return Vec::new();
    }
    match action {
        Action::ShowOverview => show(model, Screen::Overview),
        Action::ShowPreview => show(model, Screen::Preview),
        Action::ShowOffboarding => show(model, Screen::Offboarding),
        Action::ShowCertifications => show(model, Screen::Certifications),
        Action::ShowHistory => show(model, Screen::History),
        Action::Up => moves::go(model, Move::Up(1)),
        Action::Down => moves::go(model, Move::Down(1)),
        Action::PageUp => moves::go(model, Move::PageUp),
        Action::PageDown => moves::go(model, Move::PageDown),
        Action::Home => moves::go(model, Move::Home),
        Action::End => moves::go(model, Move::End),
        Action::SwitchPane | Action::SwitchPaneBack => moves::switch_pane(model),
        Action::NextTab => moves::tab(model, 1),
        Action::PreviousTab => moves::tab(model, -1),
        Action::Open => moves::open(model),
        Action::Escape => escape(model),
        Action::Back => back(model),
        Action::Interrupt => interrupt(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Refresh => refresh(model),
        Action::Help => push(model, Dialog::Help(Cursor::default())),
        Action::Palette => {
            let palette = Palette::new(model.screen);
            push(model, Dialog::Palette(palette))
        }
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
        Action::Copy => hand::copy(model),
        Action::Export => hand::export_menu(model),
        Action::Filter => filter::open(model),
        Action::PreviewIncremental => review::preview(model, Scope::All, Mode::Incremental),
        Action::PreviewFull => review::preview(model, Scope::All, Mode::Full),
        Action::PreviewPartners => review::preview(model, Scope::Partners, Mode::Full),
        Action::PreviewContacts => review::preview(model, Scope::Contacts, Mode::Full),
        Action::Tick => match model.screen {
            Screen::Preview => review::tick(model),
            _ => cases::tick(model),
        },
        Action::TickShown => match model.screen {
            Screen::Preview => review::tick_shown(model),
            _ => cases::tick_shown(model),
        },
        Action::Reviewed => review::reviewed(model),
        Action::Hold => review::hold(model),
        Action::NextNotable => review::notable(model, true),
        Action::PreviousNotable => review::notable(model, false),
        Action::SortNext => review::sort_next(model),
        Action::SortReverse => review::sort_reverse(model),
        Action::AllFields => all_fields(model),
        Action::Apply => applying::apply(model),
        Action::ReleaseGuard => applying::release(model),
        Action::Journal => journal::journal(model),
        Action::Undo => runs::undo(model),
        Action::Approve => cases::approve(model),
        Action::Reject => cases::reject(model),
        Action::HoldCase => cases::hold(model),
        Action::RunApproved => cases::run_approved(model),
        Action::Restore => cases::restore(model),
        Action::Sweep => vec![model.ask(Request::Sweep)],
        Action::LmsRefresh => {
            let transcripts = model.screen == Screen::Certifications;
            vec![model.ask(Request::LmsRefresh { transcripts })]
        }
        Action::Compare => vec![model.ask(Request::Certs)],
        Action::Push => certs::push_certs(model),
        Action::PushPartner => certs::push_partner(model),
    }
}

/// Puts a dialog on top.
pub(in crate::tui) fn push(model: &mut Model, dialog: Dialog) -> Vec<Effect> {
    model.dialogs.push(dialog);
    Vec::new()
}

/// Goes to a screen.
pub(in crate::tui) fn show(model: &mut Model, screen: Screen) -> Vec<Effect> {
    if model.screen == screen {
        return Vec::new();
    }
    model.screen = screen;
    entered(model)
}

/// What a screen asks for when it comes up.
pub(in crate::tui) fn entered(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Offboarding if !model.offboard.known => vec![model.ask(Request::Cases)],
        Screen::Offboarding => cases::ask_live(model),
        Screen::History if !model.history.known => vec![model.ask(Request::Runs)],
        Screen::Overview if model.overview.status.is_none() => {
            vec![model.ask(Request::Status(Reach::Stored))]
        }
        _ => Vec::new(),
    }
}

fn refresh(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Overview => {
            vec![
                model.ask(Request::Status(Reach::Live)),
                model.ask(Request::Runs),
            ]
        }
        Screen::Offboarding => vec![model.ask(Request::Cases)],
        Screen::History => match &model.history.open {
            Some(open) => {
                let run = open.detail.run.run_id;
                vec![model.ask(Request::Run(run))]
            }
            None => vec![model.ask(Request::Runs)],
        },
        Screen::Preview | Screen::Certifications => {
            model.toast("p reads anew.");
            Vec::new()
        }
    }
}

fn escape(model: &mut Model) -> Vec<Effect> {
    // Work under way is the topmost thing a person sees: Esc stops it first.
    if model.job.is_some() {
        return cancel(model);
    }
    moves::peel(model).unwrap_or_default()
}

fn back(model: &mut Model) -> Vec<Effect> {
    match moves::peel(model) {
        Some(effects) => effects,
        None => leave_if_idle(model),
    }
}

fn interrupt(model: &mut Model) -> Vec<Effect> {
    match &model.job {
        Some(job) if !job.cancelled => cancel(model),
        _ => leave_if_idle(model),
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

/// Quits, after a question when work that writes is under way, and after the answer to what was decided.
fn leave_if_idle(model: &mut Model) -> Vec<Effect> {
    if let Some((_, what)) = model.acting.first() {
        model.toast(format!(
            "{what} is under way; the console ends when it is answered."
        ));
    }
    let writing = model.job.as_ref().filter(|job| job.request.writes());
    let Some(job) = writing else {
        return leave(model);
    };
    let mut ask = Ask::new("Quit while work is under way?", "Stop and quit", Then::Quit);
    ask.intro.push((
        Tone::Plain,
        format!(
            "{} is at work. It is asked to stop first, and what is not committed is rolled back.",
            job.request.title()
        ),
    ));
    push(model, Dialog::Ask(Box::new(ask)))
}

/// Ends the console; work under way is asked to stop and waited for, and what was decided is waited for.
pub(in crate::tui) fn leave(model: &mut Model) -> Vec<Effect> {
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
    quit(model)
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
    push(
        model,
        Dialog::Text(TextDialog::new(
            "Messages of this session, newest first",
            lines,
        )),
    )
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

fn all_fields(model: &mut Model) -> Vec<Effect> {
    let other = |fields: Fields| match fields {
        Fields::Changed => Fields::All,
        Fields::All => Fields::Changed,
    };
    if model.screen == Screen::Certifications {
        model.certs.shows = other(model.certs.shows);
        let last = model.certs.shown().len().saturating_sub(1);
        model.certs.cursor.at = model.certs.cursor.at.min(last);
    } else {
        model.preview.fields = other(model.preview.fields);
    }
    Vec::new()
}
