//! The word lists of `assets/sandbox/`, taken apart once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rand::{Rng, RngExt as _};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Regions by id.
pub(super) const REGIONS: [(i64, &str); 5] = [
    (1, "EMEA"),
    (2, "North America"),
    (3, "LATAM"),
    (4, "APAC"),
    (5, "ANZ"),
];

const COUNTRIES: &str = include_str!("../../assets/sandbox/countries.txt");
const WORDS: &str = include_str!("../../assets/sandbox/words.txt");

/// A word and how it is spelt in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) latin: String,
}

/// What companies and people of one country are called.
#[derive(Clone, Debug, Default)]
pub(super) struct Country {
    pub(super) name: String,
    pub(super) region: i64,
    pub(super) weight: u32,
    pub(super) tld: String,
    pub(super) phone: String,
    pub(super) city: Vec<Word>,
    pub(super) company: Vec<String>,
    pub(super) word: Vec<Word>,
    pub(super) kind: Vec<Word>,
    pub(super) first: Vec<Word>,
    pub(super) last: Vec<Word>,
}

/// All lists.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) countries: Vec<Country>,
    weight: u32,
    by_name: BTreeMap<&'static str, Vec<String>>,
}

/// A company as it is called, and its address in the web.
#[derive(Clone, Debug)]
pub(super) struct Company {
    pub(super) name: String,
    pub(super) domain: String,
}

/// The lists.
pub(super) fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let countries = countries();
        let by_name = WORDS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(": "))
            .map(|(name, list)| (name, list.split(" | ").map(unescape).collect()))
            .collect();
        Lists {
            weight: countries.iter().map(|country| country.weight).sum(),
            countries,
            by_name,
        }
    })
}

fn countries() -> Vec<Country> {
    let mut out: Vec<Country> = Vec::new();
    for line in COUNTRIES.lines() {
        if let Some(name) = line.strip_prefix('[') {
            out.push(Country {
                name: name.trim_end_matches(']').to_owned(),
                ..Country::default()
            });
        }
        let (Some(country), Some((key, value))) = (out.last_mut(), line.split_once(' ')) else {
            continue;
        };
        match key {
            "region" => country.region = value.parse().unwrap_or(1),
            "weight" => country.weight = value.parse().unwrap_or(1),
            "tld" => value.clone_into(&mut country.tld),
            "phone" => value.clone_into(&mut country.phone),
            "company" => country.company = value.split(" | ").map(str::to_owned).collect(),
            "city" => country.city = words(value),
            "word" => country.word = words(value),
            "kind" => country.kind = words(value),
            "first" => country.first = words(value),
            "last" => country.last = words(value),
            _ => {}
        }
    }
    out
}

fn words(list: &str) -> Vec<Word> {
    list.split(", ")
        .map(|item| {
            let (text, latin) = item.split_once('=').unwrap_or((item, item));
            Word {
                text: text.to_owned(),
                latin: slug(latin),
            }
        })
        .collect()
}

/// `\e`, `\t`, `\n` and `\u{…}` as the characters they stand for: the lists themselves stay harmless to look at.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('e') => out.push('\u{1b}'),
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('u') => {
                let code = after.get(2..).and_then(|code| code.split_once('}'));
                if let Some((code, tail)) = code {
                    let code = u32::from_str_radix(code, 16).ok();
                    out.extend(code.and_then(char::from_u32));
                    rest = tail;
                    continue;
                }
            }
            other => out.extend(other),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Text as it is spelt in addresses: lower case, without accents, only a-z and digits.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' => out.push('d'),
            'ı' => out.push('i'),
            'œ' | 'Œ' => out.push_str("oe"),
            _ => out.extend(c.to_lowercase().filter(char::is_ascii_alphanumeric)),
        }
    }
    out
}

/// One of a list; the empty text of an empty list.
pub(super) fn pick<'a, T>(rng: &mut impl Rng, list: &'a [T]) -> Option<&'a T> {
    (!list.is_empty()).then(|| &list[rng.random_range(0..list.len())])
}

impl Lists {
    /// A list by name; empty for an unknown one.
    pub(super) fn of(&self, name: &str) -> &[String] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// An entry of a list, the first ones more often than the last.
    pub(super) fn falling(&self, rng: &mut impl Rng, name: &str) -> Option<String> {
        let list = self.of(name);
        let at = rng.random::<f64>().powi(2) * list.len() as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 <= at < length of the list"
        )]
        list.get(at as usize).cloned()
    }

    /// A country, by weight.
    pub(super) fn country(&self, rng: &mut impl Rng) -> usize {
        let mut left = rng.random_range(0..self.weight.max(1));
        for (at, country) in self.countries.iter().enumerate() {
            if left < country.weight {
                return at;
            }
            left -= country.weight;
        }
        0
    }
}

impl Country {
    /// A company of this country. `salt` above 0 makes a name that is not taken yet more likely.
    pub(super) fn company(&self, rng: &mut impl Rng, salt: usize) -> Company {
        let mut name = pick(rng, &self.company).cloned().unwrap_or_default();
        let mut domain = String::new();
        for (hole, list) in [
            ("{word}", &self.word),
            ("{last}", &self.last),
            ("{kind}", &self.kind),
            ("{city}", &self.city),
        ] {
            while name.contains(hole) {
                let Some(word) = pick(rng, list) else { break };
                name = name.replacen(hole, &word.text, 1);
                if domain.len() + word.latin.len() <= 24 {
                    domain.push_str(&word.latin);
                }
            }
        }
        // Companies of one name are told apart by their place, and in the last resort by a number.
        if salt > 0
            && let Some(city) = pick(rng, &self.city)
        {
            name = format!("{name} ({})", city.text);
            domain.push_str(&city.latin);
        }
        if salt > 1 {
            name = format!("{name} {salt}");
            domain = format!("{domain}{salt}");
        }
        Company {
            name,
            domain: format!("{domain}.{}", self.tld),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_full_and_every_word_has_a_latin_spelling() {
        let lists = lists();
        assert!(lists.countries.len() >= 25);
        for country in &lists.countries {
            assert!(
                !country.company.is_empty() && !country.tld.is_empty(),
                "{}",
                country.name
            );
            assert!(
                country.weight > 0 && (1..=5).contains(&country.region),
                "{}",
                country.name
            );
            for list in [
                &country.city,
                &country.word,
                &country.kind,
                &country.first,
                &country.last,
            ] {
                assert!(!list.is_empty(), "{}", country.name);
                for word in list {
                    assert!(!word.latin.is_empty(), "{} {}", country.name, word.text);
                }
            }
        }
        for name in [
            "tier",
            "excluded_tier",
            "status",
            "type",
            "owner",
            "title",
            "course",
            "suspicious",
            "pattern",
            "pattern_domain",
            "hostile_account",
            "hostile_person",
        ] {
            assert!(!lists.of(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn escapes_become_characters() {
        assert_eq!(unescape(r"a\e[1m\u{202e}b\tc"), "a\u{1b}[1m\u{202e}b\tc");
        assert!(lists().of("hostile_account")[0].contains('\u{1b}'));
    }

    #[test]
    fn addresses_are_plain() {
        assert_eq!(slug("Jürgen Weiß-Łódź Ærø"), "jurgenweisslodzaero");
    }
}
