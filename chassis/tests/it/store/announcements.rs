//! Words that every process on a database hears.

use chassis::store::{self, Heard, Word};
use sqlx::{Connection, PgConnection};

use super::{Opened, behaviours::new_event, postgres_at};

const TOPIC: &str = "things";

async fn announce(opened: &Opened, word: &'static str, verdict: fn() -> Result<(), store::Error>) {
    let unit = opened.store.run(move |tx| {
        Box::pin(async move {
            tx.announce(TOPIC, word.to_owned());
            verdict()
        })
    });
    let _as_the_verdict_says: Result<(), store::Error> = unit.await;
}

/// The next words that were said, whatever was missed meanwhile.
async fn said(heard: &mut Heard, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    while words.len() < count {
        if let Word::Said(word) = heard.next().await {
            words.push(word.to_string());
        }
    }
    words
}

pub async fn what_is_announced_is_heard_after_the_commit_and_only_then(opened: Opened) {
    let (mut one, mut two) = (opened.announcements.hear(TOPIC), opened.announcements.hear(TOPIC));
    announce(&opened, "refused", || Err(store::Error::inconsistent("on purpose"))).await;
    announce(&opened, "first", || Ok(())).await;
    announce(&opened, "second", || Ok(())).await;
    for heard in [&mut one, &mut two] {
        assert_eq!(said(heard, 2).await, ["first", "second"]);
    }
}

/// Two processes on one database, of which the second one listens.
async fn two() -> (Opened, Opened, Heard, String) {
    let url = xtask::postgres::database().await;
    let (one, two) = (postgres_at(&url).await, postgres_at(&url).await);
    for opened in [&one, &two] {
        // Once it listens, it looks at everything that may have been said before.
        opened.log.appended().await;
    }
    let heard = two.announcements.hear(TOPIC);
    (one, two, heard, url)
}

#[tokio::test]
async fn words_reach_every_process_once() {
    let (one, two, mut there, _) = two().await;
    let mut here = one.announcements.hear(TOPIC);
    announce(&one, "first", || Ok(())).await;
    announce(&one, "second", || Ok(())).await;
    assert_eq!(said(&mut there, 2).await, ["first", "second"]);
    announce(&two, "answer", || Ok(())).await;
    assert_eq!(said(&mut here, 3).await, ["first", "second", "answer"], "its own once, at once");
}

#[tokio::test]
async fn what_one_process_appends_wakes_the_relays_of_others() {
    let (one, two, _heard, _) = two().await;
    let wakened = two.log.appended();
    let append = one.store.run(|tx| Box::pin(async move { tx.append(new_event(1)).await }));
    let appended: Result<(), store::Error> = append.await;
    appended.expect("appended");
    wakened.await;
}

#[tokio::test]
async fn who_was_cut_off_hears_so_and_listens_again() {
    let (one, _two, mut heard, url) = two().await;
    let mut operator = PgConnection::connect(&url).await.expect("a connection");
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(others).execute(&mut operator).await.expect("cut off");
    while heard.next().await != Word::Missed {}
    announce(&one, "after", || Ok(())).await;
    assert_eq!(said(&mut heard, 1).await, ["after"]);
}

#[tokio::test]
async fn a_flood_of_words_arrives_or_is_told_as_missed() {
    let (one, _two, mut heard, _) = two().await;
    let unit = one.store.run(|tx| {
        Box::pin(async move {
            for word in 0..20_000 {
                tx.announce(TOPIC, format!("a word of some length, number {word}"));
            }
            Ok(())
        })
    });
    let flooded: Result<(), store::Error> = unit.await;
    flooded.expect("said");
    loop {
        match heard.next().await {
            Word::Said(word) if !word.ends_with("number 19999") => {}
            Word::Said(_) | Word::Missed => return,
        }
    }
}
