//! What a forger, a thief and a careless operator can try.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::auth::{
    file::CHECK_INTERVAL,
    testing::{Signer, World, person, seconds_from_now, service, write_keys},
};

fn verdict(world: &World, token: &str) -> Result<Caller, Refused> {
    world.verifier.verify(token)
}

#[test]
fn a_token_is_believed_until_it_expires_whatever_its_number_is() {
    let world = World::new();
    let until = |exp: Value| {
        let token = world.issuer.sign(&person(&json!({ "exp": exp })));
        world.verifier.verify_until(&token).expect("valid").1.0.unix_timestamp()
    };
    let soon = seconds_from_now(60);
    assert_eq!(u64::try_from(until(json!(soon))), Ok(soon + LEEWAY_SECONDS));
    assert_eq!(until(json!(u64::MAX)), PrimitiveDateTime::MAX.assume_utc().unix_timestamp());
}

#[test]
fn a_persons_token_tells_who_it_is() {
    let world = World::new();
    let token = world
        .issuer
        .sign(&person(&json!({ "roles": ["staff", "manager"], "shop": "s-1", "nbf": seconds_from_now(0) })));
    let expected = Person {
        issuer: "tword".to_owned(),
        subject: "customer-1".to_owned(),
        roles: BTreeSet::from(["manager".to_owned(), "staff".to_owned()]),
        tenant: Some("s-1".to_owned()),
    };
    assert_eq!(verdict(&world, &token), Ok(Caller::Person(expected)));
    let plain = world.issuer.sign(&person(&json!({ "roles": null, "aud": ["other", "tword"] })));
    let Ok(Caller::Person(plain)) = verdict(&world, &plain) else { panic!("a person") };
    assert!(plain.roles.is_empty() && plain.tenant.is_none());
}

#[test]
fn a_services_token_tells_its_name() {
    let world = World::new();
    let token = world.order.sign(&service("order-svc", &json!({})));
    assert_eq!(verdict(&world, &token), Ok(Caller::Service("order-svc".to_owned())));
}

#[test]
fn times_issuers_and_audiences_count() {
    let world = World::new();
    for (changes, why) in [
        (json!({ "exp": seconds_from_now(-60) }), Refused::Expired),
        (json!({ "exp": null }), Refused::Claims),
        (json!({ "exp": "tomorrow" }), Refused::Claims),
        (json!({ "nbf": seconds_from_now(90) }), Refused::Early),
        (json!({ "nbf": "yesterday" }), Refused::Claims),
        (json!({ "iss": "another" }), Refused::Issuer),
        (json!({ "iss": null }), Refused::Claims),
        (json!({ "iss": ["tword", "another"] }), Refused::Claims),
        (json!({ "aud": "another" }), Refused::Audience),
        (json!({ "aud": "tword-internal" }), Refused::Audience),
        (json!({ "aud": null }), Refused::Claims),
        (json!({ "aud": 1 }), Refused::Claims),
        (json!({ "roles": "operator" }), Refused::Claims),
        (json!({ "roles": [1] }), Refused::Claims),
        (json!({ "shop": ["s-1"] }), Refused::Claims),
        (json!({ "shop": "" }), Refused::Claims),
    ] {
        assert_eq!(verdict(&world, &world.issuer.sign(&person(&changes))), Err(why), "{changes}");
    }
}

#[test]
fn subjects_are_opaque() {
    let world = World::new();
    let subject = |subject: String| verdict(&world, &world.issuer.sign(&person(&json!({ "sub": subject }))));
    assert!(subject("가".repeat(128)).is_ok());
    for refused in [String::new(), "a".repeat(129), "kim@example.com".to_owned(), "two\nlines".to_owned()] {
        assert_eq!(subject(refused), Err(Refused::Subject));
    }
}

#[test]
fn a_forged_signature_is_refused() {
    let world = World::new();
    let forger = Signer::es256("issuer-1");
    assert_eq!(verdict(&world, &forger.sign(&person(&json!({})))), Err(Refused::Signature));
    let token = world.issuer.sign(&person(&json!({})));
    let (head, signature) = token.rsplit_once('.').expect("a signature");
    let (header, _) = head.split_once('.').expect("a header");
    let claims = BASE64_URL_SAFE_NO_PAD.encode(person(&json!({ "roles": ["operator"] })).to_string());
    assert_eq!(verdict(&world, &format!("{header}.{claims}.{signature}")), Err(Refused::Signature));
    assert_eq!(verdict(&world, &format!("{head}.")), Err(Refused::Signature));
    assert_eq!(verdict(&world, &world.issuer.named("unknown").sign(&person(&json!({})))), Err(Refused::UnknownKey));
}

