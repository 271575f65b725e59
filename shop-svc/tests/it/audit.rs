//! What people changed is kept, with who did it and what it was before; what services do is not.

use prost::Message;
use proto::{
    ops::v1::{AuditRecord, FieldChange},
    shop::v1::{self, shop_service_server::ShopService},
};
use uuid::Uuid;

use crate::{
    orders::{Step, event, order},
    world::{World, by, manager, new_phone, on_both, operator, quantity, rows, serials, won},
};

on_both! {
    every_change_of_a_person_leaves_one_record,
    what_an_order_does_to_stock_is_nobodys_change,
}

/// A record as it is stored: actor's role and subject, action, kind and id of its subject, encoded changes.
type Record = (String, String, String, String, String, Vec<u8>);

async fn records(world: &World) -> Vec<Record> {
    rows!(world, "SELECT actor_role, actor_id, action, subject_kind, subject_id, changes FROM audit ORDER BY record_id")
}

fn changes(record: &Record) -> Vec<(String, String, String)> {
    let changes = AuditRecord::decode(record.5.as_slice()).expect("changes").changes;
    changes
        .into_iter()
        .map(|FieldChange { field, before, after, personal }| {
            assert!(!personal, "a shop has no personal data");
            (field, before, after)
        })
        .collect()
}

fn said(changes: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    changes.iter().map(|(field, before, after)| [*field, *before, *after].map(str::to_owned).into()).collect()
}

async fn every_change_of_a_person_leaves_one_record(world: World) {
    let shop_id = world.shop().await;
    let boss = manager(shop_id);
    let api = &world.api;
    let register = v1::RegisterPhonesRequest {
        shop_id: shop_id.to_string(),
        phones: vec![new_phone("S30", 10, Some(serials(["SN-1", "SN-2"])))],
    };
    let phone = api.register_phones(by(&boss, register)).await.expect("registered").into_inner().phones.remove(0);
    let (shop, phone_id) = (shop_id.to_string(), phone.phone_id);
    let ids = || (shop.clone(), phone_id.clone());
    let update = |name: &str| {
        let (shop_id, phone_id) = ids();
        v1::UpdatePhoneRequest { shop_id, phone_id, display_name: Some(name.to_owned()), unit_price: Some(won(11)) }
    };
    api.update_phone(by(&boss, update("S31"))).await.expect("corrected");
    api.update_phone(by(&boss, update("S31"))).await.expect("so already");
    let add = v1::AddUnitsRequest { shop_id: ids().0, phone_id: ids().1, units: Some(quantity(1)) };
    api.add_units(by(&boss, add)).await.expect("added");
    let withdraw = |serial: &str| {
        let (shop_id, phone_id) = ids();
        v1::WithdrawUnitsRequest { shop_id, phone_id, serials: vec![serial.to_owned()] }
    };
    api.withdraw_units(by(&boss, withdraw("SN-2"))).await.expect("withdrawn");
    api.withdraw_units(by(&boss, withdraw("SN-2"))).await.expect_err("withdrawn already");
    let op = operator();
    for _ in 0..2 {
        api.close_shop(by(&op, v1::CloseShopRequest { shop_id: shop.clone() })).await.expect("closed");
    }
    api.open_shop(by(&boss, v1::OpenShopRequest { shop_id: shop.clone() })).await.expect("opened");

    let records = records(&world).await;
    let told: Vec<_> = records.iter().map(|record| (record.0.as_str(), record.1.as_str(), record.2.as_str())).collect();
    let expected = [
        ("OPERATOR", "op", "RegisterShop"),
        ("MANAGER", "boss", "RegisterPhones"),
        ("MANAGER", "boss", "UpdatePhone"),
        ("MANAGER", "boss", "AddUnits"),
        ("MANAGER", "boss", "WithdrawUnits"),
        ("OPERATOR", "op", "CloseShop"),
        ("MANAGER", "boss", "OpenShop"),
    ];
    assert_eq!(told, expected);
    let subjects: Vec<_> = records.iter().map(|record| (record.3.as_str(), record.4.as_str())).collect();
    let (of_shop, of_phone) = (("shop", shop.as_str()), ("phone", phone_id.as_str()));
    assert_eq!(subjects, [of_shop, of_phone, of_phone, of_phone, of_phone, of_shop, of_shop]);
    let changed: Vec<_> = records.iter().map(changes).collect();
    assert_eq!(
        changed[1][1..],
        said(&[("display_name", "", "S30"), ("unit_price", "", "10 KRW"), ("units_added", "", "SN-1,SN-2")])
    );
    assert_eq!(changed[2], said(&[("display_name", "S30", "S31"), ("unit_price", "10 KRW", "11 KRW")]));
    assert_eq!(changed[3], said(&[("units_added", "", "TW-00000001")]));
    assert_eq!(changed[4], said(&[("units_withdrawn", "", "SN-2")]));
    assert_eq!(changed[5], said(&[("status", "OPEN", "CLOSED")]));
}

async fn what_an_order_does_to_stock_is_nobodys_change(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await;
    let before = records(&world).await.len();
    let placed = order(shop_id, &[(phone_id, 1, None)]);
    world.take_in(&event(&placed, 1, Step::Placed)).await.expect("reserved");
    world.take_in(&event(&order(Uuid::now_v7(), &[(phone_id, 1, None)]), 1, Step::Placed)).await.expect("rejected");
    world.take_in(&event(&placed, 2, Step::Cancelled)).await.expect("released");
    assert_eq!(records(&world).await.len(), before);
}
