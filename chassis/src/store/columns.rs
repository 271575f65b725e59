//! Columns that mean the same in every kind of database.

use prost::Message;
use proto::ops::v1::AuditRecord;
use time::OffsetDateTime;

use crate::{
    audit::{FieldChange, Record},
    dead_letter::{Dropped, Standing},
};

/// What changed, as one value.
pub(super) fn changes(record: &Record) -> Vec<u8> {
    let changes = record.changes.iter().cloned().map(Into::into).collect();
    AuditRecord { changes, ..Default::default() }.encode_to_vec()
}

/// What such a value says.
///
/// # Errors
/// It is none.
pub(super) fn changed(value: &[u8]) -> Result<Vec<FieldChange>, sqlx::Error> {
    let record = AuditRecord::decode(value).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(record.changes.into_iter().map(Into::into).collect())
}

/// Where a dead letter stands.
pub(super) const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Waiting => "WAITING",
        Standing::Dropped => "DROPPED",
    }
}

/// That a dead letter was given up, if it was.
///
/// # Errors
/// It was given up by half.
pub(super) fn dropped(
    reason: Option<String>,
    by: Option<String>,
    time: Option<OffsetDateTime>,
) -> Result<Option<Dropped>, sqlx::Error> {
    match (reason, by, time) {
        (Some(reason), Some(by), Some(time)) => Ok(Some(Dropped { reason, by, time })),
        (None, None, None) => Ok(None),
        _ => Err(sqlx::Error::Decode("a dead letter is half dropped".into())),
    }
}
