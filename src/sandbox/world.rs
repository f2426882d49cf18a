//! The data behind the stand-ins. Every edit goes through [`World`]'s methods, which stamp `Updated` as the real
//! server does and move the version that the query cache looks at.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::lms_world::LmsWorld;
use super::records::{Account, Object, User};
use crate::clock::Clock;

/// A record that was deleted upstream, as the deleted-ids feed remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// What it was.
    pub object: Object,
    /// Its id.
    pub id: i64,
    /// When it was deleted.
    pub at: DateTime<Utc>,
}

/// How a record that was there yesterday answers today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// Not found by id, and in the deleted-ids feed.
    Announced,
    /// Not found by id; the feed never names it.
    Silent,
    /// By id it answers 403: nobody can say whether it is gone.
    Refused,
    /// By id it answers 500, always.
    Broken,
}

/// Records that were there yesterday and are in no listing now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ghosts {
    /// The accounts.
    pub accounts: Vec<(Account, Fate)>,
    /// The users.
    pub users: Vec<(User, Fate)>,
}

/// All data of the stand-ins: Impartner's accounts, users and regions, and the LMS.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World {
    seed: u64,
    accounts: BTreeMap<i64, Account>,
    users: BTreeMap<i64, User>,
    regions: BTreeMap<i64, String>,
    gone: Vec<Gone>,
    ghosts: Ghosts,
    lms: LmsWorld,
    version: u64,
    epoch: DateTime<Utc>,
    /// The last modification time given out; the next is later.
    stamp: DateTime<Utc>,
    last_id: i64,
    #[serde(skip, default = "Clock::system")]
    clock: Clock,
}

impl World {
    /// A world without records. `epoch` is the moment before which everything in it happened; later edits are
    /// stamped by `clock`, and never before `epoch`.
    pub fn empty(seed: u64, epoch: DateTime<Utc>, clock: Clock) -> Self {
        Self {
            seed,
            accounts: BTreeMap::new(),
            users: BTreeMap::new(),
            regions: super::names::REGIONS
                .iter()
                .map(|(id, name)| (*id, (*name).to_owned()))
                .collect(),
            gone: Vec::new(),
            ghosts: Ghosts::default(),
            lms: LmsWorld::default(),
            version: 0,
            epoch,
            stamp: epoch,
            last_id: 1000,
            clock,
        }
    }

    /// The seed that it was generated from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The moment before which everything in it was generated.
    pub fn epoch(&self) -> DateTime<Utc> {
        self.epoch
    }

    /// What was there yesterday and is not now.
    pub fn ghosts(&self) -> &Ghosts {
        &self.ghosts
    }

    /// How an id that no listing has answers.
    pub(super) fn fate(&self, object: Object, id: i64) -> Option<Fate> {
        match object {
            Object::Account => find_fate(&self.ghosts.accounts, |one| one.id == id),
            Object::User => find_fate(&self.ghosts.users, |one| one.id == id),
            Object::Region => None,
        }
    }

    /// The moment of the last edit, or the one before which everything was generated.
    pub fn stamp(&self) -> DateTime<Utc> {
        self.stamp
    }

    /// Changes with every edit of Impartner's records.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The versions of both halves: what decides whether there is something to keep.
    pub(super) fn versions(&self) -> (u64, u64) {
        (self.version, self.lms.version)
    }

    /// Takes the time of later edits from `clock`.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// One account.
    pub fn account(&self, id: i64) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> impl DoubleEndedIterator<Item = &Account> + ExactSizeIterator {
        self.accounts.values()
    }

    /// One user.
    pub fn user(&self, id: i64) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users, by id.
    pub fn users(&self) -> impl DoubleEndedIterator<Item = &User> + ExactSizeIterator {
        self.users.values()
    }

    /// The name of a region.
    pub fn region(&self, id: i64) -> Option<&str> {
        self.regions.get(&id).map(String::as_str)
    }

    /// The LMS's people, groups, courses and transcripts.
    pub fn lms(&self) -> &LmsWorld {
        &self.lms
    }

    /// The same, for edits.
    pub fn lms_mut(&mut self) -> &mut LmsWorld {
        self.lms.version += 1;
        &mut self.lms
    }

    /// The ids of all records of an object, ascending.
    pub fn ids(&self, object: Object) -> Vec<i64> {
        match object {
            Object::Account => self.accounts.keys().copied().collect(),
            Object::User => self.users.keys().copied().collect(),
            Object::Region => self.regions.keys().copied().collect(),
        }
    }

    /// The ids deleted in a span, both ends included, as the feed gives them.
    pub fn deleted(&self, object: Object, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<i64> {
        self.gone
            .iter()
            .filter(|gone| gone.object == object && gone.at >= from && gone.at <= to)
            .map(|gone| gone.id)
            .collect()
    }

    /// The present moment by the world's clock, never before its epoch.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().max(self.stamp)
    }

