//! The saga's deadline.

use std::time::SystemTime;

use e2e::checker;
use e2e::flow::{self, reaches, stock};
use e2e::wait::{self, holds};
use e2e::world::World;
use proto::order::v1::{GetOrderRequest, Order, order};
use xtask::mesh::Service;

/// Longer than order-svc takes between two looks for overdue orders, in seconds.
const OVERDUE: u64 = 7;

#[tokio::test]
async fn an_overdue_order_is_rejected_once_the_shop_has_caught_up_and_never_earlier() {
    let world = World::start_with(|mesh| mesh.env(Service::Order, "TWORD_SAGA_DEADLINE", "1s")).await;
    let shop = world.shop(1, 5).await;
    world.stop(Service::Shop).await;
    let placed = flow::place(&world, &shop).await;
    let orders = world.grpc(&placed.customer);
    wait::until("the order to be overdue", || async {
        let request = GetOrderRequest { order_id: placed.order_id.clone() };
        let answer = orders.order().get_order(request).await.map_err(|status| status.to_string())?;
        let order = answer.into_inner().order.expect("the order");
        assert_eq!(order.status(), order::Status::Placed, "the shop may hold stock for it: {order:?}");
        let over = seconds_over(&order);
        holds(over.is_some_and(|over| over > OVERDUE), format!("{over:?} s"))
    })
    .await;

    world.restart(Service::Shop).await;
    let rest = world.rest(&placed.customer);
    let rejected = reaches(&rest, &placed.order_id, "REJECTED").await;
    assert_eq!(rejected["order"]["rejectReason"], "REJECT_REASON_EXPIRED", "{rejected}");
    checker::settled(&world, &shop, std::slice::from_ref(&placed)).await;
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [5, 5, 0, 0]);
    wait::until("the customer to be told", || async {
        let told = rest.get(&format!("/v1/messages?orderId={}&status=STATUS_SENT", placed.order_id)).await.ok();
        let messages = told["messages"].as_array().map_or(&[][..], Vec::as_slice);
        holds(messages.iter().any(|message| message["template"] == "TEMPLATE_REJECTED"), told.to_string())
    })
    .await;
}

/// Whole seconds since the order's deadline; none before it.
#[expect(clippy::disallowed_methods, reason = "the mesh lives by the machine's clock")]
fn seconds_over(order: &Order) -> Option<u64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    now.checked_sub(u64::try_from(order.reserve_by?.seconds).ok()?)
}
