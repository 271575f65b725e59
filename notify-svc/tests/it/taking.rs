//! Taking messages, and what two do at once, on every store.

use std::time::Duration;

use chassis::store::{Error, Store};
use notify_svc::{
    app::{
        Tx,
        ports::{Due, Hold, Skip},
    },
    domain::{
        Change, ChannelName, Contact, Fresh, Language, Mailbox, Message, NewTarget, Recipient, Secret, Target, Wish,
    },
};
use uuid::Uuid;

use crate::{
    store::{insert, message, mina, update},
    support::{NOW, On, World, on_both},
};

async fn take(store: &Store<dyn Tx>, due: Vec<Due>, hold: Hold) -> Vec<Message> {
    let taken = store.run(move |tx| {
        let due = due.clone();
        Box::pin(async move { tx.take(&due, &hold).await })
    });
    let mut taken = taken.await.map_err(|error: Error| error).expect("taken");
    taken.sort_by_key(|message| message.id);
    taken
}

async fn give_back(store: &Store<dyn Tx>, message: Uuid, holder: Uuid) {
    let given_back = store.run(move |tx| Box::pin(async move { tx.give_back(&[message], holder).await }));
    given_back.await.map_err(|error: Error| error).expect("given back");
}

async fn what_is_taken_is_its_holders_until_it_has_an_outcome_or_the_time_is_over(on: On) {
    let world = World::on(on).await;
    let (store, reads) = (&world.store, &*world.reads);
    let (mina, minsu) = (mina(), Recipient::Customer("minsu".to_owned()));
    let messages = [message(1, mina.clone(), Change::Placed), message(2, mina, Change::Delivered)];
    let messages = [messages[0].clone(), messages[1].clone(), message(3, minsu, Change::Placed)];
    for message in &messages {
        assert!(insert(store, message).await);
    }
    let ids = |due: &[Due]| due.iter().map(|one| one.message_id.as_u128()).collect::<Vec<_>>();
    let due = |now| async move { reads.due(ChannelName::Log, now, &Skip::default(), 10).await.expect("due") };
    let all = due(NOW).await;
    assert_eq!(ids(&all), [1, 2, 3]);
    let (first, second, minute) = (Uuid::from_u128(10), Uuid::from_u128(20), Duration::from_mins(1));
    let hold = Hold { channel: ChannelName::Log, holder: first, now: NOW, until: NOW + minute };

    assert_eq!(take(store, all[..1].to_vec(), Hold { channel: ChannelName::Smtp, ..hold }).await, []);
    assert_eq!(take(store, all[..1].to_vec(), Hold { now: NOW - minute, ..hold }).await, [], "it was not due then");
    assert_eq!(take(store, all[..1].to_vec(), hold).await, [messages[0].clone()]);
    assert_eq!(ids(&due(NOW).await), [3], "one recipient's messages are with one sender");
    assert_eq!(take(store, all.clone(), Hold { holder: second, ..hold }).await, [messages[2].clone()]);
    assert_eq!(take(store, all.clone(), hold).await, []);

    let target =
        |id, holder, until| async move { reads.target(Uuid::from_u128(id), holder, until).await.expect("read") };
    assert_eq!(target(1, first, NOW + minute).await, Some(Target::Log));
    assert_eq!(target(1, first, NOW + minute + Duration::from_micros(1)).await, None);
    assert_eq!((target(1, second, NOW).await, target(2, first, NOW).await), (None, None));
    give_back(store, messages[0].id, second).await;
    assert_eq!(ids(&due(NOW).await), [0; 0], "nobody gives back what is another's");
    give_back(store, messages[0].id, first).await;
    assert_eq!(ids(&due(NOW).await), [1, 2]);

    assert_eq!(take(store, all.clone(), hold).await, messages[..2]);
    let (sent, event) = messages[0].clone().sent(NOW).expect("sent");
    update(store, &messages[0], &sent, Some(event)).await.expect("written");
    assert_eq!((target(1, first, NOW).await, target(2, first, NOW).await), (None, Some(Target::Log)));
    assert_eq!(ids(&due(NOW + minute).await), [2, 3], "who has died holds nothing up");
    let later = Hold { holder: second, now: NOW + minute, until: NOW + minute * 2, ..hold };
    assert_eq!(take(store, all.clone(), later).await, messages[1..]);
    assert_eq!(target(2, first, NOW).await, None);
}

async fn two_who_set_a_first_contact_at_once_both_do(on: On) {
    let world = World::on(on).await;
    let update = |wish: Wish, id: u128| {
        world.store.run(move |tx| {
            let wish = wish.clone();
            Box::pin(async move {
                let before = tx.contact_to_change(&mina()).await?.unwrap_or(Contact::unset(Language::Korean));
                let fresh = Fresh { id: Uuid::from_u128(id), secret: Secret::new([1; 32]) };
                tx.save_contact(&mina(), &before.updated(wish, fresh, NOW)).await
            })
        })
    };
    let address = NewTarget::Smtp(Mailbox::parse("mina@example.com").expect("an address"));
    let (language, target) = (
        update(Wish { language: Some(Language::English), target: None }, 1),
        update(Wish { language: None, target: Some(address) }, 2),
    );
    let (language, target): (Result<(), Error>, Result<(), Error>) = tokio::join!(language, target);
    language.and(target).expect("both are set");
    let contact = world.reads.contact(&mina()).await.expect("read").expect("a contact");
    assert_eq!((contact.language, contact.channel()), (Language::English, ChannelName::Smtp));
}

on_both! {
    what_is_taken_is_its_holders_until_it_has_an_outcome_or_the_time_is_over,
    two_who_set_a_first_contact_at_once_both_do,
}
