//! JSON with a broken character in it: a byte that is no UTF-8, half a surrogate pair, a bare control character. One such
//! character must stop nobody but its own value (docs/rules.md, "Reading").

/// `body` as JSON that can be read: what is broken within a string becomes U+FFFD, a bare control character its escape.
/// What stands outside of strings stays as it is. Costs a copy; for bodies that did not read as they came.
pub(super) fn mended(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut in_string = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let taken = match byte {
            b'"' => {
                in_string = !in_string;
                1
            }
            b'\\' if in_string => {
                if let Some(length) = escape(rest) {
                    length
                } else {
                    out.extend_from_slice("\u{fffd}".as_bytes());
                    at += broken(rest);
                    continue;
                }
            }
            0..0x20 if in_string => {
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                at += 1;
                continue;
            }
            _ => 1,
        };
        out.extend_from_slice(&rest[..taken]);
        at += taken;
    }
    out
}

/// The length of the whole escape at the start of `rest`; a surrogate pair is one. `None`: it is none.
fn escape(rest: &[u8]) -> Option<usize> {
    match rest.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match unit(rest)? {
            0xd800..0xdc00 => {
                let low = unit(rest.get(6..)?)?;
                (0xdc00..0xe000).contains(&low).then_some(12)
            }
            0xdc00..0xe000 => None,
            _ => Some(6),
        },
        _ => None,
    }
}

/// How much of `rest` is the escape that is none: half a pair whole, of anything else the backslash alone.
fn broken(rest: &[u8]) -> usize {
    if unit(rest).is_some() { 6 } else { 1 }
}

/// The UTF-16 unit of an escape `\uXXXX`.
fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| {
        Some(unit * 16 + char::from(digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_whole_stays_as_it_is() {
        for whole in [
            r#"{"a": "x \" \\ \/ \n \u00fc \ud83d\ude00 \\u", "b": [1, null]}"#,
            "[\"\u{fc} \u{fffd}\"]\n",
        ] {
            assert_eq!(String::from_utf8(mended(whole.as_bytes())).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_broken_is_replaced_alone() {
        for (body, want) in [
            (&b"[\"a\xfcb\"]"[..], "a\u{fffd}b"),
            (br#"["a\ud800b"]"#, "a\u{fffd}b"),
            (br#"["a\udc00\ud800"]"#, "a\u{fffd}\u{fffd}"),
            (br#"["a\ud800\ud83d\ude00"]"#, "a\u{fffd}\u{1f600}"),
            (br#"["a\q"]"#, "a\u{fffd}q"),
            (b"[\"a\tb\"]", "a\tb"),
        ] {
            let value: Value = serde_json::from_slice(&mended(body)).unwrap();
            assert_eq!(value[0], want);
        }
    }

    proptest! {
        #[test]
        fn any_text_reads_the_same_after_it(text in any::<String>()) {
            let body = serde_json::to_vec(&text).unwrap();
            prop_assert_eq!(mended(&body), body);
        }

        #[test]
        fn any_bytes_within_a_string_can_be_read(bytes in proptest::collection::vec(any::<u8>().prop_filter("ends it", |b| *b != b'"' && *b != b'\\'), 0..40)) {
            let body = [b"\"", &bytes[..], b"\""].concat();
            prop_assert!(serde_json::from_slice::<Value>(&mended(&body)).is_ok());
        }
    }
}
