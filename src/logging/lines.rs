//! The lines of one run, found again in the log files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Serialize;

use super::PREFIX;

/// Bytes of a line that are looked at; a longer one is cut.
const LINE: u64 = 16 * 1024;

/// What the log files say about a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunLines {
    /// Where the files are.
    pub dir: PathBuf,
    /// The files that have lines of it, oldest first.
    pub files: Vec<PathBuf>,
    /// The newest lines of it, oldest first, as they stand in the file: text from outside may be in them.
    pub lines: Vec<String>,
    /// Older lines of it that were left out.
    pub omitted: u64,
    /// Files that could not be read, and why.
    pub unreadable: Vec<String>,
}

/// The newest `most` lines of run `run_id`, in files of `dir` of the day it started and later. No directory and no file
/// is no error: the log may be kept elsewhere, or was cleared away.
pub fn of_run(dir: &Path, run_id: i64, started: NaiveDate, most: usize) -> RunLines {
    let mut found = RunLines {
        dir: dir.to_owned(),
        ..RunLines::default()
    };
    let mut newest = VecDeque::new();
    for file in files(dir, started, &mut found.unreadable) {
        let before = newest.len() as u64 + found.omitted;
        let read = each_line(&file, |line| {
            if is_of(line, run_id) {
                newest.push_back(line.to_owned());
                if newest.len() > most {
                    newest.pop_front();
                    found.omitted += 1;
                }
            }
        });
        if let Err(error) = read {
            found.unreadable.push(told(&file, &error));
        }
        if newest.len() as u64 + found.omitted > before {
            found.files.push(file);
        }
    }
    found.lines = newest.into();
    found
}

/// The log files of `started` and later, oldest first.
fn files(dir: &Path, started: NaiveDate, unreadable: &mut Vec<String>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            unreadable.push(told(dir, &error));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| day(path).is_some_and(|day| day >= started))
        .collect();
    files.sort();
    files
}

/// The day of `prmdesk.2026-01-31.log`.
fn day(path: &Path) -> Option<NaiveDate> {
    let name = path.file_name()?.to_str()?;
    let day = name.strip_prefix(PREFIX)?.strip_prefix('.')?;
    NaiveDate::parse_from_str(day.strip_suffix(".log")?, "%Y-%m-%d").ok()
}

fn told(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Calls `take` for each line, however long it is and whatever bytes it has.
fn each_line(file: &Path, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else {
            reader.skip_until(b'\n')?;
        }
        take(&String::from_utf8_lossy(&line));
    }
}

/// Whether a line is of the run: the span around it says so (`run_id`), or the line itself (`run`), as JSON or as text.
fn is_of(line: &str, run_id: i64) -> bool {
    let id = run_id.to_string();
    let (json, text) = if line.starts_with('{') {
        ([r#""run_id":"#, r#""run":"#], "")
    } else {
        (["run_id=", "run="], "{ ")
    };
    json.iter().any(|key| {
        has(line, key, &id, |before| {
            text.is_empty() || text.contains(before)
        })
    })
}

/// Whether `line` has `key` directly followed by the whole number `id`, after a character that `before` takes.
fn has(line: &str, key: &str, id: &str, before: impl Fn(char) -> bool) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let rest = &line[at + key.len()..];
        let whole = rest
            .strip_prefix(id)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
        whole && line[..at].chars().next_back().is_some_and(&before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_its_run_in_both_forms() {
        for line in [
            "2026-01-31T10:00:00Z  INFO command{run_id=12}: prmdesk::store: lease taken",
            "2026-01-31T10:00:00Z  INFO request{id=\"a\" run_id=12}: prmdesk::http: answered",
            "2026-01-31T10:00:00Z  WARN command{run_id=13}: an earlier run was interrupted run=12",
            r#"{"level":"INFO","fields":{"message":"x"},"span":{"run_id":12,"name":"command"}}"#,
            r#"{"level":"INFO","fields":{"message":"x","run":12}}"#,
        ] {
            assert!(is_of(line, 12), "{line}");
            assert!(!is_of(line, 1), "{line}");
            assert!(!is_of(line, 2), "{line}");
        }
        assert!(!is_of("INFO command{run_id=123}: x", 12));
        assert!(!is_of("INFO command{}: overrun=12", 12));
        assert!(!is_of(r#"{"fields":{"message":"run_id=12"}}"#, 12));
    }

    #[test]
    fn the_newest_lines_of_the_right_files_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let write = |day: &str, text: &[u8]| {
            std::fs::write(dir.path().join(format!("prmdesk.{day}.log")), text).unwrap();
        };
        write(
            "2026-01-30",
            b"INFO c{run_id=7}: another database's run 7\n",
        );
        write(
            "2026-01-31",
            b"INFO c{run_id=7}: a\nINFO c{run_id=8}: b\n\xff\xfeINFO c{run_id=7}: c\n",
        );
        let long = [
            b"INFO c{run_id=7}: ".as_slice(),
            &b"x".repeat(40_000),
            b"\nINFO c{run_id=7}: last",
        ]
        .concat();
        write("2026-02-01", &long);
        write("2026-02-02", b"INFO c{run_id=9}: d\n");
        std::fs::write(dir.path().join("notes.txt"), "run_id=7 \n").unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
        let found = of_run(dir.path(), 7, day, 2);
        assert_eq!((found.files.len(), found.omitted), (2, 2));
        assert_eq!(found.lines[0].len() as u64, LINE);
        assert_eq!(found.lines[1], "INFO c{run_id=7}: last");
        let none = of_run(&dir.path().join("nowhere"), 7, day, 2);
        assert_eq!((none.lines.len(), none.unreadable.len()), (0, 0));
    }
}
