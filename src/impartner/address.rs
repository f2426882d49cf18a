//! Where Impartner is: the configured address, checked before anything is sent.

use url::Url;

use super::ImpartnerError;
use crate::wire::{self, BadAddress};

/// The address that requests start from, ending in the API's path.
pub(super) fn base_url(text: &str) -> Result<Url, ImpartnerError> {
    wire::base(text, "/api/objects/v1").map_err(|error| match error {
        BadAddress::PlainHttp(url) => ImpartnerError::InsecureUrl { url: url.into() },
        other => ImpartnerError::BadUrl {
            why: other.to_string(),
        },
    })
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
