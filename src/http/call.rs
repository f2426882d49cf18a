//! One request as the endpoints see it.

use std::str::FromStr;

use axum::http::HeaderMap;

use super::params::{self, Param};
use super::reply::Problem;

/// A request whose parameters are what the table says.
#[derive(Debug)]
pub(super) struct Call {
    values: Vec<(&'static str, String)>,
    /// The number in the path, where the path has one.
    pub(super) id: Option<i64>,
    /// Whether the caller asked not to wait (`Prefer: respond-async`, RFC 7240).
    pub(super) respond_async: bool,
}

impl Call {
    /// Reads query, path and headers for an endpoint that takes `params`.
    pub(super) fn read(
        params: &'static [Param],
        query: Option<&str>,
        id: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let id = id
            .map(|text| {
                text.parse::<i64>().map_err(|_| {
                    Problem::bad_query(format!("`{text}` in the address is no whole number."))
                })
            })
            .transpose()?;
        Ok(Self {
            values: params::read(params, query)?,
            id,
            respond_async: prefers_async(headers),
        })
    }

    /// The value of a parameter, or its default.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that is a word with a meaning.
    pub(super) fn word<T: FromStr<Err = String>>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)
            .unwrap_or_default()
            .parse()
            .map_err(|why| Problem::bad_query(format!("The parameter `{name}`: {why}.")))
    }

    /// A parameter that is a number.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// A parameter that is `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

fn prefers_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_found_among_others() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", value.parse().unwrap());
            prefers_async(&headers)
        };
        assert!(with("respond-async"));
        assert!(with("wait=10, Respond-Async; foo=bar"));
        assert!(!with("return=minimal"));
        assert!(!with("respond-asynchronously"));
    }
}
