//! How PostgreSQL goes about a query on tables that are filled: tests see that it reads along an index.

use sqlx::{
    Arguments as _, Connection, Encode, Execute as _, PgConnection, Postgres, QueryBuilder, Type, postgres::PgArguments,
};

use super::MIGRATIONS;

/// What the tables hold: enough of each that an index is worth its while.
const FILL: &str = "INSERT INTO outbox (event_id, kind, aggregate_id, version, time, body, epoch, sequence) \
     SELECT gen_random_uuid(), 'k', gen_random_uuid(), 1, 'epoch', '', e.epoch, CASE WHEN e.epoch IS NULL THEN NULL ELSE n END \
     FROM generate_series(1, 5000) AS n, \
     LATERAL (SELECT CASE WHEN n <= 4900 THEN (SELECT epoch FROM relay) END AS epoch) AS e; \
     UPDATE relay SET next_sequence = 4901, published_through = 4890; \
     INSERT INTO inbox_tick SELECT 'p' || n % 3, '00000000-0000-0000-0000-000000000001', n FROM generate_series(1, 5000) AS n; \
     INSERT INTO answer SELECT 'i', 's', 'm', n::text, sha256('x'), '', 'epoch'::timestamptz + n * interval '1 s' \
     FROM generate_series(1, 5000) AS n; \
     INSERT INTO audit SELECT gen_random_uuid(), 'r', 'a' || n % 700, 'x', 'k', 's' || n % 1000, '', NULL, \
     'epoch'::timestamptz + n * interval '1 s' FROM generate_series(1, 5000) AS n; \
     INSERT INTO dead_letter SELECT gen_random_uuid(), 'p' || n % 50, gen_random_uuid(), n, 'k', gen_random_uuid(), 'epoch', NULL, \
     '', 'c', 1, 'epoch'::timestamptz + n * interval '1 s', CASE WHEN n % 9 = 0 THEN 'WAITING' ELSE 'DROPPED' END, \
     CASE WHEN n % 9 = 0 THEN NULL ELSE 'r' END, CASE WHEN n % 9 = 0 THEN NULL ELSE 'b' END, \
     CASE WHEN n % 9 = 0 THEN NULL ELSE 'epoch'::timestamptz END FROM generate_series(1, 5000) AS n";

/// A filled database.
pub struct Filled(PgConnection);

impl Filled {
    pub async fn new() -> Self {
        let mut connection = PgConnection::connect(&xtask::postgres::database().await).await.expect("a database");
        MIGRATIONS.run(&mut connection).await.expect("a schema");
        for statement in [FILL, "ANALYZE"] {
            sqlx::raw_sql(statement).execute(&mut connection).await.expect(statement);
        }
        Self(connection)
    }

    /// The plan of a query that was put together.
    pub async fn plan(&mut self, mut query: QueryBuilder<Postgres>) -> String {
        let mut built = query.build();
        let arguments = built.take_arguments().expect("arguments").unwrap_or_default();
        let statement = built.sql().as_str().to_owned();
        self.explain(&statement, arguments).await
    }

    /// The plan of a statement with its values.
    pub async fn plan_of(&mut self, statement: &str, values: Values) -> String {
        self.explain(statement, values.0).await
    }

    async fn explain(&mut self, statement: &str, arguments: PgArguments) -> String {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {statement}"));
        let lines: Vec<(String,)> =
            sqlx::query_as_with(explain, arguments).fetch_all(&mut self.0).await.expect("a plan");
        lines.into_iter().map(|(line,)| line).collect::<Vec<_>>().join("\n")
    }
}

/// The values of a statement, in their order.
#[derive(Default)]
pub struct Values(PgArguments);

impl Values {
    pub fn with<V: for<'q> Encode<'q, Postgres> + Type<Postgres> + Send + 'static>(mut self, value: V) -> Self {
        self.0.add(value).expect("a value");
        self
    }
}

/// That a plan reads along each of these, and no table from its beginning to its end.
pub fn reads_along(plan: &str, indices: &[&str]) {
    for index in indices {
        assert!(plan.contains(index), "{index} in {plan}");
    }
    for table in ["outbox", "inbox_tick", "answer", "audit", "dead_letter"] {
        assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
    }
}
