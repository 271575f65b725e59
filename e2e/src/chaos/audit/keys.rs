//! I7: every key answers as it did.

use std::time::Duration;

use futures::{StreamExt, stream};

use super::super::edge::{Call, Edge, Outcome, Reply, Way};
use super::super::ledger::{Book, Bought};
use super::super::load::Scene;
use super::super::random::Random;
use super::{Audit, LOOKS};
use crate::checker::{Invariant, Violation};

/// How long a key is tried: the mesh is well.
const LIMIT: Duration = Duration::from_secs(30);

/// Each key is used once more with the body it had, and one in ten with another body.
pub(super) async fn check(scene: &Scene, book: &Book, audit: &mut Audit) {
    let Some(any) = book.orders.values().next() else { return };
    let edge = Edge::new(&scene.world, &any.placed.customer);
    let replays = book.orders.values().zip(0_u64..).map(|(bought, number)| {
        let edge = edge.by(&bought.placed.customer);
        replay(edge, bought, Random::new(scene.seed, 1_000_000 + number), number % 10 == 0)
    });
    let found: Vec<Option<Violation>> = stream::iter(replays).buffer_unordered(LOOKS).collect().await;
    audit.replayed = found.len();
    audit.violations.extend(found.into_iter().flatten());
}

async fn replay(edge: Edge, bought: &Bought, mut random: Random, changed: bool) -> Option<Violation> {
    let call = Call::Place(bought.wanted.clone());
    let (outcome, _) = edge.persist(&mut random, &bought.key, &call, LIMIT).await;
    if outcome != Outcome::Done(Reply::Placed(bought.told.clone())) {
        let what = format!("the key of order {} now answers {outcome:?}, not {:?}", bought.told.order_id, bought.told);
        return Some(Invariant::I7.broken()(what));
    }
    if changed {
        let mut wanted = bought.wanted.clone();
        wanted.lines[0].1 += 1;
        let outcome = edge.once(Way::any(&mut random), &bought.key, &Call::Place(wanted)).await;
        if matches!(outcome, Outcome::Done(_)) {
            let what = format!("the key of order {} took another body: {outcome:?}", bought.told.order_id);
            return Some(Invariant::I7.broken()(what));
        }
    }
    None
}
