//! The request log of a sandbox: what was asked, by whom, and how it ended.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::faults::Side;

/// The most requests remembered; older ones are forgotten.
const KEPT: usize = 200_000;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// Which stand-in it came to.
    pub side: Side,
    /// GET, PATCH, …
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, decoded, in the order in which it was sent.
    pub query: Vec<(String, String)>,
    /// The body as text; empty without one.
    pub body: String,
    /// The status answered; 0 when the connection was dropped or the request is still under way.
    pub status: u16,
    /// `key` with the right key, else `no key`, `wrong key` or `wrong tenant`.
    pub who: &'static str,
    /// The user agent.
    pub agent: String,
    /// The faults that struck it, by name.
    pub faults: Vec<&'static str>,
}

impl Entry {
    /// The value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A shared request log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    total: u64,
}

impl Log {
    /// Enters a request; returns its number.
    pub(super) fn open(&self, mut entry: Entry) -> u64 {
        let mut inner = self.lock();
        inner.total += 1;
        entry.number = inner.total;
        if inner.entries.len() == KEPT {
            inner.entries.pop_front();
        }
        inner.entries.push_back(entry);
        inner.total
    }

    /// Enters how a request ended.
    pub(super) fn close(&self, number: u64, status: u16) {
        let mut inner = self.lock();
        let first = inner.entries.front().map_or(0, |entry| entry.number);
        if let Some(at) = number
            .checked_sub(first)
            .and_then(|at| usize::try_from(at).ok())
            && let Some(entry) = inner.entries.get_mut(at)
        {
            entry.status = status;
        }
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// The entries that `keep` keeps, oldest first.
    pub fn matching(&self, keep: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.lock()
            .entries
            .iter()
            .filter(|entry| keep(entry))
            .cloned()
            .collect()
    }

    /// Requests so far.
    pub fn len(&self) -> u64 {
        self.lock().total
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all entries; numbers go on.
    pub fn clear(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        // A test that panics while it reads must not take the server with it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
