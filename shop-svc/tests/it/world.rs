//! A service without its network: the API, the handler of order events, and a database of its own, of either kind.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use chassis::{
    auth::{Caller, Person},
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::Event,
    store::{Database, Store, postgres::Postgres, sqlite::Sqlite},
};
use prost::{Message, Name};
use proto::shop::v1::{self, shop_service_server::ShopService};
use shop_svc::{
    adapters::{
        events::incoming::OrderEvents,
        grpc::Api,
        store::{self, MIGRATIONS},
    },
    app::{Read, Tx},
};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime, macros::datetime};
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// When every world begins.
pub const START: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);

/// A clock that a test sets.
pub struct TestClock(Mutex<OffsetDateTime>);

impl TestClock {
    /// Moves on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An event as it stands in the outbox.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Written {
    pub kind: String,
    pub aggregate_id: Uuid,
    pub version: i64,
    pub body: Vec<u8>,
}

impl Written {
    /// The body, which must be an `M`.
    pub fn message<M: Message + Name + Default>(&self) -> M {
        assert_eq!(self.kind, M::full_name());
        M::decode(self.body.as_slice()).expect("a message")
    }
}

/// Defines tests on each kind of database: functions that take a world.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::world::World::on_sqlite().await).await;
                }
            )*
        }

        mod on_postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::world::World::on_postgres().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_both;

/// All rows of a query, from either kind of database.
macro_rules! rows {
    ($world:expr, $query:expr $(, $value:expr)*) => {
        match &$world.database {
            chassis::store::Database::Sqlite(sqlite) => {
                sqlx::query_as($query)$(.bind($value))*.fetch_all(&sqlite.reads()).await
            }
            chassis::store::Database::Postgres(postgres) => {
                sqlx::query_as($query)$(.bind($value))*.fetch_all(&postgres.reads()).await
            }
        }
        .expect("rows")
    };
}
pub(crate) use rows;

pub struct World {
    directory: Option<TempDir>,
    /// Where a replica finds the same database, if there may be one.
    url: Option<String>,
    pub database: Database,
    pub store: Store<dyn Tx>,
    pub reads: Arc<dyn Read>,
    pub api: Arc<Api>,
    pub clock: Arc<TestClock>,
    handler: Arc<dyn Handler<dyn Tx>>,
}

