//! Text cells packed into one arena: what makes a million records fit (ARCHITECTURE.md, "Speed").

/// A table of nullable text cells with a fixed number of columns, packed into one string.
///
/// An empty cell is `None`: values are trimmed and empty is NULL (docs/rules.md, "The plan"). One row costs its text
/// and four bytes a cell. At most 4 GiB of text; a push beyond that panics, which no source we page through can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    width: usize,
    text: String,
    /// End offset of every cell, row by row.
    ends: Vec<u32>,
}

impl Packed {
    /// An empty table of `width` columns; `width` must not be 0.
    pub fn new(width: usize) -> Self {
        assert!(width > 0, "a packed table has at least one column");
        Self {
            width,
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a row; `cells` must have one entry a column. Returns its index.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = Option<&'a str>>) -> u32 {
        let row = self.len();
        for cell in cells {
            self.text.push_str(cell.unwrap_or_default());
            self.ends.push(offset(self.text.len()));
        }
        assert_eq!(
            self.ends.len(),
            (row + 1) * self.width,
            "one cell for each column"
        );
        offset(row)
    }

    /// The cell at `row`, `column`; `None` when it is empty or out of range.
    pub fn get(&self, row: u32, column: usize) -> Option<&str> {
        if column >= self.width {
            return None;
        }
        let cell = row as usize * self.width + column;
        let end = *self.ends.get(cell)? as usize;
        let start = if cell == 0 {
            0
        } else {
            self.ends[cell - 1] as usize
        };
        (start < end).then(|| &self.text[start..end])
    }

    /// The cells of a row.
    pub fn row(&self, row: u32) -> impl Iterator<Item = Option<&str>> + Clone {
        (0..self.width).map(move |column| self.get(row, column))
    }

    /// Keeps the rows for which `keep` says so, in order and in place, and gives unused memory back.
    /// Returns for each old row its new index (`u32::MAX` for a dropped one).
    pub fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) -> Vec<u32> {
        let mut moved = vec![u32::MAX; self.len()];
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        let (mut kept, mut written, mut start) = (0usize, 0usize, 0usize);
        for (row, place) in moved.iter_mut().enumerate() {
            let end = self.ends[(row + 1) * self.width - 1] as usize;
            if keep(offset(row)) {
                bytes.copy_within(start..end, written);
                for column in 0..self.width {
                    let old = self.ends[row * self.width + column] as usize;
                    self.ends[kept * self.width + column] = offset(old - start + written);
                }
                written += end - start;
                *place = offset(kept);
                kept += 1;
            }
            start = end;
        }
        bytes.truncate(written);
        bytes.shrink_to_fit();
        self.ends.truncate(kept * self.width);
        self.ends.shrink_to_fit();
        // Whole cells were moved, so the bytes are UTF-8 still; should they not be, an empty arena is safer than a lie.
        self.text = String::from_utf8(bytes).unwrap_or_default();
        moved
    }
}

fn offset(at: usize) -> u32 {
    #[expect(
        clippy::expect_used,
        reason = "4 GiB of text in one listing is beyond every source; see the type's docs"
    )]
    u32::try_from(at).expect("a packed table holds at most 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_and_rows_can_be_dropped() {
        let mut table = Packed::new(2);
        table.push([Some("a"), None]);
        table.push([Some("bé"), Some("c")]);
        table.push([None, Some("d")]);
        assert_eq!(table.get(1, 0), Some("bé"));
        assert_eq!(table.get(0, 1), None);
        let moved = table.retain(|row| row != 0);
        assert_eq!(moved, [u32::MAX, 0, 1]);
        assert_eq!(table.row(0).collect::<Vec<_>>(), [Some("bé"), Some("c")]);
        assert_eq!(table.row(1).collect::<Vec<_>>(), [None, Some("d")]);
        assert_eq!(table.get(2, 0), None);
    }
}
