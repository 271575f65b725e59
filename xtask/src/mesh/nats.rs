//! What differs from one broker of a mesh to the next in nats.conf.

use std::path::{Path, PathBuf};

use super::files;
use super::ports::Ports;
use super::render::Values;
use super::shape::Shape;

/// The user that the brokers of a cluster are to each other.
const ROUTE_USER: &str = "route";

/// The placeholders of the broker with this number, from 1.
pub(super) fn values(dir: &Path, ports: &Ports, shape: Shape, number: u16, route_secret: &str) -> Values {
    Values::from([
        ("NATS_NAME".to_owned(), format!("tword-{number}")),
        ("NATS_PORT".to_owned(), ports.nats_of(number).to_string()),
        ("NATS_STORE_DIR".to_owned(), store(dir, shape, number).display().to_string()),
        ("NATS_CLUSTER".to_owned(), cluster(ports, shape, number, route_secret)),
    ])
}

/// The directory of the brokers' stores: one for each kind of database and each size of the cluster, since none goes with
/// another.
pub(super) fn stores(dir: &Path, shape: Shape) -> PathBuf {
    files::nats_stores(dir).join(format!("{}-{}", shape.database.name(), shape.nats))
}

/// The directory that the broker with this number stores in.
pub(super) fn store(dir: &Path, shape: Shape, number: u16) -> PathBuf {
    stores(dir, shape).join(number.to_string())
}

/// Where a service reaches the brokers, any of them.
pub(super) fn urls(ports: &Ports, shape: Shape, user: &str, password: &str) -> String {
    let url = |number| format!("nats://{user}:{password}@127.0.0.1:{}", ports.nats_of(number));
    (1..=shape.nats).map(url).collect::<Vec<_>>().join(",")
}

/// One broker alone is no cluster: it would wait for others.
fn cluster(ports: &Ports, shape: Shape, number: u16, secret: &str) -> String {
    if shape.nats == 1 {
        return String::new();
    }
    let route = |number| format!("    \"nats-route://{ROUTE_USER}:{secret}@127.0.0.1:{}\"\n", ports.route_of(number));
    let routes: String = (1..=shape.nats).filter(|other| *other != number).map(route).collect();
    format!(
        "cluster {{\n  name: tword\n  listen: \"127.0.0.1:{}\"\n  authorization {{ user: \"{ROUTE_USER}\", password: \"{secret}\" }}\n  routes: [\n{routes}  ]\n}}",
        ports.route_of(number)
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::shape::{DatabaseKind, Shape};
    use super::{Ports, urls, values};

    #[test]
    fn each_broker_of_a_cluster_knows_the_others_and_one_alone_none() {
        let ports = Ports::fixed(0).expect("ports");
        let shape = Shape { database: DatabaseKind::Postgres, replicas: 1, nats: 3 };
        let second = values(Path::new("/mesh"), &ports, shape, 2, "secret");
        let cluster = &second["NATS_CLUSTER"];
        assert!(cluster.contains(":6222\"") && cluster.contains(":6224\""), "{cluster}");
        assert_eq!(cluster.matches("nats-route").count(), 2, "{cluster}");
        assert_eq!(second["NATS_STORE_DIR"], "/mesh/nats/postgres-3/2");
        let alone = values(Path::new("/mesh"), &ports, Shape::default(), 1, "secret");
        assert_eq!(alone["NATS_CLUSTER"], "");
        assert_eq!(urls(&ports, shape, "u", "p").split(',').count(), 3);
    }
}
