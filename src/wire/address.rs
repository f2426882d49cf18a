//! Where something may be sent: https, or plain http to this machine.

use url::Url;

use crate::config::is_loopback;

/// Why an address cannot be used; a clause without the address, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadAddress {
    /// It does not parse.
    #[error("it is no address ({0})")]
    NoAddress(#[from] url::ParseError),
    /// Another scheme, or no host.
    #[error("it must start with https:// and a host")]
    NoHost,
    /// A user name or a password stands in it: keys are given by themselves.
    #[error("it must not hold a user name or password")]
    Login,
    /// Something stands after `?` or `#`, where the client puts its own.
    #[error("it must not hold a query or a fragment")]
    Query,
    /// Plain http to another machine: whoever is on the way reads the key.
    #[error("it is plain http to {}, which everybody on the way can read", .0.host_str().unwrap_or_default())]
    PlainHttp(Url),
}

/// An address that requests go to as it stands, as a webhook's.
pub(crate) fn endpoint(text: &str) -> Result<Url, BadAddress> {
    let url = Url::parse(text.trim())?;
    let Some(host) = url.host() else {
        return Err(BadAddress::NoHost);
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&host) => Ok(url),
        "http" => Err(BadAddress::PlainHttp(url)),
        _ => Err(BadAddress::NoHost),
    }
}

/// An address that a client adds its paths to, ending in `path` exactly once and without a slash at its end.
pub(crate) fn base(text: &str, path: &str) -> Result<Url, BadAddress> {
    let url = endpoint(text);
    // What must not be in it is said before what else is wrong with it.
    let (Ok(bare) | Err(BadAddress::PlainHttp(bare))) = &url else {
        return url;
    };
    if !bare.username().is_empty() || bare.password().is_some() {
        return Err(BadAddress::Login);
    }
    if bare.query().is_some() || bare.fragment().is_some() {
        return Err(BadAddress::Query);
    }
    let mut url = url?;
    let own = url.path().trim_end_matches('/');
    let own = own.strip_suffix(path).unwrap_or(own).to_owned();
    url.set_path(&format!("{own}{path}"));
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_added_once() {
        let base = |text| base(text, "/api/v1").map(String::from).unwrap();
        assert_eq!(base("https://a.example"), "https://a.example/api/v1");
        assert_eq!(
            base(" http://127.0.0.1:8080/x/ "),
            "http://127.0.0.1:8080/x/api/v1"
        );
        assert_eq!(
            base("https://a.example/api/v1/"),
            "https://a.example/api/v1"
        );
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for text in [
            "http://localhost:1",
            "http://[::1]:1",
            "http://127.8.8.8",
            "https://a.example",
        ] {
            assert!(
                base(text, "/v2").is_ok() && endpoint(text).is_ok(),
                "{text}"
            );
        }
        for text in [
            "http://prod.impartner.live",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://prm.localhost",
        ] {
            assert!(
                matches!(base(text, "/v2"), Err(BadAddress::PlainHttp(_))),
                "{text}"
            );
            assert!(
                matches!(endpoint(text), Err(BadAddress::PlainHttp(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_else_may_stand_in_it_and_no_secret_is_repeated() {
        for text in [
            "",
            "a.example",
            "ftp://a.example",
            "https://user:hush@a.example",
            "http://user:hush@a.example",
            "https://a.example/?key=hush",
            "https://a.example/#hush",
        ] {
            let error = base(text, "/v2").unwrap_err();
            assert!(!error.to_string().contains("hush"), "{text}: {error}");
        }
        assert!(
            endpoint("https://hooks.example/x?sig=1").is_ok(),
            "a webhook's query is its key"
        );
    }
}
