//! Presses keys, carries computations out in place, keeps what was asked of the core, draws into a buffer.

use std::fmt::Write as _;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::config::GuardConfig;
use crate::error::Error;
use crate::tui::console::{Console, view};
use crate::tui::dialog::{Ask, Dialog};
use crate::tui::environment::Environment;
use crate::tui::fixtures;
use crate::tui::kit::glyphs::Glyphs;
use crate::tui::kit::key::Key;
use crate::tui::kit::theme::{Depth, ThemeName};
use crate::tui::model::Model;
use crate::tui::msg::{Effect, Msg};
use crate::tui::request::{Answer, Request, Ticket};

/// A console with nothing outside.
pub(super) struct Driver {
    console: Console,
    pub(super) asked: Vec<(Ticket, Request)>,
    /// Effects of the terminal and of files, as they came.
    pub(super) others: Vec<Effect>,
    /// Whether computations wait for [`Driver::compute`].
    pub(super) slow: bool,
    pub(super) computing: Vec<Box<dyn crate::tui::msg::Work>>,
    terminal: Terminal<TestBackend>,
}

/// The model of a console that has just started, with nothing outside.
pub(super) fn bare_model() -> Model {
    let environment = Environment {
        label: "prod".into(),
        database: "mariadb".into(),
        operator: "alice".into(),
        operator_named: true,
        read_only: false,
        demo: None,
    };
    Model::new(
        environment,
        GuardConfig::default(),
        fixtures::now(),
        &Glyphs::UNICODE,
        ThemeName::Dark,
        Depth::True,
    )
}

impl std::ops::Deref for Driver {
    type Target = Console;

    fn deref(&self) -> &Console {
        &self.console
    }
}

impl std::ops::DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut Console {
        &mut self.console
    }
}

impl Driver {
    /// A console that has just started, of this size, in the dark theme.
    pub(super) fn new(width: u16, height: u16) -> Self {
        let mut driver = Self {
            console: Console::new(bare_model()),
            asked: Vec::new(),
            others: Vec::new(),
            slow: false,
            computing: Vec::new(),
            terminal: Terminal::new(TestBackend::new(width, height)).unwrap(),
        };
        let effects = driver.console.start();
        driver.carry_out(effects);
        driver.msg(Msg::Opened(Ok(())));
        driver.draw();
        driver
    }

    /// A console with facts, runs, cases and a plan under review; on the Overview.
    pub(super) fn full(width: u16, height: u16) -> Self {
        let mut driver = Self::new(width, height);
        driver.answer_all();
        driver.keys("2 P");
        driver.answer(Answer::Plan(Box::new(fixtures::small_plan())));
        driver.answer_all();
        driver.keys("1");
        driver.model.toasts.shown.clear();
        driver.draw();
        driver
    }

