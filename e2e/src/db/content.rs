//! What is where in a service's database, whatever its tables are.

use std::collections::{BTreeMap, BTreeSet};

use xtask::mesh::Service;

use super::connection::{Connection, either, said};
use crate::world::World;

/// Every table with how many rows it has.
pub async fn rows(world: &World, service: Service) -> BTreeMap<String, i64> {
    let mut connection = Connection::read(world, service).await.expect("the database");
    let mut rows = BTreeMap::new();
    let tables: BTreeSet<String> = columns(&mut connection).await.into_iter().map(|(table, _, _)| table).collect();
    for table in tables {
        let count = connection.number(format!("SELECT count(*) FROM \"{table}\"")).await.expect("a count");
        rows.insert(table, count);
    }
    connection.close().await.expect("closed");
    rows
}

/// Every column of every table that holds one of these texts somewhere: `table.column`.
pub async fn places(world: &World, service: Service, texts: &[&str]) -> Vec<String> {
    let mut connection = Connection::read(world, service).await.expect("the database");
    let mut found = Vec::new();
    for (table, column, kind) in columns(&mut connection).await {
        for text in texts {
            let holds = match (&connection, kind.as_str()) {
                (Connection::Sqlite(_), _) => {
                    format!("instr(CAST(\"{column}\" AS BLOB), CAST('{text}' AS BLOB)) > 0")
                }
                (Connection::Postgres(_), "bytea") => {
                    format!("position(convert_to('{text}', 'UTF8') IN \"{column}\") > 0")
                }
                (Connection::Postgres(_), _) => format!("strpos(CAST(\"{column}\" AS text), '{text}') > 0"),
            };
            let query = format!("SELECT count(*) FROM \"{table}\" WHERE {holds}");
            if connection.number(query).await.expect("a count") > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    connection.close().await.expect("closed");
    found.sort();
    found.dedup();
    found
}

/// Lets no row into a table until it is mended, as if a rule of the database were wrong.
pub async fn break_inserts(world: &World, service: Service, table: &str) {
    let mut connection = Connection::write(world, service).await;
    let statements = match &connection {
        Connection::Sqlite(_) => {
            format!("CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
        }
        Connection::Postgres(_) => format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = 'check_violation'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
        ),
    };
    connection.execute(statements).await;
    connection.close().await.expect("closed");
}

/// Lets rows into it again.
pub async fn mend_inserts(world: &World, service: Service, table: &str) {
    let mut connection = Connection::write(world, service).await;
    let statement = match &connection {
        Connection::Sqlite(_) => "DROP TRIGGER broken".to_owned(),
        Connection::Postgres(_) => format!("DROP TRIGGER broken ON {table}; DROP FUNCTION broken()"),
    };
    connection.execute(statement).await;
    connection.close().await.expect("closed");
}

/// Each table, column and type.
async fn columns(connection: &mut Connection) -> Vec<(String, String, String)> {
    let query = match connection {
        Connection::Sqlite(_) => {
            "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Connection::Postgres(_) => {
            "SELECT CAST(table_name AS text), CAST(column_name AS text), CAST(data_type AS text) \
             FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        }
    };
    either!(connection, one => sqlx::query_as(query).fetch_all(one).await).map_err(said).expect("columns")
}
