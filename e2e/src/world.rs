//! A running mesh of a test's own, or one that tests share.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Weak};

use proto::shop::v1 as shop;
use tempfile::TempDir;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;
use xtask::mesh::{DatabaseKind, Mesh, MeshBuilder, Part};
use xtask::token::{Grant, Role};

use crate::grpc::{Grpc, keyed, money};
use crate::rest::Rest;

/// Names the database that the meshes of all tests use: `sqlite` (the default) or `postgres`.
const DATABASE: &str = "TWORD_DATABASE";
/// Meshes that run at once, each of seven processes or more.
const MESHES: usize = 2;
/// What is shown of each log when a test fails, in lines.
const LOG_TAIL: usize = 15;

static ROOM: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(MESHES)));
static SHARED: LazyLock<Mutex<Weak<World>>> = LazyLock::new(Mutex::default);

/// A running mesh: free ports, a directory of its own. Dropping it ends every process; where the test failed, the
/// directory is kept and the ends of the logs are shown.
pub struct World {
    mesh: Mesh,
    dir: Option<TempDir>,
    _room: OwnedSemaphorePermit,
}

/// The mesh that tests share which break nothing.
pub struct Shared(Arc<World>);

/// Someone with a token.
#[derive(Clone, Debug)]
pub struct Person {
    /// The token's subject.
    pub id: String,
    /// The bearer token.
    pub token: String,
}

/// A registered, open shop.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its id.
    pub id: String,
    /// The ids of its phones, in the order in which they were registered.
    pub phones: Vec<String>,
    /// One of its managers.
    pub manager: Person,
    /// One of its staff.
    pub staff: Person,
}

impl World {
    /// Starts a mesh with the settings that tests want.
    pub async fn start() -> Self {
        Self::start_with(|mesh| mesh).await
    }

    /// Starts a mesh whose settings `describe` changes.
    pub async fn start_with(describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Self {
        let room = Arc::clone(&ROOM).acquire_owned().await.expect("the semaphore is never closed");
        let dir = tempfile::Builder::new().prefix("tword-e2e-").tempdir().expect("a temporary directory");
        let mesh = describe(builder(dir.path())).prepare().unwrap_or_else(|error| panic!("{error}"));
        let world = Self { mesh, dir: Some(dir), _room: room };
        world.mesh.start_all().await.unwrap_or_else(|error| panic!("{error}"));
        world
    }

    /// Ends the processes and starts them anew, with other ports, on what is stored.
    pub async fn start_again(mut self, describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Self {
        self.mesh.stop_all().await.unwrap_or_else(|error| panic!("{error}"));
        let dir = self.dir.as_ref().map(|dir| dir.path().to_owned()).expect("kept until the drop");
        self.mesh = describe(builder(&dir)).prepare().unwrap_or_else(|error| panic!("{error}"));
        self.mesh.start_all().await.unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// The mesh that tests share: it runs as long as one of them does. Nobody may stop, slow or reconfigure it.
    pub async fn shared() -> Shared {
        let mut shared = SHARED.lock().await;
        if let Some(world) = shared.upgrade() {
            return Shared(world);
        }
        let world = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&world);
        Shared(world)
    }

    /// The processes.
    pub const fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The directory that everything is in.
    pub fn dir(&self) -> &Path {
        self.mesh.dir()
    }

    /// Stops a part and waits until it has ended.
    pub async fn stop(&self, part: impl Into<Part>) {
        self.mesh.stop(part).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Starts a part and waits until it is healthy.
    pub async fn restart(&self, part: impl Into<Part>) {
        let part = part.into();
        self.mesh.start(part).unwrap_or_else(|error| panic!("{error}"));
        self.mesh.wait_healthy(part).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Kills a part by SIGKILL.
    pub async fn kill(&self, part: impl Into<Part>) {
        self.mesh.kill(part).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// REST through the edge, as this person. The client belongs to the calling test's runtime.
    pub fn rest(&self, person: &Person) -> Rest {
        Rest::new(&self.mesh.edge()).by(person)
    }

    /// gRPC through the edge, as this person. The client belongs to the calling test's runtime.
    pub fn grpc(&self, person: &Person) -> Grpc {
        Grpc::new(&self.mesh.edge()).by(person)
    }

    /// A new customer.
    pub fn customer(&self) -> Person {
        self.person(Role::Customer, None)
    }

    /// A new operator.
    pub fn operator(&self) -> Person {
        self.person(Role::Operator, None)
    }

    /// A new person of some role, at a shop.
    pub fn person(&self, role: Role, shop_id: Option<&str>) -> Person {
        let id = format!("{}-{}", role.name(), Uuid::new_v4());
        let grant = Grant::new(role).subject(id.as_str());
        let grant = shop_id.into_iter().fold(grant, Grant::shop);
        let token = self.mesh.token(&grant).unwrap_or_else(|error| panic!("{error}"));
        Person { id, token }
    }

    /// Registers an open shop with `phones` phones of `units` units each, at KRW 1,000,000 apiece.
    pub async fn shop(&self, phones: usize, units: i32) -> Shop {
        let request =
            shop::RegisterShopRequest { display_name: "강남점".to_owned(), currency_code: "KRW".to_owned() };
        let mut operator = self.grpc(&self.operator()).shop();
        let answer = operator.register_shop(keyed(request)).await.expect("a shop");
        let id = answer.into_inner().shop.expect("the answer holds it").shop_id;
        let [manager, staff] = [Role::Manager, Role::Staff].map(|role| self.person(role, Some(&id)));
        let new_phone = |number: usize| shop::NewPhone {
            display_name: format!("Galaxy {number}"),
            unit_price: Some(money(1_000_000)),
            units: Some(shop::NewUnits { units: Some(shop::new_units::Units::Quantity(units)) }),
        };
        let request =
            shop::RegisterPhonesRequest { shop_id: id.clone(), phones: (1..=phones).map(new_phone).collect() };
        let answer = self.grpc(&manager).shop().register_phones(keyed(request)).await.expect("phones");
        let phones = answer.into_inner().phones.into_iter().map(|phone| phone.phone_id).collect();
        Shop { id, phones, manager, staff }
    }

    /// Ends every process and keeps the directory, to be looked into.
    pub fn keep(mut self) -> PathBuf {
        let dir = self.dir().to_owned();
        let _kept = self.dir.take().map(TempDir::keep);
        dir
    }

    fn show(&self) {
        eprintln!("the mesh's directory is {}", self.dir().display());
        for part in self.mesh.parts() {
            let log = self.mesh.log(part).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n");
            eprintln!("---- {part}: {:?}\n{tail}", self.mesh.state(part));
        }
    }
}

/// A mesh as every test wants it.
fn builder(dir: &Path) -> MeshBuilder {
    let named = std::env::var(DATABASE).unwrap_or_default();
    let kind = match named.as_str() {
        "" | "sqlite" => DatabaseKind::Sqlite,
        "postgres" => DatabaseKind::Postgres,
        other => panic!("{DATABASE} is {other:?}, which is no database"),
    };
    Mesh::builder(dir).database(kind)
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show();
            let _kept = self.dir.take().map(TempDir::keep);
        }
    }
}

impl Deref for Shared {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The last one drops the mesh, which shows itself.
        if std::thread::panicking() && Arc::strong_count(&self.0) > 1 {
            self.0.show();
        }
    }
}
