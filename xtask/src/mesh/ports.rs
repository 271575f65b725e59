//! The ports of one mesh: a fixed block for people, free ones for tests.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::part::{Part, Service};
use super::shape::CLUSTER;
use crate::error::{Context, Error, Result};
use crate::paths;

/// Free ports are looked for here, below what the kernel gives to outgoing connections.
const FREE: std::ops::Range<u16> = 20_000..32_000;
/// Ports a block of free ones spans.
const BLOCK: u16 = 64;

/// A block of free ports that no other harness takes until this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    first: u16,
    _file: File,
}

impl Claim {
    /// A block of which nothing listens on the first `count` ports.
    ///
    /// # Errors
    /// No block was free after many tries.
    pub(crate) fn free(count: u16) -> Result<Self> {
        let claims = std::env::temp_dir().join("tword-ports");
        paths::make_dir(&claims)?;
        for _ in 0..200 {
            let block = rand::random_range(0..(FREE.end - FREE.start) / BLOCK);
            let first = FREE.start + block * BLOCK;
            let Some(file) = claim(&claims, first)? else { continue };
            if (first..first + count).all(is_free) {
                return Ok(Self { first, _file: file });
            }
        }
        Err(Error::new(format!("found no {count} free ports in a row between {} and {}", FREE.start, FREE.end)))
    }

    /// The first of its ports.
    pub(crate) const fn first(&self) -> u16 {
        self.first
    }
}

/// The loopback ports of one mesh, also for those processes that it does not have.
#[derive(Debug)]
pub struct Ports {
    /// The database server.
    pub postgres: u16,
    /// The broker.
    pub nats: u16,
    /// Envoy's listener for clients: REST, gRPC, gRPC-Web.
    pub edge: u16,
    /// Envoy's listener for services.
    pub mesh: u16,
    /// Envoy's own administration.
    pub envoy_admin: u16,
    /// Where the brokers of a cluster reach each other, from here on.
    routes: u16,
    /// The first process of the first service; the others follow.
    grpc: u16,
    admin: u16,
    /// What each further process of a service adds to both.
    step: u16,
    /// Keeps other harnesses from the same block; freed with the value.
    _claim: Option<Claim>,
}

impl Ports {
    /// The documented ports, each moved up by `offset`.
    ///
    /// # Errors
    /// A port would be above 65535.
    pub fn fixed(offset: u16) -> Result<Self> {
        if offset > u16::MAX - 9_901 {
            return Err(Error::new(format!("a port offset of {offset} leaves the ports that exist"))
                .help("use one of at most 55000"));
        }
        Ok(Self {
            postgres: 5_442 + offset,
            nats: 4_222 + offset,
            routes: 6_222 + offset,
            edge: 8_088 + offset,
            mesh: 8_090 + offset,
            envoy_admin: 9_901 + offset,
            grpc: 8_081 + offset,
            admin: 9_081 + offset,
            step: 100,
            _claim: None,
        })
    }

    /// A block of ports that nothing listens on and no other harness holds.
    ///
    /// # Errors
    /// No block was free after many tries.
    pub fn free() -> Result<Self> {
        let claim = Claim::free(BLOCK)?;
        let base = claim.first();
        Ok(Self {
            edge: base,
            mesh: base + 1,
            envoy_admin: base + 2,
            postgres: base + 3,
            nats: base + 4,
            routes: base + 4 + CLUSTER,
            grpc: base + 4 + 2 * CLUSTER,
            admin: base + 9 + 2 * CLUSTER,
            step: 10,
            _claim: Some(claim),
        })
    }

    /// The gRPC port of a service's first process.
    pub fn grpc(&self, service: Service) -> u16 {
        self.grpc_of(service, 1)
    }

    /// The gRPC port of a service's process with this number, from 1.
    pub fn grpc_of(&self, service: Service, number: u16) -> u16 {
        self.grpc + place(service) + self.step * (number - 1)
    }

    /// The administration port of a service's process with this number, from 1.
    pub fn admin_of(&self, service: Service, number: u16) -> u16 {
        self.admin + place(service) + self.step * (number - 1)
    }

    /// The port of the broker with this number, from 1.
    pub const fn nats_of(&self, number: u16) -> u16 {
        self.nats + number - 1
    }

    /// Where the other brokers reach the one with this number.
    pub const fn route_of(&self, number: u16) -> u16 {
        self.routes + number - 1
    }

    /// Every port of these processes with what it is for.
    fn of(&self, parts: &[Part]) -> Vec<(String, u16)> {
        parts.iter().flat_map(|part| self.of_one(*part)).collect()
    }

    fn of_one(&self, part: Part) -> Vec<(String, u16)> {
        let (number, own) = (part.number(), part.to_string());
        match part {
            Part::Postgres => vec![(own, self.postgres)],
            Part::Nats | Part::NatsPeer(_) => {
                let route = format!("{part}'s cluster");
                vec![(own, self.nats_of(number)), (route, self.route_of(number))]
            }
            Part::Service(service) | Part::Replica(service, _) => {
                let admin = format!("{part}'s administration");
                vec![(own, self.grpc_of(service, number)), (admin, self.admin_of(service, number))]
            }
            Part::Envoy => {
                let named = |what: &str, port| (format!("envoy's {what}"), port);
                vec![named("edge", self.edge), named("mesh", self.mesh), named("administration", self.envoy_admin)]
            }
        }
    }