impl World {
    pub async fn on_sqlite() -> Self {
        // Memory, where there is some, spares the tests the disk's fsync.
        Self::on_sqlite_in(TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory")).await
    }

    /// The same on the database of a directory, if it has one.
    pub async fn on_sqlite_in(directory: TempDir) -> Self {
        let url = format!("sqlite://{}", directory.path().join("shop.db").display());
        let sqlite = Sqlite::open(&url, MIGRATIONS.sqlite).await.expect("a database");
        let world = Self::over(Database::Sqlite(sqlite), Arc::new(TestClock(Mutex::new(START))));
        Self { directory: Some(directory), ..world }
    }

    pub async fn on_postgres() -> Self {
        let url = xtask::postgres::database().await;
        Self::on_postgres_at(url, Arc::new(TestClock(Mutex::new(START)))).await
    }

    /// Another world, on a database of its own of the same kind.
    pub async fn another(&self) -> Self {
        match &self.database {
            Database::Sqlite(_) => Self::on_sqlite().await,
            Database::Postgres(_) => Self::on_postgres().await,
        }
    }

    /// Another world, on a copy of this one's SQLite database as it is now.
    pub async fn copied(&self) -> Self {
        let directory = TempDir::new().expect("a directory");
        let Some(own) = &self.directory else { panic!("a database in a directory") };
        let from = SqliteConnectOptions::new().filename(own.path().join("shop.db"));
        let mut database = from.connect().await.expect("a connection");
        let copy = directory.path().join("shop.db").display().to_string();
        sqlx::query("VACUUM INTO ?").bind(copy).execute(&mut database).await.expect("copied");
        Self::on_sqlite_in(directory).await
    }

    /// Another process on the same database.
    pub async fn replica(&self) -> Self {
        let url = self.url.clone().expect("a database that several processes may use");
        Self::on_postgres_at(url, Arc::clone(&self.clock)).await
    }

    async fn on_postgres_at(url: String, clock: Arc<TestClock>) -> Self {
        let postgres = Postgres::open(&url, MIGRATIONS.postgres).await.expect("a database");
        Self { url: Some(url), ..Self::over(Database::Postgres(postgres), clock) }
    }

    fn over(database: Database, clock: Arc<TestClock>) -> Self {
        let (store, reads) = (store::store(&database), store::reads(&database));
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let api = Arc::new(Api::new(&store, Arc::clone(&reads), &shared));
        let handler = Arc::new(OrderEvents::new(shared));
        Self { directory: None, url: None, database, store, reads, api, clock, handler }
    }

    /// A shop that sells in KRW.
    pub async fn shop(&self) -> Uuid {
        let request = v1::RegisterShopRequest { display_name: "종로".to_owned(), currency_code: String::new() };
        let response = self.api.register_shop(by(&operator(), request)).await.expect("registered");
        id(&response.into_inner().shop.expect("a shop").shop_id)
    }

    /// A phone with so many units at a price in won.
    pub async fn phone(&self, shop_id: Uuid, price: i64, units: i32) -> Uuid {
        let phone = new_phone("S30", price, (units > 0).then(|| quantity(units)));
        let request = v1::RegisterPhonesRequest { shop_id: shop_id.to_string(), phones: vec![phone] };
        let response = self.api.register_phones(by(&manager(shop_id), request)).await.expect("registered");
        id(&response.into_inner().phones[0].phone_id)
    }

    /// The counts of a phone.
    pub async fn stock(&self, shop_id: Uuid, phone_id: Uuid) -> v1::Stock {
        let request = v1::GetPhoneRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string() };
        let response = self.api.get_phone(by(&customer(), request)).await.expect("a phone");
        response.into_inner().phone.expect("a phone").stock.expect("counts")
    }

    /// Every event written so far, oldest first.
    pub async fn written(&self) -> Vec<Written> {
        rows!(self, "SELECT kind, aggregate_id, version, body FROM outbox ORDER BY position")
    }

    /// The events of one aggregate, oldest first.
    pub async fn written_of(&self, aggregate_id: Uuid) -> Vec<Written> {
        self.written().await.into_iter().filter(|event| event.aggregate_id == aggregate_id).collect()
    }

    /// The last event written.
    pub async fn last(&self) -> Written {
        self.written().await.pop().expect("an event")
    }

    /// Takes an event in as a consumer does.
    pub async fn take_in(&self, event: &Event) -> Result<(), Failure> {
        let (event, handler) = (Arc::new(event.clone()), Arc::clone(&self.handler));
        let unit = self.store.run(move |tx| {
            let (event, handler) = (Arc::clone(&event), Arc::clone(&handler));
            Box::pin(async move { if tx.admit(&event).await? { handler.handle(tx, &event).await } else { Ok(()) } })
        });
        unit.await
    }

    /// Asserts what holds of every database at all times (I2 and the outbox's rule).
    pub async fn check_invariants(&self) {
        let broken: Vec<(String,)> = rows!(self, BROKEN_RULES);
        assert_eq!(broken, []);
        let mut versions: BTreeMap<Uuid, i64> = BTreeMap::new();
        for event in self.written().await {
            let before = versions.insert(event.aggregate_id, event.version).unwrap_or_default();
            assert_eq!(event.version, before + 1, "{} of {}", event.kind, event.aggregate_id);
        }
    }
}

