//! notify-svc: tells customers and shops of every change of an order.

pub mod adapters;
pub mod app;
pub mod domain;

use std::{sync::Arc, time::Duration};

use chassis::{
    Program,
    config::{duration, positive_duration},
    refusal::chain,
    service::{Error, Service},
    store::Database,
};
use clap::{Args, value_parser};
use proto::notify::v1::{
    notify_operations_service_server::NotifyOperationsServiceServer, notify_service_server::NotifyServiceServer,
};

use crate::{
    adapters::{
        access,
        events::{OrderEvents, OwnEvents},
        grpc::{Contacts, Notify, Operations},
        metrics, settings,
        store::{self, MIGRATIONS},
        texts::Templates,
    },
    app::{
        Bell, EraseCustomer, GetContact, GetMessage, ListMessages, RedriveMessage, RotateSecret, Sender, Tell, Texts,
        UpdateContact, bell,
        send::{Limits, Means},
    },
    domain::{ChannelName, Language, Retry},
};

/// The name of this service.
pub const NAME: &str = "notify-svc";
/// Its name and ports.
pub const PROGRAM: Program = Program::new(NAME, "127.0.0.1:8084", "127.0.0.1:9084").migrations(MIGRATIONS);

/// How long a new message may lie before it is sent.
const POLL: Duration = Duration::from_millis(100);
/// How often what is not sent is counted.
const COUNT: Duration = Duration::from_secs(5);

/// The settings of this service.
#[derive(Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    chassis: chassis::Options,

    /// Language of messages to those who have set none: ko or en
    #[arg(long, env = "TWORD_DEFAULT_LANGUAGE", default_value_t = Language::Korean, value_name = "LANGUAGE", help_heading = MESSAGES)]
    default_language: Language,

    /// How often sending a message is tried before it is given up
    #[arg(long, env = "TWORD_MAX_ATTEMPTS", default_value_t = 20, value_parser = value_parser!(u32).range(1..=100), value_name = "ATTEMPTS", help_heading = MESSAGES)]
    max_attempts: u32,

    /// How long a channel may take for one message (unit: ms, s, m)
    #[arg(long, env = "TWORD_ATTEMPT_TIMEOUT", default_value = "5s", value_parser = positive_duration, value_name = "DURATION", help_heading = MESSAGES)]
    attempt_timeout: Duration,

    /// The wait after a first failed attempt; it doubles with each further one (unit: ms, s, m)
    #[arg(long, env = "TWORD_RETRY_DELAY", default_value = "5s", value_parser = positive_duration, value_name = "DURATION", help_heading = MESSAGES)]
    retry_delay: Duration,

    /// The longest wait between two attempts (unit: ms, s, m, h)
    #[arg(long, env = "TWORD_RETRY_DELAY_MAX", default_value = "1h", value_parser = positive_duration, value_name = "DURATION", help_heading = MESSAGES)]
    retry_delay_max: Duration,

    /// Recipients that are sent to at a time on each channel
    #[arg(long, env = "TWORD_SEND_LANES", default_value_t = 32, value_parser = value_parser!(u16).range(1..=1_000), value_name = "RECIPIENTS", help_heading = MESSAGES)]
    send_lanes: u16,

    /// How long a webhook's secret signs beside the one that replaced it (unit: ms, s, m, h, d)
    #[arg(long, env = "TWORD_WEBHOOK_SECRET_OVERLAP", default_value = "24h", value_parser = duration, value_name = "DURATION", help_heading = MESSAGES)]
    webhook_secret_overlap: Duration,

    #[command(flatten)]
    channels: settings::Options,
}

const MESSAGES: &str = "Messages";

impl Config {
    fn limits(&self) -> Limits {
        Limits {
            retry: Retry { max_attempts: self.max_attempts, base: self.retry_delay, cap: self.retry_delay_max },
            attempt_timeout: self.attempt_timeout,
            lanes: usize::from(self.send_lanes),
        }
    }
}

/// Runs the service until the process is told to stop.
///
/// # Errors
/// It could not start, or had to end.
pub async fn run(config: Config) -> Result<(), Error> {
    let (limits, language) = (config.limits(), config.default_language);
    let texts = Templates::load().map_err(|error| Error::Configuration(chain(&error)))?;
    let texts: Arc<dyn Texts> = Arc::new(texts);
    let database = Database::open(&config.chassis, MIGRATIONS).await?;
    let (store, reads) = (store::store(&database), store::reads(&database));
    let mut service = Service::new("notify", config.chassis, store.clone(), database.log()).await?;
    let clock = service.clock();
    let ways = config.channels.ways(&clock)?;

    let contacts = Contacts {
        get: GetContact::new(Arc::clone(&reads), language),
        update: UpdateContact::new(store.clone(), Arc::clone(&clock), language),
        rotate: RotateSecret::new(store.clone(), Arc::clone(&clock), config.webhook_secret_overlap),
        policy: Arc::clone(&ways.policy),
        mail: ways.has_mail(),
        random: rand::random,
        clock: Arc::clone(&clock),
    };
    let (get, list) = (GetMessage::new(Arc::clone(&reads)), ListMessages::new(Arc::clone(&reads)));
    service.serve(NotifyServiceServer::new(Notify::new(get, list, contacts, Arc::clone(&texts))));
    let redrive = RedriveMessage::new(store.clone(), Arc::clone(&clock));
    let erase = EraseCustomer::new(store.clone(), Arc::clone(&clock));
    service.serve(NotifyOperationsServiceServer::new(Operations::new(redrive, erase, Arc::clone(&texts))));
    service.rules(access::RULES);

    let _caught_up = service.consume("order", OrderEvents::new(Tell::new(Arc::clone(&clock), language)));
    service.takes_back(OwnEvents);
    let bell = listen(&mut service, &database);
    let means = Means { store, reads: Arc::clone(&reads), clock, texts, roll: rand::random, bell };
    send(&mut service, &ways, &means, limits);
    metrics::describe();
    service.every("metrics", COUNT, move || {
        let reads = Arc::clone(&reads);
        Box::pin(async move { metrics::sweep(reads).await.map_err(Into::into) })
    });
    service.run().await
}

/// A bell that rings whenever a process on this database makes a message due.
fn listen(service: &mut Service<dyn app::Tx>, database: &Database) -> Bell {
    let (bell, heard) = (Bell::default(), database.announcements().hear(bell::TOPIC));
    let rung = bell.clone();
    service.background("bell", move |drain| {
        Box::pin(async move {
            drain.run_until_cancelled(rung.ring_for(heard)).await;
        })
    });
    bell
}

/// Sends on each channel by itself, so that one of which everything is slow delays no other.
fn send(service: &mut Service<dyn app::Tx>, ways: &settings::Ways, means: &Means, limits: Limits) {
    let sweeps =
        [(ChannelName::Log, "send log"), (ChannelName::Webhook, "send webhook"), (ChannelName::Smtp, "send smtp")];
    for (name, sweep) in sweeps {
        let sender = Arc::new(Sender::new(name, ways.channel(name), means.clone(), limits));
        let last = Arc::clone(&sender);
        service.background(sweep, move |drain| {
            Box::pin(async move {
                drain.cancelled().await;
                last.finish().await;
            })
        });
        service.every(sweep, POLL, move || {
            let sender = Arc::clone(&sender);
            Box::pin(async move { sender.sweep().await.map_err(Into::into) })
        });
    }
}
