//! What the processes of a mesh are told: the values of the templates, and the services' environment.

use std::path::{Path, PathBuf};

use super::keys::Keys;
use super::part::Service;
use super::ports::Ports;
use super::render::Values;
use super::shape::{DatabaseKind, Shape};
use super::{files, nats};
use crate::contracts;
use crate::error::Result;
use crate::postgres::{Server, password};

/// What a mesh is prepared from.
pub(super) struct Plan {
    pub(super) dir: PathBuf,
    pub(super) ports: Ports,
    pub(super) keys: Keys,
    pub(super) shape: Shape,
    pub(super) secrets: Secrets,
    pub(super) server: Option<Server>,
}

/// Who proves to whom that it is itself, besides the keys.
pub(super) struct Secrets {
    /// Each service to the broker.
    nats: [String; 5],
    /// The brokers of a cluster to each other.
    pub(super) route: String,
    /// Each service to the database server.
    databases: [String; 5],
    /// The database server's owner.
    pub(super) owner: String,
}

impl Secrets {
    /// Those of the mesh in `dir`: what a store of its own remembers is kept there, the others are new.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let kept = |role: &str| files::secret(dir, &format!("postgres-{role}"));
        let databases = Service::ALL.map(|service| kept(service.name()));
        let databases = databases.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(Self {
            nats: Service::ALL.map(|_| password()),
            route: password(),
            databases: std::array::from_fn(|place| databases[place].clone()),
            owner: kept("owner")?,
        })
    }

    /// What a service proves itself by to the database server.
    pub(super) fn database(&self, service: Service) -> &str {
        &self.databases[service.index()]
    }
}

impl Plan {
    /// The values of the local run for every placeholder of envoy.yaml, and of nats.conf that all brokers share.
    pub(super) fn values(&self) -> Values {
        let shown = |path: PathBuf| path.display().to_string();
        let mut values: Values = LIMITS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut set = |name: &str, value: String| values.insert(name.to_owned(), value);
        for service in Service::ALL {
            let name = service.context().to_uppercase();
            set(&format!("{name}_ENDPOINTS"), self.endpoints(service));
            set(&format!("{name}_PASSWORD"), self.secrets.nats[service.index()].clone());
        }
        for (name, file) in
            ["DESCRIPTORS_FILE", "OPENAPI_FILE", "DOCS_FILE", "PROTOS_FILE"].into_iter().zip(contracts::FILES)
        {
            set(name, shown(self.dir.join(file)));
        }
        set("JWKS_FILE", shown(self.keys.jwks()));
        set("EDGE_PORT", self.ports.edge.to_string());
        set("MESH_PORT", self.ports.mesh.to_string());
        set("ADMIN_PORT", self.ports.envoy_admin.to_string());
        values
    }

    /// Each process of a service, as Envoy lists the endpoints of a cluster.
    fn endpoints(&self, service: Service) -> String {
        let endpoint = |number| {
            let port = self.ports.grpc_of(service, number);
            format!("{{ endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }} }} }}")
        };
        format!("[{}]", (1..=self.shape.replicas).map(endpoint).collect::<Vec<_>>().join(", "))
    }

    /// The settings of a service's process with this number, from 1. All of them go by the environment, since some are
    /// secret.
    pub(super) fn environment(&self, service: Service, number: u16) -> Vec<(String, String)> {
        let ports = &self.ports;
        let settings = [
            ("LISTEN", format!("127.0.0.1:{}", ports.grpc_of(service, number))),
            ("ADMIN_LISTEN", format!("127.0.0.1:{}", ports.admin_of(service, number))),
            ("DATABASE_URL", self.database_url(service)),
            ("NATS_URL", nats::urls(ports, self.shape, service.name(), &self.secrets.nats[service.index()])),
            ("MESH_URL", format!("http://127.0.0.1:{}", ports.mesh)),
            ("JWKS_FILE", self.keys.jwks().display().to_string()),
            ("SERVICE_KEY_FILE", self.keys.service_key(service).display().to_string()),
            ("SERVICE_JWKS", self.keys.service_jwks().display().to_string()),
            // The broker sets the stream's room aside, and takes no stream for which the disk has none.
            ("STREAM_MAX_BYTES", (1_u64 << 30).to_string()),
            ("STREAM_REPLICAS", self.shape.nats.to_string()),
            ("DRAIN_DELAY", "200ms".to_owned()),
            ("DRAIN_TIMEOUT", "8s".to_owned()),
        ];
        settings.map(|(name, value)| (format!("TWORD_{name}"), value)).to_vec()
    }

