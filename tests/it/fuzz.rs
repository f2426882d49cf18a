//! Fuzz runs, by hand because they take minutes: `tests/fuzz console` and `tests/fuzz arguments` (or
//! `cargo test --test it fuzz -- --ignored --nocapture`). Each prints its seed; `PRMDESK_FUZZ_SEED` repeats one,
//! `PRMDESK_FUZZ_SECONDS` says how long each goes on.

mod arguments;
mod console;

use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Texts that bend terminals, break lines, look like something else, or are too long.
const HOSTILE: [&str; 16] = [
    "\x1b]2;PWNED\x07",
    "\x1b[2J\x1b[HPWNED",
    "\u{9b}2JPWNED",
    "\u{202e}drowssap\u{202c}",
    "a\u{200b}b\u{2066}c",
    "line\nbreak\r\nand\ttab",
    "=HYPERLINK(\"http://x\")",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "株式会社ＰＷＮ",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\u{fffd}\u{0}x",
    "\"quoted\" and 'quoted' \\ %s %n {}",
    " ",
    "-",
    "--",
    "ﷺﷺﷺ",
];

/// A run: its random numbers, and when it ends.
struct Run {
    random: ChaCha8Rng,
    seed: u64,
    until: Instant,
}

impl Run {
    fn start(name: &str) -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let seed = number("PRMDESK_FUZZ_SEED").unwrap_or_else(rand::random::<u64>);
        let seconds = number("PRMDESK_FUZZ_SECONDS").unwrap_or(60);
        println!("{name}: PRMDESK_FUZZ_SEED={seed}, {seconds} s");
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            seed,
            until: Instant::now() + Duration::from_secs(seconds),
        }
    }

    fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    fn below(&mut self, most: usize) -> usize {
        self.random.random_range(0..most)
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }

    /// A text: hostile, random, empty, or long.
    fn text(&mut self) -> String {
        match self.below(6) {
            0 => String::new(),
            1 => "x".repeat(self.below(3_000)),
            2 => (0..self.below(40))
                .map(|_| self.random.random::<char>())
                .collect(),
            _ => {
                let (a, b) = (self.below(HOSTILE.len()), self.below(HOSTILE.len()));
                format!("{}{}", HOSTILE[a], HOSTILE[b])
            }
        }
    }
}
