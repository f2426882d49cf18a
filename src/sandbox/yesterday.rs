//! The database as it was yesterday, made so that the first preview of the demo shows every operation, every kind
//! of evidence, conflicts, suspicious exclusions and warnings.
//!
//! Rows of records that did not change are as a sync would have written them. Of the fresh records some have no row
//! yet (adds), some an older one (updates), some a soft-deleted one (reactivates); those that a filter has come to
//! exclude have an active one (soft-deletes), and so have the ghosts (deleted, unverified).

mod older;
mod state;

use chrono::{DateTime, Duration, Utc};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Dialect;
use super::cells::Row;
use super::lms_world::Group;
use super::records::{Account, FieldValue, User};
use super::scope;
use super::world::{Fate, World};
use crate::entity::{Field, FieldKind};
use crate::plan::{Entity, Schema, sfid};
use crate::text;
pub use state::{Leak, Yesterday, YesterdayRow};

use older::{base_letters, old_email, older_account, older_user};

/// What happened to a fresh record since yesterday.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    Absent,
    Different(usize),
    Deleted,
}

impl Past {
    fn of(n: usize) -> Self {
        match n % 8 {
            0 | 4 => Self::Absent,
            2 => Self::Deleted,
            other => Self::Different(other),
        }
    }
}

/// The database as it was a day before the world's epoch. The same for the same world.
pub fn yesterday(world: &World, leak: Leak) -> Yesterday {
    let links: FxHashMap<String, &str> = world
        .lms()
        .people
        .values()
        .map(|person| (text::email_key(&person.email), person.id.as_str()))
        .collect();
    let mut teller = Teller {
        world,
        day: world.epoch() - Duration::days(1),
        links,
        rows: Vec::new(),
        partner_rows: FxHashMap::default(),
        holds: Vec::new(),
    };
    teller.partners();
    teller.contacts();
    if leak == Leak::Contacts {
        teller.leak();
    }
    let groups = teller.groups();
    let latest = world
        .accounts()
        .map(|account| account.updated)
        .chain(world.users().map(|user| user.updated))
        .filter(|at| *at <= teller.day)
        .max();
    let lms = world.lms();
    let enrollments = lms.transcripts.iter().flat_map(|(person, lines)| {
        lines
            .iter()
            .filter(|line| line.resource_type == "course" && line.progress_status == "completed")
            .map(|line| (person.clone(), line.clone()))
    });
    Yesterday {
        enrollments: enrollments.collect(),
        rows: teller.rows,
        holds: teller.holds,
        synced_at: teller.day,
        watermark: latest.unwrap_or(teller.day),
        people: lms.people.values().cloned().collect(),
        groups,
        courses: lms.courses.values().cloned().collect(),
    }
}

struct Teller<'a> {
    world: &'a World,
    day: DateTime<Utc>,
    links: FxHashMap<String, &'a str>,
    rows: Vec<YesterdayRow>,
    /// Account id to partner row.
    partner_rows: FxHashMap<i64, i64>,
    holds: Vec<(Entity, i64, &'static str)>,
}

