//! `unpublished`: events that the broker has not got yet.

use std::cell::Cell;

use proto::ops::v1::{ListUnpublishedRequest, UnpublishedEvent};
use serde_json::{Value, json};

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
    #[command(flatten)]
    services: Services,
    #[command(flatten)]
    limit: Limit,
}

/// What one service has not published.
pub struct Unpublished {
    /// The events, oldest first.
    pub events: Rows<UnpublishedEvent>,
    connected: bool,
}

/// What a service has not published, at most `limit` events of it.
///
/// # Errors
/// The call failed.
pub async fn of(context: &Context, service: Service, limit: usize) -> Result<Unpublished, Failure> {
    let connected = &Cell::new(false);
    let events = pages::read(limit, |page_size, page_token| {
        let call = context.edge.call_of(service, ListUnpublishedRequest { page_size, page_token });
        let mut client = context.edge.operations();
        async move {
            let page = client.list_unpublished(call).await?.into_inner();
            connected.set(page.broker_connected);
            Ok((page.events, page.next_page_token))
        }
    })
    .await?;
    Ok(Unpublished { events, connected: connected.get() })
}

/// Lists what each service has not published.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let limit = arguments.limit.rows();
    let merged = merge::ask(&arguments.services.asked(), |service| of(context, service, limit)).await?;
    let mut events = Vec::new();
    for (service, unpublished) in &merged.answers {
        for event in &unpublished.events.rows {
            events.push(json::with("service", service.name(), json::of(event)?));
        }
    }
    let brokers = merged.answers.iter().map(|(service, one)| (service.name().to_owned(), one.connected.into()));
    let brokers: serde_json::Map<String, Value> = brokers.collect();
    let more = merged.answers.iter().any(|(_, one)| one.events.more);
    let answer = json!({ "events": events, "brokerConnected": brokers, "more": more, "away": merged.away.json() });
    context.output.tell(&answer, || people(&merged.answers, more))?;
    Ok(merged.away.told())
}

fn people(answers: &[(Service, Unpublished)], more: bool) -> String {
    let rows = answers.iter().flat_map(|(service, one)| {
        one.events.rows.iter().map(|event| {
            let number = if event.sequence == 0 { "none yet".to_owned() } else { event.sequence.to_string() };
            let time = time(event.event_time.as_ref());
            [service.name().to_owned(), time, number, event.r#type.clone(), event.aggregate_id.clone()]
        })
    });
    let titles = ["SERVICE", "TIME", "NUMBER", "EVENT", "AGGREGATE"];
    let table = table(titles, rows.collect(), "The broker has got every event.");
    let cut_off = answers.iter().filter(|(_, one)| !one.connected);
    let cut_off = cut_off.map(|(service, _)| format!("\n{} is not connected to the broker.", service.name()));
    table + &cut_off.collect::<String>() + more_note(more)
}

/// What is said under a list that has more.
pub fn more_note(more: bool) -> &'static str {
    if more { "\nThere are more: raise --limit." } else { "" }
}
