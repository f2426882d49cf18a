//! Reading every page of a listing once: several at a time, decoded as they come, kept in the order of the listing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::ImpartnerError;
use super::decode::Oddity;
use super::dialect::{Dialect, Slice};
use super::page::{Job, Page};
use super::proof::{Ledger, Paging};
use crate::plan::SourceSet;
use crate::progress::{Progress, RunEvent};

/// How often a page that came short or empty within the count is asked for again.
const AGAIN: u32 = 2;

/// After so many places in a row where nothing came, however often asked, the rest of the count is not asked for: one
/// out of all proportion would cost a request or three for every page that it dreams of.
const MOST_HOLES: u32 = 8;

/// A page to fetch.
#[derive(Clone, Copy)]
struct Piece {
    slice: Slice,
    /// How often it was asked for already.
    tries: u32,
    /// Whether it lies after the last record, where nothing should come.
    beyond: bool,
}

/// What came of reading every page.
pub(super) struct Swept {
    pub(super) set: SourceSet,
    pub(super) ledger: Ledger,
    pub(super) seen: u64,
    pub(super) odd: Vec<Oddity>,
}

/// Reads the whole listing once.
pub(super) async fn sweep(job: Arc<Job>, progress: &Progress) -> Result<Swept, ImpartnerError> {
    let mut sweep = Sweep {
        out: Swept {
            set: SourceSet::new(&job.shape.schema),
            ledger: Ledger::default(),
            seen: 0,
            odd: Vec::new(),
        },
        waiting: BTreeMap::new(),
        outstanding: BTreeSet::new(),
        after: Vec::new(),
        holes_in_a_row: 0,
        known: FxHashSet::default(),
        known_until: 0,
        bytes: 0,
        progress,
        job,
    };
    let size = sweep.job.page_size();
    let slice = Slice {
        start: 0,
        take: size,
    };
    let mut first = sweep.job.first(slice).await?;
    if let Some(count) = first.count {
        let came = |page: &Page| page.decoded.set.len() as u64 + page.decoded.unusable;
        if came(&first) < size.min(count) && sweep.job.dialect == Dialect::Odata {
            // Either the server caps the page size or this page came short. The answer decides the size of all pages.
            sweep.job.tally.add();
            let again = sweep.job.page(slice).await?;
            if came(&again) > came(&first) {
                first = again;
            }
        }
        let length = came(&first);
        sweep.keep(0, first)?;
        sweep.flush();
        sweep.counted(count, length).await?;
    } else {
        sweep.uncounted(first).await?;
    }
    Ok(sweep.out)
}

struct Sweep<'a> {
    job: Arc<Job>,
    progress: &'a Progress,
    out: Swept,
    /// Pages that came before their turn: by place, then by arrival (a server may answer for one place twice).
    waiting: BTreeMap<(u64, u64), SourceSet>,
    /// Places of the pages that are still to come.
    outstanding: BTreeSet<u64>,
    /// Places where nothing came since the last page with records.
    holes_in_a_row: u32,
    /// The ids of the first so many records of the listing, as far as somebody asked.
    known: FxHashSet<i64>,
    known_until: usize,
    /// Bytes of the texts of all records that came.
    bytes: usize,
    /// What came after the last record.
    after: Vec<(Slice, Page)>,
}

