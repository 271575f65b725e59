//! Orders that a shop cannot fulfil: rejected with the reason, which the customer is told in words.

use e2e::checker::{self, Placed};
use e2e::flow::{key, order_id, order_of, reaches, recipient, stock};
use e2e::world::{Person, Shop, World};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn price_closed_shop_unknown_phone_and_no_stock() {
    let world = World::shared().await;
    let shop = world.shop(1, 5).await;
    let (manager, customer, phone_id) = (world.rest(&shop.manager), world.customer(), &shop.phones[0]);
    let mut orders = Vec::new();

    let body = at_price(order_of(&shop, phone_id, 1), "1000000");
    orders.push(accepted(&world, &customer, &body).await);
    let path = format!("/v1/shops/{}/phones/{phone_id}", shop.id);
    let dearer = json!({ "unitPrice": { "currencyCode": "KRW", "units": "1100000" } });
    manager.call(Method::PATCH, &path, Some(&key()), Some(&dearer)).await.expect("an answer").ok();
    orders.push(rejected(&world, &customer, &body, "PRICE_CHANGED").await);
    let body = at_price(order_of(&shop, phone_id, 1), "1100000");
    orders.push(accepted(&world, &customer, &body).await);

    let unknown = order_of(&shop, &Uuid::new_v4().to_string(), 1);
    orders.push(rejected(&world, &customer, &unknown, "UNKNOWN_PHONE").await);
    let too_many = order_of(&shop, phone_id, 4);
    orders.push(rejected(&world, &customer, &too_many, "OUT_OF_STOCK").await);

    manager.post_keyed(&format!("/v1/shops/{}:close", shop.id), &key(), &json!({})).await.ok();
    let one = order_of(&shop, phone_id, 1);
    orders.push(rejected(&world, &customer, &one, "SHOP_CLOSED").await);
    manager.post_keyed(&format!("/v1/shops/{}:open", shop.id), &key(), &json!({})).await.ok();
    orders.push(accepted(&world, &customer, &one).await);

    checker::settled(&world, &shop, &orders).await;
    assert_eq!(stock(&world, &shop, phone_id).await, [5, 2, 3, 0]);

    let nowhere = Shop { id: Uuid::new_v4().to_string(), ..shop.clone() };
    let lost = rejected(&world, &customer, &order_of(&nowhere, phone_id, 1), "UNKNOWN_SHOP").await;
    checker::settled_orders(&world, &[lost]).await;
}

fn at_price(mut body: Value, units: &str) -> Value {
    body["lines"][0]["expectedUnitPrice"] = json!({ "currencyCode": "KRW", "units": units });
    body
}

async fn accepted(world: &World, customer: &Person, body: &Value) -> Placed {
    let rest = world.rest(customer);
    let order_id = order_id(&rest.persist("/v1/orders", &key(), body).await.ok());
    reaches(&rest, &order_id, "CONFIRMED").await;
    Placed { customer: customer.clone(), order_id, recipient: recipient(body) }
}

async fn rejected(world: &World, customer: &Person, body: &Value, reason: &str) -> Placed {
    let rest = world.rest(customer);
    let order_id = order_id(&rest.persist("/v1/orders", &key(), body).await.ok());
    let order = reaches(&rest, &order_id, "REJECTED").await;
    assert_eq!(order["order"]["rejectReason"], format!("REJECT_REASON_{reason}"), "{order}");
    let placed = Placed { customer: customer.clone(), order_id, recipient: recipient(body) };
    checker::settled_orders(world, std::slice::from_ref(&placed)).await;
    let page = rest.get(&format!("/v1/mypage/orders/{}", placed.order_id)).await.ok();
    assert_eq!(page["order"]["reason"], reason, "{page}");
    let told = rest.get(&format!("/v1/messages?orderId={}", placed.order_id)).await.ok();
    assert!(
        told["messages"].as_array().is_some_and(|all| all.iter().any(|one| one["template"] == "TEMPLATE_REJECTED")),
        "{told}"
    );
    placed
}
