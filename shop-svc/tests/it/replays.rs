//! Idempotency keys: one effect, one answer.

use proto::shop::v1::{self, shop_service_server::ShopService};

use crate::world::{World, id, keyed, manager, new_phone, on_both, operator, quantity, reason, rows, serials, won};

on_both! {
    every_mutation_is_replayed,
    a_key_with_another_body_is_refused,
    a_refusal_is_not_recorded,
    one_key_used_at_once_has_one_effect,
}

fn register() -> v1::RegisterShopRequest {
    v1::RegisterShopRequest { display_name: "shop".to_owned(), currency_code: String::new() }
}

async fn every_mutation_is_replayed(world: World) {
    let op = operator();
    let api = &world.api;
    let mut shop_ids = Vec::new();
    for _ in 0..2 {
        shop_ids.push(api.register_shop(keyed(&op, "k", register())).await.expect("registered").into_inner());
    }
    assert_eq!(shop_ids[0], shop_ids[1]);
    let shop_id = shop_ids[0].shop.clone().expect("a shop").shop_id;
    let boss = manager(id(&shop_id));

    let phones = vec![new_phone("S30", 1, Some(quantity(2)))];
    let request = v1::RegisterPhonesRequest { shop_id: shop_id.clone(), phones };
    let first = api.register_phones(keyed(&boss, "k", request.clone())).await.expect("registered").into_inner();
    let second = api.register_phones(keyed(&boss, "k", request)).await.expect("registered").into_inner();
    assert_eq!(first, second);
    let phone_id = first.phones[0].phone_id.clone();

    let request =
        v1::AddUnitsRequest { shop_id: shop_id.clone(), phone_id: phone_id.clone(), units: Some(quantity(2)) };
    let first = api.add_units(keyed(&boss, "k", request.clone())).await.expect("added").into_inner();
    let second = api.add_units(keyed(&boss, "k", request)).await.expect("added").into_inner();
    assert_eq!(first, second);

    let request = v1::UpdatePhoneRequest {
        shop_id: shop_id.clone(),
        phone_id: phone_id.clone(),
        display_name: None,
        unit_price: Some(won(2)),
    };
    let first = api.update_phone(keyed(&boss, "k", request.clone())).await.expect("updated").into_inner();
    let second = api.update_phone(keyed(&boss, "k", request)).await.expect("updated").into_inner();
    assert_eq!(first, second);

    let withdraw =
        v1::WithdrawUnitsRequest { shop_id: shop_id.clone(), phone_id, serials: vec!["TW-00000004".to_owned()] };
    let first = api.withdraw_units(keyed(&boss, "k", withdraw.clone())).await.expect("withdrawn").into_inner();
    let second = api.withdraw_units(keyed(&boss, "k", withdraw)).await.expect("withdrawn").into_inner();
    assert_eq!(first, second);

    let close = v1::CloseShopRequest { shop_id: shop_id.clone() };
    let closed = api.close_shop(keyed(&boss, "k", close.clone())).await.expect("closed").into_inner();
    let open = v1::OpenShopRequest { shop_id };
    let opened = api.open_shop(keyed(&boss, "k", open.clone())).await.expect("opened").into_inner();
    assert_eq!(api.close_shop(keyed(&boss, "k", close)).await.expect("as closed then").into_inner(), closed);
    assert_eq!(api.open_shop(keyed(&boss, "k", open)).await.expect("as opened then").into_inner(), opened);
    assert_eq!(world.written().await.len(), 7, "one event each");
    let records: Vec<(i64,)> = rows!(world, "SELECT count(*) FROM audit");
    assert_eq!(records, [(7,)], "one record each");
    world.check_invariants().await;
}

async fn a_key_with_another_body_is_refused(world: World) {
    world.api.register_shop(keyed(&operator(), "k", register())).await.expect("registered");
    let other = v1::RegisterShopRequest { display_name: "another".to_owned(), ..register() };
    let refused = world.api.register_shop(keyed(&operator(), "k", other)).await.expect_err("refused");
    assert_eq!(reason(&refused), "IDEMPOTENCY_KEY_REUSED");
}

async fn a_refusal_is_not_recorded(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 0).await;
    let request = |units| v1::AddUnitsRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        units: Some(units),
    };
    let boss = manager(shop_id);
    world.api.add_units(keyed(&boss, "a", request(serials(["SN-1"])))).await.expect("added");
    let taken = world.api.add_units(keyed(&boss, "b", request(serials(["SN-1"])))).await.expect_err("refused");
    assert_eq!(reason(&taken), "SERIAL_TAKEN");
    world.api.add_units(keyed(&boss, "b", request(serials(["SN-2"])))).await.expect("the key is free");
}

async fn one_key_used_at_once_has_one_effect(world: World) {
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let api = std::sync::Arc::clone(&world.api);
            tokio::spawn(async move { api.register_shop(keyed(&operator(), "k", register())).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("ran").expect("registered").into_inner());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.written().await.len(), 1);
}
