//! A service whose key nobody believes does not start.

use std::sync::Arc;

use chassis::{
    service::{Error, Service},
    store::{Store, Tx, sqlite::Sqlite},
};
use sqlx::migrate::Migrator;
use tempfile::TempDir;

use crate::settings::{joined, options};

async fn start(folder: &TempDir, settings: &[&str]) -> Result<Service<dyn Tx>, Error> {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let sqlite = Sqlite::open(&url, &Migrator::DEFAULT).await.expect("a database");
    let store: Store<dyn Tx> = sqlite.store(|tx| tx);
    Service::new("order", options(folder, "order-svc", settings), store, sqlite.log()).await
}

#[tokio::test]
async fn a_service_with_another_services_key_does_not_start() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let other = options(&folder, "delivery-svc", &[]);
    let keys = joined(&folder, &[&other, &options(&folder, "order-svc", &[])]);
    let others_key = other.service_key_file.display().to_string();
    for settings in [&["--service-key-file", &others_key][..], &["--service-jwks", &keys]] {
        let Err(error) = start(&folder, settings).await else { panic!("started with {settings:?}") };
        assert!(error.is_configuration(), "exits with 64: {error}");
        for part in ["--service-key-file", "--service-jwks", "order-svc"] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    }
}

#[tokio::test]
async fn a_service_that_the_key_set_lacks_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = options(&folder, "delivery-svc", &[]).service_jwks.display().to_string();
    let Err(error) = start(&folder, &["--service-jwks", &keys]).await else { panic!("started") };
    assert!(error.is_configuration(), "{error}");
}
