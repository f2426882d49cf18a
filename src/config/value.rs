//! One value of the configuration, as the file or the environment gives it, and how it becomes what a key needs.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::DeValue;

/// A value without its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
    List(Vec<Value>),
    Table(BTreeMap<String, Value>),
    Time,
}

impl Value {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Number(f64::INFINITY), Self::Whole),
            DeValue::Float(number) => Self::Number(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(truth) => Self::Truth(*truth),
            DeValue::Datetime(_) => Self::Time,
            DeValue::Array(items) => {
                Self::List(items.iter().map(|item| Self::of(item.get_ref())).collect())
            }
            DeValue::Table(table) => Self::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.get_ref().to_string(), Self::of(value.get_ref())))
                    .collect(),
            ),
        }
    }

    /// What it is, for messages. Never its content: it may be a secret.
    pub(super) fn sort(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Truth(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Time => "a date or time",
        }
    }

    fn is_not(&self, right: &str) -> String {
        format!("must be {right}, but it is {}", self.sort())
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) if text.trim().is_empty() => {
                Err("must be a text, but it is empty".to_owned())
            }
            Self::Text(text) => Ok(text.trim()),
            other => Err(other.is_not("a text in quotes")),
        }
    }

    pub(super) fn truth(&self) -> Result<bool, String> {
        match self {
            Self::Truth(truth) => Ok(*truth),
            other => Err(other.is_not("true or false, without quotes")),
        }
    }

    /// A whole number within `range`.
    pub(super) fn whole<T: TryFrom<i64>>(
        &self,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<T, String> {
        let right = format!("a whole number from {} to {}", range.start(), range.end());
        match self {
            Self::Whole(number) if range.contains(number) => {
                T::try_from(*number).map_err(|_| format!("must be {right}, but it is {number}"))
            }
            Self::Whole(number) => Err(format!("must be {right}, but it is {number}")),
            other => Err(other.is_not(&right)),
        }
    }

    /// Percent, 0 to 100.
    pub(super) fn percent(&self) -> Result<f64, String> {
        let number = match self {
            #[expect(clippy::cast_precision_loss, reason = "checked to be at most 100")]
            Self::Whole(number) => *number as f64,
            Self::Number(number) => *number,
            other => return Err(other.is_not("a number from 0 to 100")),
        };
        if (0.0..=100.0).contains(&number) {
            Ok(number)
        } else {
            Err(format!(
                "must be a number from 0 to 100, but it is {number}"
            ))
        }
    }

    /// A duration within `range`.
    pub(super) fn duration(
        &self,
        range: std::ops::RangeInclusive<Duration>,
    ) -> Result<Duration, String> {
        let right = format!(
            "a duration from \"{}\" to \"{}\", such as \"30s\", \"10m\" or \"24h\"",
            humantime::format_duration(*range.start()),
            humantime::format_duration(*range.end())
        );
        match self {
            Self::Text(text) => match humantime::parse_duration(text.trim()) {
                Ok(duration) if range.contains(&duration) => Ok(duration),
                _ => Err(format!("must be {right}, but it is {text:?}")),
            },
            Self::Whole(number) => Err(format!(
                "must be {right}, but it is {number} without a unit"
            )),
            other => Err(other.is_not(&right)),
        }
    }

    /// A list of texts that are not empty; the list may be.
    pub(super) fn texts(&self) -> Result<Vec<String>, String> {
        let Self::List(items) = self else {
            return Err(self.is_not("a list of texts, such as [\"one\", \"two\"]"));
        };
        items
            .iter()
            .enumerate()
            .map(|(at, item)| {
                item.text()
                    .map(str::to_owned)
                    .map_err(|why| format!("entry {} {why}", at + 1))
            })
            .collect()
    }

    /// A list of texts, in which an empty one stands for "no value".
    pub(super) fn texts_or_none(&self) -> Result<Vec<String>, String> {
        let empty = |item: &Self| matches!(item, Self::Text(text) if text.trim().is_empty());
        match self {
            Self::List(items) if items.iter().any(empty) => {
                let some = items.iter().filter(|item| !empty(item)).cloned().collect();
                let mut texts = Self::List(some).texts()?;
                texts.push(String::new());
                Ok(texts)
            }
            other => other.texts(),
        }
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, String> {
        let all = words
            .iter()
            .map(|(word, _)| *word)
            .collect::<Vec<_>>()
            .join(", ");
        let text = match self {
            Self::Text(text) => text.trim(),
            other => return Err(other.is_not(&format!("one of {all}"))),
        };
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|&(_, choice)| choice)
            .ok_or_else(|| format!("must be one of {all}, but it is {text:?}"))
    }
}
