//! `update`: what a message does to the model, and what it asks of the world. Synchronous and pure: no I/O, no clock,
//! nothing spawned.

mod act;
mod answers;
mod applying;
mod cases;
mod certs;
mod computed;
mod confirm;
mod filter;
mod hand;
mod journal;
mod mouse;
mod moves;
mod places;
mod reasons;
mod review;
mod runs;

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::tui::dialog;
use crate::tui::dialog::{Choice, Dialog, Ears, Outcome};
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::key::Key;
use crate::tui::kit::theme::{Theme, ThemeName};
use crate::tui::model::{Ahead, Life, Model};
use crate::tui::msg::{Effect, Msg};
use crate::tui::msg::{Format, Saved};
use crate::tui::preview::FilterBox;
use crate::tui::request::{Reach, Request};
use crate::tui::screen::preview::columns::PlanColumn;

pub(super) use cases::{step_person, step_words};
pub(super) use reasons::why_not;

/// What a console that has just started asks for.
pub(super) fn start(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![
        model.ask(Request::Status(Reach::Stored)),
        model.ask(Request::Runs),
    ];
    model.overview.live_next = true;
    effects.extend(act::entered(model));
    effects
}

/// Takes a message in.
pub(super) fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    if !matches!(
        msg,
        Msg::Mouse(_) | Msg::Tick | Msg::Resize | Msg::Event(..)
    ) {
        model.revision += 1;
    }
    let effects = take(model, msg);
    places::settle(model);
    effects
}

fn take(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let now = model.now;
    model.toasts.pass(now);
    match msg {
        Msg::Key(event) => key_event(model, event),
        Msg::Mouse(event) => mouse::mouse(model, event),
        Msg::Paste(text) => paste(model, &text),
        Msg::Resize | Msg::Tick => Vec::new(),
        Msg::Opened(Ok(())) => {
            model.opened = true;
            Vec::new()
        }
        Msg::Opened(Err(error)) => {
            // Nothing can be done here: the console ends, and the error is told where the command was typed.
            model.failed = Some(error);
            model.life = Life::Over;
            Vec::new()
        }
        Msg::Event(ticket, event) => {
            if let Some(job) = model.job.as_mut().filter(|job| job.ticket == ticket) {
                job.take(event, now);
            }
            Vec::new()
        }
        Msg::Answer(ticket, result) => answers::answer(model, ticket, *result),
        Msg::Computed(worked) => {
            let mut effects = computed::computed(model, worked);
            effects.extend(replay(model));
            effects
        }
        Msg::Exported(Ok(path)) => {
            model.toast(format!("Exported to {}.", path.display()));
            Vec::new()
        }
        Msg::Exported(Err(why)) => {
            model.complain(format!("Not exported: {why}."));
            Vec::new()
        }
        Msg::Fault(what) => {
            // What was computed never comes: nothing may go on waiting for it.
            model.preview.give_up();
            model.typed_ahead.clear();
            while let Some(what) = dialog::places::counting(&model.dialogs) {
                dialog::places::leave(&mut model.dialogs, what);
            }
            model.complain(what);
            Vec::new()
        }
        Msg::Shutdown => act::leave(model),
    }
}

fn key_event(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    key(model, Key::from(event))
}

/// Takes a key: the topmost dialog has it, then the filter box, then the binding table.
pub(super) fn key(model: &mut Model, key: Key) -> Vec<Effect> {
    let urgent = key == Key::ctrl('c') || key == Key::ctrl('z');
    // What waits is about lines; a dialog that came meanwhile has its keys at once.
    if !model.typed_ahead.is_empty() && model.dialogs.is_empty() && !urgent {
        model.typed_ahead.push_back(Ahead::Key(key));
        return Vec::new();
    }
    if !urgent && deaf(model) {
        return Vec::new();
    }
    let effects = if let Some(mut dialog) = model.dialogs.pop() {
        if urgent {
            model.dialogs.push(dialog);
            bound(model, key)
        } else {
            let outcome = dialog.key(key, model.last_key, &model.hits);
            settle(model, dialog, outcome)
        }
    } else if model.preview.filter.focused && model.screen == Screen::Preview && !urgent {
        filter::key(model, key)
    } else {
        bound(model, key)
    };
    model.last_key = Some(key);
    effects
}

/// Whether the topmost dialog is a question that has not been on screen long enough to be answered.
fn deaf(model: &Model) -> bool {
    matches!(model.dialogs.last(), Some(Dialog::Ask(ask)) if !ask.ears.hear(model.now))
}

/// What the binding table says to a key.
fn bound(model: &mut Model, key: Key) -> Vec<Effect> {
    let Some(binding) = model.keymap.find(key, model.screen) else {
        elsewhere(model, key);
        return Vec::new();
    };
    if binding.action.about_lines() && model.must_wait() {
        // The list is being computed: the key is about the lines as they will be, so it waits for them.
        model.typed_ahead.push_back(Ahead::Key(key));
        return Vec::new();
    }
    act::act(model, binding.action)
}

