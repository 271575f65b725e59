//! Contacts as rows.

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::SqliteExecutor;
use uuid::Uuid;

use super::{parse_channel, parse_language};
use crate::domain::{ChannelName, Contact, Mailbox, Previous, Recipient, Secret, Secrets, Target, Webhook, WebhookUrl};

#[derive(sqlx::FromRow)]
struct Row {
    contact_id: Uuid,
    language: String,
    channel: String,
    update_time: i64,
    #[sqlx(flatten)]
    columns: Columns,
}

/// Where messages go to, as columns; all empty for the log.
#[derive(Default, sqlx::FromRow)]
struct Columns {
    url: Option<String>,
    receiver: Option<String>,
    secret: Option<Vec<u8>>,
    secret_time: Option<i64>,
    previous_secret: Option<Vec<u8>>,
    previous_secret_expire_time: Option<i64>,
    address: Option<String>,
}

/// The contact of an owner, if it has set one.
pub(super) async fn read(database: impl SqliteExecutor<'_>, owner: &Recipient) -> Result<Option<Contact>, Error> {
    let row: Option<Row> = sqlx::query_as(
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
    let (Some(id), Some(update_time)) = (contact.id, contact.update_time) else {
        return Err(Error::inconsistent("a contact that nobody set is to be kept"));
    };
    let columns = Columns::of(&contact.target);
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

impl Columns {
    fn of(target: &Target) -> Self {
        match target {
            Target::Log => Self::default(),
            Target::Webhook(Webhook { url, secrets }) => Self {
                url: Some(url.as_str().to_owned()),
                receiver: Some(url.receiver().to_owned()),
                secret: Some(secrets.current.bits().to_vec()),
                secret_time: Some(micros(secrets.current_time)),
                previous_secret: secrets.previous.as_ref().map(|previous| previous.secret.bits().to_vec()),
                previous_secret_expire_time: secrets.previous.as_ref().map(|previous| micros(previous.expire_time)),
                address: None,
            },
            Target::Smtp(mailbox) => Self { address: Some(mailbox.as_str().to_owned()), ..Self::default() },
        }
    }

    fn target(self, channel: ChannelName) -> Result<Target, Error> {
        let webhook = self.url.zip(self.receiver).zip(self.secret.zip(self.secret_time));
        match (channel, webhook, self.address) {
            (ChannelName::Log, None, None) => Ok(Target::Log),
            (ChannelName::Webhook, Some(((url, receiver), (current, told))), None) => {
                let previous = self.previous_secret.zip(self.previous_secret_expire_time);
                let previous = previous.map(|(bits, expires)| {
                    Ok::<_, Error>(Previous { secret: secret(bits)?, expire_time: time(expires)? })
                });
                let secrets =
                    Secrets { current: secret(current)?, current_time: time(told)?, previous: previous.transpose()? };
                Ok(Target::Webhook(Webhook { url: WebhookUrl::new(url, receiver), secrets }))
            }
            (ChannelName::Smtp, None, Some(address)) => {
                Ok(Target::Smtp(Mailbox::parse(&address).map_err(Error::inconsistent)?))
            }
            (channel, ..) => Err(Error::inconsistent(format!("target of a {} contact", channel.name()))),
        }
    }
}

impl TryFrom<Row> for Contact {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: Some(row.contact_id),
            language: parse_language(&row.language)?,
            target: row.columns.target(parse_channel(&row.channel)?)?,
            update_time: Some(time(row.update_time)?),
        })
    }
}

fn secret(bits: Vec<u8>) -> Result<Secret, Error> {
    let bits = bits.try_into().map_err(|_length| Error::inconsistent("a secret is not 32 bytes"))?;
    Ok(Secret::new(bits))
}
