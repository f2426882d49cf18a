//! From Impartner's errors to the one error of the faces; store and LMS say theirs themselves.

use crate::error::{Error, Kind};
use crate::impartner::ImpartnerError;

impl From<ImpartnerError> for Error {
    fn from(error: ImpartnerError) -> Self {
        if matches!(error, ImpartnerError::Cancelled) {
            return Self::cancelled();
        }
        let kind = if error.is_config() {
            Kind::Config
        } else {
            Kind::Upstream
        };
        let out = Self::new(kind, error.code(), error.to_string());
        let out = match error.help() {
            Some(help) => out.help(help),
            None => out,
        };
        // The message says what the outermost error says; what stands behind it is the chain of causes.
        match error {
            ImpartnerError::Setup(cause) => out.source(cause),
            _ => out,
        }
    }
}
