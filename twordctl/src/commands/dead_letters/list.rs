//! `dead-letters list`.

use clap::ValueEnum;
use proto::ops::v1::{DeadLetter, ListDeadLettersRequest, dead_letter};
use serde_json::json;

use crate::{
    commands::{Context, unpublished::more_note},
    error::{Error, Exit, Failure},
    json, merge,
    output::{table, time},
    pages::{self, Limit, Rows},
    service::{Service, Services},
};

/// Which to list.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only events of this producer, such as `order`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "PRODUCER")]
    producer: String,
    /// Only those that stand here
    #[arg(long, value_enum, default_value_t = Standing::Waiting, value_name = "STATUS")]
    status: Standing,
    #[command(flatten)]
    services: Services,
    #[command(flatten)]
    limit: Limit,
}

/// Where dead letters stand.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Standing {
    /// Those that wait for an operator
    Waiting,
    /// Those that were given up
    Dropped,
    /// Both
    All,
}

/// At most `limit` dead letters of a service, oldest first.
///
/// # Errors
/// The call failed.
pub async fn of(
    context: &Context,
    service: Service,
    (producer, standing): (&str, Standing),
    limit: usize,
) -> Result<Rows<DeadLetter>, Failure> {
    let status = match standing {
        Standing::Waiting => dead_letter::Status::Waiting,
        Standing::Dropped => dead_letter::Status::Dropped,
        Standing::All => dead_letter::Status::Unspecified,
    };
    pages::read(limit, |page_size, page_token| {
        let (producer, status) = (producer.to_owned(), status.into());
        let call = context.edge.call_of(service, ListDeadLettersRequest { producer, status, page_size, page_token });
        let mut client = context.edge.operations();
        async move {
            let page = client.list_dead_letters(call).await?.into_inner();
            Ok((page.dead_letters, page.next_page_token))
        }
    })
    .await
}

/// Lists each service's dead letters.
///
/// # Errors
/// A service refused, or none answered.
pub async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, Error> {
    let (asked, limit) = ((arguments.producer.as_str(), arguments.status), arguments.limit.rows());
    let services = arguments.services.asked();
    let merged = merge::ask_concerned(&services, "producer", |service| of(context, service, asked, limit)).await?;
    let more = merged.answers.iter().any(|(_, letters)| letters.more);
    let mut letters = Vec::new();
    for (service, rows) in &merged.answers {
        for letter in &rows.rows {
            letters.push(json::with("service", service.name(), json::of(letter)?));
        }
    }
    let answer = json!({ "deadLetters": letters, "more": more, "away": merged.away.json() });
    context.output.tell(&answer, || {
        let rows = merged.answers.iter().flat_map(|(service, rows)| rows.rows.iter().map(|one| row(*service, one)));
        let titles = ["SERVICE", "PUT ASIDE", "EVENT", "TYPE", "OF", "TRIED", "STATUS", "CAUSE"];
        table(titles, rows.collect(), "There are no dead letters.") + more_note(more)
    })?;
    Ok(merged.away.told())
}

fn row(service: Service, letter: &DeadLetter) -> [String; 8] {
    let status = match letter.status() {
        dead_letter::Status::Waiting => "WAITING",
        dead_letter::Status::Dropped => "DROPPED",
        dead_letter::Status::Unspecified => "?",
    };
    [
        service.name().to_owned(),
        time(letter.create_time.as_ref()),
        letter.event_id.clone(),
        letter.r#type.clone(),
        letter.aggregate_id.clone(),
        letter.attempts.to_string(),
        status.to_owned(),
        letter.cause.clone(),
    ]
}
