//! From the text of a filter expression to its terms; what does not parse is an error that points at it.

use std::ops::Range;

use super::{FilterError, How, KEYS, Key, Term, words};

/// The terms of `expression`, in their order.
pub(super) fn terms(expression: &str) -> Result<Vec<Term>, FilterError> {
    split(expression)?.into_iter().map(Raw::term).collect()
}

/// A term as written: its place, its characters with a mark on the quoted ones.
struct Raw {
    span: Range<usize>,
    chars: Vec<(char, bool)>,
}

fn split(expression: &str) -> Result<Vec<Raw>, FilterError> {
    let mut terms = Vec::new();
    let mut current: Option<Raw> = None;
    let mut quote: Option<(char, usize)> = None;
    for (at, c) in expression.char_indices() {
        if quote.is_none() && c.is_whitespace() {
            terms.extend(current.take());
            continue;
        }
        let raw = current.get_or_insert_with(|| Raw {
            span: at..at,
            chars: Vec::new(),
        });
        raw.span.end = at + c.len_utf8();
        match quote {
            Some((open, _)) if c == open => quote = None,
            Some(_) => raw.chars.push((c, true)),
            None if c == '"' => quote = Some((c, at)),
            None => raw.chars.push((c, false)),
        }
    }
    if let Some((_, at)) = quote {
        return Err(FilterError {
            span: at..expression.len(),
            message: "this quote is not closed; add a \" at its end".into(),
        });
    }
    terms.extend(current.take());
    Ok(terms)
}

impl Raw {
    fn term(self) -> Result<Term, FilterError> {
        let Self { span, mut chars } = self;
        let error = |message: String| FilterError {
            span: span.clone(),
            message,
        };
        let negated = chars.first() == Some(&('-', false));
        if negated {
            chars.remove(0);
        }
        if chars.is_empty() {
            return Err(error(
                "there is nothing to look for here; write a word, or field:value".into(),
            ));
        }
        let cut = chars
            .iter()
            .position(|&(c, quoted)| !quoted && (c == ':' || c == '='));
        let Some(cut) = cut else {
            return Ok(Term {
                negated,
                field: None,
                how: How::Contains,
                values: alternatives(&chars),
            });
        };
        let name: String = chars[..cut]
            .iter()
            .map(|&(c, _)| c.to_ascii_lowercase())
            .collect();
        let how = if chars[cut].0 == '=' {
            How::Equals
        } else {
            How::Contains
        };
        let key = KEYS
            .iter()
            .find(|(word, _)| *word == name)
            .map(|&(_, key)| key)
            .ok_or_else(|| error(unknown_field(&name)))?;
        let values = alternatives(&chars[cut + 1..]);
        if how == How::Contains && values.iter().all(String::is_empty) {
            return Err(error(format!(
                "{name}: needs a value, for instance {}",
                example(key)
            )));
        }
        if matches!(key, Key::Id | Key::Row)
            && let Some(bad) = values.iter().find(|value| value.parse::<i64>().is_err())
        {
            return Err(error(format!("{name} takes a number, and `{bad}` is none")));
        }
        if matches!(key, Key::Held | Key::Selected | Key::Suspicious)
            && let Some(bad) = values.iter().find(|value| {
                !matches!(
                    value.as_str(),
                    "true" | "yes" | "1" | "y" | "false" | "no" | "0" | "n"
                )
            })
        {
            return Err(error(format!(
                "{name} takes yes or no, and `{bad}` is neither"
            )));
        }
        let term = Term {
            negated,
            field: Some(key),
            how,
            values,
        };
        match term.means_nothing() {
            Some(bad) => Err(error(format!(
                "{name} knows no `{bad}`; there are: {}",
                words(key).join(", ")
            ))),
            None => Ok(term),
        }
    }
}

/// The comma-separated alternatives, lower-cased. A quoted comma is text; empty alternatives between commas are dropped.
fn alternatives(chars: &[(char, bool)]) -> Vec<String> {
    let mut values: Vec<String> = chars
        .split(|&(c, quoted)| c == ',' && !quoted)
        .map(|part| {
            part.iter()
                .map(|&(c, _)| c)
                .collect::<String>()
                .to_lowercase()
        })
        .collect();
    if values.iter().any(|value| !value.is_empty()) {
        values.retain(|value| !value.is_empty());
    } else {
        values.truncate(1);
    }
    values
}

fn unknown_field(name: &str) -> String {
    let nearest = KEYS
        .iter()
        .map(|&(word, _)| word)
        .min_by_key(|word| strsim::levenshtein(word, name))
        .unwrap_or("op");
    format!(
        "`{name}` is no field; did you mean {nearest}? To look for a text with : or = in it, put it in quotes"
    )
}

fn example(key: Key) -> &'static str {
    match key {
        Key::Op => "op:add,update",
        Key::Entity => "entity:partners",
        Key::Tier => "tier:premier",
        Key::Changed => "changed:owner_email",
        Key::Evidence => "evidence:deleted",
        Key::Rule => "rule:excluded_patterns",
        Key::Suspicious => "suspicious:yes",
        Key::Held => "held:yes",
        Key::Selected => "selected:yes",
        Key::Id => "id:1042",
        Key::Row => "row:17",
        Key::Domain => "domain:acme.com",
        _ => "country:\"New Zealand\"",
    }
}