    pub(super) fn msg(&mut self, msg: Msg) {
        let effects = self.console.update(msg);
        self.carry_out(effects);
        self.draw();
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(ticket, request) => self.asked.push((ticket, request)),
                Effect::Compute(compute) if self.slow => self.computing.push(compute),
                Effect::Compute(compute) => {
                    let computed = Msg::Computed(compute.run());
                    let more = self.console.update(computed);
                    self.carry_out(more);
                }
                Effect::Forget(_) => {}
                other => self.others.push(other),
            }
        }
    }

    /// Carries out what waits to be computed.
    pub(super) fn compute(&mut self) {
        while let Some(compute) = self.computing.pop() {
            self.msg(Msg::Computed(compute.run()));
        }
    }

    /// Presses keys by name, one after the other: `P`, `Space`, `Ctrl-R`; `"..."` is typed letter by letter.
    pub(super) fn keys(&mut self, script: &str) -> &mut Self {
        for word in script.split(' ').filter(|word| !word.is_empty()) {
            if let Some(text) = word.strip_prefix('"') {
                for c in text.trim_end_matches('"').replace('_', " ").chars() {
                    self.press(Key::char(c));
                }
            } else {
                self.press(word.parse().unwrap());
            }
        }
        self
    }

    /// Lets time go by.
    pub(super) fn wait(&mut self, milliseconds: i64) {
        self.model.now += chrono::Duration::milliseconds(milliseconds);
        self.msg(Msg::Tick);
    }

    /// Answers the first open request that `which` names, whatever was asked since.
    pub(super) fn release(
        &mut self,
        which: impl Fn(&Request) -> bool,
        result: Result<Answer, Error>,
    ) {
        let at = self.asked.iter().position(|(_, request)| which(request));
        let (ticket, _) = self.asked.remove(at.expect("such a request was asked"));
        self.msg(Msg::Answer(ticket, Box::new(result)));
    }

    /// The question on top.
    pub(super) fn question(&self) -> Option<&Ask> {
        match self.model.dialogs.last() {
            Some(Dialog::Ask(ask)) => Some(ask),
            _ => None,
        }
    }

    pub(super) fn press(&mut self, key: Key) {
        self.msg(Msg::Key(crossterm::event::KeyEvent::new(
            key.code, key.mods,
        )));
    }

    /// Clicks at a place.
    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
        self.mouse(MouseEventKind::Up(MouseButton::Left), column, row);
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        self.msg(Msg::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }));
    }

    /// Answers the last request.
    pub(super) fn answer(&mut self, answer: Answer) {
        let (ticket, _) = self.asked.pop().expect("something was asked");
        self.msg(Msg::Answer(ticket, Box::new(Ok(answer))));
    }

    /// Fails the last request.
    pub(super) fn fail(&mut self, error: Error) {
        let (ticket, _) = self.asked.pop().expect("something was asked");
        self.msg(Msg::Answer(ticket, Box::new(Err(error))));
    }

    /// Answers everything that has a fixture, until nothing but work is open.
    pub(super) fn answer_all(&mut self) {
        while !self.asked.is_empty() {
            let (ticket, request) = self.asked.remove(0);
            let answer = match request {
                Request::Status(_) => Answer::Status(Box::new(fixtures::status())),
                Request::Runs => Answer::Runs(fixtures::runs()),
                Request::Run(_) => Answer::Run(Box::new(fixtures::run_detail())),
                Request::Journal {
                    entity,
                    impartner_id,
                } => Answer::Journal {
                    entity,
                    impartner_id,
                    entries: fixtures::journal(entity, impartner_id),
                },
                Request::Cases => Answer::Cases(fixtures::cases()),
                Request::Case(id) => {
                    let case = fixtures::cases()
                        .into_iter()
                        .find(|case| case.case_id == id);
                    Answer::Case(Box::new(case.unwrap()), fixtures::case_log())
                }
                Request::Look(ids) => Answer::Looked(
                    fixtures::cases()
                        .into_iter()
                        .filter(|case| ids.contains(&case.case_id))
                        .collect(),
                ),
                Request::Certs => Answer::Certs(fixtures::certs()),
                Request::Windows(plan) => {
                    let windows = plan.windows;
                    Answer::Windows(plan, windows)
                }
                other => panic!("no fixture for {other:?}"),
            };
            self.msg(Msg::Answer(ticket, Box::new(Ok(answer))));
        }
    }

    /// Draws the model as it is, on an empty screen: `TestBackend` keeps what a terminal would have overwritten, behind
    /// wide characters.
    pub(super) fn draw(&mut self) {
        let area = self.buffer().area;
        self.terminal = Terminal::new(TestBackend::new(area.width, area.height)).unwrap();
        // Tests change the model by hand, too.
        self.console.gather();
        let console = &self.console;
        let mut hits = None;
        self.terminal
            .draw(|frame| hits = Some(view(console, frame)))
            .unwrap();
        self.model.hits = hits.unwrap();
    }

    fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// What is on screen, line by line, without trailing spaces.
    pub(super) fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                skip = crate::tui::kit::cells::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// The styles on screen: one line for each run of equal style that is not plain.
    pub(super) fn styles(&self) -> String {
        let buffer = self.buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut x = 0;
            while x < buffer.area.width {
                let style = buffer[(x, y)].style();
                let start = x;
                while x < buffer.area.width && buffer[(x, y)].style() == style {
                    x += 1;
                }
                let words = style_words(style);
                if !words.is_empty() {
                    let _ = writeln!(out, "{y:>2} {start:>3}..{x:<3} {words}");
                }
            }
        }
        out
    }

    /// Text in the terminal's own colour on a background of ours: not readable where the theme is the other one of dark
    /// and light.
    pub(super) fn unreadable(&self) -> String {
        use ratatui::style::Color;
        let cells = self.buffer().content.iter();
        let doubtful = cells.filter(|cell| {
            cell.bg != Color::Reset && cell.fg == Color::Reset && cell.symbol() != " "
        });
        doubtful.map(ratatui::buffer::Cell::symbol).collect()
    }

    /// Whether the words are on screen.
    pub(super) fn shows(&self, words: &str) -> bool {
        self.screen().contains(words)
    }

    /// The requests that were asked and not answered, without those that only read facts.
    pub(super) fn wanted(&self) -> Vec<&Request> {
        self.asked
            .iter()
            .map(|(_, request)| request)
            .filter(|request| {
                !matches!(
                    request,
                    Request::Status(_)
                        | Request::Windows(_)
                        | Request::Runs
                        | Request::Cases
                        | Request::Case(_)
                )
            })
            .collect()
    }
}

fn style_words(style: ratatui::style::Style) -> String {
    use ratatui::style::Color;
    let mut words = Vec::new();
    if let Some(fg) = style.fg.filter(|&fg| fg != Color::Reset) {
        words.push(format!("fg {fg}"));
    }
    if let Some(bg) = style.bg.filter(|&bg| bg != Color::Reset) {
        words.push(format!("bg {bg}"));
    }
    if !style.add_modifier.is_empty() {
        words.push(format!("{:?}", style.add_modifier));
    }
    words.join(", ")
}
