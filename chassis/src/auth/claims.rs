//! Bearer tokens: whose they are, or why they are refused.

use std::{collections::BTreeSet, time::Duration};

use jsonwebtoken::{Validation, decode, decode_header, errors::ErrorKind, get_current_timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{
    Caller, Error, Person, Settings, Until,
    file::Watched,
    jwks::{Key, KeySet},
    service_token,
};

/// By how much clocks may differ.
const LEEWAY_SECONDS: u64 = 30;
const LEEWAY: Duration = Duration::from_secs(LEEWAY_SECONDS);
/// Characters that a subject has at most.
const MAX_SUBJECT: usize = 128;

/// Why a token is not believed. It never tells the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a token signed with `EdDSA` or `ES256`.
    #[error("the bearer token is not a JSON Web Token signed with EdDSA or ES256")]
    Malformed,
    /// No `kid`, or one that is not in the key sets.
    #[error("the bearer token names no key that is known here")]
    UnknownKey,
    /// Somebody else signed it, or it was changed.
    #[error("the bearer token's signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the bearer token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the bearer token is not valid yet")]
    Early,
    /// Another issuer's.
    #[error("the bearer token is not of the issuer that is trusted here")]
    Issuer,
    /// Meant for somebody else.
    #[error("the bearer token is meant for another audience")]
    Audience,
    /// `iss`, `aud`, `sub` or `exp` is missing, or a claim has the wrong type.
    #[error("the bearer token lacks a claim, or a claim has the wrong type")]
    Claims,
    /// A `sub` that is not an opaque id, or not the service whose key signed it.
    #[error("the bearer token's subject must be an opaque id of 1 to 128 characters")]
    Subject,
    /// A service's token that lives too long.
    #[error("the bearer token of a service must expire within five minutes")]
    Lifetime,
}

impl From<&ErrorKind> for Refused {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidSignature => Self::Signature,
            ErrorKind::ExpiredSignature => Self::Expired,
            ErrorKind::ImmatureSignature => Self::Early,
            ErrorKind::InvalidIssuer => Self::Issuer,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => Self::Claims,
            _ => Self::Malformed,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Tells whose a token is.
pub struct Verifier {
    settings: Settings,
    people: Watched<KeySet>,
    services: Watched<KeySet>,
}

impl Verifier {
    /// Reads both key sets; they are read again when they change.
    ///
    /// # Errors
    /// A key set cannot be used.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        let open = |path, what| Watched::open(path, what, |bytes| Ok(KeySet::parse(bytes)?));
        let people = open(settings.jwks_file.clone(), "a JSON Web Key Set with the issuer's public keys")?;
        let services = open(settings.service_jwks.clone(), "a JSON Web Key Set with the services' public keys")?;
        Ok(Self { settings, people, services })
    }

    /// Whose token it is. The key's id decides which kind of caller it can be: an id of the services' set never makes
    /// a person, and an id of the issuer's set never a service.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn verify(&self, token: &str) -> Result<Caller, Refused> {
        self.verify_until(token).map(|(caller, _until)| caller)
    }

    /// Whose token it is, and from when on it is refused.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn verify_until(&self, token: &str) -> Result<(Caller, Until), Refused> {
        let header = decode_header(token).map_err(|_malformed| Refused::Malformed)?;
        if header.crit.is_some() {
            // Extensions that the token's maker says must be understood; none is.
            return Err(Refused::Malformed);
        }
        let id = header.kid.ok_or(Refused::UnknownKey)?;
        if let Some(key) = self.services.current().get(&id) {
            return self.service(token, &id, key);
        }
        let people = self.people.current();
        self.person(token, people.get(&id).ok_or(Refused::UnknownKey)?)
    }

    fn service(&self, token: &str, key_id: &str, key: &Key) -> Result<(Caller, Until), Refused> {
        let claims = self.claims(token, key, &self.settings.service_audience)?;
        if claims.sub != key_id {
            return Err(Refused::Subject);
        }
        let expiry = claims.others.get("exp").and_then(Value::as_u64).ok_or(Refused::Claims)?;
        if expiry > get_current_timestamp() + service_token::LIFETIME.as_secs() + LEEWAY_SECONDS {
            return Err(Refused::Lifetime);
        }
        let until = until(&claims)?;
        Ok((Caller::Service(claims.sub), until))
    }

    fn person(&self, token: &str, key: &Key) -> Result<(Caller, Until), Refused> {
        let claims = self.claims(token, key, &self.settings.audience)?;
        if !is_opaque(&claims.sub) {
            return Err(Refused::Subject);
        }
        let roles = roles(claims.others.get(&self.settings.roles_claim))?;
        let tenant = tenant(claims.others.get(&self.settings.tenant_claim))?;
        let until = until(&claims)?;
        Ok((Caller::Person(Person { issuer: claims.iss, subject: claims.sub, roles, tenant }), until))
    }

    fn claims(&self, token: &str, key: &Key, audience: &str) -> Result<Claims, Refused> {
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[audience]);
        decode::<Claims>(token, &key.key, &validation).map(|token| token.claims).map_err(|error| error.kind().into())
    }
}

/// A time without end, for what expires later than times can tell, is the last one that they can.
fn until(claims: &Claims) -> Result<Until, Refused> {
    let expiry = claims.others.get("exp").and_then(Value::as_f64).ok_or(Refused::Claims)?;
    let end = Duration::try_from_secs_f64(expiry).ok().and_then(|since| since.checked_add(LEEWAY));
    let end = end.and_then(|since| OffsetDateTime::UNIX_EPOCH.checked_add(since.try_into().ok()?));
    Ok(Until(end.unwrap_or(PrimitiveDateTime::MAX.assume_utc())))
}

fn is_opaque(subject: &str) -> bool {
    let length = subject.chars().count();
    (1..=MAX_SUBJECT).contains(&length) && !subject.chars().any(|c| c == '@' || c.is_control())
}

fn roles(claim: Option<&Value>) -> Result<BTreeSet<String>, Refused> {
    match claim {
        None | Some(Value::Null) => Ok(BTreeSet::new()),
        Some(Value::Array(roles)) => {
            roles.iter().map(|role| role.as_str().map(ToOwned::to_owned).ok_or(Refused::Claims)).collect()
        }
        Some(_) => Err(Refused::Claims),
    }
}

fn tenant(claim: Option<&Value>) -> Result<Option<String>, Refused> {
    match claim {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(tenant)) if !tenant.is_empty() => Ok(Some(tenant.clone())),
        Some(_) => Err(Refused::Claims),
    }
}

#[cfg(test)]
mod tests;
