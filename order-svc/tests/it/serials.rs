//! Orders that ask for given units.

use chassis::consumer::Taken;
use order_svc::{
    adapters::convert,
    app::place_order::{Command, Error},
    domain::{NewLine, NewOrder, Order, Status},
};
use proto::order::v1 as wire;
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events,
    world::{PHONE, World, customer, key, new_order},
};

fn asking(serials: &[&str]) -> NewOrder {
    let serials = serials.iter().map(|serial| (*serial).to_owned()).collect();
    NewOrder {
        lines: vec![NewLine { phone_id: PHONE, quantity: 2, expected_unit_price: None, serials }],
        ..new_order(1)
    }
}

async fn place(world: &World, order: NewOrder) -> Result<Order, Error> {
    world.place().run(Command::new(customer(), order, Some(key("k")))).await
}

async fn what_was_asked_for_is_kept_and_told(on: On) {
    let world = World::open(on).await;
    let order = place(&world, asking(&["B-0002", "A-0001"])).await.expect("placed");
    assert_eq!(order.lines[0].requested_serials, ["B-0002", "A-0001"]);
    assert_eq!(world.order(order.id).await, order);
    assert_eq!(convert::order(&order).lines[0].requested_serials, ["B-0002", "A-0001"]);
    let other = place(&world, asking(&["A-0001", "C-0003"])).await.expect_err("another order");
    assert!(matches!(other, Error::Reused(_)), "{other:?}");
    let any = place(&world, asking(&[])).await.expect_err("another order");
    assert!(matches!(any, Error::Reused(_)), "{any:?}");
}

async fn an_order_is_confirmed_with_the_very_units_it_asked_for(on: On) {
    let world = World::open(on).await;
    let order = place(&world, asking(&["B-0002", "A-0001"])).await.expect("placed");
    assert!(matches!(world.hear_stock(events::held(order.id, 1, &["A-0001", "C-0003"])).await, Taken::Later(_)));
    assert_eq!(world.order(order.id).await.status, Status::Placed);
    assert_eq!(world.hear_stock(events::held(order.id, 2, &["A-0001", "B-0002"])).await, Taken::Done);
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
}

fn line(phone: u128, quantity: i32, serials: &[&str]) -> wire::NewOrderLine {
    let serials = serials.iter().map(|serial| (*serial).to_owned()).collect();
    wire::NewOrderLine { phone_id: Uuid::from_u128(phone).to_string(), quantity, expected_unit_price: None, serials }
}

fn wrong(lines: Vec<wire::NewOrderLine>) -> Vec<String> {
    let recipient =
        wire::Recipient { name: "a".to_owned(), phone_number: "0101234567".to_owned(), address: "b".to_owned() };
    let request =
        wire::PlaceOrderRequest { shop_id: Uuid::from_u128(1).to_string(), lines, recipient: Some(recipient) };
    let Err(refusal) = convert::new_order(request) else { return Vec::new() };
    let details = tonic::Status::from(refusal).get_details_bad_request().expect("violations");
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn every_wrong_serial_is_named() {
    assert_eq!(wrong(vec![line(1, 2, &["SN-1", "SN-2"]), line(2, 1, &[])]), Vec::<String>::new());
    assert_eq!(wrong(vec![line(1, 3, &["SN-1", "sn-2", ""])]), ["lines[0].serials[1]", "lines[0].serials[2]"]);
    assert_eq!(wrong(vec![line(1, 2, &["SN-1"])]), ["lines[0].serials"]);
    assert_eq!(wrong(vec![line(1, 2, &["SN-1", "SN-1"])]), ["lines[0].serials"]);
    assert_eq!(wrong(vec![line(1, 1, &["SN-1"]), line(2, 1, &["SN-1"])]), ["lines"]);
    assert_eq!(wrong(vec![line(1, 0, &["SN-1", "x"])]), ["lines[0].quantity", "lines[0].serials[1]"]);
    let many: Vec<_> = (0..100_000).map(|_| "x").collect();
    assert_eq!(wrong(vec![line(1, 2, &many)]).len(), 101, "a bounded list of what is wrong");
    let many: Vec<_> = (0..100_000).map(|number| format!("SN-{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(wrong(vec![line(1, 100, &many)]), ["lines[0].serials"]);
}

on_both! {
    what_was_asked_for_is_kept_and_told,
    an_order_is_confirmed_with_the_very_units_it_asked_for,
}
