//! The two filter languages of docs/apis.md, "Impartner" as one grammar: SQL-like words for `objects`, `eq ne gt …` for
//! `odata`. Text compares without case, as the vendor's database does; times are UTC without a zone letter
//! (objects) or with one (odata).

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::Dialect;
use super::records::FieldValue;
use super::records::Object;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    All,
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Compare(usize, Op, Literal),
    In(usize, Vec<Literal>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Time(DateTime<Utc>),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// Parses `filter`; the empty one takes everything. The error is what the API answers.
pub(super) fn parse(filter: &str, object: Object, dialect: Dialect) -> Result<Expr, String> {
    if filter.trim().is_empty() {
        return Ok(Expr::All);
    }
    let mut parser = Parser {
        tokens: tokens(filter, dialect)?,
        at: 0,
        object,
        dialect,
    };
    let expr = parser.or()?;
    match parser.next() {
        None => Ok(expr),
        Some(token) => Err(format!("Unexpected {token:?} in the filter.")),
    }
}

fn tokens(filter: &str, dialect: Dialect) -> Result<Vec<Token>, String> {
    const SIGNS: [&str; 10] = ["!=", "<>", ">=", "<=", "=", ">", "<", "(", ")", ","];
    let mut out = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let (text, length) = quoted(rest, dialect)?;
            out.push(Token::Text(text));
            rest = &rest[length..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            out.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || "!<>=(),'".contains(c))
                .unwrap_or(rest.len());
            if end == 0 {
                return Err(format!("Unexpected '{first}' in the filter."));
            }
            out.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(out)
}

/// A quoted text at the start of `rest` and how many bytes it takes. A quote inside is escaped with a backslash in
/// objects, doubled in odata.
fn quoted(rest: &str, dialect: Dialect) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match (c, dialect) {
            ('\\', Dialect::Objects) => text.extend(chars.next().map(|(_, c)| c)),
            ('\'', Dialect::Odata) if chars.peek().is_some_and(|(_, c)| *c == '\'') => {
                chars.next();
                text.push('\'');
            }
            ('\'', _) => return Ok((text, at + 1)),
            _ => text.push(c),
        }
    }
    Err("A text in the filter is not closed.".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    object: Object,
    dialect: Dialect,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut left = self.term()?;
        while self.word("and") {
            left = Expr::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr, String> {
        if self.sign("(") {
            let inner = self.or()?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                Err("A parenthesis in the filter is not closed.".to_owned())
            };
        }
        let Some(Token::Word(name)) = self.next() else {
            return Err("The filter needs a field name.".to_owned());
        };
        let field = self
            .object
            .field(&name, self.dialect)
            .ok_or_else(|| format!("Unknown field '{name}' on {}.", self.object.name()))?;
        if self.dialect == Dialect::Objects && self.word("in") {
            return self.list(field);
        }
        let op = self.op()?;
        Ok(Expr::Compare(field, op, self.literal()?))
    }

    fn list(&mut self, field: usize) -> Result<Expr, String> {
        if !self.sign("(") {
            return Err("`in` needs a list in parentheses.".to_owned());
        }
        let mut values = vec![self.literal()?];
        while self.sign(",") {
            values.push(self.literal()?);
        }
        if self.sign(")") {
            Ok(Expr::In(field, values))
        } else {
            Err("A list in the filter is not closed.".to_owned())
        }
    }

    fn op(&mut self) -> Result<Op, String> {
        let token = self.next();
        let op = match (self.dialect, &token) {
            (Dialect::Objects, Some(Token::Sign(sign))) => match *sign {
                "=" => Some(Op::Eq),
                "!=" | "<>" => Some(Op::Ne),
                ">" => Some(Op::Gt),
                "<" => Some(Op::Lt),
                ">=" => Some(Op::Ge),
                "<=" => Some(Op::Le),
                _ => None,
            },
            (Dialect::Odata, Some(Token::Word(word))) => match word.as_str() {
                "eq" => Some(Op::Eq),
                "ne" => Some(Op::Ne),
                "gt" => Some(Op::Gt),
                "lt" => Some(Op::Lt),
                "ge" => Some(Op::Ge),
                "le" => Some(Op::Le),
                _ => None,
            },
            _ => None,
        };
        op.ok_or_else(|| format!("{token:?} is no operator."))
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => bare(&word),
            other => Err(format!("{other:?} is no value.")),
        }
    }
}

fn bare(word: &str) -> Result<Literal, String> {
    match word.to_ascii_lowercase().as_str() {
        "null" => Ok(Literal::Null),
        "true" => Ok(Literal::Bool(true)),
        "false" => Ok(Literal::Bool(false)),
        _ => word
            .parse()
            .map(Literal::Number)
            .ok()
            .or_else(|| time(word).map(Literal::Time))
            .ok_or_else(|| format!("'{word}' is no value.")),
    }
}

/// A time in a filter: ISO 8601, UTC with or without the zone letter, or a date.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let text = text.trim_end_matches('Z');
    [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
    ]
    .into_iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .or_else(|| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()?
            .and_hms_opt(0, 0, 0)
    })
    .map(|at| at.and_utc())
}

