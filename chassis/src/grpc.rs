//! What a gRPC handler asks of its request: who is calling, and with which idempotency key.

use time::OffsetDateTime;
use tonic::Request;

use crate::{
    auth::{Caller, Person},
    idempotency::{self, Scope},
    refusal::{Refusal, reason},
};

/// The header that carries the key.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Characters that a key has at most.
const MAX_KEY: usize = 255;
/// The issuer in the scope of a service's key. No token has it, so a service and a person never share a scope.
const SERVICES: &str = "(service)";

/// The person who calls.
///
/// # Errors
/// `PERMISSION_DENIED` where a service calls, `UNAUTHENTICATED` where the method asks nobody who they are.
pub fn person<M>(request: &Request<M>) -> Result<Person, Refusal> {
    match caller(request)? {
        Caller::Person(person) => Ok(person.clone()),
        Caller::Service(_) => Err(Refusal::new(&reason::PERMISSION_DENIED, "this call is for people")),
    }
}

/// The name of the service that calls.
///
/// # Errors
/// `PERMISSION_DENIED` where a person calls, `UNAUTHENTICATED` where the method asks nobody who they are.
pub fn service<M>(request: &Request<M>) -> Result<String, Refusal> {
    match caller(request)? {
        Caller::Service(name) => Ok(name.clone()),
        Caller::Person(_) => Err(Refusal::new(&reason::PERMISSION_DENIED, "this call is for services")),
    }
}

/// The call's idempotency key with its scope and the hash of the message; none where the call has no key. `method` is
/// the method's path, such as `/tword.order.v1.OrderService/PlaceOrder`.
///
/// # Errors
/// `INVALID_IDEMPOTENCY_KEY` where the key is not 1 to 255 visible ASCII characters or there are several,
/// `UNAUTHENTICATED` where there is a key and nobody knows whose.
pub fn keyed<M>(
    request: &Request<M>,
    method: &str,
    now: OffsetDateTime,
) -> Result<Option<idempotency::Request>, Refusal>
where
    M: prost::Message,
{
    let Some(key) = key(request)? else { return Ok(None) };
    let (issuer, subject) = match caller(request)? {
        Caller::Person(person) => (person.issuer.clone(), person.subject.clone()),
        Caller::Service(name) => (SERVICES.to_owned(), name.clone()),
    };
    let scope = Scope { issuer, subject, method: method.to_owned(), key };
    Ok(Some(idempotency::Request { scope, hash: idempotency::hash(method, request.get_ref()), time: now }))
}

fn caller<M>(request: &Request<M>) -> Result<&Caller, Refusal> {
    let caller = request.extensions().get::<Caller>();
    caller.ok_or_else(|| Refusal::new(&reason::UNAUTHENTICATED, "there is no caller"))
}

fn key<M>(request: &Request<M>) -> Result<Option<String>, Refusal> {
    let mut values = request.metadata().get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bytes = value.as_encoded_bytes();
    let valid =
        (1..=MAX_KEY).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) && values.next().is_none();
    match std::str::from_utf8(bytes) {
        Ok(key) if valid => Ok(Some(key.to_owned())),
        _ => {
            let message = "there must be one idempotency-key header of 1 to 255 visible ASCII characters";
            Err(Refusal::new(&reason::INVALID_IDEMPOTENCY_KEY, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use prost_types::Timestamp;
    use tonic::metadata::AsciiMetadataValue;

    use super::*;

    const METHOD: &str = "/p.v1.S/Put";

    fn request(caller: Option<Caller>, keys: &[&str]) -> Request<Timestamp> {
        let mut request = Request::new(Timestamp { seconds: 1, nanos: 0 });
        for key in keys {
            let value = AsciiMetadataValue::try_from(key.as_bytes()).expect("a header value");
            request.metadata_mut().append(IDEMPOTENCY_KEY, value);
        }
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
        request
    }

    fn kim() -> Person {
        Person { issuer: "tword".to_owned(), subject: "order-svc".to_owned(), roles: BTreeSet::new(), tenant: None }
    }

    fn order() -> Caller {
        Caller::Service("order-svc".to_owned())
    }

    fn key_of(request: &Request<Timestamp>) -> Result<Option<idempotency::Request>, &'static str> {
        keyed(request, METHOD, OffsetDateTime::UNIX_EPOCH).map_err(|refusal| refusal.reason().name)
    }

    #[test]
    fn people_and_services_are_told_apart() {
        let (of_kim, of_order) = (request(Some(Caller::Person(kim())), &[]), request(Some(order()), &[]));
        assert_eq!(person(&of_kim), Ok(kim()));
        assert_eq!(service(&of_order), Ok("order-svc".to_owned()));
        let name = |refusal: Refusal| refusal.reason().name;
        assert_eq!(person(&of_order).map_err(name), Err("PERMISSION_DENIED"));
        assert_eq!(service(&of_kim).map_err(name), Err("PERMISSION_DENIED"));
        assert_eq!(person(&request(None, &[])).map_err(name), Err("UNAUTHENTICATED"));
    }

    #[test]
    fn a_key_is_one_value_of_visible_ascii() {
        let kim = || Some(Caller::Person(kim()));
        assert!(matches!(key_of(&request(kim(), &[])), Ok(None)));
        assert!(matches!(key_of(&request(kim(), &[&"~".repeat(255)])), Ok(Some(_))));
        for keys in [&[""][..], &[&"a".repeat(256)], &["a b"], &["é"], &["\t"], &["a", "a"]] {
            assert_eq!(key_of(&request(kim(), keys)).err(), Some("INVALID_IDEMPOTENCY_KEY"), "{keys:?}");
        }
        assert_eq!(key_of(&request(None, &["a"])).err(), Some("UNAUTHENTICATED"));
    }

    #[test]
    fn a_key_belongs_to_its_caller() {
        let scope = |caller: Caller| key_of(&request(Some(caller), &["k"])).expect("a key").expect("a key").scope;
        let expected = Scope {
            issuer: "tword".to_owned(),
            subject: "order-svc".to_owned(),
            method: METHOD.to_owned(),
            key: "k".to_owned(),
        };
        assert_eq!(scope(Caller::Person(kim())), expected);
        assert_ne!(scope(order()), expected);
    }
}
