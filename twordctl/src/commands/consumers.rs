//! `consumers`: what is consumed, and how far behind.

use proto::ops::v1::{ConsumerLag, ListConsumersRequest, ListConsumersResponse};
use serde_json::json;

use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    json, merge,
    output::{table, time},
    service::{Service, Services},
};

/// Which to list.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    services: Services,
}

/// Lists the consumers of each service.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let merged = merge::ask(&arguments.services.asked(), |service| async move {
        let call = context.edge.call_of(service, ListConsumersRequest {});
        let answered = context.edge.operations().list_consumers(call).await;
        answered.map(tonic::Response::into_inner).map_err(Failure::from)
    })
    .await?;
    let mut consumers = Vec::new();
    for (service, answer) in &merged.answers {
        for lag in &answer.consumers {
            consumers.push(json::with("service", service.name(), json::of(lag)?));
        }
    }
    let answer = json!({ "consumers": consumers, "away": merged.away.json() });
    context.output.tell(&answer, || people(&merged.answers))?;
    Ok(merged.away.told())
}

fn people(answers: &[(Service, ListConsumersResponse)]) -> String {
    let rows = answers.iter().flat_map(|(service, answer)| answer.consumers.iter().map(|lag| row(*service, lag)));
    let titles = ["SERVICE", "CONSUMES", "HEAD", "SEEN UP TO", "MISSING", "PENDING", "IN HAND", "CAUGHT UP AT"];
    table(titles, rows.collect(), "Nothing is consumed.")
}

fn row(service: Service, lag: &ConsumerLag) -> [String; 8] {
    let known = |number: i64| if lag.producer_answers { number.to_string() } else { "?".to_owned() };
    let asked = |number: i64| if number < 0 { "?".to_owned() } else { number.to_string() };
    let caught_up = time(lag.caught_up_time.as_ref());
    [
        service.name().to_owned(),
        lag.producer.clone(),
        known(lag.head),
        lag.highest.to_string(),
        known(lag.missing),
        asked(lag.pending),
        asked(lag.unacknowledged),
        if caught_up.is_empty() { "not yet".to_owned() } else { caught_up },
    ]
}
