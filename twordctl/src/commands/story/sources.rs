//! Where an order's story comes from.

use futures::{StreamExt, TryStreamExt, stream};
use proto::{
    notify::v1::{ListMessagesRequest, Message},
    ops::v1::{AggregateEvent, AuditRecord, DeadLetter, ListAggregateEventsRequest, UnpublishedEvent},
};
use tonic::Code;

use super::{Kind, Line, details, join};
use crate::{
    commands::{
        Context, audit,
        dead_letters::{self, Standing},
        unpublished,
    },
    error::Failure,
    json,
    pages::{self, Rows},
    service::Service,
};

/// Messages that are asked for at once.
const AT_ONCE: usize = 4;

/// What one service tells.
#[derive(Default)]
pub struct Told {
    /// Its lines of the story.
    pub lines: Vec<Line>,
    /// Whether there are more.
    pub more: bool,
}

/// A part of what it tells.
pub type Part = Told;

/// All that one service knows of an order: the events of whatever has the order's id, what people did to it, its messages,
/// and events of it that are stuck.
///
/// # Errors
/// The service refused, or does not answer.
pub async fn of(context: &Context, service: Service, order_id: &str, limit: usize) -> Result<Told, Failure> {
    let own = futures::future::try_join4(
        events(context, service, order_id, limit),
        audits(context, service, order_id, limit),
        letters(context, service, order_id, limit),
        waiting(context, service, order_id, limit),
    );
    let (events, audits, letters, waiting) = own.await?;
    let mut parts = vec![events, audits, letters, waiting];
    if service == Service::Notify {
        parts.extend(messages(context, order_id, limit).await?);
    }
    Ok(join(parts))
}

async fn events(context: &Context, service: Service, id: &str, limit: usize) -> Result<Part, Failure> {
    let read = pages::read(limit, |page_size, page_token| {
        let request = ListAggregateEventsRequest { aggregate_id: id.to_owned(), page_size, page_token };
        let (call, mut client) = (context.edge.call_of(service, request), context.edge.operations());
        async move {
            let page = client.list_aggregate_events(call).await?.into_inner();
            Ok((page.events, page.next_page_token))
        }
    });
    match read.await {
        Ok(found) => Ok(part(&found, |event| of_event(service, event))),
        // It has none of that id.
        Err(failure) if failure.code == Code::NotFound => Ok(Part::default()),
        Err(failure) => Err(failure),
    }
}

fn of_event(service: Service, event: &AggregateEvent) -> Line {
    let source = json::of(event).unwrap_or_default();
    Line {
        at: event.event_time,
        service,
        kind: Kind::Event,
        what: event.r#type.rsplit('.').next().unwrap_or_default().to_owned(),
        version: event.version,
        who: details::actor(&source["payload"]["actor"]),
        detail: details::of_payload(&source["payload"]),
        source,
    }
}

async fn audits(context: &Context, service: Service, id: &str, limit: usize) -> Result<Part, Failure> {
    let found = audit::of(context, service, (id, ""), "", limit).await?;
    let line = |record: &AuditRecord| Line {
        at: record.create_time,
        service,
        kind: Kind::Audit,
        what: record.action.clone(),
        version: 0,
        who: format!("{} {}", record.actor_role, record.actor_id),
        detail: audit::changes(&record.changes),
        source: json::of(record).unwrap_or_default(),
    };
    Ok(part(&found, line))
}

/// Events of the order that the service put aside: looked for among all that wait.
async fn letters(context: &Context, service: Service, id: &str, limit: usize) -> Result<Part, Failure> {
    let found = dead_letters::of(context, service, ("", Standing::All), limit).await?;
    let line = |letter: &DeadLetter| {
        let source = json::of(letter).unwrap_or_default();
        let event = letter.r#type.rsplit('.').next().unwrap_or_default();
        Line {
            at: letter.create_time,
            service,
            kind: Kind::DeadLetter,
            what: format!("put aside {event}"),
            version: 0,
            who: String::new(),
            detail: format!("{}: {}", json::named(&source, "status", "STATUS_"), letter.cause),
            source,
        }
    };
    Ok(only(&found, |letter| letter.aggregate_id == id, line))
}

/// Events of the order that the broker has not got: looked for among all of them.
async fn waiting(context: &Context, service: Service, id: &str, limit: usize) -> Result<Part, Failure> {
    let found = unpublished::of(context, service, limit).await?.events;
    let line = |event: &UnpublishedEvent| Line {
        at: event.event_time,
        service,
        kind: Kind::Unpublished,
        what: format!("unpublished {}", event.r#type.rsplit('.').next().unwrap_or_default()),
        version: 0,
        who: String::new(),
        detail: "the broker has not got it yet".to_owned(),
        source: json::of(event).unwrap_or_default(),
    };
    Ok(only(&found, |event| event.aggregate_id == id, line))
}

/// The order's messages, each with its events and with what people did to it.
async fn messages(context: &Context, order_id: &str, limit: usize) -> Result<Vec<Part>, Failure> {
    let found = pages::read(limit, |page_size, page_token| {
        let request =
            ListMessagesRequest { order_id: order_id.to_owned(), page_size, page_token, ..Default::default() };
        let (call, mut client) = (context.edge.call(request), context.edge.messages());
        async move {
            let page = client.list_messages(call).await?.into_inner();
            Ok((page.messages, page.next_page_token))
        }
    })
    .await?;
    let ids: Vec<String> = found.rows.iter().map(|message| message.message_id.clone()).collect();
    let outcomes = stream::iter(ids).map(|id| async move {
        let both = futures::future::try_join(
            events(context, Service::Notify, &id, limit),
            audits(context, Service::Notify, &id, limit),
        );
        both.await.map(|(events, audits)| join([events, audits]))
    });
    let mut parts: Vec<Part> = outcomes.buffered(AT_ONCE).try_collect().await?;
    parts.push(part(&found, of_message));
    Ok(parts)
}

fn of_message(message: &Message) -> Line {
    // A text that waits to be sent may name people.
    let source = json::of(&Message { text: String::new(), ..message.clone() }).unwrap_or_default();
    let to = format!("{} {}", json::named(&source, "recipientKind", "RECIPIENT_KIND_"), message.recipient_id);
    let (status, times) = (json::named(&source, "status", "STATUS_"), message.attempts);
    Line {
        at: message.create_time,
        service: Service::Notify,
        kind: Kind::Message,
        what: format!("message {}", json::named(&source, "template", "TEMPLATE_")),
        version: message.version,
        who: String::new(),
        detail: format!("to {to} by {}: {status}, attempts: {times}", message.channel),
        source,
    }
}

fn part<T>(found: &Rows<T>, line: impl Fn(&T) -> Line) -> Part {
    only(found, |_| true, line)
}

fn only<T>(found: &Rows<T>, wanted: impl Fn(&T) -> bool, line: impl Fn(&T) -> Line) -> Part {
    Part { lines: found.rows.iter().filter(|row| wanted(row)).map(line).collect(), more: found.more }
}
