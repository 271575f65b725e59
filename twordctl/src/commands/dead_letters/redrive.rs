//! `dead-letters redrive`.

use std::collections::BTreeSet;

use proto::ops::v1::{RedriveDeadLettersRequest, RedriveDeadLettersResponse, RedriveOutcome, redrive_outcome};
use serde_json::json;

use crate::{
    commands::Context,
    error::{Error, Exit, Failure},
    json, merge,
    output::table,
    service::{Service, Services},
};

/// Calls to one service at most, of 200 dead letters each.
const ROUNDS: usize = 500;

/// Which to handle once more.
#[derive(clap::Args)]
pub struct Arguments {
    /// The events, UUIDs
    #[arg(value_name = "EVENT", required_unless_present = "all", conflicts_with = "all")]
    event_ids: Vec<String>,
    /// All that wait, oldest first
    #[arg(long)]
    all: bool,
    /// With --all: only events of this producer, such as `order`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "PRODUCER")]
    producer: String,
    #[command(flatten)]
    services: Services,
}

/// Handles dead letters once more in each service that has them.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    if arguments.event_ids.len() > 200 {
        return Err(Error::Usage("name at most 200 events, or say --all".to_owned()));
    }
    let services = arguments.services.asked();
    let merged = merge::ask_concerned(&services, "producer", |service| redriven(context, service, arguments)).await?;
    let outcomes: Vec<(Service, &RedriveOutcome)> =
        merged.answers.iter().flat_map(|(service, one)| one.outcomes.iter().map(|one| (*service, one))).collect();
    let told = outcomes.iter().map(|(service, one)| Ok(json::with("service", service.name(), json::of(*one)?)));
    let told = told.collect::<Result<Vec<_>, Error>>()?;
    let waiting: i64 = merged.answers.iter().map(|(_, one)| one.waiting).sum();
    let unknown = unknown(arguments, &outcomes);
    let answer = json!({ "outcomes": told, "notFound": unknown, "waiting": waiting, "away": merged.away.json() });
    context.output.tell(&answer, || people(&outcomes, &unknown, waiting))?;
    let missing = merged.away.told();
    let failed = outcomes.iter().any(|(_, one)| one.result() != redrive_outcome::Result::Handled);
    Ok(if failed || !unknown.is_empty() { Exit::Failed } else { missing })
}

/// Redrives in one service until all were tried once, or nothing is handled any more. What it does not have is left out.
async fn redriven(
    context: &Context,
    service: Service,
    arguments: &Arguments,
) -> Result<RedriveDeadLettersResponse, Failure> {
    let (mut all, mut tried) = (RedriveDeadLettersResponse::default(), BTreeSet::new());
    for _round in 0..ROUNDS {
        let (event_ids, producer) = (arguments.event_ids.clone(), arguments.producer.clone());
        let call = context.edge.call_of(service, RedriveDeadLettersRequest { event_ids, producer });
        let round = context.edge.operations().redrive_dead_letters(call).await?.into_inner();
        all.waiting = round.waiting;
        let handled = round.outcomes.iter().any(|one| one.result() == redrive_outcome::Result::Handled);
        let known = |one: &RedriveOutcome| one.result() != redrive_outcome::Result::NotFound;
        let new = |one: &RedriveOutcome| known(one) && tried.insert(one.event_id.clone());
        all.outcomes.extend(round.outcomes.into_iter().filter(new));
        if !arguments.all || !handled || all.waiting == 0 {
            break;
        }
    }
    Ok(all)
}

/// The named events that no service had.
fn unknown(arguments: &Arguments, outcomes: &[(Service, &RedriveOutcome)]) -> Vec<String> {
    let known = |id: &&String| outcomes.iter().any(|(_, one)| one.event_id == **id);
    arguments.event_ids.iter().filter(|id| !known(id)).cloned().collect()
}

fn people(outcomes: &[(Service, &RedriveOutcome)], unknown: &[String], waiting: i64) -> String {
    let rows = outcomes.iter().map(|(service, one)| {
        let result = match one.result() {
            redrive_outcome::Result::Handled => "handled",
            redrive_outcome::Result::Failed => "failed again",
            redrive_outcome::Result::NotFound | redrive_outcome::Result::Unspecified => "?",
        };
        [service.name().to_owned(), one.event_id.clone(), result.to_owned(), one.cause.clone()]
    });
    let table = table(["SERVICE", "EVENT", "RESULT", "CAUSE"], rows.collect(), "Nothing was handled.");
    let unknown: Vec<String> = unknown.iter().map(|id| format!("{id} waits nowhere.")).collect();
    [vec![table], unknown, vec![format!("{waiting} still wait.")]].concat().join("\n")
}
