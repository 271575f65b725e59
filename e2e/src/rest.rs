//! REST through the edge, as any client speaks it.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use xtask::mesh::Service;

use crate::wait::{self, holds};
use crate::world::Person;

/// A client, acting as one person or as nobody.
#[derive(Clone)]
pub struct Rest {
    client: Client,
    base: String,
    token: Option<String>,
    service: Option<Service>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; a string where it is no JSON.
    pub body: Value,
}

impl Rest {
    /// A client of `base` (`http://…`) without a token.
    pub fn new(base: &str) -> Self {
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { client, base: base.to_owned(), token: None, service: None }
    }

    /// The same connections as another person.
    #[must_use]
    pub fn by(&self, person: &Person) -> Self {
        self.with_token(&person.token)
    }

    /// The same connections with any bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same connections to one service's own working.
    #[must_use]
    pub fn to(&self, service: Service) -> Self {
        Self { service: Some(service), ..self.clone() }
    }

    /// GETs a path with its query.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None).await.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// POSTs without an idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, None, Some(body)).await.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// POSTs with an idempotency key.
    pub async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Answer {
        let answer = self.call(Method::POST, path, Some(key), Some(body)).await;
        answer.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// POSTs with an idempotency key, again and again while nobody answers or the answer says to come back; it comes
    /// back when it was told to.
    pub async fn persist(&self, path: &str, key: &str, body: &Value) -> Answer {
        let due = Mutex::new((Instant::now(), String::new()));
        wait::until(&format!("an answer to POST {path}"), || async {
            let (again, seen) = due.lock().expect("no look panics while it is held").clone();
            holds(again <= Instant::now(), seen)?;
            let answer = self.call(Method::POST, path, Some(key), Some(body)).await?;
            if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
                let seconds = answer.header("retry-after").parse().unwrap_or_default();
                let again = Instant::now() + Duration::from_secs(seconds);
                *due.lock().expect("no look panics while it is held") = (again, answer.to_string());
                return Err(answer.to_string());
            }
            Ok(answer)
        })
        .await
    }

    /// Any call.
    ///
    /// # Errors
    /// There was no answer: what happened instead.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        Answer::read(self.send(method, path, key, body).await?).await
    }

    /// Any call, to the begin of its answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<reqwest::Response, String> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(service) = self.service {
            request = request.header("x-tword-service", service.context());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|error| format!("{error:?}"))
    }
}

impl Answer {
    /// Reads an answer to its end.
    pub(crate) async fn read(answer: reqwest::Response) -> Result<Self, String> {
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status, headers, body })
    }

    /// The body of a success.
    ///
    /// # Panics
    /// It is none.
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self}");
        self.body
    }

    /// Asserts a refusal's status and reason.
    ///
    /// # Panics
    /// It is another one.
    pub fn refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status.as_u16(), self.reason()), (status, reason), "{self}");
    }

    /// The reason in `ErrorInfo`; empty where there is none.
    pub fn reason(&self) -> &str {
        self.detail("google.rpc.ErrorInfo")["reason"].as_str().unwrap_or_default()
    }

    /// The detail of a type such as `google.rpc.RetryInfo`; null where there is none.
    pub fn detail(&self, name: &str) -> &Value {
        let is = |detail: &&Value| detail["@type"].as_str().is_some_and(|kind| kind.ends_with(name));
        self.body["details"].as_array().and_then(|details| details.iter().find(is)).unwrap_or(&Value::Null)
    }

    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.status, self.body)
    }
}
