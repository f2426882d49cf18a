//! Whether a listing is complete (docs/rules.md, "Reading"): every page arrived; ids are distinct; distinct ids == the
//! count of the first and of the last page; no page repeated another. Pure: it judges what a sweep noted.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

/// What a sweep noted about its pages. Pages are known by their place in the listing, from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Pages that held records, or the first one.
    pub(super) pages: u64,
    /// Records on them, as they came.
    pub(super) records: u64,
    /// Records without a usable id.
    pub(super) unusable: u64,
    first: Option<Noted>,
    last: Option<(u64, Noted)>,
    /// A total that differs from the first page's.
    moved: Option<u64>,
    /// Pages by what is on them: hash to the place of the first such page.
    contents: FxHashMap<u64, u64>,
    repeated: Option<(u64, u64)>,
    repeats: u64,
    same_as_first: u64,
    /// Places within the count where nothing came.
    holes: Vec<u64>,
    /// The source answers with records it gave before when asked for those after the last one.
    endless: bool,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    count: Option<u64>,
    hash: u64,
}

/// What the server does with the paging parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// Pages differ.
    Honoured,
    /// The one further page there was is the first one again.
    Doubtful,
    /// All further pages, two or more, are the first one again.
    Ignored,
}

impl Ledger {
    /// Notes a page: where it starts, the ids on it, and the total it names.
    pub(super) fn note(&mut self, start: u64, ids: &[i64], unusable: u64, count: Option<u64>) {
        let mut hasher = FxHasher::default();
        ids.hash(&mut hasher);
        let noted = Noted {
            count,
            hash: hasher.finish(),
        };
        let empty = ids.is_empty() && unusable == 0;
        if start == 0 && self.first.is_none() {
            self.first = Some(noted);
        } else if empty {
            return;
        }
        self.pages += 1;
        self.records += ids.len() as u64;
        self.unusable += unusable;
        if self.last.is_none_or(|(place, _)| place <= start) {
            self.last = Some((start, noted));
        }
        if let (
            Some(now),
            Some(Noted {
                count: Some(at_first),
                ..
            }),
        ) = (count, self.first)
            && now != at_first
        {
            self.moved = Some(now);
        }
        if empty {
            return;
        }
        match self.contents.get(&noted.hash) {
            Some(&before) => {
                self.repeats += 1;
                self.repeated.get_or_insert((before, start));
                if self.first.is_some_and(|first| first.hash == noted.hash) {
                    self.same_as_first += 1;
                }
            }
            None => {
                self.contents.insert(noted.hash, start);
            }
        }
    }

    /// Notes that nothing came at a place where the count says there is something.
    pub(super) fn hole(&mut self, start: u64) {
        self.holes.push(start);
    }

    /// Notes what came when records after the last one were asked for, and brought nothing new.
    pub(super) fn beyond(&mut self, ids: &[i64], count: Option<u64>) {
        self.endless |= !ids.is_empty();
        // An empty page may name no total, or 0; any other total is a later word on the listing.
        if let (Some(now), Some(at_first)) = (count.filter(|&count| count > 0), self.count())
            && now != at_first
        {
            self.moved = Some(now);
        }
    }

    /// The total that the first page named.
    pub(super) fn count(&self) -> Option<u64> {
        self.first.and_then(|first| first.count)
    }

    /// How often a page repeated another.
    pub(super) fn repeats(&self) -> u64 {
        self.repeats
    }

    /// What the server does with the paging parameters.
    pub(super) fn paging(&self) -> Paging {
        if self.same_as_first == 0 || self.contents.len() > 1 {
            Paging::Honoured
        } else if self.same_as_first == 1 {
            Paging::Doubtful
        } else {
            Paging::Ignored
        }
    }

