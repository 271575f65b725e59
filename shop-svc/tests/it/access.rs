//! The rules cover the API, and shops are closed to outsiders.

use proto::shop::v1::{self, shop_service_server::ShopService};
use shop_svc::adapters::access::RULES;
use tonic::Status;
use uuid::Uuid;

use crate::world::{World, by, customer, manager, new_phone, operator, person, quantity, reason, staff};

#[test]
fn every_method_has_a_rule_and_every_rule_a_method() {
    let unruled = chassis::auth::unruled(&[RULES], proto::DESCRIPTORS, &["tword.shop.v1.ShopService"]);
    assert_eq!(unruled, Vec::<String>::new());
}

/// Calls everything that is restricted to a shop's own people: what each call was refused with.
async fn refused(world: &World, caller: &chassis::auth::Person, shop_id: Uuid, phone_id: Uuid) -> Vec<Status> {
    let api = &world.api;
    let (shop_id, phone_id) = (shop_id.to_string(), phone_id.to_string());
    let phones = vec![new_phone("S31", 1, None)];
    let outcomes = [
        api.open_shop(by(caller, v1::OpenShopRequest { shop_id: shop_id.clone() })).await.err(),
        api.close_shop(by(caller, v1::CloseShopRequest { shop_id: shop_id.clone() })).await.err(),
        api.register_phones(by(caller, v1::RegisterPhonesRequest { shop_id: shop_id.clone(), phones })).await.err(),
        api.update_phone(by(
            caller,
            v1::UpdatePhoneRequest { shop_id: shop_id.clone(), phone_id: phone_id.clone(), ..Default::default() },
        ))
        .await
        .err(),
        api.add_units(by(
            caller,
            v1::AddUnitsRequest { shop_id: shop_id.clone(), phone_id: phone_id.clone(), units: Some(quantity(1)) },
        ))
        .await
        .err(),
        api.withdraw_units(by(
            caller,
            v1::WithdrawUnitsRequest {
                shop_id: shop_id.clone(),
                phone_id: phone_id.clone(),
                serials: vec!["TW-00000001".to_owned()],
            },
        ))
        .await
        .err(),
        api.get_unit(by(
            caller,
            v1::GetUnitRequest { shop_id: shop_id.clone(), serial: "TW-00000001".to_owned(), ..Default::default() },
        ))
        .await
        .err(),
        api.list_shop_orders(by(caller, v1::ListShopOrdersRequest { shop_id, ..Default::default() })).await.err(),
    ];
    outcomes.into_iter().map(|outcome| outcome.expect("refused")).collect()
}

#[tokio::test]
async fn an_outsider_cannot_tell_another_shop_from_none() {
    let world = World::on_sqlite().await;
    let (own, other) = (world.shop().await, world.shop().await);
    let phone_id = world.phone(other, 1, 1).await;
    let before = world.written().await.len();
    for outsider in [manager(own), staff(own), customer(), person("x", &["manager"], None)] {
        let there = refused(&world, &outsider, other, phone_id).await;
        let nowhere = refused(&world, &outsider, Uuid::now_v7(), Uuid::now_v7()).await;
        for (there, nowhere) in there.iter().zip(&nowhere) {
            assert_eq!(reason(there), "NOT_FOUND");
            assert_eq!((there.code(), there.message()), (nowhere.code(), nowhere.message()));
            assert_eq!(there.details(), nowhere.details());
        }
    }
    let (shop_id, phone_id) = (other.to_string(), phone_id.to_string());
    for outsider in [manager(own), staff(own), person("x", &["manager"], None)] {
        for (shop_id, phone_id) in [(&shop_id, &phone_id), (&Uuid::now_v7().to_string(), &Uuid::now_v7().to_string())] {
            let (shop_id, phone_id) = (shop_id.clone(), phone_id.clone());
            let list = v1::ListUnitsRequest { shop_id, phone_id, ..Default::default() };
            let refused = world.api.list_units(by(&outsider, list)).await.expect_err("refused");
            assert_eq!((reason(&refused).as_str(), refused.message()), ("NOT_FOUND", "shop was not found"));
        }
    }
    assert_eq!(world.written().await.len(), before, "nothing changed");
}

#[tokio::test]
async fn a_phone_of_another_shop_is_not_found() {
    let world = World::on_sqlite().await;
    let (own, other) = (world.shop().await, world.shop().await);
    let phone_id = world.phone(other, 1, 1).await.to_string();
    let (boss, shop_id) = (manager(own), own.to_string());
    let ids = || (shop_id.clone(), phone_id.clone());
    let (shop_id, phone_id) = ids();
    let update = v1::UpdatePhoneRequest { shop_id, phone_id, ..Default::default() };
    let (shop_id, phone_id) = ids();
    let add = v1::AddUnitsRequest { shop_id, phone_id, units: Some(quantity(1)) };
    let (shop_id, phone_id) = ids();
    let list = v1::ListUnitsRequest { shop_id, phone_id, ..Default::default() };
    let (shop_id, phone_id) = ids();
    let withdraw = v1::WithdrawUnitsRequest { shop_id, phone_id, serials: vec!["TW-00000001".to_owned()] };
    let unit = v1::GetUnitRequest { shop_id: own.to_string(), serial: "TW-00000001".to_owned(), ..Default::default() };
    let (shop_id, phone_id) = ids();
    let get = v1::GetPhoneRequest { shop_id, phone_id };
    for refused in [
        world.api.update_phone(by(&boss, update)).await.err(),
        world.api.add_units(by(&boss, add)).await.err(),
        world.api.list_units(by(&boss, list)).await.err(),
        world.api.get_phone(by(&boss, get)).await.err(),
        world.api.withdraw_units(by(&boss, withdraw)).await.err(),
        world.api.get_unit(by(&boss, unit)).await.err(),
    ] {
        assert_eq!(reason(&refused.expect("refused")), "NOT_FOUND");
    }
}

#[tokio::test]
async fn everybody_reads_shops_and_phones() {
    let world = World::on_sqlite().await;
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await.to_string();
    for caller in [customer(), staff(Uuid::now_v7()), manager(shop_id), operator()] {
        let shop_id = shop_id.to_string();
        world.api.get_shop(by(&caller, v1::GetShopRequest { shop_id: shop_id.clone() })).await.expect("a shop");
        world.api.list_shops(by(&caller, v1::ListShopsRequest::default())).await.expect("shops");
        let get = v1::GetPhoneRequest { shop_id: shop_id.clone(), phone_id: phone_id.clone() };
        world.api.get_phone(by(&caller, get)).await.expect("a phone");
        let list = v1::ListPhonesRequest { shop_id, ..Default::default() };
        world.api.list_phones(by(&caller, list)).await.expect("phones");
    }
}

#[tokio::test]
async fn staff_and_operators_read_what_is_a_shops_own() {
    let world = World::on_sqlite().await;
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await;
    for caller in [staff(shop_id), manager(shop_id), operator()] {
        let units =
            v1::ListUnitsRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string(), ..Default::default() };
        assert_eq!(world.api.list_units(by(&caller, units)).await.expect("units").into_inner().units.len(), 1);
        let orders = v1::ListShopOrdersRequest { shop_id: shop_id.to_string(), ..Default::default() };
        world.api.list_shop_orders(by(&caller, orders)).await.expect("orders");
    }
}
