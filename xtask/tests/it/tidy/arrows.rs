//! Who may name whom: main → lib → adapters → app → domain, and no service another.

use super::source::{Source, identifiers};
use super::{bites, check, files, in_service, lets_pass};

const SERVICES: [&str; 5] = ["shop-svc", "order-svc", "delivery-svc", "notify-svc", "mypage-svc"];

/// The domain is pure and synchronous, and so is the model that explores it.
fn domain_is_pure(source: &Source) -> Vec<String> {
    const FOREIGN: [&str; 13] = [
        "tokio",
        "sqlx",
        "serde",
        "serde_json",
        "tonic",
        "proto",
        "prost",
        "prost_types",
        "async",
        "await",
        "async_trait",
        "futures",
        "chassis",
    ];
    if !in_service(&source.path, "src/domain") && !source.path.starts_with("model/src") {
        return Vec::new();
    }
    let foreign = identifiers(&source.code).filter(|(_, word)| FOREIGN.contains(word));
    foreign.map(|(at, word)| source.fault(&source.code, at, &format!("the domain names {word}"))).collect()
}

/// Use cases know neither the wire nor the store.
fn app_knows_no_adapter(source: &Source) -> Vec<String> {
    if !in_service(&source.path, "src/app") {
        return Vec::new();
    }
    let adapter = |word: &str| {
        matches!(word, "proto" | "prost" | "sqlx" | "tonic" | "adapters") || word.to_lowercase().contains("sqlite")
    };
    let named = identifiers(&source.code).filter(|(_, word)| adapter(word));
    named.map(|(at, word)| source.fault(&source.code, at, &format!("a use case names {word}"))).collect()
}

/// The contracts are translated at the border. The composition root names the generated servers, and nothing else of them.
fn contracts_stay_in_adapters(source: &Source) -> Vec<String> {
    if !in_service(&source.path, "src/") || in_service(&source.path, "src/adapters") {
        return Vec::new();
    }
    let code = &source.production;
    let named = identifiers(code)
        .filter(|(at, word)| *word == "proto" && !(source.path.ends_with("/src/lib.rs") && is_server(&code[*at..])));
    named.map(|(at, _)| source.fault(code, at, "proto is named outside src/adapters")).collect()
}

/// Whether an import brings generated servers alone: `proto::<context>::v1::{a_server::AServer, …}`.
fn is_server(import: &str) -> bool {
    let path = import.split(';').next().unwrap_or_default();
    let Some((_, servers)) = path.split_once("::v1::") else { return false };
    identifiers(servers).all(|(_, word)| word.ends_with("_server") || word.ends_with("Server"))
}

/// The chassis could carry another business.
fn chassis_knows_no_business(source: &Source) -> Vec<String> {
    const BUSINESS: [&str; 13] = [
        "shop",
        "shops",
        "phone",
        "phones",
        "order",
        "orders",
        "customer",
        "delivery",
        "deliveries",
        "reservation",
        "stock",
        "recipient",
        "mypage",
    ];
    if !source.path.starts_with("chassis/src") {
        return Vec::new();
    }
    let business = |identifier: &str| words(identifier).iter().any(|word| BUSINESS.contains(&word.as_str()));
    let named = identifiers(&source.production).filter(|(_, identifier)| business(identifier));
    let mut faults: Vec<_> = named
        .map(|(at, identifier)| source.fault(&source.production, at, &format!("the chassis names {identifier}")))
        .collect();
    faults.extend(chassis_contracts(source));
    faults
}

/// Of the contracts the chassis knows its own.
fn chassis_contracts(source: &Source) -> Vec<String> {
    const OWN: [&str; 3] = ["ops", "DESCRIPTORS", "Money"];
    let mut faults = Vec::new();
    for (at, _) in source.production.match_indices("proto::") {
        if source.production[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &source.production[at + "proto::".len()..];
        let named = rest.strip_prefix('{').map_or_else(|| vec![rest], |group| heads(group));
        let foreign =
            named.into_iter().filter_map(|path| identifiers(path).next()).filter(|(_, word)| !OWN.contains(word));
        faults.extend(
            foreign.map(|(_, word)| source.fault(&source.production, at, &format!("the chassis names proto::{word}"))),
        );
    }
    faults
}

/// The first paths of a `use` group's members.
fn heads(group: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut heads) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                heads.push(&group[begin..at]);
                begin = at + 1;
            }
            '}' if depth == 0 => {
                heads.push(&group[begin..at]);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads.into_iter().filter(|head| !head.trim().is_empty()).collect()
}

/// The words of an identifier, lower case: `OrderBook` and `order_book` are `order`, `book`.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// The services that a manifest depends on. The end-to-end tests may compare their tables with the docs.
fn service_dependencies(path: &str, manifest: &str) -> Vec<String> {
    let own = path.split('/').next().unwrap_or_default();
    // The one looks at them from outside, the other tries out their decisions.
    if own == "e2e" || own == "model" {
        return Vec::new();
    }
    let mut section = "";
    let mut faults = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        let table = section.trim_matches(['[', ']']).rsplit("dependencies.").next().unwrap_or_default();
        let named = section.contains("dependencies")
            && SERVICES.iter().chain(&["model"]).any(|other| [name, table].contains(other) && *other != own);
        if named {
            faults.push(format!("{path}: depends on a service: {line}"));
        }
    }
    faults
}

