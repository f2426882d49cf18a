//! The world from a seed: accounts and users as tenants have them, with the exceptions that make the work hard.
//!
//! Everything but the *fresh* records was last modified more than a day before the world's epoch. The fresh ones,
//! and the [`Ghosts`](super::world::Ghosts) that are gone, are what changed since yesterday; see `yesterday.rs`.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rustc_hash::FxHashSet;

use super::made::Made;
use super::names::{Company, lists, slug};
use super::records::{Account, User};
use super::world::{Fate, World};
use crate::clock::Clock;
use crate::text;

/// How many of `total` records changed since yesterday.
fn fresh_share(total: usize, percent: usize, least: usize, most: usize) -> usize {
    (total * percent / 1000).clamp(least.min(total / 10), most)
}

/// Whether record `n` of `total` is one of `fresh`, evenly spread; its number among them.
fn fresh_number(n: usize, total: usize, fresh: usize) -> Option<usize> {
    let step = total / fresh.max(1);
    (fresh > 0 && n % step.max(1) == step / 2 && n / step.max(1) < fresh).then(|| n / step.max(1))
}

impl World {
    /// A world of `partners` accounts and `contacts` users with their LMS; the same for the same seed and numbers.
    /// Its epoch is 20 November 2026; see [`World::generate_at`].
    pub fn generate(seed: u64, partners: usize, contacts: usize) -> Self {
        let epoch = Utc.with_ymd_and_hms(2026, 11, 20, 6, 0, 0).single();
        Self::generate_at(seed, partners, contacts, epoch.unwrap_or_default())
    }

    /// The same with every time in it moved to before `epoch`.
    pub fn generate_at(seed: u64, partners: usize, contacts: usize, epoch: DateTime<Utc>) -> Self {
        let epoch = DateTime::from_timestamp(epoch.timestamp(), 0).unwrap_or(epoch);
        let mut world = Self::empty(seed, epoch, Clock::system());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut maker = Maker {
            rng: &mut rng,
            epoch,
            names: FxHashSet::default(),
            emails: FxHashSet::default(),
            next: 1000,
        };
        let made = maker.accounts(&mut world, partners);
        maker.next = (maker.next / 10_000 + 1) * 10_000;
        maker.users(&mut world, &made, contacts);
        maker.ghosts(&mut world, &made, partners, contacts);
        if partners >= 60 {
            super::specials::place(&mut world, &made);
        }
        super::generate_lms::fill(&mut world, &mut rng, &made);
        world
    }
}

struct Maker<'a> {
    rng: &'a mut ChaCha8Rng,
    epoch: DateTime<Utc>,
    names: FxHashSet<String>,
    emails: FxHashSet<String>,
    next: i64,
}

