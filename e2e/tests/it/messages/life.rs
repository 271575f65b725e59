//! Whole lives of orders: who is told what, where, in which language; each of it once.

use std::collections::BTreeSet;

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::flow::{cancel, deliver, key, order_id, order_of, reaches, recipient};
use e2e::mail::Mail;
use e2e::rest::Rest;
use e2e::world::{Shop, World};
use serde_json::{Value, json};
use xtask::mesh::{Part, Service};

use super::{Town, all_sent, hook, set, text};

const ADDRESS: &str = "mina.kim+tword@example.com";

/// Three orders: one delivered, one cancelled, one rejected.
async fn lives(world: &World, shop: &Shop, rest: &Rest) -> [String; 3] {
    let staff = world.rest(&shop.staff);
    let order = async |quantity| {
        let body = order_of(shop, &shop.phones[0], quantity);
        order_id(&rest.post_keyed("/v1/orders", &key(), &body).await.ok())
    };
    let delivered = order(1).await;
    reaches(rest, &delivered, "CONFIRMED").await;
    deliver(&staff, &delivered).await;
    reaches(rest, &delivered, "DELIVERED").await;
    let cancelled = order(1).await;
    reaches(rest, &cancelled, "CONFIRMED").await;
    cancel(rest, &cancelled, "I bought another one").await.ok();
    let rejected = order(100).await;
    reaches(rest, &rejected, "REJECTED").await;
    [delivered, cancelled, rejected]
}

#[tokio::test]
async fn customer_by_mail_and_shop_by_webhook_hear_of_each_change_once() {
    let town = Town::new(true).await;
    let world = town.world(|mesh| mesh).await;
    let shop = world.shop(1, 2).await;
    let (customer, operator) = (world.customer(), world.rest(&world.operator()));
    let (rest, staff) = (world.rest(&customer), world.rest(&shop.staff));
    set(&rest, &json!({ "language": "en", "smtp": { "address": ADDRESS } })).await.ok();
    let secret = hook(&world.rest(&shop.manager), &town.receiver.url, "ko").await;
    let orders = lives(&world, &shop, &rest).await;
    let [delivered, cancelled, rejected] = &orders;

    let mut own = Vec::new();
    for (order, count) in [(delivered, 4), (cancelled, 3), (rejected, 2)] {
        own.extend(all_sent(&rest, order, count).await);
    }
    is_written_to(&town.mail.taken(), &own, &orders);
    let mut shops = all_sent(&staff, delivered, 1).await;
    shops.extend(all_sent(&staff, cancelled, 2).await);
    shops.extend(all_sent(&staff, rejected, 1).await);
    is_posted(&town, &shops, &secret, cancelled);

    // NATS forgets everything, so that each event comes again; and again when notify-svc has restarted.
    world.stop(Part::Nats).await;
    world.mesh().wipe_nats().expect("wiped");
    world.restart(Part::Nats).await;
    world.kill(Service::Notify).await;
    world.restart(Service::Notify).await;
    db::drained(&world).await;
    assert_eq!((town.mail.taken().len(), town.receiver.posts().len()), (9, 4));
    assert_eq!(operator.get("/v1/messages?pageSize=200").await.ok()["messages"].as_array().map(Vec::len), Some(13));
    tells_nothing_personal(&world, &secret);

    let placed = |order_id: &String, quantity| Placed {
        customer: customer.clone(),
        order_id: order_id.clone(),
        recipient: recipient(&order_of(&shop, &shop.phones[0], quantity)),
    };
    checker::settled(&world, &shop, &[placed(delivered, 1), placed(cancelled, 1), placed(rejected, 100)]).await;
}

