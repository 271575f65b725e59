//! The PostgreSQL of tests.

use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn each_database_is_empty_and_its_role_owns_it_alone() {
    let [one, other] = [xtask::postgres::database().await, xtask::postgres::database().await];
    for url in [&one, &other] {
        let mut connection = PgConnection::connect(url).await.expect("a database");
        sqlx::query("CREATE TABLE thing (id bigint PRIMARY KEY)")
            .execute(&mut connection)
            .await
            .expect("its own table");
        connection.close().await.expect("closed");
    }
    let (_, name) = other.rsplit_once('/').expect("a name");
    let (own, _) = one.rsplit_once('/').expect("a server");
    PgConnection::connect(&format!("{own}/{name}")).await.expect_err("another role's database");
    let (before, after) = one.split_once('@').expect("a secret");
    let (role, _) = before.rsplit_once(':').expect("a secret");
    PgConnection::connect(&format!("{role}:guessed@{after}")).await.expect_err("another password");
}
