//! The world from a seed.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::records::{Account, User};
use super::world::World;
use crate::clock::Clock;

impl World {
    /// A world of `partners` accounts and `contacts` users; the same for the same seed and numbers.
    pub fn generate(seed: u64, partners: usize, contacts: usize) -> Self {
        let epoch: DateTime<Utc> = Utc
            .with_ymd_and_hms(2026, 11, 20, 6, 0, 0)
            .single()
            .unwrap_or_default();
        let mut world = Self::empty(seed, epoch, Clock::system());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut id = 1000;
        let mut ids = Vec::with_capacity(partners);
        for n in 0..partners {
            id += rng.random_range(1..4);
            ids.push(id);
            let pending = rng.random_bool(0.2);
            world.put_account(Account {
                id,
                name: format!("Partner {n}"),
                crm_id: Some(format!("0012800000{n:05}")),
                region_id: Some(rng.random_range(1..=5)),
                country: Some("Germany".to_owned()),
                is_active: true,
                tier: Some(if pending { "Pending" } else { "Registered" }.to_owned()),
                status: Some("Active".to_owned()),
                certification_count: Some(0.0),
                total_npcu: Some(0.0),
                updated: epoch - Duration::minutes(rng.random_range(1500..500_000)),
                created: epoch - Duration::days(800),
                ..Account::default()
            });
        }
        for n in 0..contacts {
            id += rng.random_range(1..4);
            let account = ids.get(rng.random_range(0..ids.len().max(1))).copied();
            world.put_user(User {
                id,
                email: Some(format!("person{n}@partner{}.example", n % partners.max(1))),
                first_name: Some("Anna".to_owned()),
                last_name: Some(format!("Person {n}")),
                account_id: account,
                is_active: true,
                updated: epoch - Duration::minutes(rng.random_range(1500..500_000)),
                created: epoch - Duration::days(800),
                ..User::default()
            });
        }
        world
    }
}
