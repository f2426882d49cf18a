//! Where Impartner is: the configured address, checked before anything is sent.

use url::Url;

use super::ImpartnerError;
use crate::config::is_loopback;

/// The address requests start from: `https` (or loopback), without what must not be in it, ending in the API's path.
pub(super) fn base_url(text: &str) -> Result<Url, ImpartnerError> {
    let bad = |why: &str| ImpartnerError::BadUrl { why: why.into() };
    let mut url =
        Url::parse(text.trim()).map_err(|error| bad(&format!("it is no address ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(bad("it must start with https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it must not hold a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must not hold a query or a fragment"));
    }
    if url.scheme() == "http" && !url.host().is_some_and(|host| is_loopback(&host)) {
        return Err(ImpartnerError::InsecureUrl { url: url.into() });
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let full = if path.ends_with("/api/objects/v1") {
        path
    } else {
        format!("{path}/api/objects/v1")
    };
    url.set_path(&full);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let base = |text| base_url(text).map(String::from);
        assert_eq!(
            base("https://prod.impartner.live").unwrap(),
            "https://prod.impartner.live/api/objects/v1"
        );
        assert_eq!(
            base("http://127.0.0.1:8080/x/").unwrap(),
            "http://127.0.0.1:8080/x/api/objects/v1"
        );
        assert_eq!(
            base("https://a.example/api/objects/v1/").unwrap(),
            "https://a.example/api/objects/v1"
        );
        for text in ["http://localhost:1", "http://[::1]:1"] {
            assert!(base(text).is_ok(), "{text}");
        }
        for text in [
            "http://prod.impartner.live",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example",
        ] {
            assert!(
                matches!(base(text), Err(ImpartnerError::InsecureUrl { .. })),
                "{text}"
            );
        }
        for text in [
            "",
            "prod.impartner.live",
            "ftp://a.example",
            "https://user:secret@a.example",
            "https://a.example/?x=1",
        ] {
            let error = base(text).unwrap_err();
            assert!(matches!(error, ImpartnerError::BadUrl { .. }), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