impl Sweep<'_> {
    /// Reads what the count says there is beyond the first page, several pages at a time, and looks once past the end:
    /// a count that is too small would cut a listing and prove it.
    async fn counted(&mut self, count: u64, length: u64) -> Result<(), ImpartnerError> {
        let size = self.job.page_size();
        let odata = self.job.dialect == Dialect::Odata;
        // A server with pages of its own size is followed. Odata must, because it counts in pages; objects need not, but
        // asks in vain for the rest of each page otherwise. One very short page tells nothing of the others.
        let short = length > 0 && length < size.min(count);
        let stride = if length > size || (short && (odata || length >= size / 8)) {
            length
        } else {
            size
        };
        let mut next = if odata && length > 0 { stride } else { length };
        let mut again = VecDeque::new();
        let mut looked_past = count == 0 && length == 0;
        let mut under_way = JoinSet::new();
        // Decoding is done outside the gate, so two more than it lets through keep it busy.
        let most = self.job.client.inner.config.concurrency.clamp(1, 256) + 2;
        loop {
            if self.holes_in_a_row >= MOST_HOLES {
                // The count stays what it was, so the listing is not proved.
                again.clear();
                (next, looked_past) = (count, true);
            }
            while under_way.len() < most {
                let piece = if let Some(piece) = again.pop_front() {
                    piece
                } else if next < count {
                    let start = next;
                    next += stride;
                    Piece {
                        slice: Slice {
                            start,
                            take: stride,
                        },
                        tries: 0,
                        beyond: false,
                    }
                } else if looked_past {
                    break;
                } else {
                    looked_past = true;
                    let start = if odata {
                        next
                    } else {
                        next.min(count.max(length))
                    };
                    Piece {
                        slice: Slice {
                            start,
                            take: stride,
                        },
                        tries: 0,
                        beyond: true,
                    }
                };
                self.outstanding.insert(piece.slice.start);
                let job = Arc::clone(&self.job);
                let page = async move {
                    let page = if piece.beyond {
                        job.past_the_end(piece.slice).await
                    } else {
                        job.page(piece.slice).await.map(Some)
                    };
                    (piece, page)
                };
                under_way.spawn(page.in_current_span());
            }
            let Some(done) = under_way.join_next().await else {
                break;
            };
            let (piece, page) = match done {
                Ok(done) => done,
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => return Err(ImpartnerError::Cancelled),
                },
            };
            if let Some(piece) = self.arrived(piece, page, count)? {
                self.outstanding.insert(piece.slice.start);
                again.push_back(piece);
            }
            self.flush();
        }
        self.look_past().await
    }

    /// A page came. Gives what is still to be asked for in its place.
    fn arrived(
        &mut self,
        piece: Piece,
        page: Result<Option<Page>, ImpartnerError>,
        count: u64,
    ) -> Result<Option<Piece>, ImpartnerError> {
        let Slice { start, take } = piece.slice;
        self.outstanding.remove(&start);
        let Some(page) = page? else {
            return Ok(None);
        };
        if piece.beyond {
            self.after.push((piece.slice, page));
            return Ok(None);
        }
        let came = page.decoded.set.len() as u64 + page.decoded.unusable;
        if came > 0 {
            self.holes_in_a_row = 0;
        }
        let wanted = take.min(count.saturating_sub(start));
        let once_more = Piece {
            tries: piece.tries + 1,
            ..piece
        };
        if came >= wanted {
            self.keep(start, page)?;
            Ok(None)
        } else if self.job.dialect == Dialect::Objects && came > 0 {
            // A short page is not an end: the rest of it is asked for.
            self.keep(start, page)?;
            let slice = Slice {
                start: start + came,
                take: take - came,
            };
            Ok(Some(Piece {
                slice,
                tries: 0,
                beyond: false,
            }))
        } else if piece.tries < AGAIN {
            self.job.tally.add();
            Ok(Some(once_more))
        } else {
            self.holes_in_a_row += 1;
            self.out.ledger.hole(start);
            self.keep(start, page)?;
            Ok(None)
        }
    }

    /// Settles what came after the last record: nothing, as it should be; records that came before; or new ones, which
    /// belong to the listing whatever its count says.
    async fn look_past(&mut self) -> Result<(), ImpartnerError> {
        while let Some((slice, page)) = self.after.pop() {
            let ids = page.decoded.set.ids();
            let new = page.decoded.unusable > 0 || (!ids.is_empty() && self.has_new(ids));
            if !new || self.out.ledger.repeats() > 2 {
                self.out.ledger.beyond(ids, page.count);
                break;
            }
            let came = page.decoded.set.len() as u64 + page.decoded.unusable;
            self.keep(slice.start, page)?;
            self.flush();
            let step = match self.job.dialect {
                Dialect::Objects => came,
                Dialect::Odata => slice.take,
            };
            let slice = Slice {
                start: slice.start + step,
                ..slice
            };
            if let Some(page) = self.job.past_the_end(slice).await? {
                self.after.push((slice, page));
            }
        }
        Ok(())
    }

    /// Whether one of `ids` is not in the listing yet. Each record is looked at once, however often this is asked.
    fn has_new(&mut self, ids: &[i64]) -> bool {
        let listed = self.out.set.ids();
        self.known.extend(&listed[self.known_until..]);
        self.known_until = listed.len();
        ids.iter().any(|id| !self.known.contains(id))
    }

    /// Reads on until an empty page, where the source gives no count.
    async fn uncounted(&mut self, first: Page) -> Result<(), ImpartnerError> {
        let mut slice = Slice {
            start: 0,
            take: self.job.page_size(),
        };
        let mut page = first;
        loop {
            let came = page.decoded.set.len() as u64 + page.decoded.unusable;
            let start = slice.start;
            self.keep(start, page)?;
            self.flush();
            // A server that gives its last page for ever never gives an empty one.
            if came == 0 || self.out.ledger.repeats() > 2 {
                return Ok(());
            }
            slice.start += match self.job.dialect {
                Dialect::Objects => came,
                Dialect::Odata => slice.take,
            };
            page = if came < slice.take {
                // A page that was not full was the last one, it may be.
                match self.job.past_the_end(slice).await? {
                    Some(page) => page,
                    None => return Ok(()),
                }
            } else {
                self.job.page(slice).await?
            };
        }
    }

    /// Takes a page into the listing, at its place.
    fn keep(&mut self, start: u64, page: Page) -> Result<(), ImpartnerError> {
        let Page { decoded, count } = page;
        let ledger = &mut self.out.ledger;
        ledger.note(start, decoded.set.ids(), decoded.unusable, count);
        let ledger_pages = ledger.pages;
        if ledger.paging() == Paging::Ignored {
            return Err(ImpartnerError::IgnoresPaging {
                object: self.job.shape.object.clone(),
                dialects: format!("{} dialect", self.job.dialect),
            });
        }
        self.bytes += decoded.set.bytes();
        let taken_in = self.job.client.inner.bounds.exceeded(
            self.out.ledger.records + self.out.ledger.unusable,
            ledger_pages,
            self.bytes,
        );
        if let Some(most) = taken_in {
            let object = self.job.shape.object.clone();
            return Err(ImpartnerError::TooMuch { object, most });
        }
        self.out.seen |= decoded.seen;
        for odd in decoded.odd {
            match self
                .out
                .odd
                .iter_mut()
                .find(|o| o.code == odd.code && o.name == odd.name)
            {
                Some(known) => {
                    known.count += odd.count;
                    known.first = known.first.min(odd.first);
                }
                None => self.out.odd.push(odd),
            }
        }
        self.waiting.insert((start, ledger_pages), decoded.set);
        self.progress.report(RunEvent::Reading {
            entity: self.job.shape.schema.entity,
            pages: self.out.ledger.pages,
            read: self.out.ledger.records,
            count: self.out.ledger.count(),
            retries: self.job.tally.get(),
            attempt: self.job.attempt,
        });
        Ok(())
    }

    /// Puts the pages whose turn it is into the listing.
    fn flush(&mut self) {
        let next = self.outstanding.first().copied().unwrap_or(u64::MAX);
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 < next
        {
            self.out.set.append(&entry.remove());
        }
    }
}
