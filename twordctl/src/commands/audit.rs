//! `audit`: what people changed.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use prost_types::Timestamp;
use proto::ops::v1::{AuditRecord, FieldChange, ListAuditRecordsRequest};
use serde_json::json;

use super::Context;
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
    /// Only what was done so long ago at most (unit: s, m, h, d), or all
    #[arg(long, default_value = "24h", value_parser = since, value_name = "DURATION")]
    since: Since,
    #[command(flatten)]
    services: Services,
    #[command(flatten)]
    limit: Limit,
}

/// How far back to look; none for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Since(Option<Duration>);

impl Since {
    #[expect(clippy::disallowed_methods, reason = "a command runs once and asks for the time once")]
    fn time(self) -> String {
        let Some(ago) = self.0 else { return String::new() };
        let since = SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
        Timestamp::from(since).to_string()
    }
}

fn since(text: &str) -> Result<Since, String> {
    if text == "all" {
        return Ok(Since(None));
    }
    let wrong = || "must be all, or a number with s, m, h or d up to 36500d".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY,
        _ => return Err(wrong()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let seconds = seconds.filter(|seconds| (1..=36_500 * DAY).contains(seconds)).ok_or_else(wrong)?;
    Ok(Since(Some(Duration::from_secs(seconds))))
}

const DAY: u64 = 24 * 60 * 60;

/// At most `limit` records of a service, oldest first.
///
/// # Errors
/// The call failed.
pub async fn of(
    context: &Context,
    service: Service,
    (subject_id, actor_id): (&str, &str),
    since_time: &str,
    limit: usize,
) -> Result<Rows<AuditRecord>, Failure> {
    pages::read(limit, |page_size, page_token| {
        let (subject_id, actor_id, since_time) = (subject_id.to_owned(), actor_id.to_owned(), since_time.to_owned());
        let request = ListAuditRecordsRequest { subject_id, actor_id, since_time, page_size, page_token };
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
    let since = arguments.since.time();
    let merged = merge::ask(&arguments.services.asked(), |service| of(context, service, asked, &since, limit)).await?;
    let more = merged.answers.iter().any(|(_, records)| records.more);
    let mut records: Vec<(Service, &AuditRecord)> = merged
        .answers
        .iter()
        .flat_map(|(service, records)| records.rows.iter().map(|record| (*service, record)))
        .collect();
    records.sort_by_key(|(_, record)| at(record));
    let complete_to = complete_to(merged.answers.iter().map(|(_, records)| records));
    records.retain(|(_, record)| complete_to.is_none_or(|end| at(record) <= Some(end)));
    let told = records.iter().map(|(service, one)| Ok(json::with("service", service.name(), json::of(*one)?)));
    let told = told.collect::<Result<Vec<_>, Error>>()?;
    let answer = json!({ "records": told, "more": more, "away": merged.away.json() });
    context.output.tell(&answer, || {
        let rows = records.iter().map(|(service, record)| row(*service, record));
        let titles = ["TIME", "SERVICE", "WHO", "DID", "TO", "CHANGES"];
        let note = if more { "\nThere is more after that: this is complete up to its last row. --limit reads more, --since less far back." } else { "" };
        table(titles, rows.collect(), "Nobody changed anything in that time; --since all looks at all of it.") + note
    })?;
    Ok(merged.away.told())
}

/// When, in an order that can be compared.
fn at(record: &AuditRecord) -> Option<(i64, i32)> {
    record.create_time.map(|time| (time.seconds, time.nanos))
}

/// The time up to which nothing is missing: where the first of the services ends that have more than was read.
fn complete_to<'a>(read: impl Iterator<Item = &'a Rows<AuditRecord>>) -> Option<(i64, i32)> {
    read.filter(|records| records.more).filter_map(|records| records.rows.last().and_then(at)).min()
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
    fn a_list_ends_where_the_first_that_was_cut_ends() {
        let rows = |times: &[i64], more| {
            let record = |seconds: &i64| AuditRecord {
                create_time: Some(Timestamp { seconds: *seconds, nanos: 0 }),
                ..AuditRecord::default()
            };
            Rows { rows: times.iter().map(record).collect(), more }
        };
        assert_eq!(complete_to([rows(&[1, 9], true), rows(&[2, 5], true), rows(&[3], false)].iter()), Some((5, 0)));
        assert_eq!(complete_to([rows(&[1, 9], false), rows(&[], false)].iter()), None);
    }

    #[test]
    fn how_far_back_has_a_unit_and_sense() {
        assert_eq!(since("all"), Ok(Since(None)));
        assert_eq!(since("90m"), Ok(Since(Some(Duration::from_mins(90)))));
        assert_eq!(since("7d"), Ok(Since(Some(Duration::from_hours(168)))));
        for wrong in ["", "5", "0h", "h", "-1h", "36501d", "99999999999999999999d", "1y"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

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
