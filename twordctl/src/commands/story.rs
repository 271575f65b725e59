//! `order show`: everything that is known of one order, from every service, in time order.

mod details;
mod sources;

use proto::order::v1::GetOrderRequest;
use serde_json::{Value, json};
use tonic::Code;

use self::sources::{Part, Told};
use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    json,
    merge::{self, Away},
    output::{clean, table, time},
    service::Service,
};

/// One line of the story.
pub struct Line {
    at: Option<prost_types::Timestamp>,
    service: Service,
    kind: Kind,
    what: String,
    version: i64,
    who: String,
    detail: String,
    source: Value,
}

/// Where a line comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The aggregate changed.
    Event,
    /// A message was written.
    Message,
    /// A person did it.
    Audit,
    /// A service could not handle an event of it.
    DeadLetter,
    /// The broker has not got an event of it.
    Unpublished,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Message => "message",
            Self::Audit => "audit",
            Self::DeadLetter => "deadLetter",
            Self::Unpublished => "unpublished",
        }
    }
}

/// Tells an order's story; at most `limit` things of each kind are read of each service.
///
/// # Errors
/// There is no such order, a service refused, or none answered.
pub async fn run(context: &Context, order_id: &str, limit: usize) -> Result<Exit, Error> {
    let order_id = &order_id.to_lowercase();
    let order = order(context, order_id).await;
    let told = merge::ask(&Service::ALL, |service| sources::of(context, service, order_id, limit)).await?;
    let (mut away, mut more, mut lines) = (told.away, false, Vec::new());
    for (_, Told { lines: of_one, more: has_more }) in told.answers {
        lines.extend(of_one);
        more |= has_more;
    }
    let order = known(order, &lines, &mut away)?;
    lines.sort_by_key(|line| (line.at.map(|at| (at.seconds, at.nanos)), line.service, line.kind, line.version));
    let answer = json!({
        "orderId": order_id,
        "order": order,
        "story": lines.iter().map(Line::json).collect::<Vec<_>>(),
        "more": more,
        "away": away.json(),
    });
    context.output.tell(&answer, || people(order_id, &order, &lines, more))?;
    Ok(away.told())
}

async fn order(context: &Context, order_id: &str) -> Result<Value, Error> {
    let call = context.edge.call(GetOrderRequest { order_id: order_id.to_owned() });
    let found = context.edge.orders().get_order(call).await.map_err(Failure::from)?;
    found.into_inner().order.as_ref().map_or(Ok(Value::Null), json::of)
}

/// The order as order-svc has it; null where that is away, or has none although others know of it.
fn known(order: Result<Value, Error>, lines: &[Line], away: &mut Away) -> Result<Value, Error> {
    match order {
        Ok(order) => Ok(order),
        Err(Error::Call(failure)) if failure.is_away() => {
            away.add(Service::Order, failure);
            Ok(Value::Null)
        }
        // A void leaves a delivery without an order.
        Err(Error::Call(failure)) if failure.code == Code::NotFound && !lines.is_empty() => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

impl Line {
    fn json(&self) -> Value {
        json!({
            "time": time(self.at.as_ref()),
            "service": self.service.name(),
            "kind": self.kind.name(),
            "what": self.what,
            "version": self.version,
            "who": self.who,
            "detail": self.detail,
            "source": self.source,
        })
    }

    fn row(&self) -> [String; 5] {
        let (time, service) = (time(self.at.as_ref()), self.service.name().to_owned());
        [time, service, self.what.clone(), self.who.clone(), self.detail.clone()]
    }
}

fn people(order_id: &str, order: &Value, lines: &[Line], more: bool) -> String {
    let mut text = match order {
        Value::Null => format!("Order {order_id}: order-svc does not tell of it.\n"),
        order => {
            let (status, total) = (json::named(order, "status", "STATUS_"), details::money(&order["total"]));
            let of = format!("customer {}, shop {}", json::text(order, "customerId"), json::text(order, "shopId"));
            format!("Order {order_id} is {status}{total}: {of}\n")
        }
    };
    text = text.lines().map(clean).collect::<Vec<_>>().join("\n") + "\n\n";
    let rows = lines.iter().map(Line::row).collect();
    text += &table(["TIME", "SERVICE", "WHAT", "WHO", "DETAIL"], rows, "Nothing is known of it.");
    if more {
        text += "\nThere is more: raise --limit.";
    }
    text
}

/// Several parts of one service's story as one.
fn join(parts: impl IntoIterator<Item = Part>) -> Told {
    let mut told = Told::default();
    for part in parts {
        told.lines.extend(part.lines);
        told.more |= part.more;
    }
    told
}
