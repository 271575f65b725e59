//! What a person needs to know once the mesh runs.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::mesh::{Mesh, Part};
use crate::paths;
use crate::state::{DemoShop, MeshState};
use crate::token::{Grant, Role};

/// How long the ready-made tokens are valid.
const TOKEN_TTL: Duration = Duration::from_hours(7 * 24);

/// Signs a token for each role of the demo shop and writes them to `tokens/` in the mesh's directory.
pub(super) fn write_tokens(mesh: &Mesh, demo: &DemoShop) -> Result<Vec<(Role, String)>> {
    let dir = mesh.dir().join("tokens");
    paths::make_private_dir(&dir)?;
    let one = |role: Role| {
        let grant = Grant::new(role).valid_for(TOKEN_TTL);
        let grant = if matches!(role, Role::Staff | Role::Manager) { grant.shop(&demo.shop_id) } else { grant };
        let token = mesh.token(&grant)?;
        paths::write_private(&dir.join(role.name()), token.as_bytes())?;
        Ok((role, token))
    };
    Role::ALL.into_iter().map(one).collect()
}

/// Addresses, tokens and the first calls, to be printed.
pub(super) fn text(mesh: &Mesh, demo: &DemoShop, tokens: &[(Role, String)]) -> String {
    let mut text = String::from("\nThe mesh is up.\n\n");
    addresses(&mut text, mesh);
    let _ = writeln!(text, "\nDemo shop {}, phones {}\n", demo.shop_id, demo.phone_ids.join(" and "));
    let dir = shown(mesh.dir());
    let _ = writeln!(text, "Tokens of the demo shop's people, valid for 7 days (also in {dir}/tokens/):\n");
    for (role, token) in tokens {
        let _ = writeln!(text, "{}={token}", role.name().to_uppercase());
    }
    calls(&mut text, mesh, demo, &dir);
    operators(&mut text, mesh, &dir);
    let _ = writeln!(text, "\nCtrl-C stops everything; what was stored stays (--fresh forgets it).");
    let other = if mesh.dir() == MeshState::default_dir() { String::new() } else { format!(" --dir {dir}") };
    let commands = ["status", "stop delivery", "start delivery"].map(|verb| format!("cargo xtask {verb}{other}"));
    let _ = writeln!(text, "From another terminal: {}", commands.join("; "));
    text
}

fn addresses(text: &mut String, mesh: &Mesh) {
    let mut line = |name: &str, address: String, what: &str| {
        let _ = writeln!(text, "  {name:<14} {address:<23} {what}");
    };
    line("edge", mesh.edge(), "REST, gRPC and gRPC-Web for everyone");
    line("mesh", mesh.mesh(), "gRPC between services");
    for part in mesh.parts() {
        let (name, number) = (part.to_string(), part.number());
        match part {
            Part::Service(service) | Part::Replica(service, _) => {
                let metrics = format!("gRPC; metrics: {}/metrics", mesh.admin_of(service, number));
                line(&name, mesh.grpc_of(service, number), &metrics);
            }
            Part::Envoy => line(&name, mesh.envoy_admin(), "administration"),
            Part::Nats | Part::NatsPeer(_) => {
                line(&name, format!("nats://127.0.0.1:{}", mesh.ports().nats_of(number)), "");
            }
            Part::Postgres => {
                let example =
                    format!("psql -U tword_order, password: {}", shown(&mesh.dir().join("keys/postgres-order-svc")));
                line(&name, format!("127.0.0.1:{}", mesh.ports().postgres), &example);
            }
        }
    }
    let logs = mesh.log_path(Part::Nats);
    line("logs", logs.parent().map(shown).unwrap_or_default(), "");
}

fn calls(text: &mut String, mesh: &Mesh, demo: &DemoShop, dir: &str) {
    let edge = mesh.edge();
    let authority = edge.trim_start_matches("http://");
    let phone = demo.phone_ids.first().map_or("", String::as_str);
    let shop = &demo.shop_id;
    let _ = write!(
        text,
        r#"
The first order, by curl:

curl -i {edge}/v1/orders \
  -H "authorization: Bearer $(cat {dir}/tokens/customer)" -H 'idempotency-key: my-first-order' \
  -H 'content-type: application/json' \
  -d '{{"shopId":"{shop}","lines":[{{"phoneId":"{phone}","quantity":1}}],
       "recipient":{{"name":"Hong Gildong","phoneNumber":"010-1234-5678","address":"1 Teheran-ro, Seoul"}}}}'

curl {edge}/v1/mypage/orders -H "authorization: Bearer $(cat {dir}/tokens/customer)"

and by grpcurl:

grpcurl -plaintext -protoset {dir}/descriptors.binpb \
  -H "authorization: Bearer $(cat {dir}/tokens/customer)" -H 'idempotency-key: my-second-order' \
  -d '{{"shop_id":"{shop}","lines":[{{"phone_id":"{phone}","quantity":1}}],
       "recipient":{{"name":"Hong Gildong","phone_number":"010-1234-5678","address":"1 Teheran-ro, Seoul"}}}}' \
  {authority} tword.order.v1.OrderService/PlaceOrder

grpcurl -plaintext -protoset {dir}/descriptors.binpb \
  -H "authorization: Bearer $(cat {dir}/tokens/customer)" \
  {authority} tword.mypage.v1.MyPageService/ListMyOrders
"#
    );
}

fn operators(text: &mut String, mesh: &Mesh, dir: &str) {
    let tool = shown(&mesh.binary("twordctl"));
    let _ = writeln!(
        text,
        "\nFor operators:\n\nexport TWORD_URL={} TWORD_TOKEN_FILE={dir}/tokens/operator\n{tool} --help\n{tool} consumers",
        mesh.edge()
    );
}

/// A path as one would type it here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