    /// A modification time later than all before it, to the millisecond.
    fn touch(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        let now = DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now);
        self.stamp = now.max(self.stamp + Duration::milliseconds(1));
        self.version += 1;
        self.stamp
    }

    /// Edits an account and stamps it. `false`: there is none.
    pub fn edit_account(&mut self, id: i64, edit: impl FnOnce(&mut Account)) -> bool {
        if !self.accounts.contains_key(&id) {
            return false;
        }
        let at = self.touch();
        if let Some(account) = self.accounts.get_mut(&id) {
            edit(account);
            account.id = id;
            account.updated = at;
            account.record_version += 1;
        }
        true
    }

    /// Edits a user and stamps it. `false`: there is none.
    pub fn edit_user(&mut self, id: i64, edit: impl FnOnce(&mut User)) -> bool {
        if !self.users.contains_key(&id) {
            return false;
        }
        let at = self.touch();
        if let Some(user) = self.users.get_mut(&id) {
            edit(user);
            user.id = id;
            user.updated = at;
            user.record_version += 1;
        }
        true
    }

    /// Dates a record wrongly: its modification time is `at`, whatever the clock says. `false`: there is none.
    pub fn redate(&mut self, object: Object, id: i64, at: DateTime<Utc>) -> bool {
        let updated = match object {
            Object::Account => self.accounts.get_mut(&id).map(|one| &mut one.updated),
            Object::User => self.users.get_mut(&id).map(|one| &mut one.updated),
            Object::Region => None,
        };
        let found = updated.map(|updated| *updated = at).is_some();
        self.version += u64::from(found);
        found
    }

    /// Adds an account, or replaces the one with the same id; id 0 asks for the next free one. Returns the id.
    pub fn add_account(&mut self, mut account: Account) -> i64 {
        account.updated = self.touch();
        account.created = account.updated;
        account.record_version = 1;
        account.id = self.allot(account.id);
        let id = account.id;
        self.accounts.insert(id, account);
        id
    }

    /// Adds a user, or replaces the one with the same id; id 0 asks for the next free one. Returns the id.
    pub fn add_user(&mut self, mut user: User) -> i64 {
        user.updated = self.touch();
        user.created = user.updated;
        user.record_version = 1;
        user.id = self.allot(user.id);
        let id = user.id;
        self.users.insert(id, user);
        id
    }

    /// Deletes a record upstream: by id it is not found any more, and the feed names it. `false`: there is none.
    pub fn delete(&mut self, object: Object, id: i64) -> bool {
        let found = match object {
            Object::Account => self.accounts.remove(&id).is_some(),
            Object::User => self.users.remove(&id).is_some(),
            Object::Region => false,
        };
        if found {
            let at = self.touch();
            self.gone.push(Gone { object, id, at });
        }
        found
    }

    fn allot(&mut self, id: i64) -> i64 {
        if id > 0 {
            self.last_id = self.last_id.max(id);
            return id;
        }
        self.last_id += 1;
        self.last_id
    }

    /// Puts a generated account in as it is, without a stamp.
    pub(super) fn put_account(&mut self, account: Account) {
        self.last_id = self.last_id.max(account.id);
        self.accounts.insert(account.id, account);
    }

    /// Puts a generated user in as it is, without a stamp.
    pub(super) fn put_user(&mut self, user: User) {
        self.last_id = self.last_id.max(user.id);
        self.users.insert(user.id, user);
    }

    /// An account, to be finished while generating.
    pub(super) fn account_mut(&mut self, id: i64) -> Option<&mut Account> {
        self.accounts.get_mut(&id)
    }

    /// A user, to be finished while generating.
    pub(super) fn user_mut(&mut self, id: i64) -> Option<&mut User> {
        self.users.get_mut(&id)
    }

    /// Puts an account among those that are gone since `at`.
    pub(super) fn put_ghost_account(&mut self, account: Account, fate: Fate, at: DateTime<Utc>) {
        self.last_id = self.last_id.max(account.id);
        self.put_gone(Object::Account, account.id, fate, at);
        self.ghosts.accounts.push((account, fate));
    }

    /// Puts a user among those that are gone since `at`.
    pub(super) fn put_ghost_user(&mut self, user: User, fate: Fate, at: DateTime<Utc>) {
        self.last_id = self.last_id.max(user.id);
        self.put_gone(Object::User, user.id, fate, at);
        self.ghosts.users.push((user, fate));
    }

    fn put_gone(&mut self, object: Object, id: i64, fate: Fate, at: DateTime<Utc>) {
        if fate == Fate::Announced {
            self.gone.push(Gone { object, id, at });
        }
    }

    /// Writes the world to a file, whole or not at all.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        crate::files::replace(path, |out| Ok(serde_json::to_writer(out, self)?))
    }

    /// Reads a world that [`World::save`] wrote. Later edits are stamped by `clock`.
    pub fn load(path: &Path, clock: Clock) -> std::io::Result<Self> {
        let file = BufReader::with_capacity(1 << 16, std::fs::File::open(path)?);
        let mut world: Self = serde_json::from_reader(file)?;
        world.clock = clock;
        Ok(world)
    }
}

fn find_fate<T>(ghosts: &[(T, Fate)], is: impl Fn(&T) -> bool) -> Option<Fate> {
    ghosts
        .iter()
        .find(|(one, _)| is(one))
        .map(|(_, fate)| *fate)
}
