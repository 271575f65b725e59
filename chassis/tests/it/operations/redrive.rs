use std::time::Duration;

use proto::ops::v1::{DropDeadLetterRequest, RedriveDeadLettersRequest, redrive_outcome::Result as Outcome};
use tonic::Code;
use uuid::Uuid;

use super::{
    letters::audit_of,
    world::{World, asked, client, outcomes},
};
use crate::events::pair::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_fails_again_stays_with_its_new_cause() {
    let world = World::start().await;
    let id = world.poison(1).await.remove(0);
    let request = RedriveDeadLettersRequest::default();
    let answer = client(&world.right).redrive_dead_letters(asked(request)).await.expect("an answer").into_inner();
    assert!(answer.outcomes[0].cause.contains("cannot be decoded"), "{answer:?}");
    assert_eq!(answer.waiting, 1);
    assert_eq!(outcomes(answer), [(id.clone(), Outcome::Failed)]);
    assert_eq!(world.list().await.dead_letters[0].attempts, 2);
    let records = audit_of(&world, &id).await;
    let changes: Vec<_> = records.iter().flat_map(|record| &record.changes).collect();
    assert_eq!(
        (changes[0].field.as_str(), changes[0].before.as_str(), changes[0].after.as_str()),
        ("attempts", "1", "2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_can_be_handled_now_are_handled_once_and_in_order() {
    let world = World::start().await;
    let ids = world.poison(3).await;
    world.heard.heal();
    let (results, waiting) = world.redrive(&[]).await;
    let expected: Vec<_> = ids.iter().map(|id| (id.clone(), Outcome::Handled)).collect();
    assert_eq!((results, waiting), (expected, 0), "as they happened");
    assert_eq!(world.heard.order(), [1, 2, 3]);
    assert!(world.list().await.dead_letters.is_empty());
    let records = audit_of(&world, &ids[0]).await;
    let change = &records[0].changes[0];
    assert_eq!((change.before.as_str(), change.after.as_str()), ("WAITING", "HANDLED"));

    let (again, _) = world.redrive(&ids).await;
    assert!(again.iter().all(|(_, result)| *result == Outcome::NotFound), "{again:?}");
    assert_eq!(world.heard.order(), [1, 2, 3]);
    assert_eq!(audit_of(&world, &ids[0]).await.len(), 1, "what changed nothing is not recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_at_once_have_one_effect() {
    let world = World::start().await;
    let ids = world.poison(8).await;
    world.heard.heal();
    let calls = (0..4).map(|_| world.redrive(&ids));
    let answers = futures::future::join_all(calls).await;
    let handled = answers.iter().flat_map(|(results, _)| results).filter(|(_, result)| *result == Outcome::Handled);
    assert_eq!(handled.count(), 8);
    assert!(answers.iter().all(|(results, _)| results.len() == 8), "{answers:?}");
    let mut heard = world.heard.order();
    heard.sort_unstable();
    assert_eq!(heard, (1..=8).collect::<Vec<_>>());
    for id in ids {
        assert_eq!(audit_of(&world, &id).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_fails_its_letter_alone() {
    let world = World::start().await;
    let ids = world.poison(2).await;
    world.heard.panic_at(1);
    world.heard.heal();
    let (results, waiting) = world.redrive(&[]).await;
    assert_eq!(results, [(ids[0].clone(), Outcome::Failed), (ids[1].clone(), Outcome::Handled)]);
    assert_eq!(waiting, 1);
    assert_eq!(world.heard.order(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_waits_and_was_asked_for_is_handled() {
    let world = World::start().await;
    let ids = world.poison(3).await;
    world.heard.heal();
    let dropped = DropDeadLetterRequest { event_id: ids[0].clone(), reason: "hopeless".to_owned() };
    client(&world.right).drop_dead_letter(asked(dropped)).await.expect("dropped");
    let nobody = Uuid::now_v7().to_string();
    let (results, waiting) = world.redrive(&[ids[1].clone(), ids[0].clone(), nobody.clone(), ids[1].clone()]).await;
    assert_eq!(results[0], (ids[1].clone(), Outcome::Handled), "once, though it was named twice");
    let mut others = results[1..].to_vec();
    others.sort_by_key(|(id, _)| *id == nobody);
    assert_eq!(others, [(ids[0].clone(), Outcome::NotFound), (nobody, Outcome::NotFound)]);
    assert_eq!((waiting, world.heard.order()), (1, vec![2]));

    let other = RedriveDeadLettersRequest { event_ids: Vec::new(), producer: "other".to_owned() };
    let refused = client(&world.right).redrive_dead_letters(asked(other)).await.expect_err("no producer of ours");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_begun_that_could_not_be_told_any_more() {
    let world = World::start().await;
    world.poison(2).await;
    world.heard.heal();
    // It answers in that time, sooner or later; and however late, it handles nothing.
    let answer = until(async || {
        let mut request = asked(RedriveDeadLettersRequest::default());
        request.set_timeout(Duration::from_millis(900));
        client(&world.right).redrive_dead_letters(request).await.ok()
    })
    .await
    .into_inner();
    assert_eq!((answer.outcomes.len(), answer.waiting), (0, 2), "{answer:?}");
    assert!(world.heard.order().is_empty());
    assert_eq!(world.redrive(&[]).await.1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ids_are_refused_all_at_once_and_change_nothing() {
    let world = World::start().await;
    let id = world.poison(1).await.remove(0);
    world.heard.heal();
    for event_ids in [vec![id.clone(), "7".to_owned(), String::new()], vec![id; 201]] {
        let request = RedriveDeadLettersRequest { event_ids, producer: String::new() };
        let refused = client(&world.right).redrive_dead_letters(asked(request)).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    assert!(world.heard.order().is_empty());
}