impl Teller<'_> {
    fn partners(&mut self) {
        let world = self.world;
        let count = |key: fn(&Account) -> Option<String>| {
            let mut counts: FxHashMap<String, u32> = FxHashMap::default();
            for key in world.accounts().filter_map(key) {
                *counts.entry(key).or_default() += 1;
            }
            counts
        };
        let names = count(|account| Some(base_letters(&account.name)));
        let crm = count(|account| account.crm_id.as_deref().map(sfid::key));
        let mut n = 0;
        let mut leaving = 0;
        for account in world.accounts() {
            let fresh = account.updated > self.day;
            let excluded = scope::excludes_account(account);
            if !fresh {
                // One excluded account in twenty was a partner once.
                if !excluded || account.id % 20 == 0 {
                    self.partner(account, !excluded, |_| {});
                }
            } else if excluded {
                leaving += 1;
                if leaving == 2 {
                    let note = "Contract renewal under way; keep until the new year.";
                    self.holds.push((Entity::Partners, account.id, note));
                }
                self.partner(account, true, |old| {
                    old.tier = Some("Registered".to_owned());
                    old.name = old.name.replace(" powered by Nintex", "");
                });
            } else {
                let twin = names
                    .get(&base_letters(&account.name))
                    .is_some_and(|n| *n > 1)
                    || account
                        .crm_id
                        .as_deref()
                        .is_some_and(|id| crm.get(&sfid::key(id)).is_some_and(|n| *n > 1));
                let past = if twin { Past::Absent } else { Past::of(n) };
                n += usize::from(!twin);
                match past {
                    Past::Absent => {}
                    Past::Deleted => self.partner(account, false, |_| {}),
                    Past::Different(how) => {
                        self.partner(account, true, |old| older_account(old, how, account.id));
                    }
                }
            }
        }
        for (account, _) in &world.ghosts().accounts {
            self.partner(account, true, |_| {});
        }
    }

    fn partner(&mut self, account: &Account, active: bool, older: impl FnOnce(&mut Account)) {
        let mut account = account.clone();
        older(&mut account);
        let status = match &account.status {
            _ if !active => "Inactive",
            Some(status) => status.as_str(),
            None => "Active",
        };
        let fields = Schema::of(Entity::Partners)
            .fields
            .iter()
            .map(|field| match field.column {
                "account_status" => Some(status.to_owned()),
                _ => self.stored(Row::Account(&account), field),
            })
            .collect();
        let row_id = self.push(
            Entity::Partners,
            account.id,
            fields,
            active,
            account.created,
        );
        self.partner_rows.insert(account.id, row_id);
    }

    /// What a sync stored of a record for `field`.
    fn stored(&self, row: Row<'_>, field: &Field) -> Option<String> {
        let name = field.source.as_deref()?;
        let at = row.object().field(name, Dialect::Objects)?;
        match self.world.cell(row, at) {
            FieldValue::Text(id) if field.kind == FieldKind::SalesforceId => {
                Some(sfid::normalise(id).unwrap_or_else(|| id.to_owned()))
            }
            FieldValue::Text(value) | FieldValue::Reference(_, value) => {
                text::clean(value).map(str::to_owned)
            }
            _ => None,
        }
    }

    fn push(
        &mut self,
        entity: Entity,
        impartner_id: i64,
        fields: Vec<Option<String>>,
        is_active: bool,
        created_at: DateTime<Utc>,
    ) -> i64 {
        let before = match self.rows.last() {
            Some(last) if last.entity == entity => last.row_id,
            _ => 0,
        };
        let ago = Duration::days(3 + impartner_id % 50);
        self.rows.push(YesterdayRow {
            entity,
            row_id: before + 1,
            impartner_id,
            partner_id: None,
            fields,
            is_active,
            deleted_at: (!is_active).then(|| self.day - ago),
            created_at,
            updated_at: self.day - ago,
        });
        before + 1
    }

    fn contacts(&mut self) {
        let world = self.world;
        let mut emails: FxHashMap<String, u32> = FxHashMap::default();
        for email in world.users().filter_map(|user| user.email.as_deref()) {
            *emails.entry(text::email_key(email)).or_default() += 1;
        }
        let mut used: FxHashSet<String> = FxHashSet::default();
        let ghosts: FxHashSet<String> = world
            .ghosts()
            .users
            .iter()
            .filter_map(|(user, _)| user.email.as_deref().map(text::email_key))
            .collect();
        // The address that a renamed contact had is the one that a new contact has now: its row is not free.
        let mut lent: Option<(i64, String)> = None;
        let mut n = 0;
        for user in world.users() {
            let Some(key) = user.email.as_deref().map(text::email_key) else {
                continue;
            };
            let fresh = user.updated > self.day;
            let excluded = scope::excludes_user(user);
            if !fresh {
                // One inactive user in four was a contact once.
                if (!excluded || !user.is_active && user.id % 4 == 0) && used.insert(key) {
                    self.contact(user, !excluded, |_| {});
                }
                continue;
            }
            if excluded {
                if used.insert(key) {
                    self.contact(user, true, |old| old.email = old_email(old));
                }
                continue;
            }
            let twin = ghosts.contains(&key) || emails.get(&key).is_some_and(|n| *n > 1);
            let past = if twin { Past::Absent } else { Past::of(n) };
            n += usize::from(!twin);
            match past {
                Past::Absent => {
                    if !twin && lent.is_none() {
                        lent = user.email.clone().map(|email| (user.id, email));
                    }
                }
                Past::Deleted => self.contact(user, false, |_| {}),
                Past::Different(3) if lent.as_ref().is_some_and(|(_, email)| !email.is_empty()) => {
                    let email = lent.as_mut().map(|(_, email)| std::mem::take(email));
                    self.contact(user, true, |old| old.email = email);
                }
                Past::Different(how) => self.contact(user, true, |old| older_user(old, how)),
            }
        }
        for (n, (user, fate)) in world.ghosts().users.iter().enumerate() {
            if n == 2 {
                let note = "On parental leave; the account comes back in spring.";
                self.holds.push((Entity::Contacts, user.id, note));
            }
            debug_assert!(*fate != Fate::Broken || user.id > 0);
            self.contact(user, true, |_| {});
        }
    }

    fn contact(&mut self, user: &User, active: bool, older: impl FnOnce(&mut User)) {
        let mut user = user.clone();
        older(&mut user);
        // One link in sixteen was not made yet: the next sync makes it.
        let link = user
            .email
            .as_deref()
            .filter(|_| user.updated <= self.day || user.id % 16 != 0)
            .and_then(|email| self.links.get(&text::email_key(email)))
            .map(|id| (*id).to_owned());
        let fields = Schema::of(Entity::Contacts)
            .fields
            .iter()
            .map(|field| match field.kind {
                FieldKind::LmsLink => link.clone(),
                _ => self.stored(Row::User(&user), field),
            })
            .collect();
        self.push(Entity::Contacts, user.id, fields, active, user.created);
        let partner = user
            .account_id
            .and_then(|id| self.partner_rows.get(&id))
            .copied();
        if let Some(row) = self.rows.last_mut() {
            row.partner_id = partner;
        }
    }

    /// Contacts whose records are gone in one go, as when a department left.
    fn leak(&mut self) {
        let next = self
            .rows
            .iter()
            .map(|row| row.impartner_id)
            .max()
            .unwrap_or(0)
            + 1;
        let partner = self.partner_rows.keys().min().copied();
        for n in 0..60 {
            let user = User {
                id: next + n,
                email: Some(format!("former.colleague{n}@gone.example")),
                first_name: Some("Former".to_owned()),
                last_name: Some(format!("Colleague {n}")),
                account_id: partner,
                is_active: true,
                updated: self.day,
                created: self.day - Duration::days(400),
                ..User::default()
            };
            self.contact(&user, true, |_| {});
        }
    }

    fn groups(&self) -> Vec<(Group, Option<i64>)> {
        let by_name: FxHashMap<String, i64> = self
            .rows
            .iter()
            .filter(|row| row.entity == Entity::Partners)
            .filter_map(|row| Some((text::name_key(row.fields[0].as_deref()?), row.row_id)))
            .collect();
        let groups = self.world.lms().groups.values();
        groups
            .map(|group| {
                let name = group.name.strip_prefix("ptr_").unwrap_or(&group.name);
                (group.clone(), by_name.get(&text::name_key(name)).copied())
            })
            .collect()
    }
}
