//! The ports of one mesh: a fixed block for people, free ones for tests.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::part::Service;
use crate::error::{Context, Error, Result};
use crate::paths;

/// Free ports are looked for here, below what the kernel gives to outgoing connections.
const FREE: std::ops::Range<u16> = 20_000..32_000;
/// Ports a block of free ones spans.
const BLOCK: u16 = 16;

/// The loopback ports of one mesh.
#[derive(Debug)]
pub struct Ports {
    /// The broker.
    pub nats: u16,
    /// Envoy's listener for clients: REST, gRPC, gRPC-Web.
    pub edge: u16,
    /// Envoy's listener for services.
    pub mesh: u16,
    /// Envoy's own administration.
    pub envoy_admin: u16,
    grpc: [u16; 5],
    admin: [u16; 5],
    /// Keeps other harnesses from the same block; freed with the value.
    _claim: Option<File>,
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
            nats: 4_222 + offset,
            edge: 8_088 + offset,
            mesh: 8_090 + offset,
            envoy_admin: 9_901 + offset,
            grpc: [8_081, 8_082, 8_083, 8_084, 8_085].map(|port: u16| port + offset),
            admin: [9_081, 9_082, 9_083, 9_084, 9_085].map(|port: u16| port + offset),
            _claim: None,
        })
    }

    /// A block of ports that nothing listens on and no other harness holds.
    ///
    /// # Errors
    /// No block was free after many tries.
    pub fn free() -> Result<Self> {
        let claims = std::env::temp_dir().join("tword-ports");
        paths::make_dir(&claims)?;
        for _ in 0..200 {
            let block = rand::random_range(0..(FREE.end - FREE.start) / BLOCK);
            let base = FREE.start + block * BLOCK;
            let Some(claim) = claim(&claims, base)? else { continue };
            let ports = Self::block(base, claim);
            if ports.all().iter().all(|(_, port)| is_free(*port)) {
                return Ok(ports);
            }
        }
        Err(Error::new(format!("found no {BLOCK} free ports in a row between {} and {}", FREE.start, FREE.end)))
    }

    fn block(base: u16, claim: File) -> Self {
        Self {
            nats: base,
            edge: base + 1,
            mesh: base + 2,
            envoy_admin: base + 3,
            grpc: [4, 5, 6, 7, 8].map(|place| base + place),
            admin: [9, 10, 11, 12, 13].map(|place| base + place),
            _claim: Some(claim),
        }
    }

    /// A service's gRPC port.
    pub const fn grpc(&self, service: Service) -> u16 {
        self.grpc[service.index()]
    }

    /// A service's administration port.
    pub const fn admin(&self, service: Service) -> u16 {
        self.admin[service.index()]
    }

    /// Every port with what it is for.
    pub fn all(&self) -> Vec<(String, u16)> {
        let services = Service::ALL.into_iter().flat_map(|service| {
            let name = service.name();
            [(name.to_owned(), self.grpc(service)), (format!("{name}'s administration"), self.admin(service))]
        });
        let rest = [
            ("nats", self.nats),
            ("envoy's edge", self.edge),
            ("envoy's mesh", self.mesh),
            ("envoy's administration", self.envoy_admin),
        ];
        services.chain(rest.map(|(what, port)| (what.to_owned(), port))).collect()
    }

    /// Checks that nothing listens on any of them.
    ///
    /// # Errors
    /// Some are busy: the error names each and, where it is known, who holds it.
    pub fn check(&self) -> Result<()> {
        let busy = self.all().into_iter().filter(|(_, port)| !is_free(*port));
        let busy: Vec<_> = busy.map(|(what, port)| format!("\n  {port}, for {what}{}", held_by(port))).collect();
        if busy.is_empty() {
            return Ok(());
        }
        Err(Error::new(format!("what the mesh is to listen on is in use:{}", busy.concat()))
            .help("stop what listens there, or move the whole mesh: cargo xtask up --port-offset 10000"))
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

    use super::Ports;
    use crate::wait;

    fn numbers(ports: &Ports) -> BTreeSet<u16> {
        ports.all().into_iter().map(|(_, port)| port).collect()
    }

    #[test]
    fn the_fixed_ports_are_the_documented_ones_and_move_together() {
        let ports = Ports::fixed(0).expect("ports");
        let documented = [4222, 8081, 8082, 8083, 8084, 8085, 8088, 8090, 9081, 9082, 9083, 9084, 9085, 9901];
        assert_eq!(numbers(&ports), BTreeSet::from(documented));
        assert_eq!(
            numbers(&Ports::fixed(10_000).expect("ports")),
            BTreeSet::from(documented.map(|port: u16| port + 10_000))
        );
        Ports::fixed(60_000).expect_err("there are no such ports");
    }

    #[test]
    fn free_blocks_at_once_are_apart_and_below_the_ephemeral_range() {
        let blocks = [Ports::free(), Ports::free(), Ports::free()].map(|ports| ports.expect("free ports"));
        let all: Vec<_> = blocks.iter().flat_map(numbers).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 3 * 14);
        assert!(all.iter().all(|port| (20_000..32_000).contains(port)));
    }

    #[tokio::test]
    async fn a_busy_port_is_named_with_its_holder() {
        let ports = Ports::free().expect("free ports");
        let listener = TcpListener::bind(("127.0.0.1", ports.edge)).expect("bound");
        let error = ports.check().expect_err("the edge's port is busy");
        assert!(error.message().contains(&ports.edge.to_string()), "{error}");
        assert!(error.message().contains(&format!("process {}", std::process::id())), "{error}");
        assert!(error.advice().expect("advice").contains("--port-offset"), "{error}");
        drop(listener);
        // A child that another test is just starting holds the socket until its exec.
        let free = || async { ports.check().map_err(|error| error.to_string()) };
        wait::until("the port to be free again", Duration::from_secs(10), free).await.expect("free again");
    }
}
