//! One wrong request and how it is refused.

use std::collections::BTreeSet;

use e2e::rest::Answer;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::http::send;

/// One wrong request.
pub struct Case {
    pub token: String,
    pub verb: Method,
    pub path: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    pub refusal: Refusal,
}

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A service: exactly these fields are wrong.
    Fields(Vec<String>),
    /// The edge: it does not fit the contract, and the message says where.
    Unfit(&'static str),
    /// Another refusal: HTTP status, gRPC code, reason.
    Other(u16, i64, &'static str),
}

impl Refusal {
    /// One wrong field.
    pub fn field(name: impl Into<String>) -> Self {
        Self::Fields(vec![name.into()])
    }

    /// Several wrong fields.
    pub fn fields(names: &[&str]) -> Self {
        Self::Fields(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

impl Case {
    /// A request without a body.
    pub fn bare(token: &str, verb: Method, path: impl Into<String>, refusal: Refusal) -> Self {
        Self { token: token.to_owned(), verb, path: path.into(), headers: Vec::new(), body: None, refusal }
    }

    /// A request with a JSON body.
    pub fn json(token: &str, verb: Method, path: impl Into<String>, body: &Value, refusal: Refusal) -> Self {
        Self::text(token, verb, path, "application/json", body.to_string(), refusal)
    }

    /// A request with any body.
    pub fn text(
        token: &str,
        verb: Method,
        path: impl Into<String>,
        content_type: &str,
        body: impl Into<Vec<u8>>,
        refusal: Refusal,
    ) -> Self {
        let headers = vec![("content-type", content_type.into())];
        Self { headers, body: Some(body.into()), ..Self::bare(token, verb, path, refusal) }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends it, and says what is wrong with the answer.
    pub async fn judge(&self, client: &Client, base: &str) -> Result<(), String> {
        let mut request = client.request(self.verb.clone(), format!("{base}{}", self.path)).bearer_auth(&self.token);
        for (name, value) in &self.headers {
            request = request.header(*name, value.as_slice());
        }
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let answer = send(request).await;
        self.check(&answer)
            .map_err(|wrong| format!("{}: {wrong}: {}\n", self.described(), shortened(&answer.to_string())))
    }

    fn check(&self, answer: &Answer) -> Result<(), String> {
        let (status, code, reason) = match &self.refusal {
            Refusal::Fields(_) | Refusal::Unfit(_) => (400, 3, "INVALID_REQUEST"),
            Refusal::Other(status, code, reason) => (*status, *code, *reason),
        };
        let seen = (answer.status.as_u16(), answer.body["code"].as_i64(), answer.reason());
        if seen != (status, Some(code), reason) {
            return Err(format!("not {status} {code} {reason}"));
        }
        let message = answer.body["message"].as_str().unwrap_or_default();
        let (domain, media) = (&answer.detail("google.rpc.ErrorInfo")["domain"], answer.header("content-type"));
        if message.is_empty() || domain != "tword" || media != "application/json" {
            return Err("no google.rpc.Status of ours".to_owned());
        }
        match &self.refusal {
            Refusal::Fields(fields) => same_fields(answer, fields),
            Refusal::Unfit(place) if !message.contains(place) => Err(format!("does not say {place}")),
            Refusal::Unfit(_) | Refusal::Other(..) => Ok(()),
        }
    }

    fn described(&self) -> String {
        let body = String::from_utf8_lossy(self.body.as_deref().unwrap_or_default()).into_owned();
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| format!("{name}={}", value.escape_ascii())).collect();
        let shown = format!("{} {} {headers:?} {body}", self.verb, self.path);
        format!("{}, should be {:?}", shortened(&shown), self.refusal)
    }
}

/// Exactly these fields, each once and with what is wrong with it.
fn same_fields(answer: &Answer, fields: &[String]) -> Result<(), String> {
    let violations = answer.detail("google.rpc.BadRequest")["fieldViolations"].as_array().cloned().unwrap_or_default();
    let named: Vec<_> = violations.iter().filter_map(|violation| violation["field"].as_str()).collect();
    let described =
        violations.iter().all(|violation| violation["description"].as_str().is_some_and(|text| !text.is_empty()));
    let (distinct, expected): (BTreeSet<_>, BTreeSet<_>) =
        (named.iter().copied().collect(), fields.iter().map(String::as_str).collect());
    if distinct == expected && named.len() == fields.len() && described {
        Ok(())
    } else {
        Err(format!("names {named:?}"))
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(400).collect()
}
