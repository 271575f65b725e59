use chassis::audit;
use prost_types::value::Kind;
use proto::ops::v1::{
    AuditRecord, DropDeadLetterRequest, GetDeadLetterRequest, ListAuditRecordsRequest, ListDeadLettersRequest,
    LoggedEvent, RedriveDeadLettersRequest, dead_letter::Status,
};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::world::{OPERATOR, World, append_known, asked, client};
use crate::events::pair::until;

fn drop_request(event_id: &str, reason: &str) -> DropDeadLetterRequest {
    DropDeadLetterRequest { event_id: event_id.to_owned(), reason: reason.to_owned() }
}

/// The names of the fields that a call was refused for.
fn wrong_fields(refused: &tonic::Status) -> Vec<String> {
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    let violations = refused.get_details_bad_request().map(|details| details.field_violations);
    violations.unwrap_or_default().into_iter().map(|violation| violation.field).collect()
}

/// What was done to a letter, as the audit tells.
pub async fn audit_of(world: &World, event_id: &str) -> Vec<AuditRecord> {
    let request = ListAuditRecordsRequest { subject_id: event_id.to_owned(), ..Default::default() };
    client(&world.right).list_audit_records(asked(request)).await.expect("a list").into_inner().records
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_told_with_its_payload_where_the_contracts_know_it() {
    let world = World::start().await;
    let unknown = world.poison(1).await.remove(0);
    let mut right = client(&world.right);
    let request = GetDeadLetterRequest { event_id: unknown.clone() };
    let letter = right.get_dead_letter(asked(request)).await.expect("a letter").into_inner().dead_letter;
    let letter = letter.expect("a letter");
    assert_eq!((letter.event_id, letter.producer.as_str(), letter.sequence), (unknown, "left", 1));
    assert_eq!((letter.r#type.as_str(), letter.attempts), ("tword.left.v1.Happened", 1));
    assert!(letter.cause.contains("cannot be decoded"), "{}", letter.cause);
    assert!(!letter.traceparent.is_empty() && letter.payload.is_none(), "nobody knows what it is");

    // A text that the handler does not understand, though the contracts do.
    let known = LoggedEvent { event_id: "garbage".to_owned(), sequence: 7, ..LoggedEvent::default() };
    world.heard.refuse("garbage");
    append_known(&world.left, 9, 1, &known).await;
    let listed = until(async || world.list().await.dead_letters.into_iter().nth(1)).await;
    assert!(listed.payload.is_none(), "lists go without");
    let request = GetDeadLetterRequest { event_id: listed.event_id.clone() };
    let letter = right.get_dead_letter(asked(request)).await.expect("a letter").into_inner().dead_letter;
    let payload = letter.and_then(|letter| letter.payload).expect("a payload");
    let field = |name: &str| payload.fields[name].kind.clone();
    assert_eq!(field("eventId"), Some(Kind::StringValue("garbage".to_owned())));
    assert_eq!(field("sequence"), Some(Kind::StringValue("7".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_dropped_once_and_kept_with_the_reason() {
    let world = World::start().await;
    let ids = world.poison(2).await;
    let mut right = client(&world.right);
    let dropped = right.drop_dead_letter(asked(drop_request(&ids[0], " hopeless "))).await.expect("dropped");
    let dropped = dropped.into_inner().dead_letter.expect("a letter");
    assert_eq!((dropped.status(), dropped.drop_reason.as_str()), (Status::Dropped, "hopeless"));
    let again = right.drop_dead_letter(asked(drop_request(&ids[0], "another reason"))).await.expect("repeated");
    assert_eq!(again.into_inner().dead_letter.expect("a letter"), dropped, "the first reason stands");
    assert_eq!(world.list().await.dead_letters.len(), 2, "it is kept");
    let records = audit_of(&world, &ids[0]).await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((record.action.as_str(), record.actor_id.as_str()), ("DropDeadLetter", OPERATOR));
    assert_eq!((record.actor_role.as_str(), record.subject_kind.as_str()), ("OPERATOR", "dead_letter"));
    assert!(!record.traceparent.is_empty());
    let changes: Vec<_> = record.changes.iter().map(|change| (change.field.as_str(), change.after.as_str())).collect();
    assert_eq!(changes, [("status", "DROPPED"), ("drop_reason", "hopeless")]);

    for (standing, id) in [(Status::Dropped, &ids[0]), (Status::Waiting, &ids[1])] {
        let request = ListDeadLettersRequest { status: standing.into(), ..Default::default() };
        let found = right.list_dead_letters(asked(request)).await.expect("a list").into_inner().dead_letters;
        assert_eq!(found.iter().map(|letter| &letter.event_id).collect::<Vec<_>>(), [id]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_and_what_is_wrong_is_named() {
    let world = World::start().await;
    let mut right = client(&world.right);
    let nobody = Uuid::now_v7().to_string();
    let request = GetDeadLetterRequest { event_id: nobody.clone() };
    assert_eq!(right.get_dead_letter(asked(request)).await.expect_err("none").code(), Code::NotFound);
    let request = drop_request(&nobody, "hopeless");
    assert_eq!(right.drop_dead_letter(asked(request)).await.expect_err("none").code(), Code::NotFound);
    assert!(
        world.right.reads().records(&audit::Query { rows: 9, ..Default::default() }).await.expect("read").is_empty()
    );

    for (id, reason, wrong) in [
        ("7", "", &["event_id", "reason"][..]),
        (nobody.as_str(), " ", &["reason"]),
        (&nobody, "a\nb", &["reason"]),
        (&nobody, &"가".repeat(501), &["reason"]),
    ] {
        let refused = right.drop_dead_letter(asked(drop_request(id, reason))).await.expect_err("refused");
        assert_eq!(wrong_fields(&refused), wrong);
    }
    let request = ListDeadLettersRequest { status: 9, page_size: -1, ..Default::default() };
    let refused = right.list_dead_letters(asked(request)).await.expect_err("refused");
    assert_eq!(wrong_fields(&refused), ["status", "page_size"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_come_in_pages_that_hold_to_their_filter() {
    let world = World::start().await;
    world.poison(5).await;
    let mut right = client(&world.right);
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDeadLettersRequest { page_size: 2, page_token: page_token.clone(), ..Default::default() };
        let page = right.list_dead_letters(asked(request)).await.expect("a page").into_inner();
        assert!(page.dead_letters.len() <= 2);
        found.extend(page.dead_letters);
        if page.next_page_token.is_empty() {
            break;
        }
        page_token = page.next_page_token;
    }
    assert_eq!(found, world.list().await.dead_letters);
    let other = ListDeadLettersRequest { page_token, producer: "left".to_owned(), ..Default::default() };
    let refused = right.list_dead_letters(asked(other)).await.expect_err("another filter");
    assert_eq!(refused.get_details_error_info().expect("details").reason, "INVALID_PAGE_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_is_not_consumed_is_refused_and_not_found_healthy() {
    let world = World::start().await;
    let mut right = client(&world.right);
    let request = ListDeadLettersRequest { producer: "lefd".to_owned(), ..Default::default() };
    let refused = right.list_dead_letters(asked(request)).await.expect_err("refused");
    assert_eq!(wrong_fields(&refused), ["producer"]);
    let told = refused.get_details_bad_request().expect("details").field_violations.remove(0).description;
    assert!(told.ends_with(": left"), "{told}");
    let request = RedriveDeadLettersRequest { producer: "lefd".to_owned(), ..Default::default() };
    let refused = right.redrive_dead_letters(asked(request)).await.expect_err("refused");
    assert_eq!(wrong_fields(&refused), ["producer"]);
}
