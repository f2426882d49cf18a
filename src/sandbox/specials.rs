//! The records that make the work hard, set among the ordinary ones: hostile names, duplicates, ids that differ in
//! case only, values that do not fit.

use chrono::Duration;

use super::made::Made;
use super::names::lists;
use super::records::{Account, User};
use super::scope;
use super::world::World;

/// Those of a kind that changed since yesterday, and those that did not; both only where the filters keep them.
struct Choice {
    fresh: Vec<i64>,
    stable: Vec<i64>,
}

impl Choice {
    /// Takes the last of the fresh ones, unless too few would be left for ordinary changes.
    fn fresh(&mut self, least: usize) -> Option<i64> {
        (self.fresh.len() > least)
            .then(|| self.fresh.pop())
            .flatten()
    }

    fn stable(&mut self) -> Option<i64> {
        self.stable.pop()
    }
}

/// Sets the specials.
pub(super) fn place(world: &mut World, made: &[Made]) {
    let day = world.epoch() - Duration::days(1);
    let mut accounts = Choice {
        fresh: Vec::new(),
        stable: Vec::new(),
    };
    for account in made.iter().filter_map(|one| world.account(one.id)) {
        if !scope::excludes_account(account) {
            if account.updated > day {
                accounts.fresh.push(account.id);
            } else {
                accounts.stable.push(account.id);
            }
        }
    }
    let keep = accounts.fresh.len() / 2;
    spread(&mut accounts.stable, 40);
    names(world, &mut accounts, keep);
    twins(world, &mut accounts, keep);

    let mut users = Choice {
        fresh: Vec::new(),
        stable: Vec::new(),
    };
    for user in world.users().filter(|user| !scope::excludes_user(user)) {
        if user.updated > day {
            users.fresh.push(user.id);
        } else {
            users.stable.push(user.id);
        }
    }
    let keep = users.fresh.len() / 2;
    spread(&mut users.stable, 60);
    people(world, &mut users, keep);
    doubles(world, &mut users, keep);
}

/// Keeps about `most` of the ids, evenly spread, so that the specials do not sit side by side.
fn spread(ids: &mut Vec<i64>, most: usize) {
    let step = (ids.len() / most).max(1);
    *ids = ids.iter().copied().step_by(step).collect();
}

fn set_account(world: &mut World, id: Option<i64>, set: impl FnOnce(&mut Account)) {
    if let Some(account) = id.and_then(|id| world.account_mut(id)) {
        set(account);
    }
}

fn set_user(world: &mut World, id: Option<i64>, set: impl FnOnce(&mut User)) {
    if let Some(user) = id.and_then(|id| world.user_mut(id)) {
        set(user);
    }
}

fn names(world: &mut World, choice: &mut Choice, keep: usize) {
    for (n, name) in lists().of("hostile_account").iter().enumerate() {
        // The first ones are seen in the first preview.
        let id = if n < 3 {
            choice.fresh(keep)
        } else {
            choice.stable()
        };
        set_account(world, id, |account| account.name.clone_from(name));
    }
    let long = "The Extraordinarily Long-Winded Transcontinental Consolidated Partnership of Associated \
                Process Consultants and Daughters Société Anonyme";
    set_account(world, choice.stable(), |account| {
        account.name = long.chars().take(128).collect();
    });
    set_account(world, choice.fresh(keep), |account| {
        account.name = format!("  {}   Ltd ", account.name);
    });
}