impl Expr {
    /// Whether a record fits; `cell` gives its fields.
    pub(super) fn fits<'a>(&self, cell: &impl Fn(usize) -> FieldValue<'a>) -> bool {
        match self {
            Self::All => true,
            Self::And(a, b) => a.fits(cell) && b.fits(cell),
            Self::Or(a, b) => a.fits(cell) || b.fits(cell),
            Self::Compare(field, op, literal) => op.holds(cell(*field), literal),
            Self::In(field, list) => list.iter().any(|one| Op::Eq.holds(cell(*field), one)),
        }
    }
}

impl Op {
    fn holds(self, cell: FieldValue<'_>, literal: &Literal) -> bool {
        if *literal == Literal::Null {
            return match self {
                Self::Eq => cell == FieldValue::Null,
                Self::Ne => cell != FieldValue::Null,
                _ => false,
            };
        }
        // As in SQL, nothing holds of a field without a value, `!=` included.
        let Some(order) = order(cell, literal) else {
            return false;
        };
        match self {
            Self::Eq => order == Ordering::Equal,
            Self::Ne => order != Ordering::Equal,
            Self::Gt => order == Ordering::Greater,
            Self::Lt => order == Ordering::Less,
            Self::Ge => order != Ordering::Less,
            Self::Le => order != Ordering::Greater,
        }
    }
}

fn order(cell: FieldValue<'_>, literal: &Literal) -> Option<Ordering> {
    match (cell, literal) {
        (FieldValue::Int(a), Literal::Number(b)) => (a as f64).partial_cmp(b),
        (FieldValue::Number(a), Literal::Number(b)) => a.partial_cmp(b),
        (FieldValue::Int(a), Literal::Text(b)) => (a as f64).partial_cmp(&b.parse().ok()?),
        (FieldValue::Number(a), Literal::Text(b)) => a.partial_cmp(&b.parse().ok()?),
        (FieldValue::Text(a) | FieldValue::Reference(_, a), Literal::Text(b)) => {
            Some(a.to_lowercase().cmp(&b.to_lowercase()))
        }
        (FieldValue::Text(a), Literal::Number(b)) => Some(a.cmp(b.to_string().as_str())),
        (FieldValue::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (FieldValue::Bool(a), Literal::Number(b)) => Some(a.cmp(&(*b != 0.0))),
        (FieldValue::Bool(a), Literal::Text(b)) => Some(a.cmp(&b.parse().ok()?)),
        (FieldValue::Time(a), Literal::Time(b)) => Some(a.cmp(b)),
        (FieldValue::Time(a), Literal::Text(b)) => Some(a.cmp(&time(b)?)),
        _ => None,
    }
}

/// The order of two cells of one field, nulls first.
pub(super) fn sort_order(a: FieldValue<'_>, b: FieldValue<'_>) -> Ordering {
    match (a, b) {
        (FieldValue::Null, FieldValue::Null) => Ordering::Equal,
        (FieldValue::Null, _) => Ordering::Less,
        (_, FieldValue::Null) => Ordering::Greater,
        (FieldValue::Int(a), FieldValue::Int(b)) => a.cmp(&b),
        (FieldValue::Number(a), FieldValue::Number(b)) => a.total_cmp(&b),
        (
            FieldValue::Text(a) | FieldValue::Reference(_, a),
            FieldValue::Text(b) | FieldValue::Reference(_, b),
        ) => a.cmp(b),
        (FieldValue::Bool(a), FieldValue::Bool(b)) => a.cmp(&b),
        (FieldValue::Time(a), FieldValue::Time(b)) => a.cmp(&b),
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(filter: &str) -> Result<Expr, String> {
        parse(filter, Object::Account, Dialect::Objects)
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert_eq!(
            parsed("Id = 1 or Id = 2 and Id = 3"),
            parsed("Id = 1 or (Id = 2 and Id = 3)")
        );
        assert_ne!(
            parsed("Id = 1 or Id = 2 and Id = 3"),
            parsed("(Id = 1 or Id = 2) and Id = 3")
        );
    }

    #[test]
    fn signs_need_no_spaces() {
        assert_eq!(parsed("Id>=5 and Id!=7"), parsed("Id >= 5 and Id != 7"));
        assert_eq!(parsed("Id in(1,2)"), parsed("Id in (1, 2)"));
    }

    #[test]
    fn times_with_and_without_zone() {
        let utc = time("2026-01-31T10:00:00Z");
        assert!(utc.is_some());
        assert_eq!(time("2026-01-31T10:00:00"), utc);
        assert_eq!(time("2026-01-31T11:00:00+01:00"), utc);
        assert_eq!(time("2026-01-31 10:00:00.000"), utc);
        assert_eq!(time("soon"), None);
    }

    proptest! {
        #[test]
        fn no_filter_makes_it_fall(filter in any::<String>(), odata in any::<bool>()) {
            let dialect = if odata { Dialect::Odata } else { Dialect::Objects };
            let _ = parse(&filter, Object::User, dialect);
        }

        #[test]
        fn quoted_text_comes_through(text in any::<String>()) {
            let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
            let field = Object::Account.field("Name", Dialect::Objects).unwrap();
            prop_assert_eq!(
                parsed(&format!("Name = '{escaped}'")),
                Ok(Expr::Compare(field, Op::Eq, Literal::Text(text.clone())))
            );
            let doubled = text.replace('\'', "''");
            prop_assert_eq!(
                parse(&format!("Name eq '{doubled}'"), Object::Account, Dialect::Odata),
                Ok(Expr::Compare(field, Op::Eq, Literal::Text(text)))
            );
        }
    }
}
