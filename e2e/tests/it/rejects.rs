//! Orders that a shop cannot fulfil: rejected with the reason, which the customer is told in words.

use e2e::checker::{self, Placed};
use e2e::flow::{key, order_id, order_of, reaches, recipient, stock};
use e2e::world::{Person, Shop, World};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use xtask::mesh::Service;

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
    orders.push(rejected(&world, &customer, &body, "PRICE_CHANGED", "가격 변경").await);
    let body = at_price(order_of(&shop, phone_id, 1), "1100000");
    orders.push(accepted(&world, &customer, &body).await);

    let unknown = order_of(&shop, &Uuid::new_v4().to_string(), 1);
    orders.push(rejected(&world, &customer, &unknown, "UNKNOWN_PHONE", "대리점에서 판매하지 않는 단말기").await);
    let too_many = order_of(&shop, phone_id, 4);
    orders.push(rejected(&world, &customer, &too_many, "OUT_OF_STOCK", "재고 부족").await);

    manager.post_keyed(&format!("/v1/shops/{}:close", shop.id), &key(), &json!({})).await.ok();
    let one = order_of(&shop, phone_id, 1);
    orders.push(rejected(&world, &customer, &one, "SHOP_CLOSED", "영업이 끝난 대리점").await);
    manager.post_keyed(&format!("/v1/shops/{}:open", shop.id), &key(), &json!({})).await.ok();
    orders.push(accepted(&world, &customer, &one).await);

    checker::settled(&world, &shop, &orders).await;
    assert_eq!(stock(&world, &shop, phone_id).await, [5, 2, 3, 0]);

    let nowhere = Shop { id: Uuid::new_v4().to_string(), ..shop.clone() };
    let lost = rejected(&world, &customer, &order_of(&nowhere, phone_id, 1), "UNKNOWN_SHOP", "없는 대리점").await;
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

async fn rejected(world: &World, customer: &Person, body: &Value, reason: &str, words: &str) -> Placed {
    let rest = world.rest(customer);
    let order_id = order_id(&rest.persist("/v1/orders", &key(), body).await.ok());
    let order = reaches(&rest, &order_id, "REJECTED").await;
    assert_eq!(order["order"]["rejectReason"], format!("REJECT_REASON_{reason}"), "{order}");
    let placed = Placed { customer: customer.clone(), order_id, recipient: recipient(body) };
    checker::settled_orders(world, std::slice::from_ref(&placed)).await;
    let page = rest.get(&format!("/v1/mypage/orders/{}", placed.order_id)).await.ok();
    assert_eq!(page["order"]["reason"], reason, "{page}");
    let short = placed.order_id.replace('-', "").split_off(24).to_uppercase();
    let text = format!("주문 {short}을(를) 처리하지 못했습니다. 사유: {words}.");
    assert!(world.mesh().log(Service::Notify).expect("the log").contains(&text), "no {text:?} was sent");
    placed
}
