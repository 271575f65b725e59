//! One event's dead letters, in whichever service put it aside.

use futures::FutureExt;
use proto::ops::v1::{DeadLetter, GetDeadLetterRequest, dead_letter::Status};
use serde_json::{Value, json};
use tonic::Code;

use crate::{
    commands::Context,
    error::{Error, Failure},
    json,
    merge::{self, Away},
    output::{clean, time},
    service::Service,
};

/// The dead letters of one event.
pub struct Found {
    letters: Vec<(Service, DeadLetter)>,
    /// Who could not be asked.
    pub away: Away,
}

/// Asks each service for its dead letter of an event.
///
/// # Errors
/// None has one, a service refused, or none answered.
pub async fn everywhere(context: &Context, services: &[Service], event_id: &str) -> Result<Found, Error> {
    let merged = merge::ask(services, |service| {
        let call = context.edge.call_of(service, GetDeadLetterRequest { event_id: event_id.to_owned() });
        let mut client = context.edge.operations();
        async move { client.get_dead_letter(call).await }.map(|answered| match answered {
            Ok(found) => Ok(found.into_inner().dead_letter),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(Failure::from(status)),
        })
    })
    .await?;
    let letters: Vec<_> =
        merged.answers.into_iter().filter_map(|(service, letter)| letter.map(|letter| (service, letter))).collect();
    if letters.is_empty() {
        let _missing = merged.away.told();
        return Err(Failure::from(tonic::Status::not_found(format!("no service has a dead letter {event_id}"))).into());
    }
    Ok(Found { letters, away: merged.away })
}

impl Found {
    /// The services where it waits.
    pub fn waiting(&self) -> Vec<Service> {
        let waits =
            |(service, letter): &(Service, DeadLetter)| (letter.status() == Status::Waiting).then_some(*service);
        self.letters.iter().filter_map(waits).collect()
    }

    /// For scripts.
    ///
    /// # Errors
    /// The contracts do not know it.
    pub fn json(&self) -> Result<Value, Error> {
        let letters =
            self.letters.iter().map(|(service, one)| Ok(json::with("service", service.name(), json::of(one)?)));
        Ok(json!({ "deadLetters": letters.collect::<Result<Vec<_>, Error>>()?, "away": self.away.json() }))
    }

    /// For people.
    pub fn people(&self) -> String {
        self.letters.iter().map(|(service, letter)| shown(*service, letter)).collect::<Vec<_>>().join("\n\n")
    }
}

fn shown(service: Service, letter: &DeadLetter) -> String {
    let told = json::of(letter).unwrap_or_default();
    let status = json::named(&told, "status", "STATUS_").to_owned();
    let dropped = if letter.drop_reason.is_empty() { String::new() } else { format!(" ({})", letter.drop_reason) };
    let lines = [
        ("service", service.name().to_owned()),
        ("event", letter.event_id.clone()),
        ("type", letter.r#type.clone()),
        ("of", letter.aggregate_id.clone()),
        ("producer", format!("{} {} {}", letter.producer, letter.epoch, letter.sequence)),
        ("happened", time(letter.event_time.as_ref())),
        ("put aside", time(letter.create_time.as_ref())),
        ("tried", letter.attempts.to_string()),
        ("status", status + &dropped),
        ("cause", letter.cause.clone()),
        ("trace", letter.traceparent.clone()),
    ];
    let payload = match &told["payload"] {
        Value::Null => "payload    cannot be decoded".to_owned(),
        payload => format!("payload\n{payload:#}"),
    };
    let lines = lines.iter().map(|(name, value)| format!("{name:<10} {}", clean(value)));
    lines.chain([payload]).collect::<Vec<_>>().join("\n")
}
