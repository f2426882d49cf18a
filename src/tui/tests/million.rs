//! The console on a million plan items, measured (ARCHITECTURE.md, "Speed"): keys while a filter runs, filters, sorts,
//! memory.
//!
//! `cargo test --release --lib a_million_items -- --ignored --nocapture` prints the figures and fails where one misses
//! its goal by more than half. The small one beside it keeps the road open in every run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::driver::bare_model;
use crate::plan::Mode;
use crate::tui::console::Console;
use crate::tui::fixtures;
use crate::tui::keymap::Screen;
use crate::tui::kit::key::Key;
use crate::tui::msg::{Effect, Msg, Work};
use crate::tui::request::{Answer, Request};
use crate::tui::screen::preview::inside::Compute;
use crate::values::PreviewRequest;

/// A console on a plan of some size, its computations kept back.
struct Bench {
    console: Console,
    buffer: Buffer,
    waiting: Vec<Box<dyn Work>>,
}

/// Resident memory in bytes; nought where the system does not tell.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

impl Bench {
    fn new() -> Self {
        let mut model = bare_model();
        model.screen = Screen::Preview;
        Self {
            console: Console::new(model),
            buffer: Buffer::empty(Rect::new(0, 0, 120, 40)),
            waiting: Vec::new(),
        }
    }

    /// Takes a message in and draws; how long the UI task was busy with it.
    fn msg(&mut self, msg: Msg) -> Duration {
        let begun = Instant::now();
        let effects = self.console.update(msg);
        self.buffer.reset();
        self.console.model.hits = self.console.paint(&mut self.buffer).0;
        let took = begun.elapsed();
        for effect in effects {
            match effect {
                Effect::Compute(compute) => self.waiting.push(compute),
                // Given back on another thread, as the console does.
                Effect::Forget(review) => drop(std::thread::spawn(move || drop(review))),
                _ => {}
            }
        }
        took
    }

    fn key(&mut self, key: &str) -> Duration {
        let key: Key = key.parse().unwrap();
        self.msg(Msg::Key(crossterm::event::KeyEvent::new(
            key.code, key.mods,
        )))
    }

    /// Carries out what waits; how long it took beside the UI task, and the longest that the UI task was held up.
    fn settle(&mut self) -> (Duration, Duration) {
        let (mut beside, mut held) = (Duration::ZERO, Duration::ZERO);
        while let Some(compute) = self.waiting.pop() {
            let begun = Instant::now();
            let computed = compute.run();
            beside += begun.elapsed();
            held = held.max(self.msg(Msg::Computed(computed)));
        }
        (beside, held)
    }

    /// Types an expression into the box at one go; how long until its lines are there.
    fn filter(&mut self, words: &str) -> Duration {
        self.key("/");
        let begun = Instant::now();
        self.msg(Msg::Paste(words.to_owned()));
        self.settle();
        let took = begun.elapsed();
        self.key("Enter");
        took
    }

    /// The query of the shown tab, as it was asked for last.
    fn query(&self) -> Compute {
        let preview = &self.console.screens.preview;
        let review = preview.review.as_ref().unwrap();
        Compute::Query {
            generation: 0,
            stop: Arc::default(),
            plan: Arc::clone(&review.plan),
            selection: Arc::clone(&review.selection),
            tab: review.tab,
            filter: Arc::clone(&preview.filter.filter),
            words: preview.filter.words.clone(),
            sort: preview.sort,
            haystack: Arc::clone(&review.list().haystack),
        }
    }

    fn shown(&self) -> usize {
        self.console
            .screens
            .preview
            .review
            .as_ref()
            .unwrap()
            .list()
            .shown
            .len()
    }
}

/// What was measured, and what it should be.
struct Figures(Vec<(String, Duration, Duration)>);

impl Figures {
    fn add(&mut self, what: &str, took: Duration, goal_ms: u64) {
        println!(
            "{what:<44} {:>9.2} ms   goal {goal_ms} ms",
            took.as_secs_f64() * 1e3
        );
        self.0
            .push((what.to_owned(), took, Duration::from_millis(goal_ms)));
    }
}

