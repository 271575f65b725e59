//! Phones and units through the API.

use proto::{
    actor::v1::{Actor, actor::Kind},
    shop::v1::{self, shop_service_server::ShopService},
};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::world::{World, Written, by, fields, manager, new_phone, on_both, quantity, reason, serials, won};

on_both! {
    phones_are_registered_with_their_units,
    every_wrong_field_of_phones_is_named_at_once,
    a_wrong_shop_id_is_named_with_the_other_fields,
    calls_are_bounded,
    an_answer_names_a_bounded_number_of_wrong_serials,
    a_serial_is_taken_once_in_a_shop,
    units_are_added_with_one_event,
    a_phone_is_corrected,
}

async fn register(world: &World, shop_id: Uuid, phones: Vec<v1::NewPhone>) -> Result<Vec<v1::Phone>, Status> {
    let request = v1::RegisterPhonesRequest { shop_id: shop_id.to_string(), phones };
    Ok(world.api.register_phones(by(&manager(shop_id), request)).await?.into_inner().phones)
}

async fn add(
    world: &World,
    shop_id: Uuid,
    phone_id: Uuid,
    units: Option<v1::NewUnits>,
) -> Result<v1::AddUnitsResponse, Status> {
    let request = v1::AddUnitsRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string(), units };
    Ok(world.api.add_units(by(&manager(shop_id), request)).await?.into_inner())
}

fn boss() -> Actor {
    Actor { kind: Kind::Manager.into(), id: "boss".to_owned() }
}

fn all_available(count: i32) -> v1::Stock {
    v1::Stock { registered: count, available: count, reserved: 0, sold: 0, withdrawn: 0 }
}

async fn phones_are_registered_with_their_units(world: World) {
    let shop_id = world.shop().await;
    let phones = vec![
        new_phone("given", 900_000, Some(serials(["SN-2", "SN-1"]))),
        new_phone("assigned", 1_000_000, Some(quantity(3))),
        new_phone("none yet", 1, None),
    ];
    let phones = register(&world, shop_id, phones).await.expect("registered");
    let counts: Vec<_> = phones.iter().map(|phone| (phone.display_name.as_str(), phone.stock)).collect();
    assert_eq!(
        counts,
        [("given", Some(all_available(2))), ("assigned", Some(all_available(3))), ("none yet", Some(all_available(0)))]
    );
    assert_eq!(phones[0].unit_price, Some(won(900_000)));

    let events: Vec<v1::PhoneRegistered> = world.written().await[1..].iter().map(Written::message).collect();
    let told: Vec<_> = events.iter().map(|event| event.serials.clone()).collect();
    assert_eq!(told[0], ["SN-2", "SN-1"]);
    assert_eq!(told[1], ["TW-00000001", "TW-00000002", "TW-00000003"]);
    assert!(told[2].is_empty());
    for (event, phone) in events.iter().zip(&phones) {
        assert_eq!(event.phone, Some(v1::Phone { stock: None, ..phone.clone() }), "an event has no counts");
        assert_eq!(event.actor, Some(boss()));
    }
    world.check_invariants().await;
}

async fn every_wrong_field_of_phones_is_named_at_once(world: World) {
    let shop_id = world.shop().await;
    let dollars = proto::Money { currency_code: "USD".to_owned(), units: 1, nanos: 0 };
    let phones = vec![
        v1::NewPhone { display_name: String::new(), unit_price: None, units: Some(quantity(0)) },
        v1::NewPhone {
            unit_price: Some(dollars),
            ..new_phone("ok", 1, Some(serials(["ok-1", "TW-00000001", "AAAA"])))
        },
        new_phone("ok", 1_000_000_000_001, Some(serials(["AAAA"]))),
        new_phone("ok", 0, Some(v1::NewUnits { units: None })),
    ];
    let refused = register(&world, shop_id, phones).await.expect_err("refused");
    let expected = [
        "phones[0].display_name",
        "phones[0].unit_price",
        "phones[0].units.quantity",
        "phones[1].unit_price",
        "phones[1].units.serials.serials[0]",
        "phones[1].units.serials.serials[1]",
        "phones[2].unit_price",
        "phones[2].units.serials.serials[0]",
        "phones[3].unit_price",
        "phones[3].units",
    ];
    assert_eq!(fields(&refused), expected);
    assert_eq!(world.written().await.len(), 1, "nothing was registered");
}

async fn a_wrong_shop_id_is_named_with_the_other_fields(world: World) {
    let shop_id = world.shop().await;
    let phones = vec![new_phone("", 1, None)];
    let request = v1::RegisterPhonesRequest { shop_id: "here".to_owned(), phones };
    let refused = world.api.register_phones(by(&manager(shop_id), request)).await.expect_err("refused");
    assert_eq!(fields(&refused), ["shop_id", "phones[0].display_name"]);
}

