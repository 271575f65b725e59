//! The channel `webhook` against HTTP endpoints of this test's own, and who waits for whom.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use notify_svc::{
    adapters::webhook::{Policy, WebhookChannel},
    app::{Channel, send::Limits},
    domain::{ChannelName, Message, Recipient, Retry, Status, message::State},
};
use proto::notify::v1::{
    UpdateContactRequest, WebhookTarget, notify_service_server::NotifyService, update_contact_request::Target,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use crate::support::{LIMITS, NOW, On, Step, World, call, event, policy};

const SHOP: Uuid = Uuid::from_u128(7);

/// An endpoint that gives each post the same answer, which never ends where it ends with `...`; without one it takes the post
/// and never answers.
struct Endpoint {
    url: String,
    posts: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    async fn new(answer: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let posts: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&posts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer, Arc::clone(&seen)));
            }
        });
        Self { url, posts }
    }

    fn posts(&self) -> Vec<String> {
        self.posts.lock().expect("the posts").clone()
    }
}

async fn serve(mut stream: TcpStream, answer: Option<&'static str>, posts: Arc<Mutex<Vec<String>>>) {
    let mut request = Vec::new();
    // A post ends with the end of its JSON.
    while !request.ends_with(b"}}") {
        if stream.read_buf(&mut request).await.unwrap_or_default() == 0 {
            return;
        }
    }
    posts.lock().expect("the posts").push(String::from_utf8(request).expect("UTF-8"));
    match answer {
        Some(answer) => {
            drop(stream.write_all(answer.as_bytes()).await);
            if answer.ends_with("...") {
                std::future::pending::<()>().await;
            }
        }
        None => std::future::pending().await,
    }
}

fn channel(world: &World, policy: Policy) -> Arc<dyn Channel> {
    Arc::new(WebhookChannel::new(Arc::new(policy), world.clock.clone(), Vec::new()).expect("a channel"))
}

async fn contact(world: &World, customer: &str, target: Target) {
    let request = UpdateContactRequest { target: Some(target), ..Default::default() };
    world.service().update_contact(call(request, customer, &["customer"], None)).await.expect("set");
}

async fn hook(world: &World, customer: &str, url: &str) {
    contact(world, customer, Target::Webhook(WebhookTarget { url: url.to_owned(), ..Default::default() })).await;
}

async fn ship(world: &World, order: u128, customer: &str) {
    world.deliver(event(Uuid::from_u128(order), customer, SHOP, Step::Shipped)).await.expect("handled");
}

fn tried(messages: &[Message]) -> bool {
    messages.iter().all(|message| message.attempts == 1)
}

/// One message to an endpoint that answers so, after its first attempt.
async fn answered(answer: &'static str) -> (Message, Vec<String>) {
    let (world, endpoint) = (World::on(On::Sqlite).await, Endpoint::new(Some(answer)).await);
    hook(&world, "mina", &endpoint.url).await;
    ship(&world, 1, "mina").await;
    let sender = world.sender_of(ChannelName::Webhook, Some(channel(&world, policy())), LIMITS);
    let message = world.run_until(&sender, tried).await.remove(0);
    (message, endpoint.posts())
}

