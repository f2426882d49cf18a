//! How files are written: for their owner alone, whole or not at all, through links, and never in the place of what is
//! no regular file (docs/rules.md, "Safety and privacy").

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Links followed before a chain of them counts as a ring.
const LINKS: usize = 40;

/// Writes a file with what `content` gives. A file that is there is replaced when all is written, and keeps its old
/// content where that fails; a link is followed, and stays; a device or a pipe is written into. Errors are those of the
/// machine and of `content`.
pub fn replace(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let target = followed(path)?;
    match std::fs::metadata(&target) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => {
            let mut out = BufWriter::new(OpenOptions::new().write(true).open(&target)?);
            content(&mut out)?;
            out.flush()
        }
        _ => whole(&target, content),
    }
}

/// Makes a new file for its owner alone. What is there already is left as it is: `AlreadyExists`.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder, and those above it that are missing, for their owner alone.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// From now on, all that this process makes is for its owner alone, what libraries make too. For programs, at their
/// start.
pub fn keep_private() {
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

fn whole(target: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Temporary files are made for their owner alone, and keep that when they take their place.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
    content(&mut out)?;
    out.flush()?;
    drop(out);
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Where a link leads, through every link behind it, whether something is there or not.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                // What stands in /proc leads to pipes and sockets that have no name.
                if std::fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
                    return Ok(target);
                }
                let next = std::fs::read_link(&target)?;
                target = target.parent().unwrap_or(Path::new("")).join(next);
            }
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("too many links"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};

    fn put(path: &Path, text: &str) -> io::Result<()> {
        replace(path, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn links_are_followed_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("real"), "old").unwrap();
        symlink("real", at("one")).unwrap();
        symlink("one", at("two")).unwrap();
        symlink("new", at("dangling")).unwrap();
        put(&at("two"), "a").unwrap();
        put(&at("dangling"), "b").unwrap();
        assert_eq!(std::fs::read_to_string(at("real")).unwrap(), "a");
        assert_eq!(std::fs::read_to_string(at("new")).unwrap(), "b");
        for link in ["one", "two", "dangling"] {
            assert!(std::fs::symlink_metadata(at(link)).unwrap().is_symlink());
        }
        assert_eq!(std::fs::metadata(at("new")).unwrap().mode() & 0o777, 0o600);
        symlink("ring", at("ring")).unwrap();
        assert!(put(&at("ring"), "c").is_err());
    }

    #[test]
    fn what_is_no_regular_file_is_written_into() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        put(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        let kind = std::fs::symlink_metadata(&pipe).unwrap().file_type();
        assert!(kind.is_fifo());
        assert_eq!(
            put(dir.path(), "x").unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
    }

    #[test]
    fn a_failure_keeps_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plan");
        put(&path, "old").unwrap();
        let failed = replace(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