fn measure(items: i64) -> Figures {
    let mut figures = Figures(Vec::new());
    let many = items > 100_000;
    let before = resident();
    let begun = Instant::now();
    let plan = Box::new(fixtures::plan_of(items));
    let lines = plan.items.len() as u64;
    println!("plan of {lines} items made in {:?}", begun.elapsed());
    let planned = resident();
    let mut bench = Bench::new();
    let request = PreviewRequest {
        scope: crate::plan::Scope::All,
        mode: Mode::Full,
    };
    let Effect::Ask(ticket, _) = bench.console.model.ask(Request::Preview(request)) else {
        panic!("a preview is asked for");
    };
    let took = bench.msg(Msg::Answer(ticket, Box::new(Ok(Answer::Plan(plan)))));
    figures.add("a plan arrives", took, 16);
    let (beside, held) = bench.settle();
    println!("ticks counted, lists laid out and names made ready in {beside:?}");
    figures.add("its review begins", held, 16);
    let ready = resident();
    println!(
        "bytes per item: plan {}, console {}; resident {} MiB",
        planned.saturating_sub(before) / lines,
        ready.saturating_sub(planned) / lines,
        ready >> 20
    );

    // Keys while a filter runs all the time on another thread.
    bench.key("/");
    bench.msg(Msg::Paste("yamada".to_owned()));
    let running = bench.query();
    let stop = Arc::new(AtomicBool::new(false));
    let busy = {
        let (running, stop) = (running.clone(), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                std::hint::black_box(Box::new(running.clone()).run());
            }
        })
    };
    let mut typed: Vec<Duration> = "yamada data 12 GmbH op:update tier:premier"
        .chars()
        .cycle()
        .take(if many { 400 } else { 20 })
        .map(|c| {
            let name = if c == ' ' {
                "Space".to_owned()
            } else {
                c.to_string()
            };
            bench.key(&name)
        })
        .collect();
    bench.waiting.truncate(1);
    bench.settle();
    bench.key("Esc");
    bench.settle();
    let keys = [
        "Down", "PgDn", "Up", "End", "PgUp", "Home", "r", "v", "Tab", "Tab", "Space",
    ];
    let mut moved: Vec<Duration> = Vec::new();
    for key in keys.into_iter().cycle().take(if many { 2_200 } else { 44 }) {
        moved.push(bench.key(key));
        bench.settle();
    }
    stop.store(true, Ordering::Relaxed);
    busy.join().unwrap();
    for (what, times) in [
        ("typing in the filter box", &mut typed),
        ("moving and ticking", &mut moved),
    ] {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        println!("{what}: p50 {:?}, max {:?}", at(50), at(100));
        figures.add(&format!("a key, {what}, p99"), at(99), 16);
    }

    for (words, goal) in [
        ("yamada", 60),
        ("a", 60),
        ("9999", 60),
        ("yamada data gmbh", 150),
        ("op:update tier:premier lacroix", 150),
        ("op:update tier:premier -changed:website", 150),
    ] {
        let took = bench.filter(words);
        println!("    {} lines of {lines}", bench.shown());
        figures.add(&format!("filter: {words}"), took, goal);
        bench.key("Esc");
        bench.settle();
    }
    for _ in 0..6 {
        let begun = Instant::now();
        bench.key("s");
        let (_, held) = bench.settle();
        let column = bench.console.screens.preview.sort.column;
        figures.add(&format!("sort: {column:?}"), begun.elapsed(), 400);
        figures.add("    the UI task meanwhile", held, 16);
    }
    bench.key("s");
    bench.settle();

    bench.key("Home");
    for (key, what) in [
        ("N", "the last soft-delete, conflict or warning"),
        ("t", "tick all shown"),
        ("t", "tick or untick all shown"),
        ("A", "the question before an apply"),
        ("Esc", "back"),
        ("e", "export's menu"),
    ] {
        let took = bench.key(key);
        figures.add(&format!("key {key}: {what}"), took, 16);
        let (beside, held) = bench.settle();
        if !beside.is_zero() {
            println!("    beside the UI task {beside:?}");
            figures.add("    its answer", held, 16);
        }
    }
    bench.key("Esc");
    let Effect::Ask(ticket, _) = bench.console.model.ask(Request::Preview(request)) else {
        panic!("a preview is asked for");
    };
    let next = Answer::Plan(Box::new(fixtures::small_plan()));
    let took = bench.msg(Msg::Answer(ticket, Box::new(Ok(next))));
    figures.add("another plan arrives", took, 16);
    let (_, held) = bench.settle();
    figures.add("and takes its place", held, 16);
    println!("resident at the end {} MiB", resident() >> 20);
    figures
}

#[test]
#[ignore = "a measurement: with --release, on a quiet machine"]
fn a_million_items() {
    let figures = measure(1_000_000);
    let missed: Vec<&String> = figures
        .0
        .iter()
        .filter(|(_, took, goal)| *took > *goal * 3 / 2)
        .map(|(what, ..)| what)
        .collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
}

#[test]
fn a_few_thousand_items_go_the_same_road() {
    let figures = measure(3_300);
    assert!(figures.0.len() > 20);
    let plan = fixtures::plan_of(3_300);
    assert!(
        plan.items.len() > 2_400,
        "nearly all change: {}",
        plan.items.len()
    );
}