    /// Where a service stores, with its secret where it has one.
    pub(super) fn database_url(&self, service: Service) -> String {
        match (&self.server, self.shape.database) {
            (Some(server), DatabaseKind::Postgres) => {
                let name = database(service);
                server.url(&name, &name, self.secrets.database(service))
            }
            _ => format!("sqlite://{}", files::database(&self.dir, service).display()),
        }
    }
}

/// The name of a service's database on the server, and of the role that owns it.
pub(super) fn database(service: Service) -> String {
    format!("tword_{}", service.context())
}

/// The placeholders that are the same in every local run; envoy/README.md says what each is for.
const LIMITS: &[(&str, &str)] = &[
    ("EDGE_HOST", "127.0.0.1"),
    ("MESH_HOST", "127.0.0.1"),
    ("ISSUER", "tword"),
    ("CORS_ORIGINS", r"http://(localhost|127\.0\.0\.1)(:[0-9]+)?"),
    ("TRUSTED_HOPS", "0"),
    ("EDGE_TIMEOUT_SECONDS", "5"),
    ("MESH_TIMEOUT_SECONDS", "5"),
    ("BOOKING_ROUTE_TIMEOUT", "0.58s"),
    ("CONNECT_TIMEOUT", "0.25s"),
    ("MAX_BODY_BYTES", "1048576"),
    ("MAX_RESPONSE_BYTES", "8388608"),
    ("MAX_CONNECTIONS", "4096"),
    ("MAX_HEAP_BYTES", "536870912"),
    ("RATE_LIMIT", "20000"),
    ("CLIENT_RATE_LIMIT", "20000"),
    ("MAX_REQUESTS", "1024"),
    ("MAX_BOOKINGS", "256"),
    ("MAX_WATCHES", "10240"),
    ("WATCH_MAX_SECONDS", "3600"),
    // Nobody listens there, and nothing is sent.
    ("OTLP_HOST", "127.0.0.1"),
    ("OTLP_PORT", "9"),
    ("TRACE_SAMPLING", "0"),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::render::render;
    use super::{DatabaseKind, Keys, Plan, Secrets, Service, Shape, nats};
    use crate::mesh::Ports;
    use crate::paths;

    impl Plan {
        /// A plan of a mesh that is never run.
        pub(in crate::mesh) fn sample(dir: &Path, shape: Shape) -> Self {
            let keys = Keys::open(&dir.join("keys")).expect("keys");
            let secrets = Secrets::open(dir).expect("secrets");
            let ports = Ports::fixed(0).expect("ports");
            Self { dir: dir.to_owned(), ports, keys, shape, secrets, server: None }
        }
    }

    #[test]
    fn every_placeholder_of_both_templates_has_a_value() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let shape = Shape { database: DatabaseKind::Postgres, replicas: 2, nats: 3 };
        let plan = Plan::sample(dir.path(), shape);
        let mut values = plan.values();
        let text = |template: &str| paths::read(&paths::root().join(template)).expect("the template");
        let envoy = render(&text("envoy/envoy.yaml"), &values).expect("envoy.yaml");
        assert_eq!(envoy.matches("port_value: 8182 }").count(), 1, "the second order-svc, in one cluster");
        assert_eq!(envoy.matches("port_value: 8183 }").count(), 2, "the second delivery-svc, in two clusters");
        values.extend(nats::values(dir.path(), &plan.ports, shape, 2, "secret"));
        render(&text("xtask/src/nats.conf"), &values).expect("nats.conf");
    }

    #[test]
    fn replicas_share_everything_but_their_ports() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let plan = Plan::sample(dir.path(), Shape::default());
        let [one, other] = [1, 2].map(|number| plan.environment(Service::Order, number));
        let apart: Vec<_> = one.iter().zip(&other).filter(|(one, other)| one != other).map(|(one, _)| &one.0).collect();
        assert_eq!(apart, ["TWORD_LISTEN", "TWORD_ADMIN_LISTEN"]);
    }
}
