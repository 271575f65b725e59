//! HTTP that `e2e::rest` does not speak: any header, any body.

use e2e::rest::Answer;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// An HTTP client for requests that `e2e::rest` does not make.
pub fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

/// Sends a request and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap_or_else(|error| panic!("{error:?}"));
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

/// Asserts that an answer is a JSON `google.rpc.Status` with this status, code and reason, and nothing besides.
pub fn assert_status(answer: &Answer, status: u16, code: i64, reason: &str) {
    assert_eq!(answer.status.as_u16(), status, "{answer}");
    assert_eq!(answer.header("content-type"), "application/json", "{answer}");
    let fields: Vec<_> = answer.body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(fields, ["code", "details", "message"], "{answer}");
    assert_eq!(answer.body["code"], code, "{answer}");
    assert!(answer.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    assert_eq!((answer.reason(), &answer.detail("google.rpc.ErrorInfo")["domain"]), (reason, &Value::from("tword")));
}