/// Does an action that was asked for without a key, by the palette or a click: it waits for the lines as a key does.
fn ordered(model: &mut Model, action: Action) -> Vec<Effect> {
    if !model.typed_ahead.is_empty() || action.about_lines() && model.must_wait() {
        model.typed_ahead.push_back(Ahead::Act(action));
        return Vec::new();
    }
    act::act(model, action)
}

/// A key that does nothing on this screen says where it does something.
fn elsewhere(model: &mut Model, key: Key) {
    let found = Screen::ALL
        .into_iter()
        .find_map(|screen| Some((screen, model.keymap.find(key, screen)?)));
    if let Some((screen, binding)) = found {
        model.toast(format!(
            "{key} works on {}: {}.",
            screen.title(),
            binding.long
        ));
    }
}

/// Replays what waited, as far as nothing has to be waited for again. No question is answered by it: whoever typed ahead
/// had not seen one (docs/console.md, "Confirming").
fn replay(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut waiting = std::mem::take(&mut model.typed_ahead);
    if !model.dialogs.is_empty() {
        return effects;
    }
    while let Some(next) = waiting.pop_front() {
        if model.must_wait() {
            waiting.push_front(next);
            break;
        }
        effects.extend(match next {
            Ahead::Key(next) => key(model, next),
            Ahead::Act(action) => act::act(model, action),
            Ahead::Click(target) => mouse::clicked(model, target),
        });
        if let Some(Dialog::Ask(ask)) = model.dialogs.last_mut() {
            ask.ears = Ears::Unseen;
            waiting.clear();
            break;
        }
        if let Some(again) = model.typed_ahead.pop_front() {
            waiting.push_front(again);
            break;
        }
    }
    model.typed_ahead = waiting;
    effects
}

/// What follows from what a dialog did.
fn settle(model: &mut Model, dialog: Dialog, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Stay => {
            model.dialogs.push(dialog);
            Vec::new()
        }
        Outcome::Close => match dialog {
            Dialog::Asking(asking) => places::left(model, asking.what),
            _ => Vec::new(),
        },
        Outcome::Yes => match dialog {
            Dialog::Ask(ask) => confirm::done(model, *ask),
            _ => Vec::new(),
        },
        Outcome::Act(action) => {
            let on = BINDINGS.iter().find(|b| b.action == action).map(|b| b.on);
            if let Some(on) = on.filter(|on| !on.has(model.screen))
                && let Some(screen) = Screen::ALL.into_iter().find(|&screen| on.has(screen))
            {
                let mut effects = act::show(model, screen);
                effects.extend(ordered(model, action));
                return effects;
            }
            ordered(model, action)
        }
        Outcome::Choose(Choice::ExportCsv) => hand::export(model, Format::Csv),
        Outcome::Choose(Choice::ExportJson) => hand::export(model, Format::Json),
    }
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if deaf(model) {
        return Vec::new();
    }
    match model.dialogs.last_mut() {
        Some(Dialog::Ask(ask)) => {
            ask.paste(text);
            Vec::new()
        }
        Some(_) => Vec::new(),
        None if model.preview.filter.focused && model.screen == Screen::Preview => {
            filter::paste(model, text)
        }
        None => {
            // A paste outside a box would be a burst of commands: never.
            model.toast("Pasted text is only taken in text boxes; press / for the filter.");
            Vec::new()
        }
    }
}

/// What is kept for the next start.
pub(super) fn saved(model: &Model) -> Saved {
    Saved {
        screen: Some(model.screen.title().to_owned()),
        filters: model.preview.filter.history.clone(),
        sort: model
            .preview
            .sort
            .column
            .map(|column| column.word().to_owned()),
        descending: model.preview.sort.descending,
        theme: Some(model.theme.name.word().to_owned()),
        split: Some(model.split),
        mouse: Some(model.mouse),
    }
}

/// Puts a new console where the last one was. `theme`: asked for on purpose, goes before the kept one.
pub(super) fn restore(model: &mut Model, saved: Saved, theme: Option<ThemeName>) {
    if let Some(screen) = saved.screen.as_deref().and_then(Screen::from_title) {
        model.screen = screen;
    }
    let kept = saved.theme.as_deref().and_then(ThemeName::from_word);
    if let Some(name) = theme.or(kept) {
        model.theme = Theme::new(name, model.depth);
    }
    model.preview.filter.history = saved.filters;
    model.preview.filter.history.truncate(FilterBox::HISTORY);
    model.preview.sort.column = saved.sort.as_deref().and_then(PlanColumn::from_word);
    model.preview.sort.descending = saved.descending;
    if let Some(split) = saved.split {
        model.split = split.clamp(25, 80);
    }
    if let Some(mouse) = saved.mouse {
        model.mouse = mouse;
    }
}

/// Ends the console, keeping what people expect to find again.
fn quit(model: &mut Model) -> Vec<Effect> {
    model.life = Life::Over;
    vec![Effect::Save(saved(model)), Effect::Quit]
}
