//! `my-page`: the customers' read model, built anew.

use std::time::Duration;

use proto::mypage::v1::{GetRebuildRequest, Rebuild, RebuildMyPageRequest, rebuild::Status};
use serde_json::{Value, json};

use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    json,
    output::{table, time},
};

/// How often progress is asked for.
const LOOK: Duration = Duration::from_secs(1);
/// Looks in a row that may go without an answer.
const BLIND: u32 = 30;

/// What to do about my page.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Build my page anew from its producers' events, while the old one is served
    Rebuild {
        /// Wait until the new one is served
        #[arg(long)]
        wait: bool,
    },
    /// Show how far the last rebuild has come
    Progress,
}

/// Does what was asked for.
///
/// # Errors
/// It was refused, or mypage-svc does not answer.
pub async fn run(context: &Context, command: Command) -> Result<Exit, Error> {
    let rebuild = match command {
        Command::Progress => progress(context).await?,
        Command::Rebuild { wait } => {
            let call = context.edge.call(RebuildMyPageRequest {});
            let answered = context.edge.my_page_operations().rebuild_my_page(call).await.map_err(Failure::from)?;
            let rebuild = answered.into_inner().rebuild;
            if wait { done(context, rebuild).await? } else { rebuild }
        }
    };
    let told = rebuild.as_ref().map(json::of).transpose()?;
    context.output.tell(&json!({ "rebuild": told.unwrap_or(Value::Null) }), || {
        rebuild.as_ref().map_or_else(|| "My page was never built anew.".to_owned(), people)
    })?;
    Ok(Exit::Done)
}

async fn progress(context: &Context) -> Result<Option<Rebuild>, Failure> {
    let call = context.edge.call(GetRebuildRequest {});
    Ok(context.edge.my_page_operations().get_rebuild(call).await?.into_inner().rebuild)
}

/// Waits until the new copy is served; says on standard error how far it has come.
async fn done(context: &Context, begun: Option<Rebuild>) -> Result<Option<Rebuild>, Error> {
    let (mut rebuild, mut blind, mut said) = (begun, 0, String::new());
    while rebuild.as_ref().is_some_and(|rebuild| rebuild.status() == Status::Running) {
        tokio::time::sleep(LOOK).await;
        match progress(context).await {
            Ok(seen) => (rebuild, blind) = (seen, 0),
            Err(failure) if failure.is_away() && blind < BLIND => blind += 1,
            Err(failure) => return Err(failure.into()),
        }
        let now = rebuild.as_ref().map(counted).unwrap_or_default();
        if now != said {
            eprintln!("{now}");
            said = now;
        }
    }
    Ok(rebuild)
}

fn counted(rebuild: &Rebuild) -> String {
    let one = rebuild.progress.iter().map(|one| format!("{} {} of {}", one.producer, one.handled, one.total));
    one.collect::<Vec<_>>().join(", ")
}

fn people(rebuild: &Rebuild) -> String {
    let status = match rebuild.status() {
        Status::Running => "runs: the old copy is served".to_owned(),
        Status::Done => format!("is done since {}: the new copy is served", time(rebuild.done_time.as_ref())),
        Status::Failed => format!("has failed, the old copy is served: {}", rebuild.failure),
        Status::Unspecified => "stands nobody knows where".to_owned(),
    };
    let begun = time(rebuild.create_time.as_ref());
    let rows =
        rebuild.progress.iter().map(|one| [one.producer.clone(), one.handled.to_string(), one.total.to_string()]);
    let counts = table(["PRODUCER", "TAKEN IN", "OF"], rows.collect(), "");
    format!("The rebuild {}, asked for at {begun}, {status}.\n{counts}", rebuild.rebuild_id)
}
