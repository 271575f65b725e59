//! A customer's watch of my page, begun again wherever it is cut.

use std::sync::Arc;
use std::time::Duration;

use proto::mypage::v1::WatchMyOrdersRequest;
use tokio::sync::watch;
use tonic::Status;

use super::super::edge::Edge;
use super::Scene;
use super::customer::Seen;
use crate::world::Person;

/// A watch that says nothing for so long is dead: heartbeats come more often.
const SILENCE: Duration = Duration::from_secs(20);
/// How soon a watch is begun again.
const PAUSE: Duration = Duration::from_millis(300);

/// Watches until it is told to stop; what it is shown never goes backward, over cuts too.
pub(super) async fn watch(scene: Arc<Scene>, person: Person, mut stop: watch::Receiver<bool>) {
    let edge = Edge::new(&scene.world, &person);
    let (mut seen, mut cursor) = (Seen::default(), String::new());
    let watching = async {
        loop {
            // However it is cut, it goes on from where it was.
            let _cut: Result<(), Status> = follow(&scene, &edge, &mut seen, &mut cursor).await;
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = watching => {}
        // The sender lives as long as the load.
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

async fn follow(scene: &Scene, edge: &Edge, seen: &mut Seen, cursor: &mut String) -> Result<(), Status> {
    let late = |_| Status::deadline_exceeded("a silent watch");
    let request = WatchMyOrdersRequest { cursor: cursor.clone() };
    let mut client = edge.grpc().mypage();
    let begun = tokio::time::timeout(SILENCE, client.watch_my_orders(request)).await.map_err(late)?;
    let mut updates = begun?.into_inner();
    while let Some(update) = tokio::time::timeout(SILENCE, updates.message()).await.map_err(late)?? {
        if !update.cursor.is_empty() {
            update.cursor.clone_into(cursor);
        }
        if let Some(order) = &update.order {
            scene.ledger.book().counts.updates += 1;
            seen.take(&scene.ledger, order);
        }
    }
    Ok(())
}
