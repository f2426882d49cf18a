//! The terminal while it is turned on: what was turned on is turned off again, whatever happens.
//!
//! Never `ratatui::init` (a panic hook each time, which fires for any thread) and never `Terminal::clear` (asks the
//! terminal for its cursor and may block beside `EventStream`); see docs/console.md, "Terminals and widgets".

use std::io::{self, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Position, Rect};

use crate::tui::kit::cells::width;

/// Whether the terminal is turned on, so that it must be turned off and nobody else may write to it.
static ON: AtomicBool = AtomicBool::new(false);

/// The thread that draws: only its panic restores the terminal.
static UI: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Says that the calling thread draws; the runtime may move the console's task between two waits.
pub(in crate::tui) fn claim() {
    if let Ok(mut ui) = UI.lock() {
        *ui = Some(thread::current().id());
    }
}

/// Clicks, drags and the wheel in SGR coordinates; not every movement (1003), which would wake us for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Turned-on terminal: raw mode, alternate screen, bracketed paste, mouse.
pub(in crate::tui) struct Display {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// Where the last frame had wide characters.
    wide: Vec<(u16, u16)>,
    /// What the last frame showed.
    shown: Option<(Buffer, Option<Position>)>,
}

impl Display {
    /// Turns the terminal on.
    pub(in crate::tui) fn new(mouse: bool) -> io::Result<Self> {
        install_hook();
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        let mut display = Self {
            terminal,
            mouse,
            wide: Vec::new(),
            shown: None,
        };
        display.enter()?;
        Ok(display)
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        ON.store(true, Ordering::SeqCst);
        claim();
        let mut out = stdout();
        // A terminal without an alternate screen still shows what was there: our first frame is drawn on an empty one.
        execute!(
            out,
            EnterAlternateScreen,
            Clear(ClearType::All),
            EnableBracketedPaste,
            cursor::Hide
        )?;
        if self.mouse {
            execute!(out, Print(MOUSE_ON))?;
        }
        Ok(())
    }

    /// Captures the mouse, or lets it go.
    pub(in crate::tui) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            execute!(stdout(), Print(MOUSE_ON))
        } else {
            execute!(stdout(), Print(MOUSE_OFF))
        }
    }

    /// The size of the terminal now.
    pub(in crate::tui) fn area(&self) -> io::Result<Rect> {
        Ok(Rect::from(self.terminal.backend().size()?))
    }

    /// Shows a painted frame, in one synchronized update, so that no half of it is ever seen. A frame that shows what is
    /// there already costs not one byte.
    pub(in crate::tui) fn show(
        &mut self,
        painted: Buffer,
        cursor: Option<Position>,
    ) -> io::Result<()> {
        if self
            .shown
            .as_ref()
            .is_some_and(|(last, at)| *last == painted && *at == cursor)
        {
            return Ok(());
        }
        queue!(stdout(), BeginSynchronizedUpdate)?;
        let wide = &mut self.wide;
        let drawn = self
            .terminal
            .draw(|frame| {
                // Resized between painting and drawing: the event of it is on its way and brings another frame.
                if frame.area() == painted.area {
                    frame.buffer_mut().content.clone_from(&painted.content);
                    *wide = refresh_halves(frame.buffer_mut(), wide);
                }
                if let Some(position) = cursor {
                    frame.set_cursor_position(position);
                }
            })
            .map(drop);
        execute!(stdout(), EndSynchronizedUpdate)?;
        self.shown = Some((painted, cursor));
        drawn
    }

    /// Makes the next frame draw every cell.
    pub(in crate::tui) fn redraw(&mut self) -> io::Result<()> {
        self.shown = None;
        let area = self.area()?;
        self.terminal.resize(area)
    }

    /// Gives the terminal back and stops this process group, as any program does on Ctrl-Z; returns when it goes on.
    pub(in crate::tui) fn suspend(&mut self) -> io::Result<()> {
        restore()?;
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, kill};
            use nix::unistd::Pid;
            // Pid 0: the whole foreground job stops, as when the terminal itself sends the signal.
            kill(Pid::from_raw(0), Signal::SIGTSTP).map_err(io::Error::from)?;
        }
        self.enter()?;
        self.redraw()
    }

    /// Puts text on the clipboard of the terminal's machine (OSC 52), also over ssh.
    pub(in crate::tui) fn copy(text: &str) -> io::Result<()> {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = stdout();
        write!(out, "\x1b]52;c;{encoded}\x07")?;
        out.flush()
    }
}

