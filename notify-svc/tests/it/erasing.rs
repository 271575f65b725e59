//! A customer's data is cleared, and its messages stay.

use std::sync::Arc;

use notify_svc::{
    adapters::log_channel::LogChannel,
    domain::{ChannelName, Recipient, Status, message::State},
};
use prost::{Message as _, Name};
use proto::notify::v1::{
    EraseCustomerRequest, GetContactRequest, MessageFailed, RedriveMessageRequest, SmtpTarget, UpdateContactRequest,
    notify_operations_service_server::NotifyOperationsService, notify_service_server::NotifyService,
    update_contact_request::Target,
};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::support::{LIMITS, On, Step, World, call, event, on_both};

const SHOP: Uuid = Uuid::from_u128(7);

async fn tell(world: &World, order: u128, customer: &str, step: Step) {
    world.deliver(event(Uuid::from_u128(order), customer, SHOP, step)).await.expect("handled");
}

async fn set_mail(world: &World, customer: &str) {
    let target = Some(Target::Smtp(SmtpTarget { address: format!("{customer}@example.com") }));
    let request = UpdateContactRequest { target, language: Some("ko".to_owned()), ..Default::default() };
    world.service().update_contact(call(request, customer, &["customer"], None)).await.expect("set");
}

async fn erase(world: &World, customer: &str) -> i32 {
    let request = EraseCustomerRequest { customer_id: customer.to_owned() };
    let answer = world.operations().erase_customer(call(request, "operator-1", &["operator"], None)).await;
    let answer = answer.expect("erased").into_inner();
    assert_eq!(answer.outstanding, 0);
    answer.cleared
}

async fn contact_and_unsent_texts_go_and_messages_stay(on: On) {
    let world = World::on(on).await;
    for customer in ["mina", "minsu"] {
        set_mail(&world, customer).await;
    }
    for step in [Step::Placed, Step::Confirmed, Step::Cancelled] {
        tell(&world, 1, "mina", step).await;
    }
    tell(&world, 2, "minsu", Step::Cancelled).await;
    assert_eq!(erase(&world, "mina").await, 4, "a contact and three texts");
    assert_eq!(erase(&world, "mina").await, 0);

    let messages = world.messages().await;
    let of = |customer: &str| {
        let recipient = Recipient::Customer(customer.to_owned());
        messages.iter().filter(move |message| message.recipient == recipient).collect::<Vec<_>>()
    };
    assert_eq!(of("mina").len(), 3);
    for message in of("mina") {
        assert_eq!((&message.state, message.attempts, message.version), (&State::Erased, 0, 1));
        let request = RedriveMessageRequest { message_id: message.id.to_string() };
        let refused = world.operations().redrive_message(call(request, "operator-1", &["operator"], None)).await;
        let details = refused.expect_err("refused").get_error_details();
        assert_eq!(details.error_info().map(|info| info.reason.clone()), Some("MESSAGE_ERASED".to_owned()));
    }
    assert!(of("minsu").iter().all(|message| message.status() == Status::Pending));
    let published = world.published().await;
    assert_eq!(published.len(), 3, "each of them failed, and others hear of it");
    for event in published {
        assert_eq!(event.kind, MessageFailed::full_name());
        let message = MessageFailed::decode(event.body.as_slice()).expect("a body").message.expect("a message");
        assert_eq!((message.recipient_id.as_str(), message.version), ("mina", 1));
    }
    let erasures: Vec<_> =
        world.audited().await.into_iter().filter(|record| record.action == "EraseCustomer").collect();
    assert_eq!((erasures.len(), erasures[0].subject.as_str()), (1, "customer mina"));
    assert!(erasures[0].changes.iter().any(|change| change.name == "smtp.address" && change.personal));
}

async fn whoever_was_erased_is_told_by_the_log_in_the_default_language(on: On) {
    let world = World::on(on).await;
    set_mail(&world, "mina").await;
    erase(&world, "mina").await;
    let request = call(GetContactRequest::default(), "mina", &["customer"], None);
    let contact = world.service().get_contact(request).await.expect("a contact").into_inner().contact.expect("one");
    assert_eq!((contact.contact_id.as_str(), contact.language.as_str()), ("", "en"));

    tell(&world, 1, "mina", Step::Shipped).await;
    let sender = world.sender(Arc::new(LogChannel), LIMITS);
    let sent = async {
        loop {
            sender.run().await.expect("a run");
            let message = world.messages().await.remove(0);
            if message.status() == Status::Sent {
                return message;
            }
        }
    };
    let sent = tokio::time::timeout(std::time::Duration::from_secs(30), sent).await.expect("sent");
    assert_eq!((sent.channel, sent.contact_id), (ChannelName::Log, None));
}

async fn more_texts_than_one_transaction_takes_are_all_erased(on: On) {
    let world = World::on(on).await;
    for order in 1..=450 {
        tell(&world, order, "mina", Step::Shipped).await;
    }
    assert_eq!(erase(&world, "mina").await, 450);
    assert!(world.messages().await.iter().all(|message| message.state == State::Erased));
}

async fn a_subject_that_cannot_be_is_refused(on: On) {
    let world = World::on(on).await;
    for customer_id in [String::new(), "m".repeat(129)] {
        let request = call(EraseCustomerRequest { customer_id }, "operator-1", &["operator"], None);
        let refused = world.operations().erase_customer(request).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

on_both! {
    contact_and_unsent_texts_go_and_messages_stay,
    whoever_was_erased_is_told_by_the_log_in_the_default_language,
    more_texts_than_one_transaction_takes_are_all_erased,
    a_subject_that_cannot_be_is_refused,
}
