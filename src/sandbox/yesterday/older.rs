//! Records as they were before they changed.

use super::super::records::{Account, User};
use super::super::scope;
use crate::text;

/// A name as the coarsest collation compares it: without case and accents.
pub(super) fn base_letters(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text::name_key(name)
        .nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .collect()
}

pub(super) fn older_account(old: &mut Account, how: usize, id: i64) {
    match how {
        1 => {
            let tier = old.tier.as_deref();
            let before = if tier == Some("Registered") {
                "Select"
            } else {
                "Registered"
            };
            old.tier = Some(before.to_owned());
        }
        3 => {
            old.owner = Some("Oskar Lindqvist".to_owned());
            old.owner_email = Some("oskar.lindqvist@northwind-prm.example".to_owned());
        }
        5 => old.region_id = old.region_id.map(|region| region % 5 + 1),
        6 => old.name = format!("{} (formerly {})", old.name, id % 90 + 10),
        _ => {
            old.website = Some("http://old.example/partner".to_owned());
            old.partner_type = None;
        }
    }
}

pub(super) fn older_user(old: &mut User, how: usize) {
    match how {
        1 => old.title = Some("Trainee".to_owned()),
        3 => old.email = old_email(old),
        5 => old.phone = Some("+44 20 7946 0018".to_owned()),
        6 => old.last_name = old.last_name.as_ref().map(|name| format!("{name}-Before")),
        _ => old.account_id = None,
    }
}

/// Another address of the same person, which no filter excludes.
pub(super) fn old_email(user: &User) -> Option<String> {
    let email = user.email.as_deref()?;
    if scope::excludes_email(Some(email)) || !email.contains('@') {
        return Some(format!("former.{}@partner.example", user.id));
    }
    (user.is_active)
        .then(|| format!("was.{email}"))
        .or_else(|| Some(email.to_owned()))
}
