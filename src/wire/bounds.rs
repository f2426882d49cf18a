//! How much of the other side's is taken in, whatever it sends (docs/apis.md, "Bounds").

/// Most that one reading takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Records of one listing.
    pub records: u64,
    /// Pages of one listing.
    pub pages: u64,
    /// Bytes: of the texts that are kept of one listing (Impartner), of all its answers (LMS).
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            records: 4_000_000,
            pages: 200_000,
            bytes: 1 << 30,
        }
    }
}

impl Bounds {
    /// What was too much, in words; `None` while all is within.
    pub(crate) fn exceeded(&self, records: u64, pages: u64, bytes: usize) -> Option<String> {
        if records > self.records {
            Some(format!("{} records", self.records))
        } else if pages > self.pages {
            Some(format!("{} pages", self.pages))
        } else if bytes > self.bytes {
            Some(format!("{} MiB of text", self.bytes >> 20))
        } else {
            None
        }
    }
}