impl Maker<'_> {
    fn id(&mut self) -> i64 {
        self.next += self.rng.random_range(1..4);
        self.next
    }

    /// When a record was last modified: within the last day for a fresh one.
    fn updated(&mut self, fresh: bool) -> DateTime<Utc> {
        let minute = 60_000;
        let ago = if fresh {
            self.rng.random_range(5 * minute..23 * 60 * minute)
        } else {
            self.rng
                .random_range(25 * 60 * minute..700 * 24 * 60 * minute)
        };
        self.epoch - Duration::milliseconds(ago)
    }

    fn company(&mut self, country: usize) -> Company {
        let country = &lists().countries[country];
        let mut salt = 0;
        loop {
            let company = country.company(self.rng, salt);
            if self.names.insert(text::name_key(&company.name)) {
                return company;
            }
            // Two more tries with another draw before a place and then a number are added.
            salt += usize::from(self.rng.random_bool(0.5));
        }
    }

    fn accounts(&mut self, world: &mut World, total: usize) -> Vec<Made> {
        let fresh = fresh_share(total, 15, 14, 40);
        (0..total)
            .map(|n| {
                let country = lists().country(self.rng);
                let fresh = fresh_number(n, total, fresh);
                let (account, made) = self.account(country, fresh);
                world.put_account(account);
                made
            })
            .collect()
    }

    fn account(&mut self, country: usize, fresh: Option<usize>) -> (Account, Made) {
        let words = lists();
        let place = &words.countries[country];
        let mut company = self.company(country);
        let mut tier = words.falling(self.rng, "tier");
        let mut status = words.falling(self.rng, "status");
        // A third of a real tenant is excluded: 716 of 2137.
        let excluded = match fresh {
            None => self.rng.random_bool(0.335),
            Some(n) => matches!(n % 7, 3 | 5),
        };
        let draw = match fresh {
            None => self.rng.random_range(0..100),
            Some(n) => n * 13 % 100,
        };
        match draw {
            _ if !excluded => {}
            0..62 => tier = words.of("excluded_tier").first().cloned(),
            62..97 => status = words.of("excluded_status").first().cloned(),
            _ => company.name = format!("Nintex {}", company.name),
        }
        if fresh == Some(9) {
            // One that our own rule on names has come to exclude.
            company.name = format!("{} powered by Nintex", company.name);
        }
        let owner = words.falling(self.rng, "owner");
        let owner_email = owner
            .as_ref()
            .map(|owner| format!("{}@northwind-prm.example", dotted(owner)));
        let id = self.id();
        let account = Account {
            id,
            crm_id: self.crm_id(),
            website: self.website(&company.domain),
            region_id: Some(place.region),
            country: self.rng.random_bool(0.97).then(|| place.name.clone()),
            is_active: status.as_deref() != Some("Inactive"),
            record_version: self.rng.random_range(1..40),
            updated: self.updated(fresh.is_some()),
            created: self.epoch - Duration::days(self.rng.random_range(701..3000)),
            tier,
            status,
            owner,
            owner_email,
            partner_type: words.falling(self.rng, "type"),
            certification_count: (!excluded).then_some(0.0),
            total_npcu: (!excluded).then_some(0.0),
            name: company.name,
            ..Account::default()
        };
        let made = Made {
            id,
            country,
            domain: company.domain,
            wanted: !excluded || fresh.is_some(),
        };
        (account, made)
    }

    /// Salesforce ids as they come: 18 or 15 characters, some that lost their case, a few that are none at all.
    fn crm_id(&mut self) -> Option<String> {
        const BASE: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut id = String::from("00128000");
        for _ in 0..7 {
            id.push(char::from(BASE[self.rng.random_range(0..BASE.len())]));
        }
        let full = crate::plan::sfid::normalise(&id).unwrap_or_else(|| id.clone());
        match self.rng.random_range(0..200) {
            0..60 => Some(id),
            60..186 => Some(full),
            186..190 => Some(full.to_uppercase()),
            190 => Some(format!("SF-{}", &id[8..])),
            _ => None,
        }
    }

    fn website(&mut self, domain: &str) -> Option<String> {
        match self.rng.random_range(0..20) {
            0 => None,
            1 => Some(format!("http://{domain}/")),
            2 => Some(domain.to_owned()),
            _ => Some(format!("https://www.{domain}")),
        }
    }

    fn users(&mut self, world: &mut World, made: &[Made], total: usize) {
        let fresh = fresh_share(total, 8, 60, 160);
        let wanted: Vec<&Made> = made.iter().filter(|one| one.wanted).collect();
        let others: Vec<&Made> = made.iter().filter(|one| !one.wanted).collect();
        for n in 0..total {
            let fresh = fresh_number(n, total, fresh);
            let from = if fresh.is_none() && self.rng.random_bool(0.08) {
                &others
            } else {
                &wanted
            };
            // A few partners have many people and most have a few.
            let skew = self.rng.random::<f64>().powf(1.7) * from.len() as f64;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 <= skew < length of the list"
            )]
            let account = from.get(skew as usize).copied();
            let user = self.user(account, fresh);
            if let Some(account) = account.and_then(|one| world.account_mut(one.id)) {
                account.member_count += 1;
            }
            world.put_user(user);
        }
    }

    fn user(&mut self, account: Option<&Made>, fresh: Option<usize>) -> User {
        let words = lists();
        let country = account.map_or(0, |one| one.country);
        let country = if self.rng.random_bool(0.9) {
            country
        } else {
            words.country(self.rng)
        };
        let place = &words.countries[country];
        let first = &place.first[self.rng.random_range(0..place.first.len())];
        let last = &place.last[self.rng.random_range(0..place.last.len())];
        let domain = account.map_or("example.net", |one| one.domain.as_str());
        let local = match self.rng.random_range(0..10) {
            0..7 => format!("{}.{}", first.latin, last.latin),
            7 => format!("{}{}", &first.latin[..1], last.latin),
            8 => format!("{}_{}", last.latin, first.latin),
            _ => first.latin.clone(),
        };
        let draw: u32 = self.rng.random_range(0..10_000);
        let (local, domain) = match (fresh, draw) {
            (Some(n), _) if n % 40 == 5 => (local, word(self.rng, "pattern_domain", domain)),
            (Some(n), _) if n % 40 == 25 => (format!("support.{local}"), domain.to_owned()),
            (Some(_), _) | (None, 590..) => (local, domain.to_owned()),
            (None, 0..150) => (local, word(self.rng, "pattern_domain", domain)),
            (None, 150..450) => (word(self.rng, "pattern", &local), domain.to_owned()),
            (None, 450..480) => (word(self.rng, "suspicious", &local), domain.to_owned()),
            (None, 480..590) => (local.to_uppercase(), domain.to_owned()),
        };
        let active = match fresh {
            Some(n) => n % 8 != 2,
            // Those of an excluded account have mostly been closed with it.
            None => self
                .rng
                .random_bool(if account.is_none_or(|one| one.wanted) {
                    0.92
                } else {
                    0.02
                }),
        };
        let no_email = fresh.is_none() && self.rng.random_bool(0.004);
        let unknown = match fresh {
            Some(n) => n % 40 == 9,
            None => self.rng.random_bool(0.001),
        };
        let id = self.id();
        User {
            id,
            email: (!no_email).then(|| self.email(&local, &domain)),
            first_name: Some(first.text.clone()),
            last_name: Some(last.text.clone()),
            title: (self.rng.random_bool(0.85))
                .then(|| words.falling(self.rng, "title"))
                .flatten(),
            phone: self.phone(&place.phone),
            // Some contacts belong to an account that the listing of accounts does not have.
            account_id: account.map(|one| if unknown { 900_000_000 + id } else { one.id }),
            loose_account_name: unknown.then(|| format!("{} (merged)", place.word[0].text)),
            is_active: active,
            status: Some(status_of(id, active, fresh.is_some()).to_owned()),
            record_version: self.rng.random_range(1..20),
            updated: self.updated(fresh.is_some()),
            created: self.epoch - Duration::days(self.rng.random_range(701..3000)),
            ..User::default()
        }
    }

    fn email(&mut self, local: &str, domain: &str) -> String {
        let mut email = format!("{local}@{domain}");
        let mut salt = 1;
        while !self.emails.insert(email.to_lowercase()) {
            salt += 1;
            email = format!("{local}{salt}@{domain}");
        }
        email
    }

    fn phone(&mut self, code: &str) -> Option<String> {
        self.rng.random_bool(0.8).then(|| {
            let (a, b, c) = (
                self.rng.random_range(20..999),
                self.rng.random_range(100..999),
                self.rng.random_range(0..9999),
            );
            format!("{code} {a} {b} {c:04}")
        })
    }

    /// Records that were there yesterday and are not now.
    fn ghosts(&mut self, world: &mut World, made: &[Made], partners: usize, contacts: usize) {
        use Fate::{Announced, Refused, Silent};
        if partners >= 150 {
            for fate in [Announced, Silent, Announced, Refused] {
                let country = lists().country(self.rng);
                // Drawn like a fresh one, so that no filter hides it.
                let (account, _) = self.account(country, Some(0));
                let at = self.updated(true);
                world.put_ghost_account(account, fate, at);
            }
        }
        if contacts >= 1000 {
            let wanted: Vec<&Made> = made.iter().filter(|one| one.wanted).collect();
            for fate in [
                Announced, Silent, Announced, Refused, Announced, Silent, Announced, Silent,
                Announced, Refused, Silent,
            ] {
                let account = super::names::pick(self.rng, &wanted).copied();
                let user = self.user(account, Some(0));
                let at = self.updated(true);
                world.put_ghost_user(user, fate, at);
            }
        }
    }
}

fn word(rng: &mut impl Rng, list: &str, otherwise: &str) -> String {
    lists()
        .falling(rng, list)
        .unwrap_or_else(|| otherwise.to_owned())
}

fn dotted(name: &str) -> String {
    let parts: Vec<String> = name.split(' ').map(slug).collect();
    parts.join(".")
}

/// What stands in the field Contact_Status__cf. Some of those who are active by IsActive have left by this field.
fn status_of(id: i64, active: bool, fresh: bool) -> &'static str {
    match (active, id % 200) {
        (false, _) => "Inactive",
        (true, 7) if !fresh => "Terminated",
        (true, 57) if !fresh => "Suspended",
        (true, 107) if !fresh => "Deactivated",
        (true, _) => "Active",
    }
}
