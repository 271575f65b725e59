//! What a mesh consists of.

use super::part::{Part, Service};
use crate::error::{Error, Result};

/// The most processes that a service may have.
pub const MOST_REPLICAS: u16 = 5;
/// How many brokers a cluster has.
pub const CLUSTER: u16 = 3;

/// Where the services store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum DatabaseKind {
    /// Each in a file of its own.
    #[default]
    Sqlite,
    /// Each in a database of its own on one server.
    Postgres,
}

impl DatabaseKind {
    /// The name as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// How many of what a mesh has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) database: DatabaseKind,
    /// Processes of each service.
    pub(super) replicas: u16,
    /// Brokers.
    pub(super) nats: u16,
}

impl Default for Shape {
    fn default() -> Self {
        Self { database: DatabaseKind::default(), replicas: 1, nats: 1 }
    }
}

impl Shape {
    /// Whether there can be such a mesh.
    pub(super) fn check(self) -> Result<()> {
        if self.replicas == 0 || self.replicas > MOST_REPLICAS {
            return Err(Error::new(format!("{} processes of each service are not possible", self.replicas))
                .help(format!("use --replicas with 1 to {MOST_REPLICAS}")));
        }
        if self.replicas > 1 && self.database == DatabaseKind::Sqlite {
            return Err(Error::new("a SQLite file is one process's own, so that a service on it has no replicas")
                .help("use PostgreSQL: --database postgres"));
        }
        if self.nats != 1 && self.nats != CLUSTER {
            return Err(Error::new(format!("{} brokers are not possible", self.nats))
                .help(format!("use --nats 1, or --nats {CLUSTER} for a cluster that goes on without one of them")));
        }
        Ok(())
    }

    /// Its processes, in the order in which they start: those of one service side by side.
    pub(super) fn parts(self) -> Vec<Part> {
        let database = (self.database == DatabaseKind::Postgres).then_some(Part::Postgres);
        let services = Service::ALL
            .into_iter()
            .flat_map(|service| (1..=self.replicas).map(move |number| Part::replica(service, number)));
        database.into_iter().chain((1..=self.nats).map(Part::nats)).chain(services).chain([Part::Envoy]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseKind, Shape};

    #[test]
    fn the_smallest_mesh_and_one_with_everything() {
        let names = |shape: Shape| shape.parts().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(names(Shape::default()), "nats shop-svc order-svc delivery-svc notify-svc mypage-svc envoy");
        let all = Shape { database: DatabaseKind::Postgres, replicas: 2, nats: 3 };
        all.check().expect("possible");
        let names = names(all);
        assert!(names.starts_with("postgres nats nats-2 nats-3 shop-svc shop-svc-2 order-svc order-svc-2"), "{names}");
        assert_eq!(names.split(' ').count(), 1 + 3 + 10 + 1);
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_way_out() {
        let one = Shape::default();
        for wrong in [Shape { replicas: 2, ..one }, Shape { replicas: 0, ..one }, Shape { nats: 2, ..one }] {
            let error = wrong.check().expect_err("impossible");
            assert!(error.advice().is_some_and(|advice| advice.contains("--")), "{error}");
        }
    }
}
