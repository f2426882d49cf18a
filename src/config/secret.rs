//! Values that are never shown, and the three ways to give them: as they are, in a file, by a command.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

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

/// Longest wait for the command of `*_command`.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);
/// A secret is a line, not a volume: what is longer is the wrong file.
const MOST: u64 = 64 * 1024;

/// Reads a secret from a file.
pub(super) fn from_file(path: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST).read_to_string(&mut text))
        .map_err(|error| format!("{} could not be read: {error}", path.display()))?;
    whole(&text).ok_or_else(|| format!("{} is empty", path.display()))
}

/// Runs `command` in the shell, in `dir`, and takes what it prints. What it says on its standard error goes to ours.
pub(super) fn from_command(command: &str, dir: &Path, timeout: Duration) -> Result<Secret, String> {
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
        let mut text = String::new();
        let read = stdout
            .map(|stdout| stdout.take(MOST).read_to_string(&mut text))
            .transpose();
        let _waiter_gone = sender.send(read.map(|_| text));
    });
    let read = receiver.recv_timeout(timeout);
    if read.is_err() {
        let _already_gone = child.kill();
    }
    let status = child
        .wait()
        .map_err(|error| format!("the command could not be waited for: {error}"))?;
    let text = read
        .map_err(|_| {
            format!(
                "the command did not finish within {}",
                humantime::format_duration(timeout)
            )
        })?
        .map_err(|error| format!("what the command printed could not be read: {error}"))?;
    if !status.success() {
        return Err(format!("the command failed ({status})"));
    }
    whole(&text).ok_or_else(|| "the command printed nothing".to_owned())
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
        let slow = from_command("exec sleep 60", Path::new("."), Duration::from_millis(50));
        assert!(slow.unwrap_err().contains("did not finish within 50ms"));
    }

    #[test]
    fn a_file_gives_its_text_or_says_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert!(from_file(&path).unwrap_err().contains("could not be read"));
        std::fs::write(&path, "\n").unwrap();
        assert!(from_file(&path).unwrap_err().contains("is empty"));
        std::fs::write(&path, "k-1\n").unwrap();
        assert_eq!(from_file(&path).unwrap(), Secret::new("k-1"));
        assert_eq!(format!("{:?}", from_file(&path).unwrap()), "Secret(…)");
    }
}
