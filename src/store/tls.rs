//! Whether a connection is encrypted, and whose certificate is believed (docs/rules.md, "Safety and privacy").
//!
//! sqlx's own default, `preferred`, sends everything in clear text to a server that offers nothing better, and believes
//! any certificate. Here the default beyond this machine is the strictest mode, and clear text is only what somebody wrote down.

use std::net::IpAddr;
use std::path::Path;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
// Named so that its feature counts: the certificates of the system, in the place of those that sqlx brings along.
use sqlx_core as _;
use url::Host;

use super::StoreError;
use crate::config::is_loopback;

/// What the URL says about encryption.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls {
    /// `ssl-mode`, where it is there.
    mode: Option<MySqlSslMode>,
    ca: bool,
    cert: bool,
    key: bool,
    socket: bool,
}

impl Tls {
    /// Takes one parameter of the URL; `None` where it is none of these.
    pub(super) fn take(
        &mut self,
        options: MySqlConnectOptions,
        name: &str,
        value: &str,
    ) -> Result<Option<MySqlConnectOptions>, StoreError> {
        let file = || {
            // Said here by its name: what the driver says of it later names nothing.
            match std::fs::File::open(Path::new(value)) {
                Ok(_) => Ok(()),
                Err(error) => Err(StoreError::BadUrl(format!("{name} is {value}: {error}"))),
            }
        };
        Ok(Some(match name {
            "ssl-mode" | "sslmode" => {
                let mode = value.to_lowercase().replace('-', "_").parse().map_err(|_| {
                    StoreError::BadUrl(
                        "ssl-mode must be disabled, preferred, required, verify_ca or verify_identity"
                            .to_owned(),
                    )
                })?;
                self.mode = Some(mode);
                options
            }
            "ssl-ca" => {
                file()?;
                self.ca = true;
                options.ssl_ca(value)
            }
            "ssl-cert" => {
                file()?;
                self.cert = true;
                options.ssl_client_cert(value)
            }
            "ssl-key" => {
                file()?;
                self.key = true;
                options.ssl_client_key(value)
            }
            "socket" => {
                self.socket = true;
                options.socket(value)
            }
            _ => return Ok(None),
        }))
    }

    /// Refuses what does not go together.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.cert != self.key {
            return Err(StoreError::BadUrl(
                "ssl-cert and ssl-key are given together or not at all".to_owned(),
            ));
        }
        Ok(())
    }

    /// The options for one host of the URL.
    pub(super) fn applied(&self, options: MySqlConnectOptions, host: &str) -> MySqlConnectOptions {
        options.ssl_mode(self.mode_for(host))
    }

    fn mode_for(&self, host: &str) -> MySqlSslMode {
        use MySqlSslMode::{Disabled, Preferred, Required, VerifyCa, VerifyIdentity};
        match self.mode {
            Some(Disabled) => Disabled,
            // The driver's `required` believes any certificate, so whoever stands between could show their own.
            Some(VerifyCa | Required) => VerifyCa,
            // Nobody is on the way, and the host is not even asked for.
            None | Some(Preferred) if self.socket => Disabled,
            // On this machine a server seldom has a certificate that anybody signed.
            None | Some(Preferred) if !self.ca && is_here(host) => Preferred,
            None | Some(Preferred | VerifyIdentity) => VerifyIdentity,
        }
    }
}

fn is_here(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_loopback(&Host::Ipv4(address)),
        Ok(IpAddr::V6(address)) => is_loopback(&Host::Ipv6(address)),
        Err(_) => is_loopback(&Host::Domain(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_text_beyond_this_machine_is_only_what_somebody_wrote_down() {
        let mode = |text: &str, host: &str| {
            let mut tls = Tls::default();
            for pair in text.split('&').filter(|pair| !pair.is_empty()) {
                let (name, value) = pair.split_once('=').unwrap();
                tls.take(MySqlConnectOptions::new(), name, value)
                    .unwrap()
                    .unwrap();
            }
            format!("{:?}", tls.mode_for(host))
        };
        for here in ["localhost", "127.0.0.1", "127.3.3.3", "::1"] {
            assert_eq!(mode("", here), "Preferred", "{here}");
            assert_eq!(mode("ssl-mode=REQUIRED", here), "VerifyCa", "{here}");
            assert_eq!(mode("ssl-ca=/dev/null", here), "VerifyIdentity", "{here}");
        }
        for away in ["db1", "10.0.0.1", "localhost.example.com", "fe80::1"] {
            assert_eq!(mode("", away), "VerifyIdentity", "{away}");
            assert_eq!(mode("ssl-mode=preferred", away), "VerifyIdentity", "{away}");
            assert_eq!(mode("ssl-mode=required", away), "VerifyCa", "{away}");
            assert_eq!(mode("ssl-mode=VERIFY_CA", away), "VerifyCa", "{away}");
            assert_eq!(mode("ssl-mode=DISABLED", away), "Disabled", "{away}");
            assert_eq!(mode("socket=/run/s", away), "Disabled", "{away}");
        }
    }
}