    /// Why the listing is not proved, as a clause, or `None` when it is. `asked`: records asked for per page; `distinct` ids came,
    /// and `doubled` is one that came more than once.
    pub(super) fn doubt(&self, asked: u64, distinct: u64, doubled: Option<i64>) -> Option<String> {
        let page = |start: u64| start / asked.max(1) + 1;
        let Some(count) = self.count() else {
            return Some(
                "the source gives no total, so nothing shows that the listing is complete".into(),
            );
        };
        if let Some((a, b)) = self.repeated {
            return Some(format!("page {} repeated page {}", page(b), page(a)));
        }
        if self.unusable > 0 {
            return Some(format!(
                "{} came without a usable id",
                records(self.unusable)
            ));
        }
        if let Some(id) = doubled {
            return Some(format!(
                "{} came more than once (one of them has the id {id})",
                records(self.records.saturating_sub(distinct))
            ));
        }
        if let Some(now) = self.moved {
            return Some(format!(
                "the total moved while reading, from {count} to {now}"
            ));
        }
        if self.last.is_some_and(|(_, last)| last.count.is_none()) {
            return Some("the last page names no total".into());
        }
        if distinct != count {
            let hole = self.holes.first().map_or_else(String::new, |&start| {
                format!(" (nothing came on page {})", page(start))
            });
            return Some(format!(
                "{} came, but the source counts {count}{hole}",
                records(distinct)
            ));
        }
        // A page that was not cut to size holds all there is, even where paging is ignored.
        if self.endless && !(self.pages == 1 && distinct != asked) {
            return Some("asked for records after the last one, the source gave some again".into());
        }
        None
    }
}

fn records(count: u64) -> String {
    match count {
        1 => "1 record".into(),
        count => format!("{count} records"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The doubt about pages of (place, ids, total), two records asked for per page.
    fn doubt(pages: &[(u64, &[i64], Option<u64>)]) -> Option<String> {
        let mut ledger = Ledger::default();
        let mut all = Vec::new();
        for (start, ids, count) in pages {
            ledger.note(*start, ids, 0, *count);
            all.extend_from_slice(ids);
        }
        all.sort_unstable();
        let doubled = all
            .windows(2)
            .find(|two| two[0] == two[1])
            .map(|two| two[0]);
        all.dedup();
        ledger.doubt(2, all.len() as u64, doubled)
    }

    #[test]
    fn what_is_proved_and_what_is_not() {
        let five = Some(5);
        assert_eq!(
            doubt(&[(0, &[1, 2], five), (4, &[5], five), (2, &[3, 4], five)]),
            None
        );
        assert_eq!(
            doubt(&[(0, &[], Some(0))]),
            None,
            "an empty listing; the desk knows more"
        );
        for (pages, want) in [
            (
                vec![(0, &[1, 2][..], five), (2, &[3][..], five)],
                "3 records came, but the source counts 5",
            ),
            (
                vec![(0, &[1, 2], five), (2, &[1, 2], five)],
                "page 2 repeated page 1",
            ),
            (
                vec![(0, &[1, 2], five), (2, &[2, 3], five)],
                "1 record came more than once (one of them has the id 2)",
            ),
            (
                vec![(0, &[1, 2], five), (2, &[3, 4], Some(4))],
                "the total moved while reading, from 5 to 4",
            ),
            (
                vec![(0, &[1, 2], five), (2, &[3, 4], five), (4, &[5], None)],
                "the last page names no total",
            ),
            (
                vec![(0, &[1, 2], None)],
                "the source gives no total, so nothing shows that the listing is complete",
            ),
            (
                vec![(0, &[1, 2], Some(1))],
                "2 records came, but the source counts 1",
            ),
        ] {
            assert_eq!(doubt(&pages).as_deref(), Some(want));
        }
    }

    #[test]
    fn ignored_paging_needs_two_witnesses() {
        let mut ledger = Ledger::default();
        ledger.note(0, &[1, 2], 0, Some(9));
        assert_eq!(ledger.paging(), Paging::Honoured);
        ledger.note(2, &[1, 2], 0, Some(9));
        assert_eq!(ledger.paging(), Paging::Doubtful);
        ledger.note(4, &[1, 2], 0, Some(9));
        assert_eq!(ledger.paging(), Paging::Ignored);
        ledger.note(6, &[7, 8], 0, Some(9));
        assert_eq!(
            ledger.paging(),
            Paging::Honoured,
            "one page twice is another fault"
        );
    }

    #[test]
    fn records_after_the_last_one() {
        let mut ledger = Ledger::default();
        ledger.note(0, &[1, 2], 0, Some(2));
        ledger.beyond(&[], Some(0));
        assert_eq!(ledger.doubt(2, 2, None), None);
        ledger.beyond(&[], Some(3));
        assert!(ledger.doubt(2, 2, None).unwrap().contains("from 2 to 3"));
        let mut ledger = Ledger::default();
        ledger.note(0, &[1, 2], 0, Some(2));
        ledger.beyond(&[1, 2], Some(2));
        assert!(
            ledger.doubt(2, 2, None).is_some(),
            "a full page that comes again proves nothing"
        );
        assert_eq!(
            ledger.doubt(100, 2, None),
            None,
            "all there is came on one page that was not cut"
        );
    }
}