    /// Checks that nothing listens on any that these processes want.
    ///
    /// # Errors
    /// Some are busy: the error names each and, where it is known, who holds it.
    pub(super) fn check(&self, parts: &[Part]) -> Result<()> {
        let busy = self.of(parts).into_iter().filter(|(_, port)| !is_free(*port));
        let busy: Vec<_> = busy.map(|(what, port)| format!("\n  {port}, for {what}{}", held_by(port))).collect();
        if busy.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("what the mesh is to listen on is in use:{}", busy.concat()))
            .help("stop what listens there, or move the whole mesh: cargo xtask up --port-offset 10000"))
    }
}

/// A service's place among the five, from 0.
fn place(service: Service) -> u16 {
    match service {
        Service::Shop => 0,
        Service::Order => 1,
        Service::Delivery => 2,
        Service::Notify => 3,
        Service::MyPage => 4,
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

fn claim(dir: &Path, base: u16) -> Result<Option<File>> {
    let path = dir.join(base.to_string());
    let file = File::create(&path).context(|| format!("claiming ports by {}", path.display()))?;
    Ok(file.try_lock().is_ok().then_some(file))
}

fn held_by(port: u16) -> String {
    holder(port).map_or_else(String::new, |(pid, name)| format!(", held by {name} (process {pid})"))
}

/// Who listens on a port, where `/proc` tells.
fn holder(port: u16) -> Option<(u32, String)> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let inode = tables.iter().find_map(|table| listener(table, port))?;
    let socket = PathBuf::from(format!("socket:[{inode}]"));
    let holds = |pid: &u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.into_iter().any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target == socket))
    };
    let pids =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.into_iter().find(holds)?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some((pid, name.trim().to_owned()))
}

/// The inode of the socket that listens on a port, from the kernel's table.
fn listener(table: &str, port: u16) -> Option<&str> {
    let address = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        (local.ends_with(&address) && *state == "0A").then_some(*inode)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::TcpListener;
    use std::time::Duration;

    use super::super::shape::{CLUSTER, DatabaseKind, MOST_REPLICAS, Shape};
    use super::{BLOCK, Ports};
    use crate::wait;

    const MOST: Shape = Shape { database: DatabaseKind::Postgres, replicas: MOST_REPLICAS, nats: CLUSTER };

    fn numbers(ports: &Ports, shape: Shape) -> BTreeSet<u16> {
        ports.of(&shape.parts()).into_iter().map(|(_, port)| port).collect()
    }

    #[test]
    fn the_fixed_ports_are_the_documented_ones_and_move_together() {
        let ports = Ports::fixed(0).expect("ports");
        let documented = [4222, 6222, 8081, 8082, 8083, 8084, 8085, 8088, 8090, 9081, 9082, 9083, 9084, 9085, 9901];
        assert_eq!(numbers(&ports, Shape::default()), BTreeSet::from(documented));
        let moved = BTreeSet::from(documented.map(|port: u16| port + 10_000));
        assert_eq!(numbers(&Ports::fixed(10_000).expect("ports"), Shape::default()), moved);
        let most = numbers(&ports, Shape { replicas: 2, ..MOST });
        assert!([5442, 4224, 6224, 8181, 8185, 9181, 9185].iter().all(|port| most.contains(port)), "{most:?}");
        Ports::fixed(60_000).expect_err("there are no such ports");
    }

    #[test]
    fn no_port_is_given_twice_however_large_the_mesh() {
        let wanted = 1 + 2 * CLUSTER + 3 + 2 * 5 * MOST_REPLICAS;
        for ports in [Ports::fixed(0), Ports::free()].map(|ports| ports.expect("ports")) {
            assert_eq!(numbers(&ports, MOST).len(), usize::from(wanted));
        }
    }

    #[test]
    fn free_blocks_at_once_are_apart_and_below_the_ephemeral_range() {
        let blocks = [Ports::free(), Ports::free(), Ports::free()].map(|ports| ports.expect("free ports"));
        let all: BTreeSet<_> = blocks.iter().flat_map(|ports| numbers(ports, MOST)).collect();
        assert_eq!(all.len(), 3 * numbers(&blocks[0], MOST).len());
        assert!(all.iter().all(|port| (20_000..32_000).contains(port)));
        assert!(blocks.iter().all(|ports| numbers(ports, MOST).iter().all(|port| *port - ports.edge < BLOCK)));
    }

    #[tokio::test]
    async fn a_busy_port_is_named_with_its_holder() {
        let ports = Ports::free().expect("free ports");
        let listener = TcpListener::bind(("127.0.0.1", ports.edge)).expect("bound");
        let error = ports.check(&Shape::default().parts()).expect_err("the edge's port is busy");
        assert!(error.message().contains(&ports.edge.to_string()), "{error}");
        assert!(error.message().contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.advice().expect("advice").contains("--port-offset"), "{error}");
        drop(listener);
        // A child that another test is just starting holds the socket until its exec.
        let free = || async { ports.check(&Shape::default().parts()).map_err(|error| error.to_string()) };
        wait::until("the port to be free again", Duration::from_secs(10), free).await.expect("free again");
    }
}
