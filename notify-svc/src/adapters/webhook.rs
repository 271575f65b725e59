//! The channel `webhook`: posts to an HTTP endpoint, signed as Standard Webhooks says.

mod address;
mod payload;
mod policy;
mod resolver;
pub mod signature;

use std::{sync::Arc, time::Duration};

use chassis::clock::Clock;
use reqwest::{Client, Response, StatusCode, Url, header, redirect};
use tokio::sync::Semaphore;

pub use self::policy::{InvalidPattern, NotAllowed, Pattern, Patterns, Policy};
use self::resolver::Resolver;
use crate::{
    app::ports::{Channel, ChannelError, Envelope},
    domain::{ChannelName, Target},
};

/// How long connecting may take, the TLS handshake included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 4;
/// What is read of an answer's body, for the connection to be used again.
const MOST_BODY: usize = 16 << 10;
/// How long it may take.
const DRAIN: Duration = Duration::from_millis(250);
/// Bodies that are read at a time; the connections of others are closed.
const DRAINS: usize = 32;

/// Posts to the endpoints that the policy allows.
pub struct WebhookChannel {
    client: Client,
    policy: Arc<Policy>,
    clock: Arc<dyn Clock>,
    drains: Arc<Semaphore>,
}

impl WebhookChannel {
    /// A channel that trusts the machine's certificates and `extra_roots`. It follows no redirect and asks no proxy.
    ///
    /// # Errors
    /// The machine's certificates cannot be read.
    pub fn new(
        policy: Arc<Policy>,
        clock: Arc<dyn Clock>,
        extra_roots: Vec<reqwest::Certificate>,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .dns_resolver(Resolver::new(Arc::clone(&policy)))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(concat!("tword-notify/", env!("CARGO_PKG_VERSION")))
            .tls_certs_merge(extra_roots)
            .build()?;
        Ok(Self { client, policy, clock, drains: Arc::new(Semaphore::new(DRAINS)) })
    }
}

#[async_trait::async_trait]
impl Channel for WebhookChannel {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        let Target::Webhook(webhook) = &envelope.target else {
            return Err(ChannelError::Unserved(ChannelName::Webhook.name()));
        };
        // What was allowed when it was set may not be any more.
        let url =
            self.policy.check(webhook.url.as_str()).map_err(|refused| ChannelError::Forbidden(refused.reason()))?;
        let body = payload::of(envelope).map_err(|error| ChannelError::Form(error.into()))?;
        let now = self.clock.now();
        let (id, seconds) = (envelope.message_id.to_string(), now.unix_timestamp());
        let signatures = signature::of(&webhook.secrets.signing_at(now), &id, seconds, &body);
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signatures)
            .body(body);
        let answer = request.send().await.map_err(|error| ChannelError::Unreachable(error.without_url().into()))?;
        let verdict = verdict(&answer);
        // The message's time does not count what follows: however slowly the body comes, the status stands.
        if let Ok(permit) = Arc::clone(&self.drains).try_acquire_owned() {
            tokio::spawn(async move {
                let _in_time = tokio::time::timeout(DRAIN, drain(answer)).await;
                drop(permit);
            });
        }
        verdict
    }
}

/// The status decides.
fn verdict(answer: &Response) -> Result<(), ChannelError> {
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(refused(status, retry_after(answer))) }
}

/// Reads a body to its end, where that comes soon, for its connection to be used again.
async fn drain(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MOST_BODY {
            return;
        }
    }
}

fn refused(status: StatusCode, wait: Duration) -> ChannelError {
    ChannelError::Refused { answer: format!("HTTP {}", status.as_u16()), wait }
}

/// How long the receiver asks to be left alone, where it says so in seconds.
fn retry_after(answer: &Response) -> Duration {
    let value = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Duration::from_secs(value.and_then(|text| text.trim().parse::<u32>().ok()).unwrap_or_default().into())
}

/// The URL's host and port, by which endpoints are told apart that one machine serves.
fn receiver(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}