/// The customer's mail: each message once, under its own id, with what it has to say.
fn is_written_to(mails: &[Mail], messages: &[Value], [delivered, cancelled, rejected]: &[String; 3]) {
    assert_eq!((mails.len(), messages.len()), (9, 9));
    for mail in mails {
        assert_eq!((mail.to.as_str(), mail.from.as_str()), (ADDRESS, "no-reply@tword.example"));
        assert_eq!((mail.header("to"), mail.header("content-language")), (ADDRESS, "en"));
    }
    let ids: BTreeSet<_> = mails.iter().map(|mail| mail.header("message-id").to_owned()).collect();
    let told = messages.iter().map(|message| format!("<{}@tword.example>", text(&message["messageId"])));
    assert_eq!(ids, told.collect());
    let short = |order: &String| order.replace('-', "").split_off(24).to_uppercase();
    let [delivered, cancelled, rejected] = [short(delivered), short(cancelled), short(rejected)];
    let expected = [
        (format!("Order {delivered} received"), "We will write again once stock is confirmed.".to_owned()),
        (format!("Order {delivered} confirmed"), "Total: KRW 1,000,000.".to_owned()),
        (format!("Order {delivered} shipped"), "Carrier: CJ대한통운, tracking number: 1234567890.".to_owned()),
        (format!("Order {delivered} delivered"), "Thank you.".to_owned()),
        (format!("Order {cancelled} received"), String::new()),
        (format!("Order {cancelled} confirmed"), String::new()),
        (format!("Order {cancelled} cancelled"), format!("Your order {cancelled} was cancelled.")),
        (format!("Order {rejected} received"), String::new()),
        (format!("Order {rejected} could not be fulfilled"), "Reason: out of stock.".to_owned()),
    ];
    for (subject, end) in &expected {
        let found: Vec<_> = mails.iter().filter(|mail| mail.header("subject") == subject).collect();
        assert!(found.len() == 1 && found[0].body().ends_with(end.as_str()), "{subject}: {found:?}");
    }
}

/// The shop's posts: what is new and what was cancelled, signed, in Korean.
fn is_posted(town: &Town, messages: &[Value], secret: &str, cancelled: &str) {
    let posts = town.receiver.posts();
    assert_eq!((posts.len(), messages.len()), (4, 4));
    let ids: BTreeSet<_> = posts.iter().map(|post| post.header("webhook-id").to_owned()).collect();
    assert_eq!(ids, messages.iter().map(|message| text(&message["messageId"]).to_owned()).collect());
    for post in &posts {
        assert_eq!(post.signatures(secret), (1, 1));
        let body = post.json();
        assert_eq!(
            (text(&body["data"]["messageId"]), text(&body["data"]["recipientKind"])),
            (post.header("webhook-id"), "SHOP")
        );
    }
    let of = |kind: &str| posts.iter().filter(|post| post.json()["type"] == kind).count();
    assert_eq!((of("order.placed"), of("order.cancelled")), (3, 1));
    let last = posts.iter().map(e2e::receiver::Post::json).find(|body| body["type"] == "order.cancelled").expect("one");
    assert_eq!((text(&last["data"]["orderId"]), text(&last["data"]["language"])), (cancelled, "ko"));
    assert_eq!(text(&last["data"]["cancelReason"]), "I bought another one");
    assert!(text(&last["data"]["text"]).contains("취소되었습니다"), "{last}");
}

fn tells_nothing_personal(world: &World, secret: &str) {
    let log = world.mesh().log(Service::Notify).expect("the log");
    for personal in [ADDRESS, "mina.kim", "a-token-of-its-owner", "I bought another one", secret, &secret[6..]] {
        assert!(!log.contains(personal), "{personal} is in the log of notify-svc");
    }
}

#[tokio::test]
async fn what_is_not_allowed_or_not_set_up_is_refused_and_nothing_is_set() {
    let world = World::shared().await;
    let rest = world.rest(&world.customer());
    let refused = set(&rest, &json!({ "webhook": { "url": "https://hooks.example.com/x" } })).await;
    refused.refused(400, "TARGET_NOT_ALLOWED");
    set(&rest, &json!({ "smtp": { "address": ADDRESS } })).await.refused(400, "CHANNEL_NOT_SERVED");
    let contact = rest.get("/v1/contact").await.ok();
    assert_eq!((text(&contact["contact"]["contactId"]), &contact["contact"]["log"]), ("", &json!({})));
}
