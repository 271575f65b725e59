//! A receiver that does not take a message at once.

use std::collections::BTreeSet;

use e2e::flow;
use e2e::receiver::{Answer, Post};
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use proto::notify::v1::RedriveMessageRequest;
use serde_json::{Value, json};

use super::{Town, all_sent, hook, listed, posts, text};

fn ids(posts: &[Post]) -> BTreeSet<&str> {
    posts.iter().map(|post| post.header("webhook-id")).collect()
}

async fn failed(rest: &Rest, order_id: &str) -> Value {
    wait::until("the message to be given up", || async {
        let message = listed(rest, order_id).await.first().cloned().unwrap_or_default();
        holds(message["status"] == "STATUS_FAILED", message.to_string())?;
        Ok(message)
    })
    .await
}

#[tokio::test]
async fn a_message_is_tried_again_under_its_id_given_up_and_redriven() {
    let town = Town::new(true).await;
    let world = town.world(|mesh| mesh).await;
    let shop = world.shop(1, 5).await;
    let (staff, operator) = (world.rest(&shop.staff), world.operator());
    hook(&world.rest(&shop.manager), &town.receiver.url, "ko").await;

    town.receiver.answer([503, 500].map(Answer::Status));
    let placed = flow::place(&world, &shop).await;
    let message = all_sent(&staff, &placed.order_id, 1).await.remove(0);
    let taken = town.receiver.posts();
    assert_eq!((taken.len(), ids(&taken).len(), &message["attempts"]), (3, 1, &json!(3)));

    town.receiver.answer([410, 503, 429, 404, 500].map(Answer::Status));
    let placed = flow::place(&world, &shop).await;
    let message = failed(&staff, &placed.order_id).await;
    assert_eq!((&message["attempts"], posts(&town.receiver, 7).await.len()), (&json!(4), 7));
    let redrive = format!("/v1/ops/messages/{}:redrive", text(&message["messageId"]));
    let redriven = world.rest(&operator).post(&redrive, &json!({})).await.ok();
    assert_eq!(redriven["message"]["status"], "STATUS_PENDING", "{redriven}");
    let sent = all_sent(&staff, &placed.order_id, 1).await.remove(0);
    assert_eq!(
        (&sent["messageId"], &sent["attempts"], &sent["version"]),
        (&message["messageId"], &json!(6), &json!("2"))
    );
    let tried = town.receiver.posts().split_off(3);
    assert_eq!((tried.len(), ids(&tried).len()), (6, 1), "one is not taken after it was redriven either");

    let request = RedriveMessageRequest { message_id: text(&message["messageId"]).to_owned() };
    let refused = world.grpc(&operator).notify_operations().redrive_message(request).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    world.rest(&operator).post(&redrive, &json!({})).await.refused(400, "MESSAGE_NOT_FAILED");
}
