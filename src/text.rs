//! Text from outside: cleaning, comparing, and showing it safely.
//!
//! Three different things live here and must not be mixed up: [`clean`] is what goes into the database,
//! [`name_key`] and [`email_key`] are what two records are compared by, and [`DisplaySafe`] is what a person sees.

use std::borrow::Cow;
use std::{fmt, io};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use unicode_normalization::UnicodeNormalization;

/// A value as it is stored: trimmed, and `None` when nothing is left (docs/rules.md, "The plan").
pub fn clean(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then_some(trimmed)
}

/// The key under which two names are the same: Unicode NFKC, case-folded, inner white space collapsed, trimmed
/// (docs/rules.md, "Matching").
pub fn name_key(name: &str) -> String {
    if name.is_ascii() {
        let mut key = String::with_capacity(name.len());
        for word in name.split_ascii_whitespace() {
            if !key.is_empty() {
                key.push(' ');
            }
            key.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        }
        return key;
    }
    let folded: String = caseless::default_case_fold_str(&name.nfkc().collect::<String>())
        .nfkc()
        .collect();
    let mut key = String::with_capacity(folded.len());
    for word in folded.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

/// The key under which two e-mail addresses are the same: trimmed and case-folded (docs/rules.md, "Matching").
pub fn email_key(email: &str) -> String {
    let email = email.trim();
    if email.is_ascii() {
        email.to_ascii_lowercase()
    } else {
        caseless::default_case_fold_str(email)
    }
}

/// Text that is safe to put on a terminal: control characters, bidi controls, zero-width and other invisible
/// characters stand as visible escapes such as `\u{202e}` (docs/rules.md, "Safety and privacy"). The only way to make
/// one is to pass through [`DisplaySafe::new`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DisplaySafe<'a>(Cow<'a, str>);

impl<'a> DisplaySafe<'a> {
    /// Makes `text` safe; borrows when there is nothing to escape.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if !text.chars().any(is_unsafe) {
            return Self(text);
        }
        Self(Cow::Owned(escape(&text, is_unsafe)))
    }

    /// The safe text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The safe text, owned.
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl fmt::Display for DisplaySafe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Text made safe for a terminal; short for `DisplaySafe::new(text).into_string()`.
pub fn safe(text: &str) -> String {
    DisplaySafe::new(text).into_string()
}

/// Like [`safe`], but keeps line feeds: for messages of several lines whose layout is ours.
pub fn safe_lines(text: &str) -> String {
    if text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        escape(text, |c| c != '\n' && is_unsafe(c))
    } else {
        text.to_owned()
    }
}

/// JSON text in which what a terminal could obey, or a reader could miss, stands as `\u` escapes
/// (docs/contract.md, "Command line"). `json` must be valid JSON: the escape of a character inside a string is the
/// same string.
pub fn json_safe(json: &str) -> Cow<'_, str> {
    if !json.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if c != '\n' && is_unsafe(c) {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                use fmt::Write as _;
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Writes `value` as JSON that is safe on a terminal; see [`json_safe`]. Indented when `layout` says so.
pub fn write_json<W: io::Write, T: Serialize + ?Sized>(
    writer: W,
    value: &T,
    layout: JsonLayout,
) -> serde_json::Result<()> {
    match layout {
        JsonLayout::Compact => value.serialize(&mut serde_json::Serializer::with_formatter(
            writer,
            Safe(CompactFormatter),
        )),
        JsonLayout::Pretty => value.serialize(&mut serde_json::Serializer::with_formatter(
            writer,
            Safe(PrettyFormatter::new()),
        )),
    }
}

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonLayout {
    /// On one line.
    Compact,
    /// Indented, for people.
    Pretty,
}

/// A JSON formatter that writes what a terminal could obey as `\u` escapes.
struct Safe<F>(F);

macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })*
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(json_safe(fragment).as_bytes())
    }

    delegate! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

fn escape(text: &str, unsafe_char: impl Fn(char) -> bool) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if !unsafe_char(c) {
            out.push(c);
            continue;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x100 => {
                let _infallible = write!(out, "\\x{:02x}", c as u32);
            }
            c => {
                let _infallible = write!(out, "\\u{{{:x}}}", c as u32);
            }
        }
    }
    out
}

/// Characters that never reach a terminal as they are: C0 and C1 controls, DEL, bidi controls, zero-width and
/// other default-ignorable characters, line and paragraph separators, tags, noncharacters.
///
/// U+200D (zero-width joiner) and the variation selectors are escaped too: an emoji sequence then shows its
/// parts, and a name that hides one is seen.
fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{00}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || (c as u32) & 0xfffe == 0xfffe
}

/// A cell for spreadsheets and terminals: control, bidi and zero-width characters are visible escapes, and text that a
/// spreadsheet would run as a formula gets a leading apostrophe (docs/rules.md, "Safety and privacy").
pub fn csv_cell(text: &str) -> String {
    let text = safe(text);
    match text.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_compare_by_nfkc_case_and_white_space() {
        assert_eq!(name_key("  ACME   Corp "), "acme corp");
        assert_eq!(
            name_key("Ｓｏｃｉété\u{a0}Générale"),
            name_key("Socie\u{301}te\u{301} GE\u{301}NÉRALE")
        );
        assert_eq!(name_key("Straße"), name_key("STRASSE"));
        assert_ne!(name_key("Beta"), name_key("Bêta"));
    }

    #[test]
    fn escapes_are_visible() {
        assert_eq!(
            safe("a\u{1b}[31mb\u{202e}c\u{200b}d\n"),
            "a\\x1b[31mb\\u{202e}c\\u{200b}d\\n"
        );
        assert_eq!(safe("Société 株式会社"), "Société 株式会社");
        assert_eq!(
            json_safe("\"\u{202e}\u{e0001}\""),
            "\"\\u202e\\udb40\\udc01\""
        );
    }

    #[test]
    fn formulas_are_neutralised() {
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell("Acme"), "Acme");
        assert_eq!(csv_cell("\u{202e}=1"), "\\u{202e}=1");
    }

    proptest! {
        #[test]
        fn display_safe_lets_nothing_through(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(is_unsafe));
            prop_assert_eq!(safe(&safe(&text)), safe(&text));
        }

        #[test]
        fn json_safe_keeps_the_value(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let back: String = serde_json::from_str(&json_safe(&json)).unwrap();
            prop_assert_eq!(back, text);
        }

        #[test]
        fn keys_are_stable(text in any::<String>()) {
            prop_assert_eq!(name_key(&name_key(&text)), name_key(&text));
        }
    }
}
