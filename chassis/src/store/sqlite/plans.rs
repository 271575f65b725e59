//! How SQLite goes about a query: tests see that it reads along an index.

use sqlx::{Connection, QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::MIGRATIONS;

/// The plan of a query on an empty database, its steps separated by `; `.
pub async fn plan(query: &QueryBuilder<Sqlite>) -> String {
    plan_of(query.sql().as_str()).await
}

/// The plan of a statement on an empty database, its steps separated by `; `.
pub async fn plan_of(statement: &str) -> String {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
    MIGRATIONS.run(&mut connection).await.expect("a schema");
    let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explained).fetch_all(&mut connection).await.expect("a plan");
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}
