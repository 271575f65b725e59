//! Contacts as rows.

use chassis::store::{
    Error,
    sqlite::{micros, one_row},
};
use sqlx::SqliteExecutor;

use super::super::contact::{Columns, Row, set};
use crate::domain::{Contact, Recipient};

/// The contact of an owner, if it has set one.
pub(super) async fn read(database: impl SqliteExecutor<'_>, owner: &Recipient) -> Result<Option<Contact>, Error> {
    let row: Option<Row<i64>> = sqlx::query_as(
        "SELECT contact_id, language, channel, update_time, url, receiver, secret, secret_time, previous_secret, \
         previous_secret_expire_time, address FROM contact WHERE owner_kind = ? AND owner_id = ?",
    )
    .bind(owner.kind())
    .bind(owner.id())
    .fetch_optional(database)
    .await?;
    row.map(Contact::try_from).transpose()
}

/// Writes a contact over the owner's last one.
pub(super) async fn save(database: impl SqliteExecutor<'_>, owner: &Recipient, contact: &Contact) -> Result<(), Error> {
    let (id, update_time) = set(contact)?;
    let columns = Columns::of(&contact.target, micros);
    let written = sqlx::query(
        "INSERT OR REPLACE INTO contact (contact_id, owner_kind, owner_id, language, channel, update_time, url, receiver, \
         secret, secret_time, previous_secret, previous_secret_expire_time, address) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(owner.kind())
    .bind(owner.id())
    .bind(contact.language.code())
    .bind(contact.channel().name())
    .bind(micros(update_time))
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
pub(super) async fn forget(database: impl SqliteExecutor<'_>, owner: &Recipient) -> Result<bool, Error> {
    let written = sqlx::query("DELETE FROM contact WHERE owner_kind = ? AND owner_id = ?")
        .bind(owner.kind())
        .bind(owner.id())
        .execute(database)
        .await?;
    Ok(written.rows_affected() == 1)
}
