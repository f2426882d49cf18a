//! Which process this is, so that a lease whose process died on this host can be replaced at once.

use std::fs;

use sha2::{Digest as _, Sha256};

/// The host's name.
pub(super) fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// What tells this process from every other that had or will have its number: the PID name space, the boot, the start
/// time, and the machine. Empty parts where the system does not tell.
pub(super) fn identity() -> String {
    identity_of(std::process::id()).unwrap_or_default()
}

fn identity_of(pid: u32) -> Option<String> {
    Some(format!(
        "{}|{}|{}|{}",
        name_space(),
        boot(),
        started(pid)?,
        machine()
    ))
}

/// Which machine this is, whatever its name: a digest of its machine-id, which is not for others to know. Empty where
/// there is none, and in an image whose machine-id is still to be drawn.
fn machine() -> String {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|id| id.trim().to_owned())
        .find(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(|id| {
            let digest = Sha256::digest(format!("prmdesk lease {id}"));
            let first = digest.iter().take(8);
            first.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
        })
        .unwrap_or_default()
}

/// The PID name space of a machine that is no container; the kernel gives it this number everywhere.
const OUTERMOST: &str = "pid:[4026531836]";

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

/// Whether the process that wrote this is certainly gone. `false` whenever this machine cannot know: another machine,
/// whatever its name, another PID name space (a container), or a system without /proc.
pub(super) fn is_gone(its_host: &str, its_pid: u32, its_identity: &str) -> bool {
    let mut parts = its_identity.splitn(4, '|');
    let (Some(its_space), Some(its_boot), Some(_)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let its_machine = parts.next().unwrap_or_default();
    if its_host != host()
        || its_space.is_empty()
        || its_space != name_space()
        || its_boot.is_empty()
        || its_machine != machine()
    {
        return false;
    }
    if its_boot != boot() {
        // This machine was started anew, or it is another one of the same name. Containers tell nothing here: their
        // images carry one machine-id to many machines, and the numbers of their name spaces meet by chance.
        return !its_machine.is_empty() && its_space == OUTERMOST;
    }
    match fs::metadata(format!("/proc/{its_pid}")) {
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
            is_gone(&host, pid, &started_later(&mine)),
            "the number was given to a new process"
        );
        assert!(
            !is_gone("elsewhere", pid, &started_later(&mine)),
            "cannot know about another host"
        );
        assert!(!is_gone(&host, pid, ""), "no identity was recorded");
        assert!(answers(pid) && answers(1) && !answers(0x3fff_fff1));
    }

    /// The identity of the process that had the number before this one.
    fn started_later(mine: &str) -> String {
        let mut parts: Vec<String> = mine.split('|').map(str::to_owned).collect();
        parts[2].push('0');
        parts.join("|")
    }

    #[test]
    fn another_machine_of_the_same_name_is_not_this_one_started_anew() {
        let (host, pid, mine) = (host(), std::process::id(), identity());
        let parts: Vec<&str> = mine.split('|').collect();
        let [space, boot, start, machine] = parts[..] else {
            panic!("{mine}")
        };
        let other_boot = "11111111-2222-4333-8444-555555555555";
        let of = |space: &str, boot: &str, machine: &str| {
            is_gone(&host, pid, &format!("{space}|{boot}|{start}|{machine}"))
        };
        let known = !machine.is_empty() && space == OUTERMOST;
        assert_eq!(
            of(space, other_boot, machine),
            known,
            "this one, started anew"
        );
        assert!(
            !of(space, other_boot, "0123456789abcdef"),
            "another machine"
        );
        assert!(
            !of(space, other_boot, ""),
            "a machine that has no machine-id, or an older prmdesk"
        );
        assert!(!of(space, boot, "0123456789abcdef"), "another machine");
        assert!(
            !of("pid:[4026532201]", other_boot, machine),
            "a container: its image's machine-id says nothing"
        );
    }
}
