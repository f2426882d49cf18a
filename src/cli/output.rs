//! What goes to standard output: one JSON document, or lines for people that no text from outside can bend.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::error::{Error, Kind, Result};
use crate::text::{JsonLayout, safe, write_json};

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to colour a stream that is, or is not, a terminal.
    pub(super) fn on(self, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|text| !text.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                terminal && !set("NO_COLOR") && !dumb
            }
        }
    }
}

/// How a piece of text stands out, where colour is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// Headings.
    Bold,
    /// What went wrong or goes away. Never by colour alone.
    Warn,
}

/// Standard output. A reader that went away (`| head`, a closed terminal) is no error: what is left is dropped.
pub(super) struct Out {
    inner: Box<dyn Write>,
    color: bool,
    terminal: bool,
    gone: bool,
}

impl Out {
    /// The process's standard output.
    pub(super) fn stdout(color: Color) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self {
            inner: Box::new(BufWriter::with_capacity(64 * 1024, stdout)),
            color: color.on(terminal),
            terminal,
            gone: false,
        }
    }

    /// One line for people. `text` may hold text from outside.
    pub(super) fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.styled(Style::Plain, text)
    }

    /// One line for people, set apart.
    pub(super) fn styled(&mut self, style: Style, text: impl AsRef<str>) -> Result<()> {
        let text = safe(text.as_ref());
        let (before, after) = if self.color { style.codes() } else { ("", "") };
        writeln!(self, "{before}{text}{after}").map_err(|error| stdout_failed(&error))
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> Result<()> {
        self.line("")
    }

    /// Text of several lines that is ours: help, SQL, an export that escapes by itself.
    pub(super) fn raw(&mut self, text: &str) -> Result<()> {
        self.write_all(text.as_bytes())
            .map_err(|error| stdout_failed(&error))
    }

    /// A value as the one JSON document.
    pub(super) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        write_json(&mut *self, value, JsonLayout::Pretty).map_err(|error| {
            Error::new(Kind::Internal, "stdout", "The result could not be printed.").source(error)
        })?;
        self.raw("\n")
    }

    /// A table: columns as wide as their widest cell, cells made safe. The last column is not padded.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> Result<()> {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| safe(cell)).collect())
            .collect();
        let mut widths: Vec<usize> = head.iter().map(|cell| cell.width()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        self.styled(Style::Bold, row_text(head.iter().copied(), &widths))?;
        for row in &rows {
            self.line(row_text(row.iter().map(String::as_str), &widths))?;
        }
        Ok(())
    }

    /// Sends what is buffered.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.flush().map_err(|error| stdout_failed(&error))
    }
}

fn row_text<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, &width) in cells.zip(widths) {
        text.push_str(cell);
        let pad = width.saturating_sub(cell.width()) + 2;
        text.extend(std::iter::repeat_n(' ', pad));
    }
    text.truncate(text.trim_end().len());
    text
}

impl Style {
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("", ""),
            Self::Bold => ("\x1b[1m", "\x1b[0m"),
            Self::Warn => ("\x1b[1;33m", "\x1b[0m"),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.unless_gone(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.unless_gone(flushed, ())
    }
}

impl Out {
    fn unless_gone<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error)
                if error.kind() == io::ErrorKind::BrokenPipe
                    || (self.terminal && error.raw_os_error() == Some(TERMINAL_GONE)) =>
            {
                self.gone = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

/// EIO, which a terminal that was closed answers. On anything else it is a fault of a device, and told.
const TERMINAL_GONE: i32 = 5;

fn stdout_failed(error: &io::Error) -> Error {
    Error::new(
        Kind::Internal,
        "stdout",
        format!("Standard output could not be written: {error}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that goes away after its first bytes.
    struct Head(usize);

    impl Write for Head {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn out(inner: impl Write + 'static) -> Out {
        Out {
            inner: Box::new(inner),
            color: false,
            terminal: false,
            gone: false,
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut out = out(Head(3));
        for _ in 0..100 {
            out.line("hello").unwrap();
        }
        out.finish().unwrap();
        assert!(out.gone);
    }

    #[test]
    fn another_fault_of_the_stream_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert_eq!(out(Full).line("x").unwrap_err().code, "stdout");
    }

    #[test]
    fn columns_are_as_wide_as_what_is_seen() {
        let widths = [6, 3];
        assert_eq!(row_text(["株式", "x"].into_iter(), &widths), "株式    x");
    }
}
