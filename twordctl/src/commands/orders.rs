//! `order`: the whole story of one, and those that are stuck.

use clap::ValueEnum;
use proto::order::v1::{
    ListStuckOrdersRequest, ResumeOrderRequest, StuckOrder, resume_order_response::Outcome, stuck_order::WaitsFor,
};
use serde_json::{Value, json};

use super::{Context, story, unpublished::more_note};
use crate::{
    error::{Error, Exit, Failure},
    json,
    output::{clean, table, time},
    pages::{self, Limit},
};

/// What to do about orders.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Tell an order's whole story, across the services, in time order
    Show {
        /// The order, a UUID
        #[arg(value_name = "ORDER", value_parser = order_id)]
        order_id: String,
        #[command(flatten)]
        limit: Limit,
    },
    /// List orders that wait too long: for what, since when, and what to do
    Stuck {
        /// Only those that wait for this
        #[arg(long, value_enum, value_name = "WHAT")]
        waits_for: Option<Wanted>,
        #[command(flatten)]
        limit: Limit,
    },
    /// Try at once what an order waits for
    Resume {
        /// The order, a UUID
        #[arg(value_name = "ORDER", value_parser = order_id)]
        order_id: String,
    },
}

/// What an order waits for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Wanted {
    /// delivery-svc, to book its delivery
    Booking,
    /// shop-svc, to decide about its stock
    Stock,
    /// The shop's staff, to ship it
    Shipment,
}

/// Does what was asked for.
///
/// # Errors
/// It was refused, or nobody answered.
pub async fn run(context: &Context, command: Command) -> Result<Exit, Error> {
    match command {
        Command::Show { order_id, limit } => story::run(context, &order_id, limit.rows()).await,
        Command::Stuck { waits_for, limit } => stuck(context, waits_for, limit.rows()).await,
        Command::Resume { order_id } => resume(context, order_id).await,
    }
}

fn order_id(text: &str) -> Result<String, String> {
    let hyphens = [8, 13, 18, 23];
    let fits = |(at, c): (usize, char)| if hyphens.contains(&at) { c == '-' } else { c.is_ascii_hexdigit() };
    if text.len() == 36 && text.chars().enumerate().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("an order's id must be a UUID".to_owned())
    }
}

async fn stuck(context: &Context, wanted: Option<Wanted>, limit: usize) -> Result<Exit, Error> {
    let waits_for = match wanted {
        Some(Wanted::Booking) => WaitsFor::Booking,
        Some(Wanted::Stock) => WaitsFor::Stock,
        Some(Wanted::Shipment) => WaitsFor::Shipment,
        None => WaitsFor::Unspecified,
    };
    let found = pages::read(limit, |page_size, page_token| {
        let call = context.edge.call(ListStuckOrdersRequest { waits_for: waits_for.into(), page_size, page_token });
        let mut client = context.edge.order_operations();
        async move {
            let page = client.list_stuck_orders(call).await?.into_inner();
            Ok((page.orders, page.next_page_token))
        }
    })
    .await?;
    let told = found.rows.iter().map(json::of).collect::<Result<Vec<Value>, Error>>()?;
    context.output.tell(&json!({ "orders": told, "more": found.more }), || {
        let titles = ["WAITS SINCE", "FOR", "ORDER", "STATUS", "SHOP", "WHAT TO DO"];
        let rows = found.rows.iter().zip(&told).map(|(order, told)| row(order, told));
        table(titles, rows.collect(), "No order is stuck.") + more_note(found.more)
    })?;
    Ok(Exit::Done)
}

fn row(stuck: &StuckOrder, told: &Value) -> [String; 6] {
    let order = &told["order"];
    [
        time(stuck.since.as_ref()),
        json::named(told, "waitsFor", "WAITS_FOR_").to_owned(),
        json::text(order, "orderId").to_owned(),
        json::named(order, "status", "STATUS_").to_owned(),
        json::text(order, "shopId").to_owned(),
        stuck.advice.clone(),
    ]
}

async fn resume(context: &Context, order_id: String) -> Result<Exit, Error> {
    let call = context.edge.call(ResumeOrderRequest { order_id });
    let answer = context.edge.order_operations().resume_order(call).await.map_err(Failure::from)?.into_inner();
    let told = json::of(&answer)?;
    context.output.tell(&told, || {
        let (order, status) = (&told["order"], json::named(&told["order"], "status", "STATUS_"));
        let outcome = match answer.outcome() {
            Outcome::Advanced => "went on".to_owned(),
            Outcome::Waiting => format!("waits as before for {}", json::named(&told, "waitsFor", "WAITS_FOR_")),
            Outcome::Final => "waits for nothing".to_owned(),
            Outcome::Unspecified => "was looked at".to_owned(),
        };
        clean(&format!("Order {} {outcome}; it is {status}.", json::text(order, "orderId")))
    })?;
    Ok(Exit::Done)
}
