//! Which process this is, so that a lease whose process died on this host can be replaced at once.

use std::fs;

/// The host's name.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// What tells this process from every other that had or will have its number: the PID name space, the boot, and the
/// start time. Empty parts where the system does not tell.
pub(super) fn identity() -> String {
    identity_of(std::process::id()).unwrap_or_default()
}

fn identity_of(pid: u32) -> Option<String> {
    Some(format!("{}|{}|{}", name_space(), boot(), started(pid)?))
}

fn name_space() -> String {
    fs::read_link("/proc/self/ns/pid")
        .map(|link| link.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// Start time in clock ticks since boot: field 22 of /proc/PID/stat, counted after the command's closing parenthesis.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A zombie is gone: it only waits for its parent to notice.
    let state = fields.next()?;
    (state != "Z")
        .then(|| fields.nth(18).map(str::to_owned))
        .flatten()
}

/// Whether the process that wrote this is certainly gone. `false` whenever this host cannot know: another host, another
/// PID name space (a container), or a system without /proc.
pub(super) fn is_gone(its_host: &str, its_pid: u32, its_identity: &str) -> bool {
    let mut parts = its_identity.splitn(3, '|');
    let (Some(its_space), Some(its_boot), Some(_)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    if its_host != host()
        || its_space.is_empty()
        || its_space != name_space()
        || its_boot.is_empty()
    {
        return false;
    }
    its_boot != boot()
        || match fs::metadata(format!("/proc/{its_pid}")) {
            Ok(_) => identity_of(its_pid).as_deref() != Some(its_identity),
            // Under `hidepid` or systemd's ProtectProc others' processes are not in /proc, and alive all the same.
            Err(_) => !answers(its_pid),
        }
}

/// Whether the system knows a process of this number, be it ours or not.
fn answers(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| {
        let nobody = nix::errno::Errno::ESRCH;
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) != Err(nobody)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_another_start_is_not_it() {
        let (host, pid, mine) = (host(), std::process::id(), identity());
        assert!(!is_gone(&host, pid, &mine));
        assert!(
            is_gone(&host, pid, &format!("{mine}0")),
            "the number was given to a new process"
        );
        assert!(
            !is_gone("elsewhere", pid, &format!("{mine}0")),
            "cannot know about another host"
        );
        assert!(!is_gone(&host, pid, ""), "no identity was recorded");
        assert!(answers(pid) && answers(1) && !answers(0x3fff_fff1));
    }
}
