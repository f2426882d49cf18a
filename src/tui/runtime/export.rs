//! The files of what is exported: their names, never one over another, for their owner alone.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::files;
use crate::text::{JsonLayout, write_json};
use crate::tui::msg::{Export, Format};

/// Writes the file into `folder`; never over another one.
pub(in crate::tui) fn write(export: &Export, folder: &Path) -> io::Result<PathBuf> {
    let ending = match export.format {
        Format::Csv => "csv",
        Format::Json => "json",
    };
    let stem = format!(
        "prmdesk-{}-{}",
        export.sheet.word(),
        export.at.format("%Y%m%d-%H%M%S")
    );
    for attempt in 0..100 {
        let name = if attempt == 0 {
            format!("{stem}.{ending}")
        } else {
            format!("{stem}-{attempt}.{ending}")
        };
        let path = folder.join(name);
        match files::create_new(&path) {
            Ok(file) => {
                let mut out = BufWriter::new(file);
                content(export, &mut out)?;
                out.flush()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(
        "a hundred exports of this second are there already",
    ))
}

/// Writes the content.
fn content(export: &Export, out: &mut impl Write) -> io::Result<()> {
    match export.format {
        Format::Csv => export.sheet.csv(out),
        Format::Json => {
            write_json(&mut *out, &export.sheet.json(), JsonLayout::Pretty)?;
            out.write_all(b"\n")
        }
    }
}
