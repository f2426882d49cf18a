//! The LMS of a generated world: people, groups, courses, transcripts, and Impartner's certification numbers, which
//! agree with the transcripts but for three partners.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use rand::{Rng, RngExt as _};
use rustc_hash::{FxHashMap, FxHashSet};

use super::lms_world::{Course, Group, LmsWorld, Person, Transcript};
use super::made::Made;
use super::names::lists;
use super::records::User;
use super::scope;
use super::world::World;

/// People are made for the first so many users only: larger worlds are for speed, not for the LMS.
const MOST_PEOPLE: usize = 60_000;

/// Fills the world's LMS.
pub(super) fn fill(world: &mut World, rng: &mut impl Rng, made: &[Made]) {
    let epoch = world.epoch();
    let day = epoch - Duration::days(1);
    let wanted: FxHashSet<i64> = made
        .iter()
        .filter(|one| one.wanted)
        .map(|one| one.id)
        .chain(
            world
                .ghosts()
                .accounts
                .iter()
                .map(|(account, _)| account.id),
        )
        .collect();
    let mut lms = LmsWorld::default();
    let mut crowd = Crowd::default();
    let ghosts = world.ghosts().users.iter().map(|(user, _)| user);
    // Those that were there before come first: of two with one address, theirs is the contact in the database.
    let (fresh, stable): (Vec<&User>, Vec<&User>) =
        world.users().partition(|user| user.updated > day);
    for user in ghosts.chain(stable).chain(fresh) {
        let Some(account) = user.account_id.filter(|id| wanted.contains(id)) else {
            continue;
        };
        let fresh = user.updated > day;
        let learns = rng.random_bool(if user.is_active { 0.93 } else { 0.3 });
        if !(learns || fresh && !user.is_active) || crowd.by_email.len() >= MOST_PEOPLE {
            continue;
        }
        let joined = user.is_active || fresh || rng.random_bool(0.15);
        crowd.add(&mut lms, rng, user, account, epoch, joined);
    }
    colleagues(&mut lms, rng, epoch);
    courses(&mut lms, rng);
    groups(world, &mut lms, rng, &crowd, made);
    let stable: FxHashSet<String> = world
        .users()
        .filter(|user| user.updated <= day && !scope::excludes_user(user))
        .filter_map(|user| {
            crowd
                .by_email
                .get(&user.email.as_ref()?.to_lowercase())
                .cloned()
        })
        .collect();
    transcripts(&mut lms, rng, &stable, epoch);
    certify(world, &lms, &crowd, epoch);
    *world.lms_mut() = LmsWorld { version: 1, ..lms };
}

/// Who is where.
#[derive(Default)]
struct Crowd {
    by_email: FxHashMap<String, String>,
    /// The people of an account that are in its group.
    members: BTreeMap<i64, BTreeSet<String>>,
    /// The people of an account that are contacts in the database.
    contacts: FxHashMap<i64, BTreeSet<String>>,
}

impl Crowd {
    fn add(
        &mut self,
        lms: &mut LmsWorld,
        rng: &mut impl Rng,
        user: &User,
        account: i64,
        epoch: DateTime<Utc>,
        joined: bool,
    ) {
        let Some(email) = user.email.clone() else {
            return;
        };
        let key = email.to_lowercase();
        if self.by_email.contains_key(&key) {
            return;
        }
        let id = uuid(rng);
        self.by_email.insert(key, id.clone());
        lms.people.insert(
            id.clone(),
            Person {
                id: id.clone(),
                email,
                first_name: user.first_name.clone().unwrap_or_default(),
                last_name: user.last_name.clone().unwrap_or_default(),
                disabled: false,
                updated_at: epoch - Duration::days(rng.random_range(2..600)),
            },
        );
        if joined {
            self.members.entry(account).or_default().insert(id.clone());
        }
        if !scope::excludes_user(user) {
            self.contacts.entry(account).or_default().insert(id);
        }
    }
}

