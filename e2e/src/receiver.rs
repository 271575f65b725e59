//! An HTTPS endpoint that webhooks are posted to, and the check of what they bring.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::tls::Authority;

/// A running endpoint. It takes every post, unless it is told otherwise.
pub struct Receiver {
    /// Where it is.
    pub url: String,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    posts: Mutex<Vec<Post>>,
    next: Mutex<VecDeque<Answer>>,
}

/// How a post is answered.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// With this status.
    Status(u16),
    /// Not at all.
    Never,
}

/// What was posted.
#[derive(Clone, Debug)]
pub struct Post {
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Receiver {
    /// Starts one on a free port.
    pub async fn start(authority: &Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}/hook/a-token-of-its-owner", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(post(take)).with_state(Arc::clone(&inner));
        let listener = Tls { listener, acceptor: authority.acceptor() };
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    /// The next posts are answered so; those after them are taken.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.inner.next.lock().expect("no test panics while it is held").extend(answers);
    }

    /// Everything posted so far.
    pub fn posts(&self) -> Vec<Post> {
        self.inner.posts.lock().expect("no test panics while it is held").clone()
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let next = inner.next.lock().expect("no test panics while it is held").pop_front();
    inner.posts.lock().expect("no test panics while it is held").push(Post { headers, body });
    match next.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => StatusCode::from_u16(status).expect("a status"),
        Answer::Never => pending().await,
    }
}

impl Post {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// How many signatures it has, and how many of them verify with a secret (`whsec_…`), as Standard Webhooks says.
    pub fn signatures(&self, secret: &str) -> (usize, usize) {
        let bits = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bits);
        let mut signed = format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).into_bytes();
        signed.extend_from_slice(&self.body);
        let verifies = |signature: &&str| {
            let given = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            given.is_some_and(|given| hmac::verify(&key, &signed, &given).is_ok())
        };
        let signatures: Vec<_> = self.header("webhook-signature").split(' ').collect();
        (signatures.len(), signatures.iter().filter(|signature| verifies(signature)).count())
    }
}

/// Connections that speak TLS.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
