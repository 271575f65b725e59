//! Envoy: for each thing that it does one test that fails without it.

mod browser;
mod circuit;
mod grpc;
mod headers;
mod health;
mod jwt;
mod limits;
mod logs;
mod refusals;
mod retries;
mod routing;
mod timeouts;
mod traces;
mod transcoding;
mod watch;

use std::fs;

use e2e::wait::{self, holds};
use e2e::world::World;
use xtask::mesh::{Service, State};

/// Stops a service by SIGSTOP, and waits until each of its threads has: the signal is sent before they do.
async fn freeze(world: &World, service: Service) {
    world.mesh().pause(service).expect("paused");
    let State::Running(id) = world.mesh().state(service) else { panic!("{} does not run", service.name()) };
    wait::until("every thread to stop", || async move {
        let threads = fs::read_dir(format!("/proc/{id}/task")).map_err(|error| error.to_string())?.flatten();
        let states: Vec<_> = threads.filter_map(|thread| fs::read_to_string(thread.path().join("stat")).ok()).collect();
        // The state stands behind the name, which is in parentheses.
        let stopped = |stat: &String| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'));
        holds(states.iter().all(stopped), "running threads")
    })
    .await;
}
