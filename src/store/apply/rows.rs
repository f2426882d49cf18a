//! Rows as one JSON argument: an array of arrays, written straight into a string.

/// Most rows of one statement.
pub(in crate::store) const BATCH_ROWS: usize = 1000;
/// Most bytes of one statement's argument: well under the smallest `max_allowed_packet` in use (1 MiB).
pub(in crate::store) const BATCH_BYTES: usize = 768 * 1024;

/// Builds the argument of [`crate::store::dialect::json_rows`].
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct JsonRows {
    text: Vec<u8>,
    rows: usize,
}

impl JsonRows {
    pub(in crate::store) fn begin(&mut self) {
        self.text
            .extend_from_slice(if self.rows == 0 { b"[[" } else { b",[" });
        self.rows += 1;
    }

    pub(in crate::store) fn int(&mut self, number: Option<i64>) {
        self.comma();
        match number {
            Some(number) => self.text.extend_from_slice(number.to_string().as_bytes()),
            None => self.text.extend_from_slice(b"null"),
        }
    }

    pub(in crate::store) fn text(&mut self, text: Option<&str>) {
        self.comma();
        string(&mut self.text, text);
    }

    pub(in crate::store) fn end(&mut self) {
        self.text.push(b']');
    }

    pub(in crate::store) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether another row should rather go into the next statement.
    pub(in crate::store) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.text.len() >= BATCH_BYTES
    }

    /// The argument; empty afterwards.
    pub(in crate::store) fn finish(&mut self) -> String {
        self.text
            .extend_from_slice(if self.rows == 0 { b"[]" } else { b"]" });
        self.rows = 0;
        // Only UTF-8 was written; an empty array would be refused by nobody, so say nothing rather than lie.
        String::from_utf8(std::mem::take(&mut self.text)).unwrap_or_else(|_| "[]".to_owned())
    }

    fn comma(&mut self) {
        if self.text.last() != Some(&b'[') {
            self.text.push(b',');
        }
    }
}

/// A JSON string, or null.
pub(super) fn string(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => {
            // Writing into memory cannot fail.
            let _infallible = serde_json::to_writer(out, text);
        }
        None => out.extend_from_slice(b"null"),
    }
}
