//! Following `links.next` until it is missing.

use rustc_hash::FxHashSet;
use url::Url;

use super::jsonapi::Resource;
use super::transport::path_of;
use super::{Client, LmsError};
use crate::progress::Progress;

/// Records asked for per page; what a server gives beyond or below that is its own affair, `links.next` decides.
const PAGE: &str = "100";

impl Client {
    /// Reads all pages of a listing, each item once. `count` is told the number of items after each page. Ends with
    /// an error rather than with a part: what it gives is everything the server listed.
    pub(super) async fn listing<T>(
        &self,
        segments: &[&str],
        filter: &[(&str, &str)],
        progress: &Progress,
        mut decode: impl FnMut(&Resource<'_>) -> Option<T>,
        mut count: impl FnMut(u64),
    ) -> Result<Vec<T>, LmsError> {
        let mut query = filter.to_vec();
        query.extend([("page", "1"), ("limit", PAGE)]);
        let mut next = Some(self.url(segments, &query));
        let mut visited: FxHashSet<Url> = FxHashSet::default();
        let mut seen: FxHashSet<String> = FxHashSet::default();
        let mut items = Vec::new();
        let mut pages = 0;
        let mut bytes = 0;
        while let Some(url) = next {
            if progress.is_cancelled() {
                return Err(LmsError::Cancelled);
            }
            let unreadable = |detail: &str| LmsError::Unreadable {
                what: path_of(&url),
                detail: detail.to_owned(),
            };
            let document = self.get(&url).await?;
            if !document.has_data() {
                return Err(unreadable("it has no `data`"));
            }
            pages += 1;
            bytes += document.bytes;
            let exceeded = self.0.bounds.exceeded(items.len() as u64, pages, bytes);
            if let Some(most) = exceeded {
                let what = segments.join("/");
                return Err(LmsError::TooMuch { what, most });
            }
            let page = document
                .items()
                .ok_or_else(|| unreadable("an item of `data` has no id"))?;
            let mut fresh = 0;
            for item in &page {
                // A record that moved between two pages while we read is listed twice.
                if !seen.insert(item.id.clone()) {
                    continue;
                }
                fresh += 1;
                let decoded =
                    decode(item).ok_or_else(|| unreadable("an item lacks what it must have"))?;
                items.push(decoded);
            }
            count(items.len() as u64);
            next = match document.next() {
                Some(link) => Some(self.follow(&url, link)?),
                None => None,
            };
            visited.insert(url);
            let circle = next.as_ref().is_some_and(|next| visited.contains(next));
            // A page that brings nothing new and still names a next one is the other way to run for ever.
            if circle || (next.is_some() && fresh == 0) {
                return Err(LmsError::Loop {
                    what: segments.join("/"),
                    pages,
                });
            }
        }
        Ok(items)
    }
}
