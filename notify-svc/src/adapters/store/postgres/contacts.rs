//! Contacts as rows.

use chassis::store::{Error, postgres::one_row};
use sqlx::PgExecutor;
use time::OffsetDateTime;

use super::super::contact::{Columns, Row, set};
use crate::domain::{Contact, Recipient};

const READ: &str = "SELECT contact_id, language, channel, update_time, url, receiver, secret, secret_time, \
    previous_secret, previous_secret_expire_time, address FROM contact WHERE owner_kind = $1 AND owner_id = $2";
const READ_TO_CHANGE: &str = "SELECT contact_id, language, channel, update_time, url, receiver, secret, secret_time, \
    previous_secret, previous_secret_expire_time, address FROM contact WHERE owner_kind = $1 AND owner_id = $2 FOR UPDATE";

/// The contact of an owner, if it has set one.
pub(super) async fn read(database: impl PgExecutor<'_>, owner: &Recipient) -> Result<Option<Contact>, Error> {
    fetch(database, READ, owner).await
}

/// The same, which nobody else changes before the transaction has ended.
pub(super) async fn read_to_change(database: impl PgExecutor<'_>, owner: &Recipient) -> Result<Option<Contact>, Error> {
    fetch(database, READ_TO_CHANGE, owner).await
}

async fn fetch(
    database: impl PgExecutor<'_>,
    query: &'static str,
    owner: &Recipient,
) -> Result<Option<Contact>, Error> {
    let row: Option<Row<OffsetDateTime>> =
        sqlx::query_as(query).bind(owner.kind()).bind(owner.id()).fetch_optional(database).await?;
    row.map(Contact::try_from).transpose()
}

/// Writes a contact over the owner's last one. Where the owner has another by now, it breaks a rule, and the unit runs again
/// and sees that one.
pub(super) async fn save(database: impl PgExecutor<'_>, owner: &Recipient, contact: &Contact) -> Result<(), Error> {
    let (id, update_time) = set(contact)?;
    let columns = Columns::of(&contact.target, std::convert::identity);
    let written = sqlx::query(
        "INSERT INTO contact (contact_id, owner_kind, owner_id, language, channel, update_time, url, receiver, secret, \
         secret_time, previous_secret, previous_secret_expire_time, address) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (contact_id) DO UPDATE SET language = excluded.language, channel = excluded.channel, \
         update_time = excluded.update_time, url = excluded.url, receiver = excluded.receiver, \
         secret = excluded.secret, secret_time = excluded.secret_time, previous_secret = excluded.previous_secret, \
         previous_secret_expire_time = excluded.previous_secret_expire_time, address = excluded.address \
         WHERE contact.owner_kind = excluded.owner_kind AND contact.owner_id = excluded.owner_id",
    )
    .bind(id)
    .bind(owner.kind())
    .bind(owner.id())
    .bind(contact.language.code())
    .bind(contact.channel().name())
    .bind(update_time)
    .bind(columns.url)
    .bind(columns.receiver)
    .bind(columns.secret)
    .bind(columns.secret_time)
    .bind(columns.previous_secret)
    .bind(columns.previous_secret_expire_time)
    .bind(columns.address)
    .execute(database)
    .await?;
    one_row(&written, "contact")
}

/// Deletes the contact of an owner. False where there is none.
pub(super) async fn forget(database: impl PgExecutor<'_>, owner: &Recipient) -> Result<bool, Error> {
    let written = sqlx::query("DELETE FROM contact WHERE owner_kind = $1 AND owner_id = $2")
        .bind(owner.kind())
        .bind(owner.id())
        .execute(database)
        .await?;
    Ok(written.rows_affected() == 1)
}
