//! A customer's data is erased; its messages stay.

use e2e::flow;
use e2e::grpc::keyed;
use e2e::receiver::Answer;
use e2e::wait::{self, holds};
use proto::notify::v1::{EraseCustomerRequest, GetContactRequest};
use serde_json::json;
use xtask::mesh::Service;

use super::{Town, all_sent, hook, listed, posts, text};

#[tokio::test]
async fn an_erased_customer_is_written_to_no_more() {
    let town = Town::new(true).await;
    let world = town.world(|mesh| mesh.env(Service::Notify, "TWORD_RETRY_DELAY", "10m")).await;
    let (shop, customer, operator) = (world.shop(1, 5).await, world.customer(), world.operator());
    let rest = world.rest(&customer);
    hook(&rest, &town.receiver.url, "en").await;
    town.receiver.answer([Answer::Status(503); 10]);
    let placed = flow::place_as(&world, &shop, customer.clone()).await;
    flow::reaches(&rest, &placed.order_id, "CONFIRMED").await;
    posts(&town.receiver, 2).await;

    let erase = format!("/v1/ops/notify/customers/{}:erase", customer.id);
    let erased = world.rest(&operator).post(&erase, &json!({})).await.ok();
    assert_eq!((&erased["cleared"], &erased["outstanding"]), (&json!(3), &json!(0)));
    let request = keyed(EraseCustomerRequest { customer_id: customer.id.clone() });
    let again = world.grpc(&operator).notify_operations().erase_customer(request).await.expect("erased").into_inner();
    assert_eq!(again.cleared, 0);

    let contact = world.grpc(&customer).notify().get_contact(GetContactRequest::default()).await;
    assert_eq!(contact.expect("a contact").into_inner().contact.expect("one").contact_id, "");
    let messages = listed(&rest, &placed.order_id).await;
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert_eq!((&message["status"], &message["version"]), (&json!("STATUS_FAILED"), &json!("1")), "{message}");
        let redrive = format!("/v1/ops/messages/{}:redrive", text(&message["messageId"]));
        world.rest(&operator).post(&redrive, &json!({})).await.refused(400, "MESSAGE_ERASED");
    }
    flow::cancel(&rest, &placed.order_id, "never mind").await.ok();
    wait::until("the log to be told instead", || async {
        let messages = listed(&rest, &placed.order_id).await;
        let last = messages.last().cloned().unwrap_or_default();
        holds(
            last["channel"] == "log" && last["status"] == "STATUS_SENT" && last["language"] == "ko",
            format!("{messages:?}"),
        )
    })
    .await;
    all_sent(&world.rest(&shop.staff), &placed.order_id, 2).await;
    assert_eq!(town.receiver.posts().len(), 2);
}