#[tokio::test]
async fn a_2xx_takes_the_message_and_nothing_else_does() {
    let (message, posts) = answered("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!((message.status(), posts.len()), (Status::Sent, 1));
    for line in [
        "POST /hook HTTP/1.1",
        "content-type: application/json",
        "webhook-timestamp: 1795424400",
        "webhook-signature: v1,",
    ] {
        assert!(posts[0].contains(line), "no {line} in {}", posts[0]);
    }
    assert!(posts[0].contains(&format!("webhook-id: {}", message.id)));
    assert!(posts[0].contains(r#""type":"order.shipped""#) && posts[0].contains(r#""trackingNumber":"6890""#));
    for answer in [
        "HTTP/1.1 302 Found\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        "NONSENSE\r\n\r\n",
    ] {
        let (message, posts) = answered(answer).await;
        assert_eq!((message.status(), posts.len()), (Status::Pending, 1), "{answer}");
    }
}

#[tokio::test]
async fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    let (message, _) = answered("HTTP/1.1 429 Too Many\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n").await;
    let State::Pending { due_time, .. } = message.state else { panic!("it waits") };
    assert_eq!(due_time, NOW + Duration::from_mins(10));
    let (message, _) = answered("HTTP/1.1 503 Busy\r\nretry-after: 9999999\r\ncontent-length: 0\r\n\r\n").await;
    let State::Pending { due_time, .. } = message.state else { panic!("it waits") };
    assert_eq!(due_time, NOW + LIMITS.retry.cap);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let (message, _) = answered("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
    // The endpoint closes, so that reading ends; the status is what counts.
    assert_eq!(message.status(), Status::Sent);
}

#[tokio::test]
async fn the_status_decides_though_the_answer_never_ends() {
    let (message, posts) = answered("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n...").await;
    assert_eq!((message.status(), posts.len()), (Status::Sent, 1));
    let (message, _) = answered("HTTP/1.1 503 Busy\r\nretry-after: 600\r\ncontent-length: 100\r\n\r\n...").await;
    let State::Pending { due_time, .. } = message.state else { panic!("it waits") };
    assert_eq!(due_time, NOW + Duration::from_mins(10));
}

#[tokio::test]
async fn nothing_is_sent_to_where_the_policy_does_not_allow_any_more() {
    let (world, endpoint) = (World::on(On::Sqlite).await, Endpoint::new(Some("HTTP/1.1 204 No Content\r\n\r\n")).await);
    hook(&world, "mina", &endpoint.url).await;
    ship(&world, 1, "mina").await;
    for policy in [Policy::default(), Policy { private: false, ..policy() }] {
        let attempts = world.messages().await[0].attempts;
        let sender = world.sender_of(ChannelName::Webhook, Some(channel(&world, policy)), LIMITS);
        world.run_until(&sender, |messages| messages[0].attempts > attempts).await;
        world.clock.advance(LIMITS.retry.cap);
    }
    assert_eq!(endpoint.posts().len(), 0);
    assert_eq!(world.messages().await[0].status(), Status::Pending);
}

#[tokio::test]
async fn a_message_goes_to_where_its_contact_points_when_it_is_sent() {
    let (world, first) = (World::on(On::Sqlite).await, Endpoint::new(Some("HTTP/1.1 204 No Content\r\n\r\n")).await);
    let second = Endpoint::new(Some("HTTP/1.1 204 No Content\r\n\r\n")).await;
    hook(&world, "mina", &first.url).await;
    ship(&world, 1, "mina").await;
    hook(&world, "mina", &second.url).await;
    let sender = world.sender_of(ChannelName::Webhook, Some(channel(&world, policy())), LIMITS);
    world.run_until(&sender, |messages| messages[0].status() == Status::Sent).await;
    assert_eq!((first.posts().len(), second.posts().len()), (0, 1));
}

#[tokio::test]
async fn a_machine_that_is_away_delays_nobody_else_however_many_are_on_it() {
    let world = World::on(On::Sqlite).await;
    let (dead, good) = (Endpoint::new(None).await, Endpoint::new(Some("HTTP/1.1 204 No Content\r\n\r\n")).await);
    for order in 1..=40 {
        let customer = format!("dead-{order}");
        hook(&world, &customer, &format!("{}/{order}", dead.url)).await;
        ship(&world, order, &customer).await;
    }
    for order in 101..=110 {
        let customer = format!("good-{order}");
        hook(&world, &customer, &format!("{}/{order}", good.url)).await;
        ship(&world, order, &customer).await;
    }
    // Nobody times out in this test, so what hangs hangs for ever.
    let limits = Limits { lanes: 8, attempt_timeout: Duration::from_hours(1), ..LIMITS };
    let sender = world.sender_of(ChannelName::Webhook, Some(channel(&world, policy())), limits);
    let is_good = |message: &&Message| matches!(&message.recipient, Recipient::Customer(id) if id.starts_with("good"));
    world
        .run_until(&sender, |messages| messages.iter().filter(is_good).all(|message| message.status() == Status::Sent))
        .await;
    assert_eq!(good.posts().len(), 10);
    assert!(dead.posts().len() <= 2, "a quarter of the lanes at most: {}", dead.posts().len());
}

#[tokio::test]
async fn every_attempt_has_the_same_id_and_the_last_one_gives_up() {
    let world = World::on(On::Sqlite).await;
    let endpoint = Endpoint::new(Some("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n")).await;
    hook(&world, "mina", &endpoint.url).await;
    ship(&world, 1, "mina").await;
    let limits = Limits { retry: Retry { max_attempts: 3, ..LIMITS.retry }, ..LIMITS };
    let sender = world.sender_of(ChannelName::Webhook, Some(channel(&world, policy())), limits);
    for attempt in 1..=3 {
        world.run_until(&sender, |messages| messages[0].attempts == attempt).await;
        world.clock.advance(LIMITS.retry.cap);
    }
    let message = world.messages().await.remove(0);
    assert_eq!((message.status(), message.attempts), (Status::Failed, 3));
    let id = |post: &String| post.lines().find(|line| line.starts_with("webhook-id:")).expect("an id").to_owned();
    let posts = endpoint.posts();
    assert_eq!((posts.len(), posts.iter().map(id).collect::<BTreeSet<_>>().len()), (3, 1));
}
