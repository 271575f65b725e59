//! Server-sent events through the edge, as a browser's program reads them.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::rest::{Answer, Rest};
use crate::wait::LIMIT;

/// An answer that goes on.
pub struct Events {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

impl Rest {
    /// GETs a path whose answer is server-sent events.
    ///
    /// # Errors
    /// It was refused.
    pub async fn events(&self, path: &str) -> Result<Events, Answer> {
        let response = self.send(Method::GET, path, None, None).await.unwrap_or_else(|error| panic!("{error}"));
        if !response.status().is_success() {
            return Err(Answer::read(response).await.unwrap_or_else(|error| panic!("{error}")));
        }
        Ok(Events::new(response))
    }
}

impl Events {
    /// Reads an answer that has begun.
    pub fn new(response: reqwest::Response) -> Self {
        Self { response, buffer: Vec::new() }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The data of the next event; none where the answer has ended, or was cut.
    ///
    /// # Panics
    /// Nothing came within [`LIMIT`], or it was no event.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let event = String::from_utf8(event).expect("UTF-8");
                let data = event.trim_end().strip_prefix("data: ").unwrap_or_else(|| panic!("no event: {event}"));
                return Some(serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}")));
            }
            let chunk = tokio::time::timeout(LIMIT, self.response.chunk()).await.expect("something in time");
            self.buffer.extend(chunk.ok().flatten()?);
        }
    }
}
