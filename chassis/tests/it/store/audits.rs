use chassis::{
    audit::{Entry, Fields, Query, Record},
    store,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::Opened;

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

fn record(subject: &str, actor: &str, minutes: i64) -> Record {
    let before = Fields::default().with("status", "A").personal("name", "Kim");
    let after = Fields::default().with("status", "B").personal("name", "Lee");
    Record {
        actor_role: "OPERATOR",
        actor_id: actor.to_owned(),
        action: "Change",
        subject_kind: "thing",
        subject_id: subject.to_owned(),
        changes: before.changes(&after),
        time: NOW + Duration::minutes(minutes),
    }
}

async fn keep(opened: &Opened, record: Record, verdict: fn() -> Result<(), store::Error>) {
    let unit = opened.store.run(move |tx| {
        let record = record.clone();
        Box::pin(async move {
            tx.audit(&record).await?;
            verdict()
        })
    });
    let _as_the_verdict_says: Result<(), store::Error> = unit.await;
}

pub async fn records_are_listed_by_subject_and_person(opened: Opened) {
    for (subject, actor, minutes) in [("1", "kim", 0), ("2", "kim", 1), ("1", "lee", 2), ("1", "kim", 3)] {
        keep(&opened, record(subject, actor, minutes), || Ok(())).await;
    }
    let list = async |query: Query| opened.log.records(&query).await.expect("the audit");
    let minutes =
        |entries: &[Entry]| entries.iter().map(|entry| (entry.time - NOW).whole_minutes()).collect::<Vec<_>>();
    let all = Query { rows: 10, ..Query::default() };
    let entries = list(all.clone()).await;
    assert_eq!(minutes(&entries), [0, 1, 2, 3]);
    let (first, given) = (&entries[0], record("1", "kim", 0));
    assert_eq!(first.changes, given.changes, "as they were given");
    assert_eq!(
        (first.actor_role.as_str(), first.action.as_str(), first.subject_kind.as_str()),
        ("OPERATOR", "Change", "thing")
    );
    let of = |subject: Option<&str>, actor: Option<&str>| Query {
        subject_id: subject.map(str::to_owned),
        actor_id: actor.map(str::to_owned),
        ..all.clone()
    };
    assert_eq!(minutes(&list(of(Some("1"), None)).await), [0, 2, 3]);
    assert_eq!(minutes(&list(of(None, Some("kim"))).await), [0, 1, 3]);
    assert_eq!(minutes(&list(of(Some("1"), Some("kim"))).await), [0, 3]);
    let since = Some(NOW + Duration::minutes(2));
    assert_eq!(minutes(&list(Query { since, ..all.clone() }).await), [2, 3], "then or later");
    assert_eq!(minutes(&list(Query { since, ..of(None, Some("kim")) }).await), [3]);
    let after = Some((first.time, first.id));
    assert_eq!(minutes(&list(Query { after, rows: 1, ..of(Some("1"), None) }).await), [2]);
}

pub async fn a_record_of_what_was_refused_is_not_kept(opened: Opened) {
    keep(&opened, record("1", "kim", 0), || Err(store::Error::inconsistent("on purpose"))).await;
    assert!(opened.log.records(&Query { rows: 10, ..Query::default() }).await.expect("the audit").is_empty());
}
