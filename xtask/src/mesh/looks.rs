//! Whether the processes of a mesh are healthy.

use super::{EDGE_DRAIN_LIMIT, Mesh, Part, START_LIMIT, State, described, health};
use crate::error::{Error, Result};
use crate::wait;

impl Mesh {
    /// Waits until a process is healthy: PostgreSQL takes connections, NATS greets, a service serves and Envoy (where it
    /// runs) routes to it, Envoy is ready and routes to every service that runs.
    ///
    /// # Errors
    /// It does not run, died, or was not healthy within [`START_LIMIT`].
    pub async fn wait_healthy(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        let mut state = self.process(part)?.watch();
        let died = state.wait_for(|state| !matches!(state, State::Running(_)));
        let what = format!("a healthy {part}");
        let healthy = wait::until(&what, START_LIMIT, || self.look(part));
        tokio::select! {
            healthy = healthy => healthy.map_err(|error| error.help(self.look_into(part))),
            died = died => {
                let how = died.map_or_else(|_| "is gone".to_owned(), |state| described(&state));
                Err(Error::new(format!("{part} {how}")).help(self.look_into(part)))
            }
        }
    }

    /// Waits until every process that is to run is healthy.
    pub async fn wait_all_healthy(&self) -> Result<()> {
        let parts = self.parts().filter(|part| self.state(*part) != State::Stopped);
        futures::future::try_join_all(parts.map(|part| self.wait_healthy(part))).await.map(drop)
    }

    async fn look(&self, part: Part) -> Result<(), String> {
        let (ports, number) = (self.ports(), part.number());
        match part {
            Part::Postgres => match &self.plan.server {
                Some(server) => server.answers().await,
                None => Err("a mesh without it".to_owned()),
            },
            Part::Nats | Part::NatsPeer(_) => health::nats(ports.nats_of(number)).await,
            Part::Service(service) | Part::Replica(service, _) => {
                let upstream = ports.grpc_of(service, number);
                health::service(upstream).await?;
                if self.is_running(Part::Envoy) { health::routed(ports.envoy_admin, &[upstream]).await } else { Ok(()) }
            }
            Part::Envoy => {
                health::envoy(ports.envoy_admin).await?;
                let running = self.parts().filter(|part| self.is_running(*part));
                let upstream = |part: Part| Some(ports.grpc_of(part.service()?, part.number()));
                health::routed(ports.envoy_admin, &running.filter_map(upstream).collect::<Vec<_>>()).await
            }
        }
    }

    pub(super) async fn drain_envoy(&self) {
        let admin = self.ports().envoy_admin;
        // An Envoy that does not answer is ended as it is.
        if health::drain(admin).await.is_ok() {
            let idle = || async {
                match health::in_flight(admin).await? {
                    0 => Ok(()),
                    count => Err(format!("{count} requests in flight")),
                }
            };
            let _ = wait::until("an idle edge", EDGE_DRAIN_LIMIT, idle).await;
        }
    }

    fn look_into(&self, part: Part) -> String {
        format!("see {}", self.log_path(part).display())
    }
}
