//! Starts a process that died again, and says why it died.

use std::sync::Arc;
use std::time::Instant;

use super::restarts::Restarts;
use crate::mesh::{Mesh, Part, State};

/// Watches one process for as long as the mesh runs.
pub(super) async fn supervise(mesh: Arc<Mesh>, part: Part) {
    let mut restarts = Restarts::default();
    let Ok(mut state) = mesh.watch(part) else { return };
    loop {
        let died = state.wait_for(|state| matches!(state, State::Died(_))).await;
        let Ok(State::Died(cause)) = died.map(|state| state.clone()) else { return };
        eprintln!("{part} {cause}");
        let Some(wait) = restarts.after_death(Instant::now()) else {
            eprintln!("{part} keeps dying and stays down; its log: {}", mesh.log_path(part).display());
            eprintln!("help: mend the cause, then: cargo xtask start {part}");
            if state.wait_for(|state| !matches!(state, State::Died(_))).await.is_err() {
                return;
            }
            continue;
        };
        tokio::time::sleep(wait).await;
        // Somebody may have started or stopped it meanwhile.
        if matches!(mesh.state(part), State::Died(_)) {
            start_again(&mesh, part).await;
        }
    }
}

async fn start_again(mesh: &Mesh, part: Part) {
    let begun = Instant::now();
    if let Err(error) = mesh.start(part) {
        eprintln!("{error}");
        return;
    }
    match mesh.wait_healthy(part).await {
        Ok(()) => eprintln!("{part} was started again and is healthy after {:.1} s", begun.elapsed().as_secs_f32()),
        // Its death is told by the next round.
        Err(_) if matches!(mesh.state(part), State::Died(_)) => {}
        Err(error) => eprintln!("{error}"),
    }
}