/// Accounts that look like one another.
fn twins(world: &mut World, choice: &mut Choice, keep: usize) {
    // The same name but for case and spaces, beside a partner that owns its row.
    if let (Some(old), Some(new)) = (choice.stable(), choice.fresh(keep)) {
        let name = world
            .account(old)
            .map(|account| account.name.to_uppercase());
        set_account(world, Some(new), |account| {
            account.name = name.unwrap_or_default().replacen(' ', "  ", 1);
        });
    }
    // The same name but for accents: only some databases take them for one.
    if let (Some(old), Some(new)) = (choice.stable(), choice.fresh(keep)) {
        set_account(world, Some(old), |account| {
            "Bélanger Conseil SARL".clone_into(&mut account.name);
        });
        set_account(world, Some(new), |account| {
            "Belanger Conseil SARL".clone_into(&mut account.name);
        });
    }
    // Two new ones with one name.
    if let (Some(a), Some(b)) = (choice.fresh(keep), choice.fresh(keep)) {
        set_account(world, Some(a), |account| {
            "Zwillinge Beratung GmbH".clone_into(&mut account.name);
        });
        set_account(world, Some(b), |account| {
            "ZWILLINGE Beratung GmbH".clone_into(&mut account.name);
        });
    }
    // A Salesforce id that a living partner owns.
    if let (Some(old), Some(new)) = (choice.stable(), choice.fresh(keep)) {
        let id = "0012800000Kx7Qa".to_owned();
        set_account(world, Some(old), |account| {
            account.crm_id = Some(id.clone());
        });
        set_account(world, Some(new), |account| {
            account.crm_id = Some(id.clone());
        });
    }
    // Ids that differ in the case of one letter: two accounts.
    for id in ["0012800001DXn0b", "0012800001DXn0B"] {
        set_account(world, choice.stable(), |account| {
            account.crm_id = Some(id.to_owned());
        });
    }
    set_account(world, choice.stable(), |account| {
        account.crm_id = Some("0012800000CXn0kBAD".to_owned());
    });
}

fn people(world: &mut World, choice: &mut Choice, keep: usize) {
    for (n, name) in lists().of("hostile_person").iter().enumerate() {
        let id = if n < 3 {
            choice.fresh(keep)
        } else {
            choice.stable()
        };
        set_user(world, id, |user| user.first_name = Some(name.clone()));
    }
    // Longer than our column, though not than the vendor's.
    set_user(world, choice.fresh(keep), |user| {
        user.phone =
            Some("+49 30 1234567 ext. 4711, after six +49 171 7654321 (secretary)".to_owned());
    });
    for local in ["contest.winner", "demosthenes.p", "latest.news"] {
        set_user(world, choice.stable(), |user| {
            let domain = user
                .email
                .as_deref()
                .and_then(|email| email.split_once('@'));
            user.email = domain.map(|(_, domain)| format!("{local}@{domain}"));
        });
    }
}

/// Contacts that share an address, or whose account is hard to find.
fn doubles(world: &mut World, choice: &mut Choice, keep: usize) {
    // A second record with the address of one that owns its row.
    if let (Some(old), Some(new)) = (choice.stable(), choice.fresh(keep)) {
        let email = world.user(old).and_then(|user| user.email.clone());
        set_user(world, Some(new), |user| {
            user.email = email.map(|email| email.to_uppercase());
        });
    }
    // Two new ones with one address.
    if let (Some(a), Some(b)) = (choice.fresh(keep), choice.fresh(keep)) {
        let email = world.user(a).and_then(|user| user.email.clone());
        set_user(world, Some(b), |user| user.email = email);
    }
    // One that was deleted and made anew under another id.
    let ghost = world
        .ghosts()
        .users
        .iter()
        .find(|(_, fate)| *fate == super::world::Fate::Silent);
    if let (Some(ghost), Some(new)) = (ghost.map(|(user, _)| user.clone()), choice.fresh(keep)) {
        set_user(world, Some(new), |user| {
            user.email = ghost.email;
            user.first_name = ghost.first_name;
            user.last_name = ghost.last_name;
            user.account_id = ghost.account_id;
        });
    }
    // No account id: the name decides, and a typing error in it finds nothing.
    for typo in ["", "x"] {
        let id = choice.fresh(keep);
        let name = id
            .and_then(|id| world.user(id))
            .and_then(|user| user.account_id)
            .and_then(|id| world.account(id))
            .map(|account| format!("{}{typo}", account.name));
        set_user(world, id, |user| {
            user.account_id = None;
            user.loose_account_name = name;
        });
    }
}
