//! The shop that a fresh mesh starts with, registered through REST as anyone would.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{Context, Error, Result};
use crate::mesh::{DatabaseKind, Mesh, files};
use crate::paths;
use crate::state::DemoShop;
use crate::token::{Grant, Role};

/// The demo shop that the mesh in `dir` has on this database, where one was registered.
pub(crate) fn known(dir: &Path, database: DatabaseKind) -> Option<DemoShop> {
    serde_json::from_str(&std::fs::read_to_string(file(dir, database)).ok()?).ok()
}

/// Registers the demo shop, unless the mesh still has the one it registered before.
///
/// Each call carries an idempotency key, so that a start that died half-way is taken up where it was.
pub(super) async fn ensure(mesh: &Mesh) -> Result<DemoShop> {
    let rest = Rest::new(mesh)?;
    if let Some(demo) = known(mesh.dir(), mesh.database_kind())
        && rest.has_shop(&demo.shop_id).await?
    {
        return Ok(demo);
    }
    let shop = json!({"displayName": "Tword Gangnam", "currencyCode": "KRW"});
    let operator = mesh.token(&Grant::new(Role::Operator))?;
    let registered = rest.post("/v1/shops", &operator, "demo-shop", &shop).await?;
    let shop_id = text(&registered["shop"]["shopId"])?;
    let manager = mesh.token(&Grant::new(Role::Manager).shop(&shop_id))?;
    let path = format!("/v1/shops/{shop_id}/phones");
    let registered = rest.post(&path, &manager, "demo-phones", &phones()).await?;
    let list = registered["phones"].as_array().cloned().unwrap_or_default();
    let phone_ids = list.iter().map(|phone| text(&phone["phoneId"])).collect::<Result<_>>()?;
    let demo = DemoShop { shop_id, phone_ids };
    let encoded = serde_json::to_string_pretty(&demo).context(|| "encoding the demo shop".to_owned())?;
    paths::write(&file(mesh.dir(), mesh.database_kind()), encoded.as_bytes())?;
    Ok(demo)
}

fn phones() -> Value {
    let phone = |name: &str, price: &str, units: Value| json!({"displayName": name, "unitPrice": {"currencyCode": "KRW", "units": price}, "units": units});
    json!({"phones": [
        phone("Mirae 12 256GB", "1250000", json!({"quantity": 100})),
        phone("Mirae 12 Mini 128GB", "890000", json!({"serials": {"serials": ["MINI-0001", "MINI-0002", "MINI-0003"]}})),
    ]})
}

fn text(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::new("the demo shop's registration was answered without an id"))
}

fn file(dir: &Path, database: DatabaseKind) -> PathBuf {
    files::data(dir).join(format!("demo-shop-{}.json", database.name()))
}

/// Calls through the edge.
struct Rest<'a> {
    client: reqwest::Client,
    mesh: &'a Mesh,
}

impl<'a> Rest<'a> {
    fn new(mesh: &'a Mesh) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
        Ok(Self { client: client.context(|| "making an HTTP client".to_owned())?, mesh })
    }

    async fn has_shop(&self, shop_id: &str) -> Result<bool> {
        let operator = self.mesh.token(&Grant::new(Role::Operator))?;
        let request = self.client.get(format!("{}/v1/shops/{shop_id}", self.mesh.edge())).bearer_auth(operator);
        let answer = request.send().await.context(|| "looking for the demo shop".to_owned())?;
        match answer.status().as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            other => Err(Error::new(format!("looking for the demo shop was answered {other}"))),
        }
    }

    async fn post(&self, path: &str, token: &str, key: &str, body: &Value) -> Result<Value> {
        let doing = || format!("registering the demo shop (POST {path})");
        let request = self.client.post(format!("{}{path}", self.mesh.edge())).bearer_auth(token);
        let answer = request.header("idempotency-key", key).json(body).send().await.context(doing)?;
        let status = answer.status();
        let text = answer.text().await.context(doing)?;
        if !status.is_success() {
            return Err(Error::new(format!("{} was answered {status}: {text}", doing())));
        }
        serde_json::from_str(&text).context(doing)
    }
}
