//! One row of `contact` and what it means.

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Time, parse_channel, parse_language};
use crate::domain::{ChannelName, Contact, Mailbox, Previous, Secret, Secrets, Target, Webhook, WebhookUrl};

/// The columns of [`Columns`].
pub(super) const TARGET_COLUMNS: &str =
    "url, receiver, secret, secret_time, previous_secret, previous_secret_expire_time, address";

/// A row as it is stored, with times as the database keeps them.
#[derive(sqlx::FromRow)]
pub(super) struct Row<T> {
    contact_id: Uuid,
    language: String,
    channel: String,
    update_time: T,
    #[sqlx(flatten)]
    columns: Columns<T>,
}

/// A target alone; no channel where its owner has set no contact.
#[derive(sqlx::FromRow)]
pub(super) struct TargetRow<T> {
    channel: Option<String>,
    #[sqlx(flatten)]
    columns: Columns<T>,
}

/// Where messages go to, as columns; all empty for the log.
#[derive(sqlx::FromRow)]
pub(super) struct Columns<T> {
    pub(super) url: Option<String>,
    pub(super) receiver: Option<String>,
    pub(super) secret: Option<Vec<u8>>,
    pub(super) secret_time: Option<T>,
    pub(super) previous_secret: Option<Vec<u8>>,
    pub(super) previous_secret_expire_time: Option<T>,
    pub(super) address: Option<String>,
}

impl<T> Columns<T> {
    const EMPTY: Self = Self {
        url: None,
        receiver: None,
        secret: None,
        secret_time: None,
        previous_secret: None,
        previous_secret_expire_time: None,
        address: None,
    };
}

impl<T: Time> Columns<T> {
    /// The columns of a target; `stored` is a time as the database keeps it.
    pub(super) fn of(target: &Target, stored: fn(OffsetDateTime) -> T) -> Self {
        match target {
            Target::Log => Self::EMPTY,
            Target::Webhook(Webhook { url, secrets }) => Self {
                url: Some(url.as_str().to_owned()),
                receiver: Some(url.receiver().to_owned()),
                secret: Some(secrets.current.bits().to_vec()),
                secret_time: Some(stored(secrets.current_time)),
                previous_secret: secrets.previous.as_ref().map(|previous| previous.secret.bits().to_vec()),
                previous_secret_expire_time: secrets.previous.as_ref().map(|previous| stored(previous.expire_time)),
                address: None,
            },
            Target::Smtp(mailbox) => Self { address: Some(mailbox.as_str().to_owned()), ..Self::EMPTY },
        }
    }

    fn target(self, channel: ChannelName) -> Result<Target, Error> {
        let webhook = self.url.zip(self.receiver).zip(self.secret.zip(self.secret_time));
        match (channel, webhook, self.address) {
            (ChannelName::Log, None, None) => Ok(Target::Log),
            (ChannelName::Webhook, Some(((url, receiver), (current, told))), None) => {
                let previous = self.previous_secret.zip(self.previous_secret_expire_time);
                let previous = previous.map(|(bits, expires)| {
                    Ok::<_, Error>(Previous { secret: secret(bits)?, expire_time: expires.time()? })
                });
                let (current, current_time) = (secret(current)?, told.time()?);
                let secrets = Secrets { current, current_time, previous: previous.transpose()? };
                Ok(Target::Webhook(Webhook { url: WebhookUrl::new(url, receiver), secrets }))
            }
            (ChannelName::Smtp, None, Some(address)) => {
                Ok(Target::Smtp(Mailbox::parse(&address).map_err(Error::inconsistent)?))
            }
            (channel, ..) => Err(Error::inconsistent(format!("target of a {} contact", channel.name()))),
        }
    }
}

impl<T: Time> TryFrom<Row<T>> for Contact {
    type Error = Error;

    fn try_from(row: Row<T>) -> Result<Self, Error> {
        Ok(Self {
            id: Some(row.contact_id),
            language: parse_language(&row.language)?,
            target: row.columns.target(parse_channel(&row.channel)?)?,
            update_time: Some(row.update_time.time()?),
        })
    }
}

impl<T: Time> TryFrom<TargetRow<T>> for Target {
    type Error = Error;

    fn try_from(row: TargetRow<T>) -> Result<Self, Error> {
        row.channel.map_or(Ok(Self::Log), |channel| row.columns.target(parse_channel(&channel)?))
    }
}

/// When a contact was set and by which id it is known.
///
/// # Errors
/// Nobody set it.
pub(super) fn set(contact: &Contact) -> Result<(Uuid, OffsetDateTime), Error> {
    contact.id.zip(contact.update_time).ok_or_else(|| Error::inconsistent("a contact that nobody set is to be kept"))
}

fn secret(bits: Vec<u8>) -> Result<Secret, Error> {
    let bits = bits.try_into().map_err(|_length| Error::inconsistent("a secret is not 32 bytes"))?;
    Ok(Secret::new(bits))
}
