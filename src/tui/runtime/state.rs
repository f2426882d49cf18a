//! What people expect to find again at the next start, in the state directory. A broken file never stops the start.

use std::path::Path;

use crate::files;
use crate::tui::msg::Saved;

/// The file's name.
const FILE: &str = "console.json";

/// Reads the file; whatever is wrong with it reads as nothing kept, and is logged.
pub(in crate::tui) fn read(folder: &Path) -> Saved {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Saved::default(),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "the console's state was not read");
            return Saved::default();
        }
    };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %path.display(), "the console's state is broken and was left out");
        Saved::default()
    })
}

/// Writes the file: whole or not at all.
pub(in crate::tui) fn write(saved: &Saved, folder: &Path) -> std::io::Result<()> {
    files::create_folder(folder)?;
    files::replace(&folder.join(FILE), |out| {
        Ok(serde_json::to_writer_pretty(out, saved)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_reads_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), Saved::default());
        std::fs::write(folder.path().join(FILE), b"{\"split\": \"wide\"").unwrap();
        assert_eq!(read(folder.path()), Saved::default());
        let saved = Saved {
            split: Some(40),
            filters: vec!["op:add".into()],
            ..Saved::default()
        };
        write(&saved, folder.path()).unwrap();
        assert_eq!(read(folder.path()), saved);
    }
}
