//! Where the HTTP adapter may listen with the token that is configured.

use std::net::SocketAddr;

use super::ServeConfig;
use crate::error::{Error, Kind, Result};

/// Fewest characters of a token that guards more than this machine: a shorter one is guessed.
pub const SHORTEST_TOKEN: usize = 16;

impl ServeConfig {
    /// The token, if it says anything.
    pub fn bearer(&self) -> Option<&str> {
        let token = self.token.as_ref()?.expose();
        (!token.is_empty()).then_some(token)
    }

    /// Whether the adapter may listen on `listen`. Whoever reaches it can start a sync: without a token it listens on
    /// loopback only, and beyond loopback the token has at least [`SHORTEST_TOKEN`] characters. Otherwise exit 2, and
    /// nothing listens (docs/contract.md, "HTTP").
    pub fn may_listen(&self, listen: SocketAddr) -> Result<()> {
        if listen.ip().is_loopback() {
            return Ok(());
        }
        let (code, message) = match self.bearer() {
            None => (
                "token_missing",
                format!(
                    "Without serve.token the adapter listens on loopback only, not on {listen}: anybody who reaches it could start a sync. Nothing listens."
                ),
            ),
            Some(token) if token.chars().count() < SHORTEST_TOKEN => (
                "token_short",
                format!(
                    "serve.token has fewer than {SHORTEST_TOKEN} characters, which is soon guessed: with it the adapter listens on loopback only, not on {listen}. Nothing listens."
                ),
            ),
            Some(_) => return Ok(()),
        };
        Err(Error::new(Kind::Config, code, message)
        .help(format!(
            "Set PRMDESK_SERVE_TOKEN or serve.token (serve.token_file, serve.token_command) to at least {SHORTEST_TOKEN} characters, for instance `openssl rand -hex 24`, or listen on 127.0.0.1."
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn beyond_loopback_a_token_is_needed_that_nobody_guesses() {
        let code = |token: Option<&str>, listen: &str| {
            let config = ServeConfig {
                token: token.map(Secret::new),
            };
            let refused = config.may_listen(listen.parse().unwrap()).err();
            refused.map(|error| (error.code, error.kind.exit_code()))
        };
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            assert_eq!(code(None, loopback), None);
            assert_eq!(code(Some("short"), loopback), None);
        }
        for beyond in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            assert_eq!(code(None, beyond), Some(("token_missing", 2)));
            assert_eq!(code(Some(""), beyond), Some(("token_missing", 2)));
            assert_eq!(
                code(Some("fifteen-letters"), beyond),
                Some(("token_short", 2))
            );
            assert_eq!(code(Some("sixteen--letters"), beyond), None);
        }
    }
}
