//! A webhook's secret is rotated while both verify.

use e2e::flow::{self, key};
use e2e::grpc::keyed_by;
use proto::notify::v1::{RotateWebhookSecretRequest, UpdateContactRequest, update_contact_request::Target};
use proto::notify::v1::{UpdateContactResponse, WebhookTarget};
use serde_json::json;

use super::{Town, hook, posts, text};

#[tokio::test]
async fn both_secrets_sign_for_a_while_and_a_repeated_call_tells_the_same() {
    let town = Town::new(true).await;
    let world = town.world(|mesh| mesh).await;
    let shop = world.shop(1, 5).await;
    let manager = world.rest(&shop.manager);
    let first = hook(&manager, &town.receiver.url, "en").await;
    let rotate = key();
    let rotated = manager.post_keyed("/v1/contact:rotateWebhookSecret", &rotate, &json!({})).await.ok();
    let again = manager.post_keyed("/v1/contact:rotateWebhookSecret", &rotate, &json!({})).await.ok();
    assert_eq!(again, rotated);
    let second = text(&rotated["webhookSecret"]).to_owned();
    assert!(second.starts_with("whsec_") && second != first);
    assert!(rotated["contact"]["webhook"]["previousSecretExpireTime"].is_string(), "{rotated}");

    flow::place(&world, &shop).await;
    let post = posts(&town.receiver, 1).await.remove(0);
    assert_eq!((post.signatures(&first), post.signatures(&second)), ((2, 1), (2, 1)));

    // A second rotation, by gRPC: of the three secrets the first signs no more.
    let grpc = world.grpc(&shop.staff);
    let request = keyed_by(&key(), RotateWebhookSecretRequest::default());
    let third = grpc.notify().rotate_webhook_secret(request).await.expect("rotated").into_inner().webhook_secret;
    flow::place(&world, &shop).await;
    let post = posts(&town.receiver, 2).await.remove(1);
    let signed = [&first, &second, &third].map(|secret| post.signatures(secret));
    assert_eq!(signed, [(2, 0), (2, 1), (2, 1)]);
}

#[tokio::test]
async fn a_contact_is_set_by_grpc_and_read_by_rest() {
    let town = Town::new(true).await;
    let world = town.world(|mesh| mesh).await;
    let customer = world.customer();
    let url = town.receiver.url.clone();
    let target = Some(Target::Webhook(WebhookTarget { url: url.clone(), ..Default::default() }));
    let request = UpdateContactRequest { target, language: Some("en".to_owned()), ..Default::default() };
    let (key, mut grpc) = (key(), world.grpc(&customer).notify());
    let mut answers: Vec<UpdateContactResponse> = Vec::new();
    for _ in 0..2 {
        answers.push(grpc.update_contact(keyed_by(&key, request.clone())).await.expect("set").into_inner());
    }
    assert!(answers[0] == answers[1] && answers[0].webhook_secret.starts_with("whsec_"), "{answers:?}");
    let contact = world.rest(&customer).get("/v1/contact").await.ok();
    assert_eq!(
        (text(&contact["contact"]["webhook"]["url"]), text(&contact["contact"]["language"])),
        (url.as_str(), "en")
    );
    let others = world.rest(&world.customer()).get("/v1/contact").await.ok();
    assert_eq!(text(&others["contact"]["contactId"]), "");
}
