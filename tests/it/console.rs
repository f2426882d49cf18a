//! The real binary in a pseudo-terminal: `prmdesk demo`. Few, because each starts the whole sandbox. They wait for
//! what the screen shows, never for time to pass.

mod endings;

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long a screen may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// What came out of the terminal so far.
struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
    /// Whether the reader is to let go of the terminal.
    leaves: bool,
}

/// The console in a pseudo-terminal of its own.
pub(crate) struct Console {
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    folder: tempfile::TempDir,
}

impl Console {
    /// Starts `prmdesk demo` in a terminal of this size, with a folder of its own.
    fn start(rows: u16, cols: u16) -> Self {
        Self::spawn(rows, cols, |command, folder| {
            command.args(["demo", "--operator", "alice", "--dir"]);
            command.arg(folder.join("data"));
        })
    }

    /// Starts the program as `arrange` says, in a terminal of this size, with a folder of its own.
    pub(crate) fn spawn(
        rows: u16,
        cols: u16,
        arrange: impl FnOnce(&mut CommandBuilder, &std::path::Path),
    ) -> Self {
        Self::spawn_program(env!("CARGO_BIN_EXE_prmdesk"), rows, cols, arrange)
    }

    /// Starts `program` like that.
    fn spawn_program(
        program: &str,
        rows: u16,
        cols: u16,
        arrange: impl FnOnce(&mut CommandBuilder, &std::path::Path),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        arrange(&mut command, folder.path());
        command.cwd(folder.path());
        command.env("HOME", folder.path());
        command.env("XDG_STATE_HOME", folder.path().join("state"));
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("LC_ALL");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let seen = Arc::new((
            Mutex::new(Seen {
                screen: vt100::Parser::new(cells(rows), cells(cols), 0),
                bytes: Vec::new(),
                ended: false,
                leaves: false,
            }),
            Condvar::new(),
        ));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0u8; 8_192];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.lock().unwrap();
                state.screen.process(&buffer[..read]);
                state.bytes.extend_from_slice(&buffer[..read]);
                state.ended = read == 0 || state.leaves;
                if state.ended {
                    drop(reader);
                    shared.1.notify_all();
                    return;
                }
                shared.1.notify_all();
            }
        });
        Self {
            master: Some(pair.master),
            writer: Some(writer),
            child,
            seen,
            folder,
        }
    }

    /// Waits until `wanted` holds of what was seen.
    fn wait(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let (lock, changed) = &*self.seen;
        let end = Instant::now() + PATIENCE;
        let mut seen = lock.lock().unwrap();
        while !wanted(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            let screen = seen.screen.screen().contents();
            assert!(!left.is_zero(), "never {what}:\n{screen}");
            seen = changed.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the screen shows the words.
    pub(crate) fn until(&self, words: &str) {
        self.wait(words, |seen| {
            seen.screen.screen().contents().contains(words)
        });
    }

    pub(crate) fn screen(&self) -> String {
        self.seen.0.lock().unwrap().screen.screen().contents()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        let written = writer
            .write_all(keys.as_bytes())
            .and_then(|()| writer.flush());
        // A key that comes when it is over has nobody to take it.
        if let Err(error) = written {
            self.wait(&error.to_string(), |seen| seen.ended);
        }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.seen.0.lock().unwrap().ended
    }

    /// Leaves it, whatever it is at, and gives its exit code.
    pub(crate) fn leave(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        while !self.is_over() && Instant::now() < end {
            // Ctrl-C leaves at once, also while work is waited for.
            let writer = self.writer.as_mut().unwrap();
            let _over_already = writer.write_all(b"\x03").and_then(|()| writer.flush());
            let (lock, changed) = &*self.seen;
            let seen = lock.lock().unwrap();
            drop(changed.wait_timeout_while(seen, Duration::from_millis(300), |seen| !seen.ended));
        }
        self.ended_clean()
    }

    /// All that was written to the terminal.
    pub(crate) fn told(&self) -> String {
        String::from_utf8_lossy(&self.seen.0.lock().unwrap().bytes).into_owned()
    }

    /// All that it logged.
    pub(crate) fn log(&self) -> String {
        crate::cli::rig::log_below(&self.folder.path().join("state"))
    }

    pub(crate) fn resize(&mut self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.seen
            .0
            .lock()
            .unwrap()
            .screen
            .screen_mut()
            .set_size(cells(rows), cells(cols));
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    /// Closes the terminal under the program, as a lost connection or a closed window does.
    pub(crate) fn lose_terminal(&mut self) {
        self.seen.0.lock().unwrap().leaves = true;
        // The reader sits in a read, and lets go once anything comes: a frame of another size, or the echo of a key.
        self.resize(26, 81);
        self.press("\0");
        self.wait("let go", |seen| seen.ended);
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end of the program.
    pub(crate) fn over(&mut self) -> portable_pty::ExitStatus {
        self.child.wait().unwrap()
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits for the end, and checks that the terminal is as it was.
    pub(crate) fn ended_clean(&mut self) -> u32 {
        self.wait("ended", |seen| seen.ended);
        let status = self.child.wait().unwrap();
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "bracketed paste is off");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        status.exit_code()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
    }
}

fn cells(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap()
}

/// How often a sequence was written.
fn times(seen: &Seen, sequence: &str) -> usize {
    seen.bytes
        .windows(sequence.len())
        .filter(|window| *window == sequence.as_bytes())
        .count()
}

#[test]
fn it_starts_says_what_to_press_and_quits_leaving_the_terminal_clean() {
    let mut console = Console::start(24, 80);
    console.until("this is the first start");
    console.press("q");
    assert_eq!(console.ended_clean(), 0);
}

#[test]
fn from_preview_to_apply_with_the_typed_number_and_the_undo_of_it() {
    let mut console = Console::start(40, 120);
    console.until("this is the first start");
    console.press("P");
    console.until("Macquarie Data");
    console.press("/op:add\r");
    console.until("hidden by the filter");
    console.press("\x1b");
    console.wait("everything again", |seen| {
        !seen
            .screen
            .screen()
            .contents()
            .contains("hidden by the filter")
    });
    console.press("A");
    console.until("to soft-delete these rows");
    let number = asked_number(&console.screen());
    console.press("\x1b[200~");
    console.press(&number);
    console.press("\x1b[201~\r");
    console.wait("the paste ignored and Enter on No", |seen| {
        !seen
            .screen
            .screen()
            .contents()
            .contains("to soft-delete these rows")
    });
    console.press("A");
    console.until("to soft-delete these rows");
    console.press(&number);
    console.press("\r");
    console.until("Everything ticked was applied");
    console.press("5");
    console.until("apply all full");
    console.press("U");
    console.until("Undo of run 1");
    console.press("q");
    console.press("q");
    assert_eq!(console.ended_clean(), 0);

    let dir = console.folder.path().join("state/prmdesk/log");
    let log = prmdesk::logging::lines::of_run(&dir, 1, chrono::NaiveDate::MIN, 50);
    let written = |line: &String| line.contains("console{run_id=1}") && line.contains(" written ");
    assert!(log.lines.iter().any(written), "{log:?}");
}

#[test]
fn it_keeps_its_place_when_the_terminal_is_resized_and_says_when_it_is_too_small() {
    let mut console = Console::start(24, 80);
    console.until("this is the first start");
    console.press("2P");
    console.until("Macquarie Data");
    console.press("/op:conflict\r");
    console.until("/ op:conflict");
    console.resize(12, 50);
    console.until("prmdesk needs 60x16");
    console.resize(40, 120);
    console.until("op:conflict");
    console.until("4 Certifications");
    console.press("\x03");
    assert_eq!(console.ended_clean(), 0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in [
        nix::sys::signal::Signal::SIGTERM,
        nix::sys::signal::Signal::SIGHUP,
    ] {
        let mut console = Console::start(24, 80);
        console.until("this is the first start");
        console.signal(signal);
        console.ended_clean();
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_comes_again() {
    let mut console = Console::start(24, 80);
    console.until("this is the first start");
    console.press("\x1a");
    // A process group without a shell above it is never stopped by the kernel: it comes back at once.
    console.wait("left and entered again", |seen| {
        times(seen, "\x1b[?1049l") == 1 && times(seen, "\x1b[?1049h") == 2
    });
    console.until("this is the first start");
    console.press("q");
    assert_eq!(console.ended_clean(), 0);
}

#[test]
fn an_idle_console_writes_nothing() {
    let mut console = Console::start(24, 80);
    console.until("LMS");
    console.press("5");
    console.until("No run yet");
    console.press("5");
    console.press("?");
    console.until("Keys of History");
    // What was asked for before may be answered late on a busy machine; then silence must come, and stay for two seconds.
    let (lock, changed) = &*console.seen;
    let silent = (0..10).any(|_| {
        let seen = lock.lock().unwrap();
        let before = seen.bytes.len();
        let wait = changed.wait_timeout_while(seen, Duration::from_secs(2), |seen| {
            seen.bytes.len() == before
        });
        wait.unwrap().1.timed_out()
    });
    assert!(silent, "an idle console goes on writing");
    console.press("\x1bq");
}

/// The number that a dialog asks for.
fn asked_number(screen: &str) -> String {
    let words = screen.split("Type ").nth(1).unwrap();
    words.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn an_off_boarding_case_is_approved_with_note_and_number_run_and_restored() {
    let mut console = Console::start(40, 120);
    console.until("this is the first start");
    console.press("P");
    console.until("Macquarie Data");
    console.press("A");
    console.until("to soft-delete these rows");
    let number = asked_number(&console.screen());
    console.press(&number);
    console.press("\r");
    console.until("Everything ticked was applied");
    console.press("3");
    console.until("remove from All Partners");
    console.until("must be");
    console.press("a");
    console.until("the people who lose access");
    console.until("Enter: next");
    let people = asked_number(&console.screen());
    console.press("left the programme\r");
    // No day before which it does not run.
    console.press("\r");
    console.press(" \r");
    console.press(&people);
    console.press("\r");
    console.until("To run 1");
    console.press("R");
    console.until("Run 1 approved case?");
    console.until("the people who lose access");
    console.press(&people);
    console.press("\r");
    console.until("Closed 1");
    console.until("To run 0");
    console.press("[");
    console.until("alice    left the p");
    console.until("by alice: left the");
    console.press("U");
    console.until("Restore case 1?");
    console.press("y");
    console.until("restored: ");
    console.until("memberships");
    console.press("q");
    assert_eq!(console.ended_clean(), 0);
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let mut console = Console::spawn(24, 80, |command, folder| {
        command.args(["demo", "--dir"]);
        command.arg(folder.join("data"));
        command.env("PRMDESK_TEST_PANIC", "1");
    });
    console.until("this is the first start");
    console.press("\x1b[24~");
    assert_ne!(console.ended_clean(), 0);
    let seen = console.seen.0.lock().unwrap();
    let told = String::from_utf8_lossy(&seen.bytes);
    let left = told.rfind("\x1b[?1049l").unwrap();
    let report = told.find("asked for by F12").unwrap();
    assert!(
        left < report,
        "the report is on the terminal that was given back"
    );
}

#[test]
fn the_first_frame_waits_for_no_database_and_a_refusing_one_ends_with_the_error() {
    // A database that takes the connection and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("mysql://prm:secret@{address}/partners");
    let mut console = Console::spawn(24, 80, |command, _| {
        command.env("PRMDESK_DATABASE_URL", &url);
    });
    console.until("Connecting to the database");
    console.press("5");
    console.until("Reading");
    console.press("P");
    console.until("Esc stops it");
    console.press("q");
    assert_eq!(console.ended_clean(), 0);

    drop(silent);
    let mut console = Console::spawn(24, 80, |command, _| {
        command.env("PRMDESK_DATABASE_URL", &url);
    });
    assert_eq!(console.ended_clean(), 1);
    let told = console.screen();
    assert!(told.contains("127.0.0.1"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}
