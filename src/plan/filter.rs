//! Filter expressions (docs/contract.md, "Filter expressions"): console, `--filter`, `--only`, `--except`.
//!
//! Terms are joined by white space and all must hold. Matching is by substring or equality, never fuzzy: a fuzzy
//! hit in a delete preview is dangerous (docs/console.md, "Conventions").

mod parse;

use std::borrow::Cow;
use std::ops::Range;

use super::{Entity, Evidence, ItemView, Op};
use crate::config::FilterKey;

/// A parsed filter expression; the default one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The terms; all must hold.
    pub terms: Vec<Term>,
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether the term must not hold.
    pub negated: bool,
    /// `None`: a bare word, looked for in name, e-mail and partner name.
    pub field: Option<Key>,
    /// Whether a value must be found inside or be equal.
    pub how: How,
    /// Alternatives, lower-cased; one must hold.
    pub values: Vec<String>,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `field:value`.
    Contains,
    /// `field=value`.
    Equals,
}

/// The fields of docs/contract.md, "Filter expressions".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The operation.
    Op,
    /// partners or contacts.
    Entity,
    /// The partner's tier.
    Tier,
    /// The status, as the source gave it or the row has it.
    Status,
    /// The region.
    Region,
    /// The country.
    Country,
    /// The owner's name or e-mail.
    Owner,
    /// The contact's partner, or the partner itself.
    Partner,
    /// The part of the e-mail after the @.
    Domain,
    /// The reason.
    Reason,
    /// The evidence of a soft-delete.
    Evidence,
    /// Whether the row is on hold.
    Held,
    /// Whether it is ticked at first.
    Selected,
    /// A column that an update changes.
    Changed,
    /// Any changed value, as it was.
    Before,
    /// Any changed value, as it will be.
    After,
    /// Impartner's id; `:` and `=` are both equality, since 7 inside 1742 is not what anybody means.
    Id,
    /// Our row id; equality too.
    Row,
    /// The filter that leaves the record out, or left it out before.
    Rule,
    /// Whether the pattern that leaves it out sits inside a longer word.
    Suspicious,
}

const KEYS: [(&str, Key); 20] = [
    ("op", Key::Op),
    ("entity", Key::Entity),
    ("tier", Key::Tier),
    ("status", Key::Status),
    ("region", Key::Region),
    ("country", Key::Country),
    ("owner", Key::Owner),
    ("partner", Key::Partner),
    ("domain", Key::Domain),
    ("reason", Key::Reason),
    ("evidence", Key::Evidence),
    ("held", Key::Held),
    ("selected", Key::Selected),
    ("changed", Key::Changed),
    ("before", Key::Before),
    ("after", Key::After),
    ("id", Key::Id),
    ("row", Key::Row),
    ("rule", Key::Rule),
    ("suspicious", Key::Suspicious),
];

/// A term that does not parse, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Byte range of the bad term in the expression.
    pub span: Range<usize>,
    /// What is wrong with it and what would be right. May hold text from the expression.
    pub message: String,
}

impl Filter {
    /// Parses an expression; the empty one matches everything.
    pub fn parse(expression: &str) -> Result<Self, FilterError> {
        let terms = parse::terms(expression)?;
        Ok(Self { terms })
    }

    /// Whether the expression names nothing in particular.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the expression asks for excluded records (`op:excluded`, or a filter that leaves them out), which plans list
    /// only when asked.
    pub fn wants_excluded(&self) -> bool {
        let by_filter = |term: &Term| {
            let of = matches!(term.field, Some(Key::Rule | Key::Suspicious));
            of && !term.negated
        };
        let asks = self.terms.iter().any(|term| {
            !term.negated
                && term.field == Some(Key::Op)
                && term
                    .values
                    .iter()
                    .any(|value| term.holds_in(Op::Excluded.word(), value))
        });
        asks || self.terms.iter().any(by_filter)
    }

    /// Whether `item` is named by the expression.
    pub fn matches(&self, item: &ItemView<'_>) -> bool {
        self.terms.iter().all(|term| term.matches(item))
    }
}

impl Term {
    /// Whether the term holds for `item`.
    pub fn matches(&self, item: &ItemView<'_>) -> bool {
        self.values.iter().any(|value| self.holds(item, value)) != self.negated
    }

