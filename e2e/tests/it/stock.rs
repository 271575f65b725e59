//! More buyers than units.

use e2e::checker;
use e2e::flow::{self, stock};
use e2e::world::World;
use futures::{StreamExt, stream};

const BUYERS: usize = 1_000;
const UNITS: i32 = 100;

#[tokio::test]
async fn a_thousand_buyers_at_once_for_a_hundred_units() {
    let world = World::start().await;
    let shop = world.shop(1, UNITS).await;
    let orders = flow::place_many(&world, &shop, BUYERS).await;
    checker::settled(&world, &shop, &orders).await;
    let client = e2e::rest::Rest::new(&world.mesh().edge());
    let statuses: Vec<(String, String)> = stream::iter(&orders)
        .map(|placed| {
            let rest = client.by(&placed.customer);
            async move {
                let order = rest.get(&format!("/v1/orders/{}", placed.order_id)).await.ok();
                let field = |name: &str| order["order"][name].as_str().unwrap_or_default().to_owned();
                (field("status"), field("rejectReason"))
            }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    let count =
        |status: &str, reason: &str| statuses.iter().filter(|seen| seen.0 == status && seen.1 == reason).count();
    let confirmed = count("STATUS_CONFIRMED", "REJECT_REASON_UNSPECIFIED");
    let rejected = count("STATUS_REJECTED", "REJECT_REASON_OUT_OF_STOCK");
    assert_eq!((confirmed, rejected), (100, 900));
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [100, 0, 100, 0]);
}
