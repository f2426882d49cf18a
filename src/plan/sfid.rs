//! Salesforce ids: 15 characters (case-sensitive) or 18 (docs/apis.md, "Salesforce ids").

const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The three-character suffix of a well-formed 15-character id: in each chunk of five, bit j (leftmost least
/// significant) is 1 when character j is A-Z.
fn suffix(id: &[u8]) -> [u8; 3] {
    let mut out = [b'A'; 3];
    for (slot, chunk) in out.iter_mut().zip(id.chunks(5)) {
        let bits = chunk
            .iter()
            .enumerate()
            .filter(|(_, c)| c.is_ascii_uppercase())
            .map(|(j, _)| 1usize << j)
            .sum::<usize>();
        *slot = SUFFIX[bits & 31];
    }
    out
}

/// The 18-character form of a well-formed id, or `None` when `id` is malformed.
///
/// A 15 gets its suffix. An 18 whose letters lost their case (its suffix does not fit its letters as they stand)
/// is restored from the suffix. An 18 whose suffix marks a digit as upper case, or that holds anything but base 62,
/// is malformed.
pub fn normalise(id: &str) -> Option<String> {
    let bytes = id.as_bytes();
    if !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let body: Vec<u8> = match bytes.len() {
        15 => bytes.to_vec(),
        18 => restore(&bytes[..15], &bytes[15..])?,
        _ => return None,
    };
    let mut full = String::with_capacity(18);
    full.extend(body.iter().map(|&b| char::from(b)));
    full.extend(suffix(&body).iter().map(|&b| char::from(b)));
    Some(full)
}

/// Gives the 15 characters the case that the suffix says.
fn restore(body: &[u8], marks: &[u8]) -> Option<Vec<u8>> {
    let mut out = body.to_vec();
    for (chunk, mark) in out.chunks_mut(5).zip(marks) {
        let bits = SUFFIX
            .iter()
            .position(|c| *c == mark.to_ascii_uppercase())?;
        for (j, c) in chunk.iter_mut().enumerate() {
            let upper = bits >> j & 1 == 1;
            if upper && !c.is_ascii_alphabetic() {
                return None;
            }
            *c = if upper {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
        }
    }
    Some(out)
}

/// The key under which two Salesforce ids are the same: the 15 case-sensitive characters of a well-formed id, the
/// text itself of a malformed one (docs/rules.md, "Matching").
pub fn key(id: &str) -> String {
    match normalise(id) {
        Some(mut full) => {
            full.truncate(15);
            full
        }
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_apis_md() {
        for (id, mark) in [
            ("70130000001tcyI", "AAQ"),
            ("003G000001SUbc4", "IAD"),
            ("00558000001N0Ke", "AAK"),
            ("0019000000B98de", "AAB"),
            ("a0D30000001n7Pi", "EAI"),
            ("0012800000CXn0k", "AAD"),
        ] {
            let full = format!("{id}{mark}");
            assert_eq!(normalise(id).as_deref(), Some(full.as_str()));
            assert_eq!(normalise(&full).as_deref(), Some(full.as_str()));
            assert_eq!(
                normalise(&full.to_uppercase()).as_deref(),
                Some(full.as_str()),
                "case restored from the suffix"
            );
            assert_eq!(
                normalise(&full.to_lowercase()).as_deref(),
                Some(full.as_str())
            );
        }
    }

    #[test]
    fn malformed_ids_are_kept_as_text() {
        assert_eq!(normalise("001"), None);
        assert_eq!(normalise("0012800000CXn0k!!!"), None);
        assert_eq!(
            normalise("0012800000CXn0kBAD"),
            None,
            "the suffix marks a digit as upper case"
        );
        assert_eq!(key("ACME-1"), "ACME-1");
    }

    #[test]
    fn case_tells_two_accounts_apart() {
        assert_ne!(key("001A00000000abb"), key("001A00000000abB"));
    }

    proptest! {
        #[test]
        fn never_panics_and_is_stable(text in any::<String>()) {
            if let Some(full) = normalise(&text) {
                prop_assert_eq!(normalise(&full), Some(full.clone()));
            }
        }

        #[test]
        fn eighteen_is_fifteen_plus_three(id in "[0-9A-Za-z]{15}") {
            let full = normalise(&id).unwrap();
            prop_assert_eq!(&full[..15], id.as_str());
            prop_assert_eq!(normalise(&full.to_lowercase()), Some(full.clone()));
        }
    }
}