    fn holds(&self, item: &ItemView<'_>, value: &str) -> bool {
        let text = |text: Option<&str>| {
            text.map_or(self.how == How::Equals && value.is_empty(), |text| {
                self.holds_in(text, value)
            })
        };
        let column = |column: &str| {
            item.schema().index(column).is_some_and(|index| {
                text(item.after(index)) || (item.item.before.is_some() && text(item.before(index)))
            })
        };
        let Some(field) = self.field else {
            return text(Some(item.name()))
                || text(item.before(super::Schema::KEY))
                || item
                    .partner_name()
                    .is_some_and(|name| self.holds_in(name, value));
        };
        match field {
            Key::Op => text(Some(item.item.op.word())) || text(Some(item.item.op.label())),
            Key::Entity => {
                text(Some(item.item.entity.word())) || text(Some(item.item.entity.singular()))
            }
            Key::Tier => column("partner_tier"),
            Key::Status => {
                column("account_status")
                    || item
                        .source_status()
                        .is_some_and(|status| self.holds_in(status, value))
            }
            Key::Region => column("account_region"),
            Key::Country => column("country"),
            Key::Owner => column("account_owner") || column("owner_email"),
            Key::Partner => match item.item.entity {
                Entity::Partners => text(Some(item.name())),
                Entity::Contacts => {
                    text(item.partner_after().map(|partner| partner.name.as_str()))
                        || item
                            .partner_before()
                            .is_some_and(|partner| self.holds_in(&partner.name, value))
                }
            },
            Key::Domain => {
                let domain = |email: Option<&str>| {
                    email
                        .and_then(|email| email.rsplit_once('@'))
                        .is_some_and(|(_, domain)| self.holds_in(domain, value))
                };
                match item
                    .schema()
                    .index("email")
                    .or_else(|| item.schema().index("owner_email"))
                {
                    Some(index) => domain(item.after(index)) || domain(item.before(index)),
                    None => false,
                }
            }
            Key::Reason => text(Some(item.reason())),
            Key::Evidence => text(item.item.evidence.map(Evidence::word)),
            Key::Rule => {
                let rule = item.item.rule;
                text(rule.map(FilterKey::name)) || text(rule.map(FilterKey::short))
            }
            Key::Suspicious => truth(item.item.suspicious, value),
            Key::Held => truth(item.item.held, value),
            Key::Selected => truth(item.item.selected, value),
            Key::Changed => {
                item.item.op == Op::Update
                    && item
                        .changes()
                        .any(|change| self.holds_in(change.field, value))
            }
            Key::Before => item.changes().any(|change| {
                change
                    .before
                    .text()
                    .is_some_and(|before| self.holds_in(&before, value))
            }),
            Key::After => item.changes().any(|change| {
                change
                    .after
                    .text()
                    .is_some_and(|after| self.holds_in(&after, value))
            }),
            Key::Id => item
                .item
                .impartner_id
                .is_some_and(|id| id.to_string() == value),
            Key::Row => item.item.row_id.is_some_and(|id| id.to_string() == value),
        }
    }

    /// An alternative that no record can ever have: of some fields all words are known, and a misspelt one must not
    /// except nothing in silence. Empty is what a record without evidence has.
    fn means_nothing(&self) -> Option<&str> {
        let words = words(self.field?);
        let values = self.values.iter().filter(|value| !value.is_empty());
        let mut strange =
            values.filter(|value| !words.iter().any(|word| self.holds_in(word, value)));
        strange
            .next()
            .filter(|_| !words.is_empty())
            .map(String::as_str)
    }

    fn holds_in(&self, text: &str, value: &str) -> bool {
        let lower = lower(text);
        match self.how {
            How::Contains => lower.contains(value),
            How::Equals => lower == value,
        }
    }
}

fn truth(fact: bool, value: &str) -> bool {
    fact == matches!(value, "true" | "yes" | "1" | "y")
}

/// The words of a field of which there are only some, each as JSON has it and, where people call it otherwise, so too.
fn words(key: Key) -> Vec<&'static str> {
    let mut words: Vec<_> = match key {
        Key::Op => Op::ALL
            .iter()
            .flat_map(|op| [op.word(), op.label()])
            .collect(),
        Key::Entity => Entity::ALL
            .iter()
            .flat_map(|entity| [entity.word(), entity.singular()])
            .collect(),
        Key::Rule => FilterKey::ALL
            .iter()
            .flat_map(|key| [key.short(), key.name()])
            .collect(),
        Key::Evidence => Evidence::ALL
            .iter()
            .map(|evidence| evidence.word())
            .collect(),
        _ => Vec::new(),
    };
    words.dedup();
    words
}

/// Lower-cased text, borrowed where it is so already.
pub fn lower(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|b| b.is_ascii() && !b.is_ascii_uppercase())
    {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terms_parse() {
        let filter =
            Filter::parse(r#"op:add,update -changed:website "Société Générale" tier=Premier"#)
                .unwrap();
        assert_eq!(filter.terms.len(), 4);
        assert_eq!(filter.terms[0].values, ["add", "update"]);
        assert!(filter.terms[1].negated);
        assert_eq!(
            filter.terms[2],
            Term {
                negated: false,
                field: None,
                how: How::Contains,
                values: vec!["société générale".into()]
            }
        );
        assert_eq!(filter.terms[3].how, How::Equals);
        assert!(Filter::parse("  ").unwrap().is_empty());
        assert!(Filter::parse("op:excluded").unwrap().wants_excluded());
        assert!(!Filter::parse("-op:excluded").unwrap().wants_excluded());
    }

    #[test]
    fn errors_point_at_the_term() {
        let error = Filter::parse("op:add teir:x").unwrap_err();
        assert_eq!(error.span, 7..13);
        assert!(error.message.contains("tier"), "{}", error.message);
        assert_eq!(Filter::parse("a \"b c").unwrap_err().span, 2..6);
        assert_eq!(Filter::parse("a -").unwrap_err().span, 2..3);
        assert_eq!(Filter::parse("id:x7").unwrap_err().span, 0..5);
        assert_eq!(Filter::parse("tier:").unwrap_err().span, 0..5);
        assert!(Filter::parse("held:perhaps").is_err());
        let error = Filter::parse("tier:x -op:add,softdelete").unwrap_err();
        assert_eq!(error.span, 7..25);
        assert!(
            error.message.contains("`softdelete`") && error.message.contains("soft_delete"),
            "{}",
            error.message
        );
        for bad in ["entity:people", "evidence:none", "op=ad", "entity=partn"] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "op:ad,soft-delete",
            "op=Soft_Delete",
            "entity:partner",
            "evidence:out",
            "evidence=",
        ] {
            assert!(Filter::parse(good).is_ok(), "{good}");
        }
        assert_eq!(
            Filter::parse("\"http://x\"").unwrap().terms[0].values,
            ["http://x"]
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
