//! Values that are never shown, and the three ways to give them: as they are, in a file, by a command.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::trust;

/// A secret: printed, logged and compared to nothing but itself. [`Secret::expose`] is the one way to the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret, trimmed of the line end that files and commands leave.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The text, for the header or the connection that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Longest wait for the command of `*_command`, and for a `*_file` that is a pipe.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// Between two looks at whether a command that has said all has ended too.
const LOOK: Duration = Duration::from_millis(10);
/// A secret is a line, not a volume: what is longer is the wrong file.
const MOST: u64 = 64 * 1024;

/// Reads a secret from a file, and says whether others may read it. A pipe to which nobody writes ends after `timeout`.
pub(super) fn from_file(path: &Path, timeout: Duration) -> Result<(Secret, bool), String> {
    let shown = path.display();
    let (sender, receiver) = mpsc::channel();
    // Who opens a pipe waits for its other end; such a reader outlives us, and holds nothing.
    let path = path.to_owned();
    std::thread::spawn(move || {
        let read = File::open(&path).and_then(|file| {
            let open = trust::others_may_read(&file);
            Ok((all_of(file)?, open))
        });
        let _waiter_gone = sender.send(read);
    });
    let (text, open) = receiver
        .recv_timeout(timeout)
        .map_err(|_| {
            format!(
                "{shown} gave nothing within {}; it is a pipe, or on a disk that does not answer",
                humantime::format_duration(timeout)
            )
        })?
        .map_err(|error| format!("{shown} could not be read: {error}"))?;
    let secret = whole(&text).ok_or_else(|| format!("{shown} is empty"))?;
    Ok((secret, open))
}

/// Runs `command` in the shell, in `dir`, and takes what it prints. What it says on its standard error goes to ours.
pub(super) fn from_command(command: &str, dir: &Path, timeout: Duration) -> Result<Secret, String> {
    let begun = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the command could not be started: {error}"))?;
    let stdout = child.stdout.take();
    let (sender, receiver) = mpsc::channel();
    // The reader may outlive us when a grandchild keeps the pipe open; it holds nothing but that pipe.
    std::thread::spawn(move || {
        let _waiter_gone = sender.send(stdout.map(all_of).transpose());
    });
    let read = receiver.recv_timeout(timeout);
    // One that has closed its output may stay all the same.
    let ended = match &read {
        Ok(_) => ended_by(&mut child, begun + timeout)?,
        Err(_) => None,
    };
    let Some(status) = ended else {
        let _already_gone = child.kill();
        let _already_gone = child.wait();
        return Err(format!(
            "the command did not finish within {}",
            humantime::format_duration(timeout)
        ));
    };
    let text = read
        .unwrap_or(Ok(None))
        .map_err(|error| format!("what the command printed could not be read: {error}"))?
        .unwrap_or_default();
    if !status.success() {
        return Err(format!("the command failed ({status})"));
    }
    whole(&text).ok_or_else(|| "the command printed nothing".to_owned())
}

/// How the child ended; `None` where it goes on at `deadline`.
fn ended_by(child: &mut Child, deadline: Instant) -> Result<Option<ExitStatus>, String> {
    loop {
        let status = child
            .try_wait()
            .map_err(|error| format!("the command could not be waited for: {error}"))?;
        if status.is_some() || Instant::now() >= deadline {
            return Ok(status);
        }
        std::thread::sleep(LOOK);
    }
}

fn all_of(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

fn whole(text: &str) -> Option<Secret> {
    (!text.trim().is_empty()).then(|| Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gives_its_output_or_says_why_not() {
        let run = |command| from_command(command, Path::new("."), Duration::from_secs(10));
        assert_eq!(run("echo ' abc '").unwrap().expose(), "abc");
        assert_eq!(run("true").unwrap_err(), "the command printed nothing");
        let failed = run("echo hidden; exit 3").unwrap_err();
        assert!(
            failed.contains('3') && !failed.contains("hidden"),
            "{failed}"
        );
        for stays in [
            "exec sleep 60",
            "echo key; exec sleep 60 >&-",
            "exec >&-; read line < /dev/zero",
        ] {
            let slow = from_command(stays, Path::new("."), Duration::from_millis(50));
            assert!(
                slow.unwrap_err().contains("did not finish within 50ms"),
                "{stays}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_to_which_nobody_writes_ends_after_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let said = from_file(&path, Duration::from_millis(50)).unwrap_err();
        assert!(said.contains("gave nothing within 50ms"), "{said}");
        // Another one: whoever waited for the first still holds its end.
        let path = dir.path().join("other");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || std::fs::write(path, "k-2\n").unwrap()
        });
        let read = from_file(&path, Duration::from_mins(1)).unwrap();
        assert_eq!(read, (Secret::new("k-2"), false));
        writer.join().unwrap();
    }

    #[test]
    fn a_file_gives_its_text_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let read = |path: &Path| from_file(path, Duration::from_mins(1));
        assert!(read(&path).unwrap_err().contains("could not be read"));
        std::fs::write(&path, "\n").unwrap();
        assert!(read(&path).unwrap_err().contains("is empty"));
        std::fs::write(&path, "k-1\n").unwrap();
        assert_eq!(read(&path).unwrap().0, Secret::new("k-1"));
        assert_eq!(format!("{:?}", read(&path).unwrap().0), "Secret(…)");
    }
}