fn uuid(rng: &mut impl Rng) -> String {
    let (a, b): (u64, u64) = (rng.random(), rng.random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}

/// People of the portal's own staff, whom Impartner does not know.
fn colleagues(lms: &mut LmsWorld, rng: &mut impl Rng, epoch: DateTime<Utc>) {
    for owner in lists().of("owner") {
        let (first, last) = owner.split_once(' ').unwrap_or((owner, ""));
        let id = uuid(rng);
        let local = format!("{}.{}", super::names::slug(first), super::names::slug(last));
        lms.people.insert(
            id.clone(),
            Person {
                id,
                email: format!("{local}@northwind-prm.example"),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                disabled: false,
                updated_at: epoch - Duration::days(90),
            },
        );
    }
}

fn courses(lms: &mut LmsWorld, rng: &mut impl Rng) {
    for (n, name) in lists().of("course").iter().enumerate() {
        let id = uuid(rng);
        let npcu = match n {
            // The properties of one course are not ours to read.
            19 => None,
            _ => Some([1, 1, 2, 0, 2][n % 5]),
        };
        lms.courses.insert(
            id.clone(),
            Course {
                id,
                name: name.clone(),
                npcu,
            },
        );
    }
}

fn groups(world: &World, lms: &mut LmsWorld, rng: &mut impl Rng, crowd: &Crowd, made: &[Made]) {
    let day = world.epoch() - Duration::days(1);
    let ghosts: FxHashMap<i64, &str> = world
        .ghosts()
        .accounts
        .iter()
        .map(|(account, _)| (account.id, account.name.as_str()))
        .collect();
    let mut everybody: BTreeSet<String> = BTreeSet::new();
    let order = made.iter().map(|one| one.id).chain(ghosts.keys().copied());
    let mut ids: Vec<i64> = order.collect();
    ids.sort_unstable();
    let mut taken: FxHashSet<String> = FxHashSet::default();
    for id in ids {
        let nobody = BTreeSet::new();
        let members = crowd.members.get(&id).unwrap_or(&nobody);
        everybody.extend(members.iter().cloned());
        let account = world.account(id);
        let leaves = ghosts.contains_key(&id)
            || account.is_some_and(|one| one.updated > day && scope::excludes_account(one));
        if account.is_some_and(|one| one.updated <= day && one.id % 60 == 0)
            && !crowd.members.contains_key(&id)
        {
            // A leftover: the partner left long ago and its group is still there.
            let name = account.map_or("", |account| account.name.as_str());
            put_group(lms, uuid(rng), format!("ptr_{name}"), BTreeSet::new());
            continue;
        }
        // A partner that leaves always has a group, so that there is something to undo.
        if !leaves && (members.is_empty() || !rng.random_bool(0.75)) {
            continue;
        }
        let Some(name) = account
            .map(|account| account.name.as_str())
            .or_else(|| ghosts.get(&id).copied())
            .filter(|name| taken.insert(crate::text::name_key(name)))
        else {
            continue;
        };
        let mut members = members.clone();
        if leaves && let Some(guest) = everybody.iter().nth(everybody.len() / 2) {
            // Somebody who belongs to another partner: foreign to the group, and protected.
            members.insert(guest.clone());
        }
        let prefix = if rng.random_bool(0.8) { "ptr_" } else { "" };
        put_group(lms, uuid(rng), format!("{prefix}{name}"), members);
    }
    put_group(lms, uuid(rng), "All Partners".to_owned(), everybody);
}

fn put_group(lms: &mut LmsWorld, id: String, name: String, members: BTreeSet<String>) {
    lms.groups.insert(id.clone(), Group { id, name, members });
}

fn transcripts(
    lms: &mut LmsWorld,
    rng: &mut impl Rng,
    stable: &FxHashSet<String>,
    epoch: DateTime<Utc>,
) {
    let courses: Vec<String> = lms.courses.keys().cloned().collect();
    // By id, and not as the hash set has them: the world is the same for the same seed.
    let people: Vec<String> = lms
        .people
        .keys()
        .filter(|id| stable.contains(*id))
        .cloned()
        .collect();
    for person in people {
        if !rng.random_bool(0.35) {
            continue;
        }
        let lines = (0..rng.random_range(1..6)).map(|n| {
            let at = epoch - Duration::days(rng.random_range(40..500));
            let status = [
                "completed",
                "completed",
                "completed",
                "in_progress",
                "enrolled",
            ][rng.random_range(0..5)];
            let done = status == "completed";
            let expires = match rng.random_range(0..6) {
                0 => Some(epoch - Duration::days(rng.random_range(3..30))),
                1 | 2 => None,
                _ => Some(epoch + Duration::days(rng.random_range(200..700))),
            };
            Transcript {
                id: format!("{person}-{n}"),
                resource_type: if rng.random_range(0..12) == 0 {
                    "learning_path"
                } else {
                    "course"
                }
                .to_owned(),
                resource_id: courses[rng.random_range(0..courses.len())].clone(),
                progress_status: status.to_owned(),
                enrolled_at: Some(at - Duration::days(20)),
                completed_at: done.then_some(at),
                expires_at: expires.filter(|_| done),
            }
        });
        let lines = lines.collect();
        lms.transcripts.insert(person, lines);
    }
}

/// Completed, unexpired courses with a value of these people, one per person and course: how many, and their sum.
pub(super) fn certified<'a>(
    lms: &LmsWorld,
    people: impl Iterator<Item = &'a String>,
    now: DateTime<Utc>,
) -> (u32, u32) {
    let mut pairs: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for person in people {
        for line in lms.transcripts.get(person).map_or(&[][..], Vec::as_slice) {
            let npcu = lms
                .courses
                .get(&line.resource_id)
                .and_then(|course| course.npcu);
            let counts = line.resource_type == "course"
                && line.progress_status == "completed"
                && line.expires_at.is_none_or(|at| at > now);
            if let Some(npcu) = npcu.filter(|npcu| counts && *npcu > 0) {
                pairs.insert((person, &line.resource_id), u32::from(npcu));
            }
        }
    }
    (
        u32::try_from(pairs.len()).unwrap_or(u32::MAX),
        pairs.values().sum(),
    )
}

/// Sets Impartner's numbers, three of them as they were some time ago.
fn certify(world: &mut World, lms: &LmsWorld, crowd: &Crowd, epoch: DateTime<Utc>) {
    let day = epoch - Duration::days(1);
    let grouped: FxHashMap<String, &Group> = lms
        .groups
        .values()
        .map(|group| {
            let name = group.name.strip_prefix("ptr_").unwrap_or(&group.name);
            (crate::text::name_key(name), group)
        })
        .collect();
    let ids: Vec<i64> = world
        .accounts()
        .filter(|account| !scope::excludes_account(account))
        .map(|account| account.id)
        .collect();
    let mut behind = 0;
    for id in ids {
        let nobody = BTreeSet::new();
        let Some(account) = world.account_mut(id) else {
            continue;
        };
        let mut people = crowd.contacts.get(&id).unwrap_or(&nobody).clone();
        if let Some(group) = grouped.get(&crate::text::name_key(&account.name)) {
            people.extend(group.members.iter().cloned());
        }
        let (mut count, mut npcu) = certified(lms, people.iter(), epoch);
        if behind < 3 && count > 2 && account.updated <= day && id % 5 == 0 {
            behind += 1;
            count -= u32::from(behind != 2);
            npcu -= 1;
        }
        account.certification_count = Some(f64::from(count));
        account.total_npcu = Some(f64::from(npcu));
    }
}
