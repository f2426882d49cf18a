//! What is wrong with an answer, and what the vendor said about it: as data, bounded, and never with the key in it.

use super::ImpartnerError;
use super::client::{Answer, Client};
use super::envelope::{Data, Envelope};
use super::retry::Verdict;

impl Client {
    /// What is wrong with an answer that should be a page: a refusal ends the run, the rest may pass.
    pub(super) fn page_trouble<T>(&self, answer: &Answer, what: &str) -> Option<Verdict<T>> {
        match answer.status.as_u16() {
            200..=299 => None,
            status => Some(Verdict::Stop(ImpartnerError::Client {
                what: what.to_owned(),
                status,
                message: self.said(&answer.body),
            })),
        }
    }

    /// Trouble in a body that was read: `success: false`, or not what was expected.
    pub(super) fn body_trouble<T>(
        &self,
        envelope: Result<&Envelope, &serde_json::Error>,
        what: &str,
        wanted: &[Data],
    ) -> Option<Verdict<T>> {
        match envelope {
            Err(error) => Some(Verdict::Again(format!(
                "the answer is not JSON as described ({error})."
            ))),
            Ok(envelope) if envelope.says_unauthorized() && envelope.success == Some(false) => {
                Some(Verdict::Stop(ImpartnerError::Unauthorized {
                    what: what.to_owned(),
                    message: self.bound(&envelope.said()),
                }))
            }
            Ok(envelope) if envelope.success == Some(false) => Some(Verdict::Again(format!(
                "the answer says success: false{}",
                tail(&self.bound(&envelope.said()))
            ))),
            Ok(envelope) if !wanted.contains(&envelope.data) => Some(Verdict::Again(
                "the answer holds no records where they should be.".into(),
            )),
            Ok(_) => None,
        }
    }

    /// A 401 as an error.
    pub(super) fn unauthorized(&self, answer: &Answer, what: &str) -> ImpartnerError {
        ImpartnerError::Unauthorized {
            what: what.to_owned(),
            message: self.said(&answer.body),
        }
    }

    /// "status 503: what it said".
    pub(super) fn status_text(&self, answer: &Answer) -> String {
        format!(
            "status {}{}",
            answer.status.as_u16(),
            tail(&self.said(&answer.body))
        )
    }

    /// What a refusal's body says, bounded and without the key.
    pub(super) fn said(&self, body: &[u8]) -> String {
        if let Some(envelope) = Envelope::of_failure(body) {
            return self.bound(&envelope.said());
        }
        let start = &body[..body.len().min(4096)];
        self.bound(&plain(&String::from_utf8_lossy(start)))
    }

    /// Vendor text as data: bounded, and should it repeat the key, without it.
    pub(super) fn bound(&self, text: &str) -> String {
        self.inner.wire.quote(text)
    }
}

fn tail(said: &str) -> String {
    if said.is_empty() {
        ".".to_owned()
    } else {
        format!(" ({said}).")
    }
}

/// The words of a page that is not JSON: tags dropped, white space collapsed.
fn plain(page: &str) -> String {
    let mut words = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                words.push(' ');
            }
            _ if in_tag => {}
            c => words.push(c),
        }
    }
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_no_json_is_told_in_its_words() {
        assert_eq!(
            plain("<html><head><title>502</title></head>\n<body>Bad <b>gateway</b></body>"),
            "502 Bad gateway"
        );
    }
}