async fn calls_are_bounded(world: World) {
    let shop_id = world.shop().await;
    let plain = |count| vec![new_phone("ok", 1, None); count];
    assert_eq!(fields(&register(&world, shop_id, plain(0)).await.expect_err("refused")), ["phones"]);
    assert_eq!(fields(&register(&world, shop_id, plain(21)).await.expect_err("refused")), ["phones"]);
    assert_eq!(register(&world, shop_id, plain(20)).await.expect("registered").len(), 20);

    let two = vec![new_phone("ok", 1, Some(quantity(5_000))), new_phone("ok", 1, Some(quantity(5_001)))];
    assert_eq!(fields(&register(&world, shop_id, two).await.expect_err("refused")), ["phones"]);
    let phone_id = world.phone(shop_id, 1, 10_000).await;
    for count in [-1, 0, 10_001] {
        let refused = add(&world, shop_id, phone_id, Some(quantity(count))).await.expect_err("refused");
        assert_eq!(fields(&refused), ["units.quantity"]);
    }
    assert_eq!(fields(&add(&world, shop_id, phone_id, None).await.expect_err("refused")), ["units"]);
    assert_eq!(
        fields(&add(&world, shop_id, phone_id, Some(serials([]))).await.expect_err("refused")),
        ["units.serials.serials"]
    );
    assert_eq!(world.stock(shop_id, phone_id).await, all_available(10_000));
}

async fn an_answer_names_a_bounded_number_of_wrong_serials(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 0).await;
    let refused = add(&world, shop_id, phone_id, Some(serials(vec!["x"; 10_000]))).await.expect_err("refused");
    let named = fields(&refused);
    assert_eq!((named.len(), named[20].as_str()), (21, "units"));
    assert!(refused.details().len() < 8_000, "{} bytes fit into a header", refused.details().len());
}

async fn a_serial_is_taken_once_in_a_shop(world: World) {
    let (shop_id, other) = (world.shop().await, world.shop().await);
    let given: Vec<String> = (0..30).map(|number| format!("SN-{number}")).collect();
    let units = || Some(serials(given.iter().map(String::as_str)));
    register(&world, shop_id, vec![new_phone("first", 1, units())]).await.expect("registered");
    register(&world, other, vec![new_phone("elsewhere", 1, units())]).await.expect("registered");

    let before = world.written().await.len();
    let phones = vec![new_phone("fresh", 1, Some(serials(["SN-NEW"]))), new_phone("second", 1, units())];
    let refused = register(&world, shop_id, phones).await.expect_err("refused");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "SERIAL_TAKEN"));
    let info = refused.get_details_error_info().expect("an ErrorInfo");
    let named: Vec<&str> = info.metadata["serials"].split(',').collect();
    assert_eq!(named.len(), 20);
    assert!(named.iter().all(|serial| given.iter().any(|given| given == serial)));
    assert_eq!(world.written().await.len(), before, "all or none");

    let phone_id = world.phone(shop_id, 1, 0).await;
    let units = Some(serials(["SN-NEW", "SN-7"]));
    let refused = add(&world, shop_id, phone_id, units).await.expect_err("refused");
    assert_eq!(refused.get_details_error_info().expect("an ErrorInfo").metadata["serials"], "SN-7");
    add(&world, shop_id, phone_id, Some(serials(["SN-NEW"]))).await.expect("nothing of it was kept");
}

async fn units_are_added_with_one_event(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 2).await;
    let added = add(&world, shop_id, phone_id, Some(quantity(2))).await.expect("added");
    assert_eq!(added.serials, ["TW-00000003", "TW-00000004"]);
    let phone = added.phone.expect("a phone");
    assert_eq!((phone.version, phone.stock), (2, Some(all_available(4))));
    let event: v1::UnitsAdded = world.last().await.message();
    assert_eq!((event.serials, event.actor), (added.serials, Some(boss())));
    assert_eq!(event.phone, Some(v1::Phone { stock: None, ..phone }));
}

async fn a_phone_is_corrected(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 500, 1).await;
    let update = |name: Option<&str>, price: Option<proto::Money>| v1::UpdatePhoneRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        display_name: name.map(ToOwned::to_owned),
        unit_price: price,
    };
    let call = |request| world.api.update_phone(by(&manager(shop_id), request));

    let phone = call(update(None, Some(won(600)))).await.expect("corrected").into_inner().phone.expect("a phone");
    assert_eq!((phone.display_name.as_str(), phone.unit_price.clone(), phone.version), ("S30", Some(won(600)), 2));
    assert_eq!(phone.stock, Some(all_available(1)));
    let event: v1::PhoneUpdated = world.last().await.message();
    assert_eq!(event.phone, Some(v1::Phone { stock: None, ..phone.clone() }));

    let same = call(update(Some("S30"), None)).await.expect("no change").into_inner().phone;
    assert_eq!((same, world.written_of(phone_id).await.len()), (Some(phone), 2));

    let dollars = proto::Money { currency_code: "USD".to_owned(), units: 1, nanos: 0 };
    let refused = call(update(Some("\t"), Some(dollars))).await.expect_err("refused");
    assert_eq!(fields(&refused), ["display_name", "unit_price"]);
}