/// Names each rule that some row breaks.
const BROKEN_RULES: &str = "
    SELECT 'counts differ from units' AS broken FROM stock WHERE
        available <> (SELECT count(*) FROM unit WHERE unit.phone_id = stock.phone_id AND status = 'AVAILABLE')
        OR reserved <> (SELECT count(*) FROM unit WHERE unit.phone_id = stock.phone_id AND status = 'RESERVED')
        OR sold <> (SELECT count(*) FROM unit WHERE unit.phone_id = stock.phone_id AND status = 'SOLD')
        OR withdrawn <> (SELECT count(*) FROM unit WHERE unit.phone_id = stock.phone_id AND status = 'WITHDRAWN')
    UNION ALL
    SELECT 'a unit follows no reservation' FROM unit
        LEFT JOIN reservation USING (order_id) WHERE unit.order_id IS NOT NULL AND reservation.status IS DISTINCT FROM unit.status
    UNION ALL
    SELECT 'a history does not end where its unit stands' FROM unit LEFT JOIN unit_event AS last
        ON last.unit_id = unit.unit_id AND number = (SELECT count(*) FROM unit_event WHERE unit_id = unit.unit_id)
        WHERE CASE last.kind WHEN 'REGISTERED' THEN 'AVAILABLE' WHEN 'RELEASED' THEN 'AVAILABLE' ELSE kind END
        IS DISTINCT FROM unit.status OR (unit.order_id IS NOT NULL AND last.order_id IS DISTINCT FROM unit.order_id)
    UNION ALL
    SELECT 'a unit takes a way that there is none of' FROM unit_event AS before JOIN unit_event AS next
        ON next.unit_id = before.unit_id AND next.number = before.number + 1
        WHERE NOT (before.kind IN ('REGISTERED', 'RELEASED') AND next.kind IN ('RESERVED', 'WITHDRAWN')
        OR before.kind = 'RESERVED' AND next.kind IN ('RELEASED', 'SOLD') AND next.order_id = before.order_id)
    UNION ALL
    SELECT 'a reservation holds another number of units' FROM reservation_line AS line JOIN reservation USING (order_id)
        WHERE CASE WHEN reservation.status IN ('RESERVED', 'SOLD') THEN quantity ELSE 0 END
        <> (SELECT count(*) FROM unit WHERE unit.order_id = line.order_id AND unit.phone_id = line.phone_id)";

/// A request by a person.
pub fn by<M>(person: &Person, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Person(person.clone()));
    request
}

/// The same with an idempotency key.
pub fn keyed<M>(person: &Person, key: &str, message: M) -> Request<M> {
    let mut request = by(person, message);
    request.metadata_mut().insert("idempotency-key", key.parse().expect("a key"));
    request
}

pub fn person(subject: &str, roles: &[&str], shop_id: Option<Uuid>) -> Person {
    Person {
        issuer: "tword".to_owned(),
        subject: subject.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        tenant: shop_id.map(|shop_id| shop_id.to_string()),
    }
}

pub fn customer() -> Person {
    person("kim", &["customer"], None)
}

pub fn operator() -> Person {
    person("op", &["operator"], None)
}

pub fn manager(shop_id: Uuid) -> Person {
    person("boss", &["manager"], Some(shop_id))
}

pub fn staff(shop_id: Uuid) -> Person {
    person("clerk", &["staff"], Some(shop_id))
}

pub fn won(amount: i64) -> proto::Money {
    proto::Money { currency_code: "KRW".to_owned(), units: amount, nanos: 0 }
}

pub fn new_phone(name: &str, price: i64, units: Option<v1::NewUnits>) -> v1::NewPhone {
    v1::NewPhone { display_name: name.to_owned(), unit_price: Some(won(price)), units }
}

pub fn quantity(count: i32) -> v1::NewUnits {
    v1::NewUnits { units: Some(v1::new_units::Units::Quantity(count)) }
}

pub fn serials<'a>(serials: impl IntoIterator<Item = &'a str>) -> v1::NewUnits {
    let serials = serials.into_iter().map(ToOwned::to_owned).collect();
    v1::NewUnits { units: Some(v1::new_units::Units::Serials(v1::Serials { serials })) }
}

pub fn id(text: &str) -> Uuid {
    text.parse().expect("a uuid")
}

/// Why a call was refused: the `ErrorInfo`'s reason.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().expect("an ErrorInfo").reason
}

/// The fields that a call was refused for.
pub fn fields(status: &Status) -> Vec<String> {
    assert_eq!(reason(status), "INVALID_REQUEST");
    let violations = status.get_details_bad_request().expect("violations").field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}
