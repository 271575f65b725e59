//! Shops through the API.

use proto::{
    actor::v1::{Actor, actor::Kind},
    shop::v1::{self, shop_service_server::ShopService},
};
use time::Duration;
use tonic::Code;
use uuid::Uuid;

use crate::world::{World, by, customer, fields, id, manager, on_both, operator, reason};

on_both! {
    a_shop_is_registered_open_with_its_event,
    every_wrong_field_of_a_shop_is_named,
    a_shop_is_closed_and_opened_once,
    unknown_shops_are_not_found,
    an_id_that_is_none_is_a_wrong_field,
}

fn register(display_name: &str, currency_code: &str) -> v1::RegisterShopRequest {
    v1::RegisterShopRequest { display_name: display_name.to_owned(), currency_code: currency_code.to_owned() }
}

async fn a_shop_is_registered_open_with_its_event(world: World) {
    let response = world.api.register_shop(by(&operator(), register(" 강남 ", "USD"))).await.expect("registered");
    let shop = response.into_inner().shop.expect("a shop");
    assert_eq!((shop.display_name.as_str(), shop.currency_code.as_str(), shop.version), ("강남", "USD", 1));
    assert_eq!(shop.status(), v1::shop::Status::Open);

    let written = world.last().await;
    assert_eq!((written.aggregate_id, written.version), (id(&shop.shop_id), 1));
    let event: v1::ShopRegistered = written.message();
    let actor = Actor { kind: Kind::Operator.into(), id: "op".to_owned() };
    assert_eq!((event.shop.as_ref(), event.actor), (Some(&shop), Some(actor)));

    let get = v1::GetShopRequest { shop_id: shop.shop_id.clone() };
    assert_eq!(world.api.get_shop(by(&customer(), get)).await.expect("a shop").into_inner().shop, Some(shop));
}

async fn every_wrong_field_of_a_shop_is_named(world: World) {
    let refused = world.api.register_shop(by(&operator(), register("\u{7}", "WON"))).await.expect_err("refused");
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, vec!["display_name".into(), "currency_code".into()])
    );
    assert!(world.written().await.is_empty());
}

async fn a_shop_is_closed_and_opened_once(world: World) {
    let shop_id = world.shop().await;
    let close = || v1::CloseShopRequest { shop_id: shop_id.to_string() };
    let open = || v1::OpenShopRequest { shop_id: shop_id.to_string() };
    world.clock.advance(Duration::HOUR);

    let closed = world.api.close_shop(by(&manager(shop_id), close())).await.expect("closed").into_inner().shop;
    let closed = closed.expect("a shop");
    assert_eq!((closed.status(), closed.version), (v1::shop::Status::Closed, 2));
    assert_ne!(closed.create_time, closed.update_time);
    let event: v1::ShopUpdated = world.last().await.message();
    let actor = Actor { kind: Kind::Manager.into(), id: "boss".to_owned() };
    assert_eq!((event.shop.as_ref(), event.actor), (Some(&closed), Some(actor)));

    let again = world.api.close_shop(by(&operator(), close())).await.expect("closed").into_inner().shop;
    assert_eq!((again, world.written().await.len()), (Some(closed), 2));
    let opened = world.api.open_shop(by(&operator(), open())).await.expect("open").into_inner().shop.expect("a shop");
    assert_eq!((opened.status(), opened.version), (v1::shop::Status::Open, 3));
    world.check_invariants().await;
}

async fn unknown_shops_are_not_found(world: World) {
    let shop_id = Uuid::now_v7().to_string();
    let get = v1::GetShopRequest { shop_id: shop_id.clone() };
    assert_eq!(reason(&world.api.get_shop(by(&customer(), get)).await.expect_err("refused")), "NOT_FOUND");
    let open = v1::OpenShopRequest { shop_id: shop_id.clone() };
    assert_eq!(reason(&world.api.open_shop(by(&operator(), open)).await.expect_err("refused")), "NOT_FOUND");
    let close = v1::CloseShopRequest { shop_id: shop_id.clone() };
    assert_eq!(reason(&world.api.close_shop(by(&operator(), close)).await.expect_err("refused")), "NOT_FOUND");
    let list = v1::ListPhonesRequest { shop_id: shop_id.clone(), ..Default::default() };
    assert_eq!(reason(&world.api.list_phones(by(&customer(), list)).await.expect_err("refused")), "NOT_FOUND");
    let orders = v1::ListShopOrdersRequest { shop_id, ..Default::default() };
    assert_eq!(reason(&world.api.list_shop_orders(by(&operator(), orders)).await.expect_err("refused")), "NOT_FOUND");
}

async fn an_id_that_is_none_is_a_wrong_field(world: World) {
    let get = v1::GetShopRequest { shop_id: "1".to_owned() };
    assert_eq!(fields(&world.api.get_shop(by(&customer(), get)).await.expect_err("refused")), ["shop_id"]);
    let get = v1::GetPhoneRequest { shop_id: "1".to_owned(), phone_id: String::new() };
    assert_eq!(fields(&world.api.get_phone(by(&customer(), get)).await.expect_err("refused")), ["shop_id", "phone_id"]);
}