#[test]
fn the_algorithm_is_the_keys_own() {
    let world = World::new();
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    for alg in ["none", "None", "NONE"] {
        let header = part(json!({ "alg": alg, "typ": "JWT", "kid": "issuer-1" }));
        let token = format!("{header}.{}.", part(person(&json!({}))));
        assert_eq!(verdict(&world, &token), Err(Refused::Malformed));
    }
    let jwk = world.issuer.jwk().to_string();
    for secret in [world.issuer.public_pem().as_bytes(), world.issuer.public_bytes(), jwk.as_bytes()] {
        let header = Header { kid: Some("issuer-1".to_owned()), ..Header::new(Algorithm::HS256) };
        let token = encode(&header, &person(&json!({})), &EncodingKey::from_secret(secret)).expect("a token");
        assert_eq!(verdict(&world, &token), Err(Refused::Malformed));
    }
    let other_family = Signer::eddsa("issuer-1").sign(&person(&json!({})));
    assert_eq!(verdict(&world, &other_family), Err(Refused::Malformed));
}

#[test]
fn what_is_no_token_is_refused() {
    let world = World::new();
    let token = world.issuer.sign(&person(&json!({})));
    let (_, rest) = token.split_once('.').expect("a header");
    let header = |json: Value| format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(json.to_string()));
    for text in ["", ".", "..", "a.b.c", "a.b.c.d", &token[1..], &format!("{token}.x")] {
        assert_eq!(verdict(&world, text), Err(Refused::Malformed), "{text}");
    }
    assert_eq!(verdict(&world, &header(json!({ "alg": "ES256" }))), Err(Refused::UnknownKey));
    let critical = header(json!({ "alg": "ES256", "kid": "issuer-1", "crit": ["b64"] }));
    assert_eq!(verdict(&world, &critical), Err(Refused::Malformed));
}

#[test]
fn no_service_speaks_for_another() {
    let world = World::new();
    let as_delivery = service("delivery-svc", &json!({}));
    assert_eq!(verdict(&world, &world.order.sign(&as_delivery)), Err(Refused::Subject));
    assert_eq!(verdict(&world, &world.order.named("delivery-svc").sign(&as_delivery)), Err(Refused::Signature));
    assert!(verdict(&world, &world.delivery.sign(&as_delivery)).is_ok());
}

#[test]
fn no_service_mints_a_persons_token() {
    let world = World::new();
    for claims in [person(&json!({})), person(&json!({ "sub": "order-svc" }))] {
        assert_eq!(verdict(&world, &world.order.sign(&claims)), Err(Refused::Audience));
        assert_eq!(verdict(&world, &world.order.named("issuer-1").sign(&claims)), Err(Refused::Malformed));
    }
    let both = service("order-svc", &json!({ "aud": ["tword", "tword-internal"], "roles": ["operator"] }));
    assert_eq!(verdict(&world, &world.order.sign(&both)), Ok(Caller::Service("order-svc".to_owned())));
}

#[test]
fn the_issuers_key_never_verifies_a_services_token() {
    let world = World::new();
    let claims = service("order-svc", &json!({}));
    assert_eq!(verdict(&world, &world.issuer.sign(&claims)), Err(Refused::Audience));
    assert_eq!(verdict(&world, &world.issuer.named("order-svc").sign(&claims)), Err(Refused::Malformed));
    let named = service("issuer-1", &json!({}));
    assert_eq!(verdict(&world, &world.issuer.sign(&named)), Err(Refused::Audience));
}

#[test]
fn a_services_token_is_short_lived() {
    let world = World::new();
    let lasting = |seconds: i64| world.order.sign(&service("order-svc", &json!({ "exp": seconds_from_now(seconds) })));
    assert!(verdict(&world, &lasting(300)).is_ok());
    assert_eq!(verdict(&world, &lasting(400)), Err(Refused::Lifetime));
    assert_eq!(verdict(&world, &lasting(-60)), Err(Refused::Expired));
}

#[test]
fn keys_that_change_on_disk_change_who_is_believed() {
    let world = World::new();
    let (next_issuer, next_order) = (Signer::eddsa("issuer-2"), Signer::eddsa("order-svc"));
    let (person, order) = (next_issuer.sign(&person(&json!({}))), next_order.sign(&service("order-svc", &json!({}))));
    assert_eq!(verdict(&world, &person), Err(Refused::UnknownKey));
    assert_eq!(verdict(&world, &order), Err(Refused::Signature));

    write_keys(&world.folder.path().join("people.json"), &[&next_issuer]);
    write_keys(&world.folder.path().join("services.json"), &[&next_order]);
    let later = std::time::Instant::now() + CHECK_INTERVAL;
    world.verifier.people.at(later);
    world.verifier.services.at(later);

    assert!(verdict(&world, &person).is_ok() && verdict(&world, &order).is_ok());
    let old = world.delivery.sign(&service("delivery-svc", &json!({})));
    assert_eq!(verdict(&world, &old), Err(Refused::UnknownKey));
}
