//! Base URLs of the two remote APIs.

use url::{Host, Url};

use super::value::Value;

/// A base URL without its trailing slash and without `suffix`, the path that the client adds by itself.
///
/// Plain http is refused except to loopback: a key would cross the network in clear (docs/rules.md,
/// "Safety and privacy").
pub(super) fn base_url(value: &Value, suffix: &str) -> Result<String, String> {
    let text = value.text()?;
    let right = "must be a URL such as \"https://host.example\"";
    let url =
        Url::parse(text).map_err(|error| format!("{right}, but {text:?} is none: {error}"))?;
    let Some(host) = url.host() else {
        return Err(format!("{right}, but {text:?} has no host"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("{right}, without a user or a password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{right}, without anything after ? or #"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&host) => {}
        "http" => {
            return Err(format!(
                "plain http is refused except to loopback, because the key would be readable on the way: \
                 use https://{}",
                text.split_once("://").map_or(text, |(_, rest)| rest)
            ));
        }
        other => return Err(format!("{right}; {other:?} is no scheme for it")),
    }
    let text = text.trim_end_matches('/');
    Ok(text
        .strip_suffix(suffix)
        .unwrap_or(text)
        .trim_end_matches('/')
        .to_owned())
}

/// Whether a host is this machine and nothing else. `*.localhost` is not: what it means is up to the resolver.
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        base_url(&Value::Text(text.into()), "/api/objects/v1")
    }

    #[test]
    fn urls_are_trimmed_to_their_base() {
        assert_eq!(read("https://a.example/").unwrap(), "https://a.example");
        assert_eq!(
            read("https://a.example/x/api/objects/v1/").unwrap(),
            "https://a.example/x"
        );
        for url in ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost"] {
            assert_eq!(read(url).unwrap(), url);
        }
    }

    #[test]
    fn plain_http_and_nonsense_are_refused() {
        assert!(
            read("http://prod.example/x")
                .unwrap_err()
                .contains("use https://prod.example/x")
        );
        assert!(
            read("http://prm.localhost")
                .unwrap_err()
                .contains("plain http")
        );
        assert!(
            read("http://127.0.0.1.example")
                .unwrap_err()
                .contains("plain http")
        );
        assert!(read("ftp://a.example").unwrap_err().contains("no scheme"));
        assert!(read("prod.example").unwrap_err().contains("is none"));
        let user = read("https://u:hush@a.example").unwrap_err();
        assert!(
            user.contains("without a user") && !user.contains("hush"),
            "{user}"
        );
    }
}
