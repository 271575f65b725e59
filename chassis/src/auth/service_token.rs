//! The tokens with which this service calls others.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde::Serialize;

use super::{Caller, Error, Refused, Verifier, file::Watched};

/// How long a token is valid.
pub(super) const LIFETIME: Duration = Duration::from_mins(5);
/// How long a token is used: a minute less than it is valid.
const USED: Duration = Duration::from_mins(4);

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the service's own token cannot be signed")]
pub struct Unsigned(#[source] Box<dyn std::error::Error + Send + Sync>);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Signs this service's tokens with its own key and keeps each until a minute before its end.
pub struct ServiceTokens {
    service: String,
    issuer: String,
    audience: String,
    key: Watched<EncodingKey>,
    last: Mutex<Option<Signed>>,
}

struct Signed {
    bearer: HeaderValue,
    key: Arc<EncodingKey>,
    renewed_at: Instant,
}

impl ServiceTokens {
    /// Reads the key file, which is read again when it changes: an Ed25519 private key as PKCS #8 PEM. `service` is the
    /// service's name, such as `order-svc`, and the id of its key in every service's key set.
    ///
    /// # Errors
    /// The key file cannot be used.
    pub fn open(service: &str, issuer: &str, audience: &str, key_file: PathBuf) -> Result<Self, Error> {
        let key = Watched::open(
            key_file,
            "an Ed25519 private key in PKCS #8 PEM (openssl genpkey -algorithm ed25519)",
            parse,
        )?;
        let (service, issuer, audience) = (service.to_owned(), issuer.to_owned(), audience.to_owned());
        Ok(Self { service, issuer, audience, key, last: Mutex::new(None) })
    }

    /// The value of the `authorization` header, valid for a minute at least; marked as sensitive.
    ///
    /// # Errors
    /// The key signs nothing.
    pub fn bearer(&self) -> Result<HeaderValue, Unsigned> {
        self.at(Instant::now())
    }

    /// Asks whether a service with these key sets believes this one.
    ///
    /// # Errors
    /// Why it does not: the private key is not the one whose public key has this service's name there.
    pub fn believed_by(&self, verifier: &Verifier) -> Result<(), Refused> {
        let bearer = self.bearer().map_err(|_unsigned| Refused::Malformed)?;
        let token = bearer.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        match verifier.verify(token.unwrap_or_default())? {
            Caller::Service(name) if name == self.service => Ok(()),
            Caller::Service(_) | Caller::Person(_) => Err(Refused::Subject),
        }
    }

    fn at(&self, now: Instant) -> Result<HeaderValue, Unsigned> {
        let key = self.key.at(now);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = last.as_ref().filter(|signed| now < signed.renewed_at && Arc::ptr_eq(&signed.key, &key)) {
            return Ok(signed.bearer.clone());
        }
        let bearer = self.sign(&key)?;
        *last = Some(Signed { bearer: bearer.clone(), key, renewed_at: now + USED });
        Ok(bearer)
    }

    fn sign(&self, key: &EncodingKey) -> Result<HeaderValue, Unsigned> {
        let now = get_current_timestamp();
        let header = Header { kid: Some(self.service.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &self.service,
            iat: now,
            nbf: now,
            exp: now + LIFETIME.as_secs(),
        };
        let token = encode(&header, &claims, key).map_err(|error| Unsigned(error.into()))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| Unsigned(error.into()))?;
        bearer.set_sensitive(true);
        Ok(bearer)
    }
}

fn parse(pem: &[u8]) -> Result<EncodingKey, Box<dyn std::error::Error + Send + Sync>> {
    let key = EncodingKey::from_ed_pem(pem)?;
    // Only signing tells whether what the PEM holds is a key.
    encode(&Header::new(Algorithm::EdDSA), &(), &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::auth::{
        Caller, Refused,
        file::CHECK_INTERVAL,
        testing::{Signer, World},
    };

    fn tokens(world: &World, service: &str, pem: &str) -> Result<ServiceTokens, Error> {
        let path = world.folder.path().join("key.pem");
        fs::write(&path, pem).expect("written");
        ServiceTokens::open(service, "tword", "tword-internal", path)
    }

    fn verdict(world: &World, bearer: &HeaderValue) -> Result<Caller, Refused> {
        let token = bearer.to_str().expect("text").strip_prefix("Bearer ").expect("a bearer token");
        world.verifier.verify(token)
    }

    #[test]
    fn a_token_says_who_signed_it_and_is_not_shown() {
        let world = World::new();
        let bearer = tokens(&world, "order-svc", &world.order.pem()).expect("a key").bearer().expect("a token");
        assert_eq!(verdict(&world, &bearer), Ok(Caller::Service("order-svc".to_owned())));
        assert_eq!(format!("{bearer:?}"), "Sensitive");
    }

    #[test]
    fn a_token_of_another_services_key_is_refused() {
        let world = World::new();
        let bearer = tokens(&world, "order-svc", &world.delivery.pem()).expect("a key").bearer().expect("a token");
        assert_eq!(verdict(&world, &bearer), Err(Refused::Signature));
    }

    #[test]
    fn a_token_is_kept_until_a_minute_before_its_end() {
        let world = World::new();
        let tokens = tokens(&world, "order-svc", &world.order.pem()).expect("a key");
        let start = Instant::now();
        tokens.at(start).expect("a token");
        let renewed_at = || tokens.last.lock().expect("a lock").as_ref().map(|signed| signed.renewed_at);
        let end = start + USED;
        assert_eq!(renewed_at(), Some(end));
        tokens.at(end.checked_sub(Duration::from_secs(1)).expect("a time")).expect("a token");
        assert_eq!(renewed_at(), Some(end));
        tokens.at(end).expect("a token");
        assert_eq!(renewed_at(), Some(end + USED));
    }

    #[test]
    fn a_changed_key_signs_the_next_token() {
        let world = World::new();
        let tokens = tokens(&world, "order-svc", &Signer::eddsa("order-svc").pem()).expect("a key");
        assert_eq!(verdict(&world, &tokens.bearer().expect("a token")), Err(Refused::Signature));
        // Longer than the old one: a change is seen by time or length, and both may be written within one tick.
        fs::write(world.folder.path().join("key.pem"), format!("{}\n", world.order.pem())).expect("written");
        let bearer = tokens.at(Instant::now() + CHECK_INTERVAL).expect("a token");
        assert_eq!(verdict(&world, &bearer), Ok(Caller::Service("order-svc".to_owned())));
    }

    #[test]
    fn a_file_without_an_ed25519_key_is_refused() {
        let world = World::new();
        let pem = "-----BEGIN PRIVATE KEY-----\nMAUGAytlcA==\n-----END PRIVATE KEY-----\n";
        for wrong in ["", "not a key", pem, &Signer::es256("order-svc").pem(), &world.order.public_pem()] {
            assert!(matches!(tokens(&world, "order-svc", wrong), Err(Error::Unusable { .. })), "{wrong}");
        }
    }
}