#[test]
fn the_domain_is_pure() {
    check(domain_is_pure);
    let path = "order-svc/src/domain/order.rs";
    bites(domain_is_pure, path, "use serde::Serialize;");
    bites(domain_is_pure, path, "async fn place() {}");
    bites(domain_is_pure, path, "type Now = tokio::time::Instant;");
    bites(domain_is_pure, path, "use chassis::clock::Clock;");
    lets_pass(domain_is_pure, path, "/// Not async, and no sqlx.\nuse time::OffsetDateTime;");
    lets_pass(domain_is_pure, "order-svc/src/app/place.rs", "async fn place() {}");
    bites(domain_is_pure, "model/src/saga.rs", "use tokio::time::Instant;");
}

#[test]
fn use_cases_know_no_adapter() {
    check(app_knows_no_adapter);
    let path = "order-svc/src/app/place.rs";
    bites(app_knows_no_adapter, path, "use proto::order::v1::Order;");
    bites(app_knows_no_adapter, path, "fn run(tx: &mut SqliteTx) {}");
    bites(app_knows_no_adapter, path, "fn refuse() -> tonic::Status { todo }");
    lets_pass(app_knows_no_adapter, path, "use crate::domain::order;");
}

#[test]
fn contracts_are_named_in_adapters_alone() {
    check(contracts_stay_in_adapters);
    bites(contracts_stay_in_adapters, "shop-svc/src/lib.rs", "use proto::shop::v1::Shop;");
    bites(
        contracts_stay_in_adapters,
        "shop-svc/src/lib.rs",
        "use proto::shop::v1::{shop_service_server::ShopServiceServer, Shop};",
    );
    bites(
        contracts_stay_in_adapters,
        "shop-svc/src/app/a.rs",
        "use proto::shop::v1::shop_service_server::ShopServiceServer;",
    );
    lets_pass(
        contracts_stay_in_adapters,
        "shop-svc/src/lib.rs",
        "use proto::shop::v1::shop_service_server::ShopServiceServer;",
    );
    lets_pass(contracts_stay_in_adapters, "shop-svc/src/adapters/grpc.rs", "use proto::shop::v1::Shop;");
}

#[test]
fn the_chassis_knows_no_business() {
    check(chassis_knows_no_business);
    let path = "chassis/src/relay.rs";
    bites(chassis_knows_no_business, path, "struct OrderRelay;");
    bites(chassis_knows_no_business, path, "let next_shop = 1;");
    bites(chassis_knows_no_business, path, "use proto::{ops::v1::{A, B}, notify::v1::Message};");
    bites(chassis_knows_no_business, path, "type T = proto::google::Thing;");
    lets_pass(
        chassis_knows_no_business,
        path,
        "use std::sync::atomic::Ordering;\n// the order of a shop\nuse proto::{DESCRIPTORS, ops::v1::X};",
    );
    lets_pass(chassis_knows_no_business, path, "#[cfg(test)]\nmod tests { const RULE: &str = order; }");
}

/// The crates of this workspace that the operators' tool depends on, other than the contracts: it meets services by these
/// alone.
fn tool_dependencies(path: &str, manifest: &str) -> Vec<String> {
    const OWN: [&str; 3] = ["chassis", "xtask", "e2e"];
    if path != "twordctl/Cargo.toml" {
        return Vec::new();
    }
    let name = |line: &str| line.trim().split(['.', '=', ' ']).next().unwrap_or_default().to_owned();
    let own = manifest.lines().filter(|line| OWN.contains(&name(line).as_str()));
    own.map(|line| format!("{path}: depends on more than the contracts: {line}")).collect()
}

#[test]
fn the_operators_tool_knows_the_contracts_alone() {
    let manifests = files("Cargo.toml");
    assert!(manifests.iter().any(|(path, _)| path == "twordctl/Cargo.toml"), "no twordctl");
    let faults: Vec<_> = manifests.iter().flat_map(|(path, text)| tool_dependencies(path, text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let path = "twordctl/Cargo.toml";
    assert_eq!(tool_dependencies(path, "[dependencies]\nchassis.workspace = true\n").len(), 1);
    assert!(tool_dependencies(path, "[dependencies]\nproto.workspace = true\n").is_empty());
}

#[test]
fn no_crate_depends_on_a_service() {
    let manifests = files("Cargo.toml");
    assert!(manifests.len() > SERVICES.len(), "only {} manifests were found", manifests.len());
    let faults: Vec<_> = manifests.iter().flat_map(|(path, text)| service_dependencies(path, text)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let bite =
        |manifest: &str| assert_eq!(service_dependencies("order-svc/Cargo.toml", manifest).len(), 1, "{manifest}");
    bite("[package]\nname = \"order-svc\"\n[dependencies]\nshop-svc.workspace = true\n");
    bite("[dev-dependencies]\nshop-svc = { path = \"../shop-svc\" }\n");
    bite("[dependencies.shop-svc]\n");
    bite("[dev-dependencies]\nmodel.workspace = true\n");
    assert!(
        service_dependencies(
            "order-svc/Cargo.toml",
            "[package]\nname = \"order-svc\"\n[dependencies]\nchassis.workspace = true\n"
        )
        .is_empty()
    );
}
