use std::time::Duration;

use time::macros::datetime;

use super::*;
use crate::domain::{Mailbox, Target};

const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
const RETRY: Retry = Retry { max_attempts: 2, base: Duration::from_secs(4), cap: Duration::from_mins(1) };
const LATE: Advice = Advice { roll: 1.0, wait: Duration::ZERO };

fn pending() -> Message {
    let contact = Contact::unset(Language::English);
    Message::new(Uuid::nil(), Uuid::max(), Recipient::Customer("mina".to_owned()), &contact, Change::Placed, NOW)
}

fn failed() -> Message {
    let (message, _) = pending().missed(NOW, &RETRY, LATE).expect("missed");
    let (message, event) = message.missed(NOW, &RETRY, LATE).expect("missed");
    assert_eq!(event, Some(Event::Failed { time: NOW }));
    message
}

#[test]
fn a_sent_message_forgets_what_its_text_was_made_of() {
    let (message, event) = pending().sent(NOW).expect("sent");
    assert_eq!(event, Event::Sent { time: NOW });
    assert_eq!(message.state, State::Sent { sent_time: NOW });
    assert_eq!((message.attempts, message.version), (1, 1));
}

#[test]
fn a_missed_message_waits_and_the_last_attempt_gives_it_up() {
    let (message, event) = pending().missed(NOW, &RETRY, LATE).expect("missed");
    assert_eq!(event, None);
    assert_eq!(message.state, State::Pending { change: Change::Placed, due_time: NOW + Duration::from_secs(4) });
    assert_eq!((message.attempts, message.version), (1, 0));

    let message = failed();
    assert_eq!(message.state, State::Failed { change: Change::Placed });
    assert_eq!((message.attempts, message.version), (2, 1));
}

#[test]
fn a_receiver_is_left_alone_for_as_long_as_it_asks_within_the_longest_wait() {
    for (asked, expected) in [(1, 4), (30, 30), (3_600, 60)] {
        let advice = Advice { wait: Duration::from_secs(asked), ..LATE };
        let (message, _) = pending().missed(NOW, &RETRY, advice).expect("missed");
        let State::Pending { due_time, .. } = message.state else { panic!("it waits") };
        assert_eq!(due_time, NOW + Duration::from_secs(expected), "{asked}");
    }
}

#[test]
fn a_message_follows_its_contact_to_another_channel_with_all_its_attempts_before_it() {
    let mailbox = Mailbox::parse("mina@example.com").expect("an address");
    let id = Some(Uuid::from_u128(1));
    let mail = Contact { id, target: Target::Smtp(mailbox), ..Contact::unset(Language::English) };
    let (missed, _) = pending().missed(NOW, &RETRY, LATE).expect("missed");
    let moved = missed.clone().redirected(Some(&mail)).expect("redirected");
    let expected = Message { channel: ChannelName::Smtp, contact_id: id, earlier_attempts: 1, ..missed };
    assert_eq!(moved, expected);
    assert_eq!(moved.clone().redirected(Some(&mail)), Ok(moved.clone()));
    let (again, event) = moved.clone().missed(NOW, &RETRY, LATE).expect("missed");
    assert_eq!((event, again.attempts), (None, 2), "the first of two attempts");
    let logged = moved.redirected(None).expect("redirected");
    assert_eq!((logged.channel, logged.contact_id), (ChannelName::Log, None));
}

#[test]
fn a_redriven_message_has_all_its_attempts_before_it() {
    let message = failed().redriven(NOW).expect("redriven");
    assert_eq!((message.status(), message.attempts, message.version), (Status::Pending, 2, 1));
    let (message, event) = message.missed(NOW, &RETRY, LATE).expect("missed");
    assert_eq!((event, message.attempts), (None, 3), "the first of two attempts");
    assert_eq!(message.state, State::Pending { change: Change::Placed, due_time: NOW + Duration::from_secs(4) });
    let (message, _) = message.sent(NOW).expect("sent");
    assert_eq!((message.attempts, message.version), (4, 2));
}

#[test]
fn an_erased_message_is_given_up_for_ever() {
    let (message, event) = pending().erased(NOW).expect("erased");
    assert_eq!((event, message.version), (Some(Event::Failed { time: NOW }), 1));
    assert_eq!((message.status(), message.clone().redriven(NOW)), (Status::Failed, Err(Error::Erased)));
    assert_eq!(message.erased(NOW), None);
    let (message, event) = failed().erased(NOW).expect("erased");
    assert_eq!((event, message.version), (None, 1), "it failed before");
}

#[test]
fn an_outcome_is_final_but_for_what_was_given_up() {
    let (sent, _) = pending().sent(NOW).expect("sent");
    let (erased, _) = pending().erased(NOW).expect("erased");
    assert_eq!((sent.clone().redriven(NOW), pending().redriven(NOW)), (Err(Error::Sent), Err(Error::Pending)));
    assert_eq!(sent.clone().erased(NOW), None);
    for (message, error) in [(sent, Error::Sent), (failed(), Error::Failed), (erased, Error::Erased)] {
        assert_eq!(message.clone().sent(NOW), Err(error));
        assert_eq!(message.clone().redirected(None), Err(error));
        assert_eq!(message.missed(NOW, &RETRY, LATE), Err(error));
    }
}
