use proto::ops::v1::{
    ConsumerLag, ListAggregateEventsRequest, ListConsumersRequest, ListUnpublishedRequest, ListUnpublishedResponse,
    LoggedEvent,
};
use tonic::Code;
use uuid::Uuid;

use super::world::{World, append, append_known, asked, client};
use crate::events::{broker::Broker, pair::until};

async fn unpublished(world: &World, page_size: i32, page_token: &str) -> ListUnpublishedResponse {
    let request = ListUnpublishedRequest { page_size, page_token: page_token.to_owned() };
    client(&world.left).list_unpublished(asked(request)).await.expect("a list").into_inner()
}

async fn lag(world: &World) -> ConsumerLag {
    let consumers = client(&world.right).list_consumers(asked(ListConsumersRequest {})).await.expect("a list");
    consumers.into_inner().consumers.pop().expect("one producer")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_has_not_got_is_listed_until_it_has() {
    let mut world = World::start_with(Broker::away()).await;
    for aggregate in 1..=3 {
        append(&world.left, aggregate, b"").await;
    }
    let first = unpublished(&world, 2, "").await;
    assert!(!first.broker_connected);
    let second = unpublished(&world, 2, &first.next_page_token).await;
    assert!(second.next_page_token.is_empty());
    let events: Vec<_> = [first.events, second.events].concat();
    let told: Vec<_> = events.iter().map(|event| (event.aggregate_id.clone(), event.sequence)).collect();
    assert_eq!(told, (1..=3).map(|id| (Uuid::from_u128(id).to_string(), 0)).collect::<Vec<_>>());

    world.broker.start();
    world.heard.expect(1..=3).await;
    until(async || {
        let now = unpublished(&world, 0, "").await;
        (now.events.is_empty() && now.broker_connected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_tells_how_far_it_lags_whoever_is_away() {
    let mut world = World::start().await;
    for aggregate in 1..=4 {
        append(&world.left, aggregate, b"").await;
    }
    world.heard.expect(1..=4).await;
    let caught_up = until(async || {
        let lag = lag(&world).await;
        (lag.unacknowledged == 0 && lag.caught_up_time.is_some()).then_some(lag)
    })
    .await;
    let epoch = chassis::relay::Log::epochs(world.left.log.as_ref()).await.expect("epochs")[0].epoch;
    assert_eq!((caught_up.producer.as_str(), caught_up.epoch), ("left", epoch.to_string()));
    assert!(caught_up.producer_answers);
    assert_eq!((caught_up.head, caught_up.highest, caught_up.missing, caught_up.pending), (4, 4, 0, 0));

    world.broker.kill();
    let without_broker = until(async || Some(lag(&world).await).filter(|lag| lag.pending == -1)).await;
    assert_eq!(without_broker.unacknowledged, -1);
    assert!(without_broker.producer_answers);

    world.left.stop().await;
    let request = asked(ListConsumersRequest {});
    let consumers = client(&world.right).list_consumers(request).await.expect("a list").into_inner().consumers;
    let alone = &consumers[0];
    assert!(!alone.producer_answers && alone.epoch.is_empty());
    assert_eq!((alone.head, alone.missing, alone.highest), (0, 0, 4), "what was seen is still known");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_seen_is_counted() {
    // Nothing is repaired, and what the broker has is not pulled while the consumer's handler is early for ever.
    let world = World::start().await;
    append(&world.left, 1, b"").await;
    world.heard.expect(1..=1).await;
    append(&world.left, 2, b"early").await;
    append(&world.left, 3, b"").await;
    world.heard.expect([1, 3]).await;
    let lag = until(async || Some(lag(&world).await).filter(|lag| lag.head == 3)).await;
    assert_eq!((lag.highest, lag.missing), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_happened_to_an_aggregate_is_told_in_pages() {
    let world = World::start_with(Broker::away()).await;
    for version in [1, 2, 3] {
        append_known(&world.left, 7, version, &LoggedEvent { sequence: version, ..LoggedEvent::default() }).await;
    }
    append(&world.left, 8, b"another").await;
    let mut left = client(&world.left);
    let request = |page_token: &str| ListAggregateEventsRequest {
        aggregate_id: Uuid::from_u128(7).to_string(),
        page_size: 2,
        page_token: page_token.to_owned(),
    };
    let first = left.list_aggregate_events(asked(request(""))).await.expect("a page").into_inner();
    let second = left.list_aggregate_events(asked(request(&first.next_page_token))).await.expect("a page").into_inner();
    assert!(second.next_page_token.is_empty());
    let events = [first.events, second.events].concat();
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(events.iter().all(|event| event.payload.is_some()));

    let heavy = LoggedEvent { body: vec![0; 700_000].into(), ..LoggedEvent::default() };
    append_known(&world.left, 9, 1, &heavy).await;
    append_known(&world.left, 9, 2, &heavy).await;
    let heavy = ListAggregateEventsRequest { aggregate_id: Uuid::from_u128(9).to_string(), ..Default::default() };
    let page = left.list_aggregate_events(asked(heavy)).await.expect("a page").into_inner();
    assert_eq!(page.events.len(), 1, "two would be too much");
    assert!(!page.next_page_token.is_empty());

    let wrong = ListAggregateEventsRequest { aggregate_id: "7".to_owned(), page_size: -1, ..Default::default() };
    assert_eq!(left.list_aggregate_events(asked(wrong)).await.expect_err("refused").code(), Code::InvalidArgument);
}
