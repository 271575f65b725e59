//! Who is calling, and who may call what.
//!
//! A person comes with a bearer token of the issuer. A service comes with a five-minute token that it signed itself:
//! the key's id is the service's name, and services' keys stand in a set of their own, so that no service speaks for
//! another or for a person, and no issuer's key speaks for a service.

mod claims;
mod file;
mod jwks;
mod layer;
mod rules;
mod service_token;
#[cfg(test)]
pub(crate) mod testing;

use std::{collections::BTreeSet, path::PathBuf};

use time::OffsetDateTime;

pub use claims::{Refused, Verifier};
pub use file::Error;
pub use jwks::{KeySet, Unusable as UnusableKeySet};
pub use layer::{Authorize, Authorized};
pub use rules::{Allow, DuplicateRule, OPEN, OPERATOR, Rule, Rules, unruled};
pub use service_token::{ServiceTokens, Unsigned};

/// Whose tokens are believed, and how to read them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The `iss` of every token, such as `tword`.
    pub issuer: String,
    /// The `aud` of people's tokens, such as `tword`.
    pub audience: String,
    /// JSON Web Key Set with the issuer's public keys.
    pub jwks_file: PathBuf,
    /// Name of the claim that holds an array of roles, such as `roles`.
    pub roles_claim: String,
    /// Name of the claim that holds the tenant, such as `shop`.
    pub tenant_claim: String,
    /// The `aud` of services' tokens, such as `tword-internal`.
    pub service_audience: String,
    /// JSON Web Key Set with one public key for each service, its `kid` being the service's name.
    pub service_jwks: PathBuf,
}

/// Who is calling, as the token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person, whatever the roles.
    Person(Person),
    /// A service of this system by its name, such as `order-svc`.
    Service(String),
}

/// From when on the caller's token is refused, by how much clocks may differ included: what goes on for longer than a call,
/// such as a stream, ends then. It stands beside the [`Caller`] in a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(pub OffsetDateTime);

/// A person with a valid token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who vouches for the person.
    pub issuer: String,
    /// The person's opaque id, unique for the issuer: 1 to 128 characters, never an e-mail address.
    pub subject: String,
    /// What the person may do.
    pub roles: BTreeSet<String>,
    /// The tenant that the person works for.
    pub tenant: Option<String>,
}

impl Person {
    /// Whether the person has a role.
    pub fn has(&self, role: &str) -> bool {
        self.roles.contains(role)
    }
}
