//! Screen 1: is everything in order, what waits, how things stand.

mod view;

use chrono::{DateTime, Duration, Utc};
use ratatui::layout::Rect;

use crate::tui::keymap::Action;
use crate::tui::kit::canvas::Canvas;
use crate::tui::kit::list::Cursor;
use crate::tui::model::Model;
use crate::tui::msg::Effect;
use crate::tui::request::{Reach, Request};
use crate::tui::room::{Happened, List, Room};

/// Screen 1. What it shows are facts that other screens show too, and what the others say waits for a person.
#[derive(Debug, Default)]
pub(in crate::tui) struct Overview {
    cursor: Cursor,
}

impl Room for Overview {
    fn draw(&self, model: &Model, canvas: &mut Canvas<'_>, area: Rect) {
        view::draw(canvas, self.cursor, model, area);
    }

    fn list(&mut self, model: &Model) -> Option<List<'_>> {
        Some(List {
            cursor: &mut self.cursor,
            len: model.waiting.len(),
            beside: None,
        })
    }

    fn take(&mut self, model: &mut Model, happened: Happened<'_>) -> Vec<Effect> {
        match happened {
            Happened::Entered if model.facts.status.is_none() => {
                vec![model.ask(Request::Status(Reach::Stored))]
            }
            _ => Vec::new(),
        }
    }

    fn act(&mut self, model: &mut Model, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => {
                if let Some(line) = model.waiting.get(self.cursor.at) {
                    model.show(line.screen);
                }
                Vec::new()
            }
            Action::Refresh => vec![
                model.ask(Request::Status(Reach::Live)),
                model.ask(Request::Runs),
            ],
            _ => Vec::new(),
        }
    }

    fn wakes_at(&self, model: &Model) -> Option<DateTime<Utc>> {
        // Ages grow.
        let known = model.facts.status.is_some();
        known.then(|| model.now + Duration::seconds(60))
    }
}
