//! `audit`: what people changed.

use std::borrow::Cow;

use proto::ops::v1::{AuditRecord, FieldChange, ListAuditRecordsRequest};
use serde_json::json;

use super::{Context, unpublished::more_note};
use crate::{
    error::{Error, Exit, Failure},
    json, merge,
    output::{table, time},
    pages::{self, Limit, Rows},
    service::{Service, Services},
};

/// Which to list.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only what was done to this: an order, a delivery, a shop, a customer …
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    subject: String,
    /// Only what this person did, by its opaque subject
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    actor: String,
    #[command(flatten)]
    services: Services,
    #[command(flatten)]
    limit: Limit,
}

/// At most `limit` records of a service, oldest first.
///
/// # Errors
/// The call failed.
pub async fn of(
    context: &Context,
    service: Service,
    (subject_id, actor_id): (&str, &str),
    limit: usize,
) -> Result<Rows<AuditRecord>, Failure> {
    pages::read(limit, |page_size, page_token| {
        let (subject_id, actor_id) = (subject_id.to_owned(), actor_id.to_owned());
        let request = ListAuditRecordsRequest { subject_id, actor_id, page_size, page_token };
        let (call, mut client) = (context.edge.call_of(service, request), context.edge.operations());
        async move {
            let page = client.list_audit_records(call).await?.into_inner();
            Ok((page.records, page.next_page_token))
        }
    })
    .await
}

/// Lists what people changed, in time order across the services.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let (asked, limit) = ((arguments.subject.as_str(), arguments.actor.as_str()), arguments.limit.rows());
    let merged = merge::ask(&arguments.services.asked(), |service| of(context, service, asked, limit)).await?;
    let more = merged.answers.iter().any(|(_, records)| records.more);
    let mut records: Vec<(Service, &AuditRecord)> = merged
        .answers
        .iter()
        .flat_map(|(service, records)| records.rows.iter().map(|record| (*service, record)))
        .collect();
    records.sort_by_key(|(_, record)| record.create_time.map(|time| (time.seconds, time.nanos)));
    let told = records.iter().map(|(service, one)| Ok(json::with("service", service.name(), json::of(*one)?)));
    let told = told.collect::<Result<Vec<_>, Error>>()?;
    let answer = json!({ "records": told, "more": more, "away": merged.away.json() });
    context.output.tell(&answer, || {
        let rows = records.iter().map(|(service, record)| row(*service, record));
        let titles = ["TIME", "SERVICE", "WHO", "DID", "TO", "CHANGES"];
        table(titles, rows.collect(), "Nobody changed anything.") + more_note(more)
    })?;
    Ok(merged.away.told())
}

fn row(service: Service, record: &AuditRecord) -> [String; 6] {
    [
        time(record.create_time.as_ref()),
        service.name().to_owned(),
        format!("{} {}", record.actor_role, record.actor_id),
        record.action.clone(),
        format!("{} {}", record.subject_kind, record.subject_id),
        changes(&record.changes),
    ]
}

/// Characters of a value that a table shows at most; `--json` tells all of it.
const VALUE_AT_MOST: usize = 60;

/// What changed, in short; of personal fields the name alone.
pub fn changes(changes: &[FieldChange]) -> String {
    let one = |change: &FieldChange| match change {
        FieldChange { field, personal: true, .. } => format!("{field}: personal"),
        FieldChange { field, before, after, .. } if before.is_empty() => format!("{field}: {}", short(after)),
        FieldChange { field, before, after, .. } => format!("{field}: {} → {}", short(before), short(after)),
    };
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn short(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(VALUE_AT_MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &value[..end])),
        None => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_short_and_nothing_personal() {
        let change = |field: &str, before: &str, after: &str, personal| FieldChange {
            field: field.into(),
            before: before.into(),
            after: after.into(),
            personal,
        };
        let told = changes(&[
            change("status", "READY", "SHIPPED", false),
            change("carrier", "", "CJ", false),
            change("recipient.name", "Kim", "Park", true),
        ]);
        assert_eq!(told, "status: READY → SHIPPED, carrier: CJ, recipient.name: personal");
        let long = changes(&[change("units_added", "", &"가".repeat(VALUE_AT_MOST + 1), false)]);
        assert_eq!(long, format!("units_added: {}…", "가".repeat(VALUE_AT_MOST)));
    }
}
