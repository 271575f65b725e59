use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::*;
use crate::domain::{Contact, Recipient, RejectReason, Template};

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

fn words(language: Language, change: Change) -> Words {
    let message = message(language, Recipient::Customer("mina".to_owned()), change);
    Templates::load().expect("templates").words(&message).expect("words").expect("some")
}

fn text(language: Language, change: Change) -> String {
    words(language, change).text
}

#[test]
fn every_change_has_a_text_for_everyone_who_hears_of_it_in_every_language() {
    let templates = Templates::load().expect("templates");
    for language in Language::ALL {
        for change in changes() {
            for recipient in change.template().recipients("mina", Uuid::nil()) {
                let message = message(language, recipient.clone(), change.clone());
                let Words { subject, text } = templates.words(&message).expect("words").expect("some");
                assert!(text.contains("DEADBEEF"), "{language} {change:?} {recipient:?}: {text}");
                assert!(subject.contains("DEADBEEF") && !subject.contains('\n'), "{language} {change:?}: {subject}");
            }
        }
    }
}

/// Every template there has to be, with what has to stand in it.
fn expected() -> BTreeMap<String, BTreeSet<String>> {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let mut expected = BTreeMap::new();
    for template in Template::ALL {
        let told: &[&str] = match template {
            Template::Placed | Template::Delivered => &["order"],
            Template::Confirmed => &["order", "total"],
            Template::Rejected | Template::Cancelled => &["order", "reason"],
            Template::Shipped => &["order", "carrier", "tracking_number"],
        };
        for recipient in template.recipients("mina", Uuid::nil()) {
            let name = format!("{}.{}", template.name(), recipient.kind());
            expected.insert(format!("{name}.SUBJECT"), set(&["order"]));
            expected.insert(name, set(told));
        }
    }
    expected.insert("CANCELLED_UNSAID.CUSTOMER.SUBJECT".to_owned(), set(&["order"]));
    expected.insert("CANCELLED_UNSAID.CUSTOMER".to_owned(), set(&["order"]));
    let reasons = RejectReason::ALL.iter().map(|reason| reason.name()).chain(["NONE"]);
    expected.extend(reasons.map(|reason| (format!("REASON.{reason}"), BTreeSet::new())));
    expected
}

/// What a template is filled in with.
fn placeholders(text: &str) -> BTreeSet<String> {
    let parts = text.split("{{").skip(1).filter_map(|part| part.split_once("}}"));
    parts.map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn every_language_has_every_template_and_placeholder_no_other_and_no_logic() {
    for (language, file) in FILES {
        let found: Vec<_> = sections(file).map(|(name, text)| (name.to_owned(), placeholders(text))).collect();
        assert_eq!(found.len(), expected().len(), "{language} has a template twice, or not");
        assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected(), "{language}");
        assert!(!file.contains("{%") && !file.contains('|'), "{language} has logic");
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
        "Your order DEADBEEF was cancelled."
    );
    assert_eq!(
        text(Language::Korean, Change::Cancelled { reason: String::new() }),
        "주문 DEADBEEF이(가) 취소되었습니다."
    );
    let unsaid = message(Language::English, Recipient::Shop(Uuid::nil()), Change::Cancelled { reason: String::new() });
    let words = Templates::load().expect("templates").words(&unsaid).expect("words").expect("some");
    assert_eq!(words.text, "Order DEADBEEF was cancelled; its units are for sale again. Reason: none given.");
}

#[test]
fn a_subject_says_what_it_is_about() {
    assert_eq!(words(Language::English, Change::Delivered).subject, "Order DEADBEEF delivered");
    assert_eq!(words(Language::Korean, Change::Delivered).subject, "주문 DEADBEEF 배송 완료");
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