/// Marks the second half of every wide character that is gone, so that it is written anew: ratatui trusts the terminal
/// to blank it, and not every terminal does. Returns where wide characters are now.
fn refresh_halves(buffer: &mut Buffer, before: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let area = buffer.area;
    let is_wide = |buffer: &Buffer, x: u16, y: u16| {
        let symbol = buffer[(x, y)].symbol();
        symbol.len() > 1 && width(symbol) > 1
    };
    for &(x, y) in before {
        let inside = x + 1 < area.right() && y < area.bottom();
        if inside && !is_wide(buffer, x, y) {
            buffer[(x + 1, y)].set_diff_option(CellDiffOption::AlwaysUpdate);
        }
    }
    let mut now = Vec::new();
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if is_wide(buffer, x, y) {
                now.push((x, y));
            }
        }
    }
    now
}

impl Drop for Display {
    fn drop(&mut self) {
        if restore().is_err_and(|error| is_gone(&error)) {
            abandon();
        }
    }
}

/// Turns off what was turned on. The error is of use only to who asks whether the terminal is still there.
fn restore() -> io::Result<()> {
    if !ON.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let written = execute!(
        stdout(),
        EndSynchronizedUpdate,
        Print(MOUSE_OFF),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let cooked = disable_raw_mode();
    written.and(cooked)
}

/// Whether an error says that the terminal itself is gone: closed, or its connection lost.
pub(in crate::tui) fn is_gone(error: &io::Error) -> bool {
    // What a lost terminal answers to a write, to a read, and to a question about its size or modes.
    error.kind() == io::ErrorKind::BrokenPipe
        || matches!(error.raw_os_error(), Some(EIO | ENXIO | ENOTTY))
}

const EIO: i32 = 5;
const ENXIO: i32 = 6;
const ENOTTY: i32 = 25;

/// Puts /dev/null in the place of a terminal that is gone: libraries print there without asking, and panic where that
/// fails.
fn abandon() {
    #[cfg(unix)]
    if let Ok(null) = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
    {
        let _as_it_was = nix::unistd::dup2_stdout(&null);
        let _as_it_was = nix::unistd::dup2_stderr(&null);
    }
}

/// Once for the process: a panic of the thread that draws restores the terminal before it is told; a panic of any other
/// thread is not told on screen, it becomes a message of the console (and a line of the log).
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let ours = UI
                .lock()
                .is_ok_and(|ui| *ui == Some(thread::current().id()));
            if !ON.load(Ordering::SeqCst) {
                before(info);
            } else if ours {
                let _terminal_is_gone = restore();
                before(info);
            } else {
                tracing::error!(%info, "a task panicked");
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_half_of_a_wide_character_is_written_anew() {
        let area = Rect::new(0, 0, 4, 1);
        let mut first = Buffer::empty(area);
        first.set_string(0, 0, "株", ratatui::style::Style::new());
        let wide = refresh_halves(&mut first, &[]);
        assert_eq!(wide, [(0, 0)]);
        let mut second = Buffer::empty(area);
        second.set_string(0, 0, "a", ratatui::style::Style::new());
        assert!(refresh_halves(&mut second, &wide).is_empty());
        let changed: Vec<u16> = first.diff(&second).into_iter().map(|(x, ..)| x).collect();
        assert_eq!(changed, [0, 1]);
    }
}
