//! Whom a file belongs to, and who else may write or read it (docs/rules.md, "Safety and privacy").

use std::fs::File;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;

/// Why what the file says of secrets, commands and addresses is not to be believed; `None` where it is.
#[cfg(unix)]
pub(super) fn suspicion(file: &File) -> Option<String> {
    let found = file.metadata().ok()?;
    let us = nix::unistd::geteuid().as_raw();
    if found.uid() != us && found.uid() != 0 {
        Some(format!("belongs to user {}", found.uid()))
    } else if found.mode() & 0o022 != 0 {
        Some(format!(
            "may be written by others (mode {:04o})",
            found.mode() & 0o7777
        ))
    } else {
        None
    }
}

/// Whether others than its owner, or than those to whom its owner gave it through its group, may read the file.
#[cfg(unix)]
pub(super) fn others_may_read(file: &File) -> bool {
    let us = nix::unistd::geteuid().as_raw();
    file.metadata().is_ok_and(|found| {
        let ours = found.uid() == us;
        found.is_file() && found.mode() & if ours { 0o044 } else { 0o004 } != 0
    })
}

#[cfg(not(unix))]
pub(super) fn suspicion(_file: &File) -> Option<String> {
    None
}

#[cfg(not(unix))]
pub(super) fn others_may_read(_file: &File) -> bool {
    false
}
