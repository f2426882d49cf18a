//! Keys: who takes them (a dialog, a text box, the binding table), and which of them wait.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{Console, act, hand, questions};
use crate::tui::dialog::{Choice, Dialog, Outcome};
use crate::tui::keymap::{Action, BINDINGS, Screen};
use crate::tui::kit::key::Key;
use crate::tui::model::Ahead;
use crate::tui::msg::{Effect, Format};
use crate::tui::room::Happened;

/// Takes what the keyboard did.
pub(super) fn event(console: &mut Console, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    key(console, Key::from(event))
}

/// Takes a key: the topmost dialog has it, then the filter box, then the binding table.
pub(super) fn key(console: &mut Console, key: Key) -> Vec<Effect> {
    let urgent = key == Key::ctrl('c') || key == Key::ctrl('z');
    // What waits is about lines; a dialog that came meanwhile has its keys at once.
    if !console.model.typed_ahead.is_empty() && console.model.dialogs.is_empty() && !urgent {
        console.model.typed_ahead.push_back(Ahead::Key(key));
        return Vec::new();
    }
    if !urgent && deaf(console) {
        return Vec::new();
    }
    let effects = if let Some(mut dialog) = console.model.dialogs.pop() {
        if urgent {
            console.model.dialogs.push(dialog);
            bound(console, key)
        } else {
            let outcome = dialog.key(key, console.model.last_key, &console.model.hits);
            settle(console, dialog, outcome)
        }
    } else if !urgent && console.typing() {
        let (room, model) = console.here();
        room.take(model, Happened::Typed(key))
    } else {
        bound(console, key)
    };
    console.model.last_key = Some(key);
    effects
}

/// Whether the topmost dialog is a question that has not been on screen long enough to be answered.
fn deaf(console: &Console) -> bool {
    matches!(console.model.dialogs.last(), Some(Dialog::Ask(ask)) if !ask.ears.hear(console.model.now))
}

/// Does what the binding table has for a key on this screen.
fn bound(console: &mut Console, key: Key) -> Vec<Effect> {
    let Some(binding) = console.model.keymap.find(key, console.model.screen) else {
        elsewhere(console, key);
        return Vec::new();
    };
    if binding.action.about_lines() && console.must_wait() {
        // The list is being computed: the key is about the lines as they will be, so it waits for them.
        console.model.typed_ahead.push_back(Ahead::Key(key));
        return Vec::new();
    }
    act::act(console, binding.action)
}

/// Does an action that was asked for without a key, by the palette or a click: it waits for the lines as a key does.
pub(super) fn ordered(console: &mut Console, action: Action) -> Vec<Effect> {
    if !console.model.typed_ahead.is_empty() || action.about_lines() && console.must_wait() {
        console.model.typed_ahead.push_back(Ahead::Act(action));
        return Vec::new();
    }
    act::act(console, action)
}

/// A key that does nothing on this screen says where it does something.
fn elsewhere(console: &mut Console, key: Key) {
    let found = Screen::ALL
        .into_iter()
        .find_map(|screen| Some((screen, console.model.keymap.find(key, screen)?)));
    if let Some((screen, binding)) = found {
        console.model.toast(format!(
            "{key} works on {}: {}.",
            screen.title(),
            binding.long
        ));
    }
}

/// What follows from what a dialog did.
pub(super) fn settle(console: &mut Console, dialog: Dialog, outcome: Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Stay => {
            console.model.dialogs.push(dialog);
            Vec::new()
        }
        Outcome::Close => match dialog {
            Dialog::Asking(asking) => questions::left(&mut console.model, asking.what),
            _ => Vec::new(),
        },
        Outcome::Yes => match dialog {
            Dialog::Ask(ask) => questions::confirmed(console, *ask),
            _ => Vec::new(),
        },
        Outcome::Act(action) => {
            let on = BINDINGS.iter().find(|b| b.action == action).map(|b| b.on);
            if let Some(on) = on.filter(|on| !on.has(console.model.screen))
                && let Some(screen) = Screen::ALL.into_iter().find(|&screen| on.has(screen))
            {
                console.model.show(screen);
            }
            ordered(console, action)
        }
        Outcome::Choose(Choice::ExportCsv) => hand::export(console, Format::Csv),
        Outcome::Choose(Choice::ExportJson) => hand::export(console, Format::Json),
    }
}

/// Takes a paste: into a text box or nowhere.
pub(super) fn paste(console: &mut Console, text: &str) -> Vec<Effect> {
    if deaf(console) {
        return Vec::new();
    }
    if let Some(dialog) = console.model.dialogs.last_mut() {
        if let Dialog::Ask(ask) = dialog {
            ask.paste(text);
        }
        return Vec::new();
    }
    let (room, model) = console.here();
    if room.typing() {
        return room.take(model, Happened::Pasted(text));
    }
    // A paste outside a box would be a burst of commands: never.
    model.toast("Pasted text is only taken in text boxes; press / for the filter.");
    Vec::new()
}
