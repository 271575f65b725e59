//! The broker: connected to in the background, never needed to serve. The stream's shape stands here alone.

mod read_back;

use std::time::Duration;

use async_nats::{
    ConnectOptions, Event, ServerAddr,
    jetstream::{
        self, Context,
        consumer::{AckPolicy, Consumer, DeliverPolicy, Info, pull},
        stream::{DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use futures::TryStreamExt;
use tokio::sync::watch;

use crate::{
    config::{Options, Url},
    deadline,
};

pub use read_back::Own;

/// The stream that holds every event.
pub const STREAM: &str = "TWORD";
const SUBJECTS: &str = "tword.>";
const MAX_AGE: Duration = Duration::from_hours(7 * 24);
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);
const ACK_WAIT: Duration = Duration::from_secs(30);
const MAX_ACK_PENDING: i64 = 1_000;
/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);

const CONNECTED: &str = "tword_broker_connected";
const DISCONNECTIONS: &str = "tword_broker_disconnections_total";

/// A broker that may be away at any time.
#[derive(Clone)]
pub struct Broker {
    context: Context,
    connected: watch::Receiver<bool>,
    stream: jetstream::stream::Config,
}

/// Where the broker is, and what its stream may hold.
pub struct Settings {
    /// One URL or some, separated by commas.
    pub url: Url,
    /// What the stream holds before its oldest events leave it, in bytes.
    pub max_bytes: i64,
    /// Copies of the stream that a cluster keeps.
    pub replicas: usize,
}

/// What the broker refused or failed to do.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

impl Broker {
    /// Begins to connect as `service`, and goes on for ever in the background.
    ///
    /// # Errors
    /// The URL is none.
    pub async fn connect(service: &str, options: &Options) -> Result<Self, Error> {
        let (url, max_bytes, replicas) = (options.nats_url.clone(), options.stream_max_bytes, options.stream_replicas);
        Self::connect_with(service, &Settings { url, max_bytes, replicas }).await
    }

    /// Begins to connect with settings.
    ///
    /// # Errors
    /// The URL is none.
    pub async fn connect_with(service: &str, settings: &Settings) -> Result<Self, Error> {
        let (report, connected) = watch::channel(false);
        let connect = ConnectOptions::new()
            .name(service)
            .custom_inbox_prefix(format!("_INBOX_{}", service.trim_end_matches("-svc")))
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|attempt| RECONNECT_DELAY_MAX.min(Duration::from_millis(50 << attempt.min(5))))
            .request_timeout(Some(REQUEST_TIMEOUT))
            .event_callback(move |event| {
                note(&event, &report);
                std::future::ready(())
            });
        let servers = settings.url.split(',').map(|url| url.trim().parse());
        let servers = servers.collect::<Result<Vec<ServerAddr>, _>>()?;
        let client = signed_in(connect, &servers).connect(servers).await?;
        let context = jetstream::context::ContextBuilder::new()
            .timeout(REQUEST_TIMEOUT)
            .ack_timeout(REQUEST_TIMEOUT)
            .build(client);
        Ok(Self { context, connected, stream: stream_config(settings) })
    }

    /// Whether the broker is there now. Requests to one that is away would wait for it.
    pub fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Waits until the broker is there.
    pub async fn connected(&self) {
        let mut connected = self.connected.clone();
        if connected.wait_for(|connected| *connected).await.is_err() {
            // The client was dropped: the process is ending.
            std::future::pending::<()>().await;
        }
    }

    /// What the broker tells of the durable consumer `name`; none where either is away, or the broker does not answer
    /// within `patience`.
    pub async fn consumer(&self, name: &str, patience: Duration) -> Option<Info> {
        if !self.is_connected() {
            return None;
        }
        let found = self.context.get_consumer_from_stream::<pull::Config, _, _>(name, STREAM);
        Some(deadline::within(patience, found).await.ok()?.ok()?.cached_info().clone())
    }

    /// Where events are published.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Makes the stream where it is missing; one that is there is never changed.
    ///
    /// # Errors
    /// The broker is away or refuses.
    pub async fn ensure_stream(&self) -> Result<jetstream::stream::Stream, Error> {
        Ok(self.context.get_or_create_stream(self.stream.clone()).await?)
    }

    /// Makes the durable consumer `name` of `subject` where it is missing; one that is there is never changed.
    ///
    /// # Errors
    /// The broker is away or refuses.
    pub async fn ensure_consumer(&self, name: &str, subject: &str) -> Result<Consumer<pull::Config>, Error> {
        let stream = self.ensure_stream().await?;
        Ok(stream.get_or_create_consumer(name, consumer_config(name, subject)).await?)
    }

    /// Gives the stream and the durable consumers of `service` that are there the shape that they would get anew; answers
    /// the consumers' names. An operator's command: whoever else does this while versions differ undoes it again.
    ///
    /// # Errors
    /// The broker is away or refuses.
    pub async fn reshape(&self, service: &str) -> Result<Vec<String>, Error> {
        self.context.create_or_update_stream(self.stream.clone()).await?;
        let stream = self.context.get_stream(STREAM).await?;
        let names: Vec<String> = stream.consumer_names().try_collect().await?;
        let own = names.into_iter().filter_map(|name| {
            let producer = name.strip_prefix(service)?.strip_prefix('_')?;
            Some(consumer_config(&name, &subject_of(producer)))
        });
        let mut reshaped = Vec::new();
        for config in own {
            reshaped.extend(config.durable_name.clone());
            stream.update_consumer(config).await?;
        }
        Ok(reshaped)
    }
}

/// What a consumer of `producer`'s events is brought.
pub fn subject_of(producer: &str) -> String {
    format!("tword.{producer}.v1.*")
}

fn consumer_config(name: &str, subject: &str) -> pull::Config {
    pull::Config {
        durable_name: Some(name.to_owned()),
        filter_subject: subject.to_owned(),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: MAX_ACK_PENDING,
        // Deliveries count outages, not poison.
        max_deliver: -1,
        ..pull::Config::default()
    }
}

/// With the user and the password of the first URL that has them; the client by itself sends none.
fn signed_in(connect: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let found = servers.iter().find_map(|server| Some((server.username()?, server.password()?)));
    match found {
        Some((user, password)) => connect.user_and_password(user.to_owned(), password.to_owned()),
        None => connect,
    }
}

fn stream_config(settings: &Settings) -> jetstream::stream::Config {
    jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: MAX_AGE,
        max_bytes: settings.max_bytes,
        duplicate_window: DUPLICATE_WINDOW,
        num_replicas: settings.replicas,
        ..jetstream::stream::Config::default()
    }
}

fn note(event: &Event, report: &watch::Sender<bool>) {
    match event {
        Event::Connected => {
            tracing::info!("broker connected");
            metrics::gauge!(CONNECTED).set(1.0);
            report.send_replace(true);
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("broker disconnected");
            metrics::gauge!(CONNECTED).set(0.0);
            metrics::counter!(DISCONNECTIONS).increment(1);
            report.send_replace(false);
        }
        other => tracing::debug!(event = %other, "broker event"),
    }
}

/// Describes what is measured here.
pub fn describe() {
    metrics::describe_gauge!(CONNECTED, "Whether the broker is connected, 1 or 0.");
    metrics::describe_counter!(DISCONNECTIONS, "Times that the connection to the broker was lost.");
    metrics::gauge!(CONNECTED).set(0.0);
    metrics::counter!(DISCONNECTIONS).increment(0);
}
