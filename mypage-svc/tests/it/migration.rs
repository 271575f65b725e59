//! What was kept before there were copies is the first copy.

use chassis::store::sqlite::Sqlite;
use mypage_svc::{
    adapters::store::sqlite::{MIGRATIONS, Reads},
    app::{Query, Read},
};
use sqlx::migrate::{Migration, Migrator};
use uuid::Uuid;

/// The last version without copies.
const BEFORE: i64 = 1003;

const ROWS: [&str; 4] = [
    "INSERT INTO my_order VALUES (x'00000000000000000000000000000001', 'mina', x'00000000000000000000000000000007', \
     'CONFIRMED', x'', 5000, 'KRW', '', 2, 1, 20)",
    "INSERT INTO my_order VALUES (x'00000000000000000000000000000002', 'mina', x'00000000000000000000000000000007', \
     'PLACED', x'', NULL, NULL, '', 1, 2, 10)",
    "INSERT INTO my_delivery VALUES (x'00000000000000000000000000000001', 'READY', '', '', 2)",
    "INSERT INTO my_message VALUES (x'00000000000000000000000000000009', x'00000000000000000000000000000001', 'PLACED', \
     'log', 'SENT', 30, 1)",
];

#[tokio::test]
async fn what_was_kept_is_served_and_can_be_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("mypage.db").display());
    let before: Vec<Migration> = MIGRATIONS.iter().filter(|one| one.version <= BEFORE).cloned().collect();
    let old = Sqlite::open(&url, &Migrator::with_migrations(before)).await.expect("a database");
    let store = old.store(|tx| tx);
    let kept = store.run(|tx| {
        Box::pin(async move {
            for row in ROWS {
                sqlx::query(row).execute(tx.connection()).await?;
            }
            Ok::<_, chassis::store::Error>(())
        })
    });
    kept.await.expect("kept");

    let reads = Reads::new(Sqlite::open(&url, &MIGRATIONS).await.expect("a newer schema").reads());
    let query = Query { customer_id: "mina".to_owned(), status: None, before: None, rows: 10 };
    let listed = reads.orders(&query).await.expect("a list").value;
    let ids: Vec<_> = listed.iter().map(|mine| mine.order.id).collect();
    assert_eq!(ids, [2, 1].map(Uuid::from_u128));
    assert_eq!((listed[1].delivery.is_some(), listed[1].messages.len(), listed[1].order.version), (true, 1, 2));

    let changes = reads.changes("mina", None).await.expect("changes").value;
    let seen: Vec<_> = changes.orders.iter().map(|changed| (changed.change, changed.mine.order.id.as_u128())).collect();
    assert_eq!((seen, changes.counter, changes.complete), (vec![(1, 2), (2, 1)], 2, true), "by their last change");
}
