use time::OffsetDateTime;

use super::*;
use crate::domain::{Contact, Recipient, RejectReason};

fn changes() -> Vec<Change> {
    let total = Money { minor_units: 1_250_000, currency: "KRW".to_owned() };
    let mut changes = vec![
        Change::Placed,
        Change::Confirmed { total },
        Change::Cancelled { reason: String::new() },
        Change::Cancelled { reason: "<b>단순 변심</b> {{ order }}".to_owned() },
        Change::Shipped { carrier: "CJ대한통운".to_owned(), tracking_number: "6890-1234".to_owned() },
        Change::Delivered,
    ];
    changes.extend(RejectReason::ALL.map(|reason| Change::Rejected { reason }));
    changes
}

fn message(language: Language, recipient: Recipient, change: Change) -> Message {
    let order = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_dead_beef);
    Message::new(Uuid::nil(), order, recipient, &Contact::unset(language), change, OffsetDateTime::UNIX_EPOCH)
}

fn text(language: Language, change: Change) -> String {
    let message = message(language, Recipient::Customer("mina".to_owned()), change);
    Templates::load().expect("templates").text(&message).expect("a text").expect("some")
}

#[test]
fn every_change_has_a_text_for_everyone_who_hears_of_it_in_every_language() {
    let templates = Templates::load().expect("templates");
    for language in Language::ALL {
        for change in changes() {
            for recipient in change.template().recipients("mina", Uuid::nil()) {
                let message = message(language, recipient.clone(), change.clone());
                let text = templates.text(&message).expect("a text").expect("some");
                assert!(text.contains("DEADBEEF"), "{language} {change:?} {recipient:?}: {text}");
            }
        }
    }
}

#[test]
fn every_language_has_the_same_templates_and_no_logic() {
    let names = |file: &'static str| sections(file).map(|(name, _)| name).collect::<Vec<_>>();
    let (_, first) = FILES[0];
    for (language, file) in FILES {
        assert_eq!(names(file), names(first), "{language}");
        assert!(!file.contains("{%"), "{language} has logic");
        assert!(sections(file).all(|(_, text)| !text.is_empty()), "{language} has an empty text");
    }
}

#[test]
fn a_missing_parameter_or_template_is_an_error() {
    let templates = Templates::load().expect("templates");
    assert!(templates.render(Language::English, "SHIPPED.CUSTOMER", &HashMap::new()).is_err());
    assert!(templates.render(Language::English, "NOTHING", &HashMap::new()).is_err());
}

#[test]
fn texts_say_what_happened() {
    let total = Money { minor_units: 1_250_000, currency: "KRW".to_owned() };
    assert_eq!(
        text(Language::English, Change::Confirmed { total }),
        "Your order DEADBEEF is confirmed. Total: KRW 1,250,000."
    );
    assert_eq!(
        text(Language::Korean, Change::Rejected { reason: RejectReason::OutOfStock }),
        "주문 DEADBEEF을(를) 처리하지 못했습니다. 사유: 재고 부족."
    );
    assert_eq!(
        text(Language::English, Change::Cancelled { reason: String::new() }),
        "Your order DEADBEEF was cancelled. Reason: none given."
    );
}

#[test]
fn what_people_wrote_is_told_as_they_wrote_it() {
    let reason = "<b>{{ order }}</b>".to_owned();
    let expected = "Your order DEADBEEF was cancelled. Reason: <b>{{ order }}</b>.";
    assert_eq!(text(Language::English, Change::Cancelled { reason }), expected);
}

#[test]
fn amounts_have_their_currencys_decimals() {
    let amount = |minor_units, currency: &str| amount(&Money { minor_units, currency: currency.to_owned() });
    assert_eq!(amount(999, "KRW"), "KRW 999");
    assert_eq!(amount(123_450, "USD"), "USD 1,234.50");
    assert_eq!(amount(-5, "USD"), "USD -0.05");
}
