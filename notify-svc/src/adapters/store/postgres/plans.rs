//! How PostgreSQL goes about each list and each query of the senders, among many messages: along an index, without sorting
//! what may be much.

use std::time::Duration;

use sqlx::{Connection, Execute as _, PgConnection, Postgres, QueryBuilder, Row as _};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MIGRATIONS, reads, take, unsent};
use crate::{
    app::{
        Query, Viewer,
        ports::{Hold, Skip},
    },
    domain::{ChannelName, Recipient, Status},
};

const EPOCH: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// 20,000 messages to 500 customers; one in 100 waits and one in 200 was given up, and ten are being sent.
const FILL: &str = "INSERT INTO message (message_id, order_id, recipient_kind, recipient_id, template, channel, language, \
    status, attempts, version, create_time, due_time, sent_time, taken_by, taken_until) \
    SELECT gen_random_uuid(), gen_random_uuid(), 'CUSTOMER', 'customer-' || n % 500, 'PLACED', 'webhook', 'ko', s.status, 1, 1, \
    to_timestamp(n), CASE WHEN s.status = 'PENDING' THEN to_timestamp(n) END, \
    CASE WHEN s.status = 'SENT' THEN to_timestamp(n) END, CASE WHEN s.taken THEN gen_random_uuid() END, \
    CASE WHEN s.taken THEN to_timestamp(n) END \
    FROM generate_series(1, 20000) AS n CROSS JOIN LATERAL (SELECT n % 2000 = 0 AS taken, \
    CASE WHEN n % 100 = 0 THEN 'PENDING' WHEN n % 200 = 1 THEN 'FAILED' ELSE 'SENT' END AS status) AS s";
const FILL_CONTACTS: &str = "INSERT INTO contact (contact_id, owner_kind, owner_id, language, channel, update_time) \
    SELECT gen_random_uuid(), 'CUSTOMER', 'customer-' || n, 'ko', 'log', now() FROM generate_series(1, 500) AS n";

async fn filled() -> PgConnection {
    let mut connection = PgConnection::connect(&xtask::postgres::database().await).await.expect("a database");
    MIGRATIONS.run(&mut connection).await.expect("a schema");
    for statement in [FILL, FILL_CONTACTS, "ANALYZE"] {
        sqlx::query(statement).execute(&mut connection).await.expect("filled");
    }
    connection
}

async fn plan(connection: &mut PgConnection, mut query: QueryBuilder<Postgres>) -> String {
    let explained = sqlx::AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", query.sql().as_str()));
    let arguments = query.build().take_arguments().expect("arguments").expect("some");
    let rows = sqlx::query_with(explained, arguments).fetch_all(connection).await.expect("a plan");
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
    assert!(!plan.contains("Seq Scan on message"), "{plan}");
    plan
}

#[tokio::test]
async fn what_is_due_is_read_along_its_index_and_so_is_what_is_taken() {
    let mut connection = filled().await;
    let receivers = vec!["example.com:443".to_owned()];
    let skip = Skip { recipients: vec![Recipient::Shop(Uuid::nil())], receivers, messages: vec![Uuid::nil()] };
    for skip in [skip, Skip::default()] {
        let now = EPOCH + Duration::from_mins(250);
        let plan = plan(&mut connection, reads::due(ChannelName::Webhook, now, &skip, 64)).await;
        assert!(plan.contains("Index Scan using message_due on message"), "{plan}");
        assert!(plan.contains("Scan using message_taken") || plan.contains("Scan on message_taken"), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
async fn messages_are_taken_and_gone_on_with_along_their_keys() {
    let mut connection = filled().await;
    let hold = Hold { channel: ChannelName::Webhook, holder: Uuid::nil(), now: EPOCH, until: EPOCH };
    let taken = plan(&mut connection, take::statement(vec![Uuid::nil(); 64], &hold)).await;
    assert!(taken.contains("message_taken"), "{taken}");
    let target = plan(&mut connection, reads::target(Uuid::nil(), Uuid::nil(), EPOCH)).await;
    assert!(target.contains("Index Scan using message_pkey on message") && !target.contains("Seq Scan"), "{target}");
    let unsent = plan(&mut connection, unsent(&Recipient::Customer("customer-100".to_owned()), 200)).await;
    assert!(unsent.contains("Index Scan using message_texts on message") && !unsent.contains("Sort"), "{unsent}");
}

#[tokio::test]
async fn what_is_not_sent_is_counted_along_its_index() {
    let plan = plan(&mut filled().await, QueryBuilder::new(reads::STANDING)).await;
    assert!(plan.contains("message_unsent"), "{plan}");
}

#[tokio::test]
async fn lists_are_read_along_the_index_that_fits_them() {
    let mut connection = filled().await;
    let own = Viewer::Recipients(vec![Recipient::Customer("customer-1".to_owned())]);
    let (order, failed, sent) = (Some(Uuid::nil()), Some(Status::Failed), Some(Status::Sent));
    let cases = [
        (Viewer::Operator, None, None, "message_by_time"),
        (Viewer::Operator, None, sent, "message_by_time"),
        (Viewer::Operator, None, failed, "message_unsent"),
        (Viewer::Operator, order, None, "message_by_order"),
        (own.clone(), None, None, "message_by_recipient"),
        (own.clone(), None, sent, "message_by_recipient"),
        (own.clone(), order, None, "message_by_order"),
        (own, order, failed, "message_by_order"),
    ];
    for (viewer, order_id, status, index) in cases {
        for after in [None, Some((EPOCH, Uuid::nil()))] {
            let query = Query { viewer: viewer.clone(), order_id, status, after, rows: 10 };
            let plan = plan(&mut connection, reads::list(&query)).await;
            assert!(plan.contains(&format!("Index Scan using {index} on message")), "{query:?}: {plan}");
            assert!(!plan.contains("Sort"), "{query:?}: {plan}");
        }
    }
}
