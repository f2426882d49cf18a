//! Terminals that go away, and signals (docs/operations.md, "Endings").

use super::Console;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

#[test]
fn a_console_whose_terminal_is_gone_ends_in_good_order() {
    let mut console = Console::start(24, 80);
    console.until("this is the first start");
    console.lose_terminal();
    let status = console.over();
    assert_eq!(status.signal(), None, "{status:?}");
    assert_eq!(status.exit_code(), 0, "{status:?}");
}

#[test]
fn a_signal_at_a_hidden_question_gives_the_echo_back() {
    for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGHUP)] {
        let mut console = Console::spawn_program("sh", 24, 80, |command, _| {
            command.args([
                "-c",
                "trap : INT TERM HUP; \"$0\" init --path new.toml; echo ended $?; stty -a; echo over",
                env!("CARGO_BIN_EXE_prmdesk"),
            ]);
        });
        console.until("Database (");
        match signal {
            None => console.press("\x03"),
            Some(signal) => {
                let shell = i32::try_from(console.child.process_id().unwrap()).unwrap();
                nix::sys::signal::killpg(Pid::from_raw(shell), signal).unwrap();
            }
        }
        console.until("over");
        let screen = console.screen();
        assert!(screen.contains("ended 130"), "{signal:?}: {screen}");
        assert!(screen.contains(" echo "), "{signal:?}: {screen}");
        console.over();
        assert!(!console.folder.path().join("new.toml").exists());
    }
}
