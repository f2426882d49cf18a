//! One request: the key, the rate limit, what is repeated and what is not.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use url::Url;

use super::jsonapi::{Document, Said};
use super::{Client, LmsError};
use crate::wire::{Answer, Backoff, Fault, may_pass};

/// A write's answer: done, a refusal with its status, or nobody knows.
pub(super) enum WriteAnswer {
    /// 2xx with the API's own document, or an empty 204.
    Ok(Vec<u8>),
    /// The API's own errors (but 401 and 429), with title and detail.
    Refused(StatusCode, String),
    /// 5xx, a timeout, a broken connection, or an answer that is not the API's: it may have happened.
    Unknown(String),
}

impl Client {
    /// A URL under the base; `segments` are encoded.
    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The URL of a link in an answer to `from`; refused when it leaves the configured host.
    pub(super) fn follow(&self, from: &Url, link: &str) -> Result<Url, LmsError> {
        let url = from.join(link).map_err(|e| LmsError::Unreadable {
            what: path_of(from),
            detail: format!("links.next is no address ({e})"),
        })?;
        let base = &self.0.base;
        let same = url.scheme() == base.scheme()
            && url.host_str() == base.host_str()
            && url.port_or_known_default() == base.port_or_known_default();
        if same {
            Ok(url)
        } else {
            Err(LmsError::ForeignLink {
                host: url.host_str().unwrap_or(url.scheme()).to_owned(),
            })
        }
    }

    /// GET, repeated while that may help. The answer must be a JSON:API document.
    pub(super) async fn get(&self, url: &Url) -> Result<Document, LmsError> {
        let what = path_of(url);
        let mut last = String::new();
        let tries = self.0.patience.retries + 1;
        for attempt in 0..tries {
            let (failure, wait) = match self.exchange(&Method::GET, url, None).await {
                Ok(answer) if answer.status.is_success() => {
                    match serde_json::from_slice(&answer.body) {
                        // A document with errors is none, whatever its `data` says.
                        Ok(document) => match self.said(&answer.body) {
                            Said::Document => {
                                let mut document: Document = document;
                                document.bytes = answer.body.len();
                                return Ok(document);
                            }
                            Said::Errors(detail) => {
                                return Err(refused(what, answer.status, detail));
                            }
                            Said::Foreign(text) => {
                                let detail = format!("it is no JSON:API document: {text}");
                                return Err(LmsError::Unreadable { what, detail });
                            }
                        },
                        Err(e) => (format!("the body is cut off or not JSON ({e})"), None),
                    }
                }
                Ok(answer) if may_pass(answer.status) => {
                    let said = self.said(&answer.body).words();
                    (format!("{}, {said}", answer.status), answer.pause)
                }
                Ok(answer) => return Err(refusal(what, answer.status, self.said(&answer.body))),
                Err(fault) => (fault.into_words(), None),
            };
            last = failure;
            if attempt + 1 < tries {
                self.back_off(attempt, wait).await;
            }
        }
        Err(LmsError::Unreachable {
            what,
            tries,
            detail: last,
        })
    }

    /// A write. Repeated only while it certainly did not happen: 429, or no connection. `Err` is 401 alone.
    pub(super) async fn write(
        &self,
        method: Method,
        url: &Url,
        body: Option<&serde_json::Value>,
    ) -> Result<WriteAnswer, LmsError> {
        let tries = self.0.patience.retries + 1;
        let mut last = String::new();
        for attempt in 0..tries {
            let wait = match self.exchange(&method, url, body).await {
                Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
                    last = format!("429, {}", self.said(&answer.body).words());
                    answer.pause
                }
                Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                    return Err(LmsError::Unauthorized {
                        detail: self.said(&answer.body).words(),
                    });
                }
                Ok(answer) => {
                    let said = self.said(&answer.body);
                    return Ok(meaning(answer.status, answer.body, said));
                }
                Err(Fault::Lost(why)) => return Ok(WriteAnswer::Unknown(why)),
                Err(Fault::NotSent(why)) => {
                    last = why;
                    None
                }
            };
            if attempt + 1 < tries {
                self.back_off(attempt, wait).await;
            }
        }
        Ok(WriteAnswer::Refused(
            StatusCode::TOO_MANY_REQUESTS,
            format!("not done after {tries} tries: {last}"),
        ))
    }

    async fn exchange(
        &self,
        method: &Method,
        url: &Url,
        body: Option<&serde_json::Value>,
    ) -> Result<Answer, Fault> {
        self.0.limiter.slot().await;
        let request = self.0.wire.request(method.clone(), url.clone());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.0.wire.exchange(request).await
    }

    /// Who speaks in a body, and what is said, fit for a message.
    fn said(&self, body: &[u8]) -> Said {
        Said::of(body).map(|text| self.0.wire.quote(&text))
    }

    /// Waits before repetition `attempt`: exponential, half of it random; what the server asks for counts if longer,
    /// and then everybody waits.
    async fn back_off(&self, attempt: u32, asked: Option<Duration>) {
        let patience = &self.0.patience;
        let backoff = Backoff {
            base: patience.backoff,
            cap: patience.longest_wait,
        };
        let jittered = backoff.wait(attempt + 1);
        let asked = asked.map(|asked| asked.min(patience.longest_wait));
        let wait = asked.map_or(jittered, |asked| asked.max(jittered));
        if asked.is_some() {
            self.0.limiter.pause(wait).await;
        }
        tokio::time::sleep(wait).await;
    }
}

/// What the answer to a write means. Only the API itself can say that something was done or refused: a sign-in page
/// with status 200, an empty 200, a gateway's 404 leave it open.
fn meaning(status: StatusCode, body: Vec<u8>, said: Said) -> WriteAnswer {
    if status == StatusCode::NO_CONTENT && body.is_empty() {
        return WriteAnswer::Ok(body);
    }
    let unknown = |text: &str| WriteAnswer::Unknown(format!("{status}, {text}"));
    match said {
        // 202 means that somebody will do it.
        Said::Document if status == StatusCode::ACCEPTED => unknown("not carried out yet"),
        Said::Document if status.is_success() => WriteAnswer::Ok(body),
        Said::Errors(detail)
            if status.is_success() || (status.is_client_error() && !may_pass(status)) =>
        {
            WriteAnswer::Refused(status, detail)
        }
        Said::Foreign(text) if !status.is_server_error() => {
            unknown(&format!("an answer that is not the LMS's own: {text}"))
        }
        said => unknown(&said.words()),
    }
}

/// Why a reading gave nothing. A 404 tells that a record is gone only where the API itself says so.
fn refusal(what: String, status: StatusCode, said: Said) -> LmsError {
    match (status, said) {
        (StatusCode::UNAUTHORIZED, said) => LmsError::Unauthorized {
            detail: said.words(),
        },
        (StatusCode::NOT_FOUND, Said::Errors(detail)) => LmsError::NotFound { what, detail },
        (StatusCode::NOT_FOUND, said) => LmsError::ForeignNotFound {
            what,
            detail: said.words(),
        },
        (status, said) => refused(what, status, said.words()),
    }
}

fn refused(what: String, status: StatusCode, detail: String) -> LmsError {
    LmsError::Refused {
        what,
        status: status.as_u16(),
        detail,
    }
}

/// The path, for messages: no host, no query.
pub(super) fn path_of(url: &Url) -> String {
    url.path().to_owned()
}
