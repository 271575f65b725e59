//! How far events have come, as the databases have it.

use std::collections::BTreeMap;

use uuid::Uuid;
use xtask::mesh::Service;

use crate::checker::{Invariant, Violation};
use crate::db::{self, CONSUMERS};
use crate::wait::holds;
use crate::world::World;

/// What each service had written at a moment: the last position in its outbox.
pub type Written = BTreeMap<Service, i64>;

/// What services have under way besides events, by what it is called.
const UNDER_WAY: [(Service, &str, &str); 5] = [
    (Service::Order, "orders that are PLACED", "SELECT count(*) FROM orders WHERE status = 'PLACED'"),
    (Service::Order, "bookings that are outstanding", "SELECT count(*) FROM outstanding_booking"),
    (Service::Delivery, "deliveries that are BOOKED", "SELECT count(*) FROM delivery WHERE status = 'BOOKED'"),
    (Service::Notify, "messages that are PENDING", "SELECT count(*) FROM message WHERE status = 'PENDING'"),
    (Service::MyPage, "copies that are being built", "SELECT count(*) FROM copy WHERE status = 'BUILDING'"),
];

/// What has as many versions as it has events, by its service: the table, its id and its version.
const AGGREGATES: [(Service, &str, &str); 6] = [
    (Service::Shop, "shop", "shop_id"),
    (Service::Shop, "phone", "phone_id"),
    (Service::Shop, "reservation", "order_id"),
    (Service::Order, "orders", "id"),
    (Service::Delivery, "delivery", "delivery_id"),
    (Service::Notify, "message", "message_id"),
];

/// What is written now.
///
/// # Errors
/// A database could not be read.
pub async fn written(world: &World) -> Result<Written, String> {
    let mut written = Written::new();
    for service in Service::ALL {
        let last = db::count(world, service, "SELECT coalesce(max(position), 0) FROM outbox").await?;
        written.insert(service, last);
    }
    Ok(written)
}

/// How many events were published by each service.
///
/// # Errors
/// A database could not be read.
pub async fn counted(world: &World) -> Result<Written, String> {
    let mut counted = Written::new();
    for service in Service::ALL {
        counted.insert(service, db::count(world, service, "SELECT count(*) FROM outbox").await?);
    }
    Ok(counted)
}

/// One look: every consumer has seen all that was written then.
///
/// # Errors
/// What is missing.
pub async fn consumed(world: &World, written: &Written) -> Result<(), String> {
    for (consumer, producers) in CONSUMERS {
        for producer in producers {
            let last = written.get(producer).copied().unwrap_or_default();
            for (epoch, head) in heads(world, *producer, last).await? {
                let count = seen(world, consumer, *producer, epoch, head).await?;
                let what = || format!("{} saw {count} of {head} events of {}", consumer.name(), producer.name());
                holds(count == head, what())?;
            }
        }
    }
    Ok(())
}

/// One look: all is consumed, nothing is under way, and nothing was written while it was looked at.
///
/// # Errors
/// What goes on.
pub async fn at_rest(world: &World) -> Result<(), String> {
    let before = written(world).await?;
    consumed(world, &before).await?;
    for (service, what, query) in UNDER_WAY {
        let count = db::count(world, service, query).await?;
        holds(count == 0, format!("{}: {count} {what}", service.name()))?;
    }
    holds(written(world).await? == before, "events were written while it was looked at")
}

/// Each change has exactly one event, and each event exactly one number, from 1 on without a gap.
pub async fn check(world: &World) -> Vec<Violation> {
    let mut found = Vec::new();
    for service in Service::ALL {
        if let Err(what) = numbered(world, service).await {
            found.push(Invariant::Events.broken()(format!("{}: {what}", service.name())));
        }
    }
    for (service, table, id) in AGGREGATES {
        if let Err(what) = told(world, service, table, id).await {
            found.push(Invariant::Events.broken()(format!("{}: {what}", service.name())));
        }
    }
    found
}

async fn numbered(world: &World, service: Service) -> Result<(), String> {
    let query = "SELECT epoch, count(*), max(sequence) FROM outbox WHERE sequence IS NOT NULL GROUP BY epoch";
    for (epoch, count, highest) in rows(world, service, query.to_owned()).await? {
        holds(count == highest, format!("{count} events have numbers up to {highest} of epoch {epoch}"))?;
    }
    let waiting = db::count(world, service, "SELECT count(*) FROM outbox WHERE sequence IS NULL").await?;
    holds(waiting == 0, format!("{waiting} events without a number"))
}

async fn told(world: &World, service: Service, table: &str, id: &str) -> Result<(), String> {
    let query = format!(
        "SELECT {id}, CAST({table}.version AS BIGINT), CAST(count(outbox.version) AS BIGINT) FROM {table}
         LEFT JOIN outbox ON outbox.aggregate_id = {table}.{id} GROUP BY {id}, {table}.version
         HAVING {table}.version <> count(outbox.version) LIMIT 20"
    );
    let wrong = rows(world, service, query).await?;
    let wrong: Vec<_> =
        wrong.iter().map(|(id, version, events)| format!("{id}: {version} changes, {events} events")).collect();
    holds(wrong.is_empty(), format!("{table}: {wrong:?}"))
}

/// The last number of each epoch up to a position, once everything up to there has one.
async fn heads(world: &World, producer: Service, last: i64) -> Result<BTreeMap<Uuid, i64>, String> {
    let query = format!(
        "SELECT epoch, count(*), coalesce(max(sequence), 0) FROM outbox WHERE position <= {last} AND epoch IS NOT NULL
         GROUP BY epoch"
    );
    let heads = rows(world, producer, query).await?;
    let query = format!(
        "SELECT event_id, CAST(version AS BIGINT), position FROM outbox WHERE sequence IS NULL AND position <= {last}"
    );
    let waiting = rows(world, producer, query).await?.len();
    holds(waiting == 0, format!("{waiting} events of {} have no number", producer.name()))?;
    Ok(heads.into_iter().map(|(epoch, _, head)| (epoch, head)).collect())
}

/// How many of the numbers up to `head` a consumer has seen.
async fn seen(world: &World, consumer: Service, producer: Service, epoch: Uuid, head: i64) -> Result<i64, String> {
    let query = format!(
        "SELECT epoch, count(*), max(sequence) FROM inbox_tick WHERE producer = '{}' AND sequence <= {head} GROUP BY epoch",
        producer.context()
    );
    let rows = rows(world, consumer, query).await?;
    Ok(rows.into_iter().find(|(of, _, _)| *of == epoch).map_or(0, |(_, count, _)| count))
}

/// Rows of an id and two numbers.
async fn rows(world: &World, service: Service, query: String) -> Result<Vec<(Uuid, i64, i64)>, String> {
    db::triples(world, service, query).await
}
