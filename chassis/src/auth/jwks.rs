//! Public keys by their ids, from a JSON Web Key Set.

use std::collections::HashMap;

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

/// Keys that a set has at most.
const MAX_KEYS: usize = 100;
/// An Ed25519 public key, in bytes.
const ED25519_BYTES: usize = 32;
/// An uncompressed P-256 point, in bytes.
const P256_BYTES: usize = 65;

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not a key set at all.
    #[error("it is not a JSON Web Key Set")]
    Json(#[from] serde_json::Error),
    /// More keys than anybody needs.
    #[error("it has {0} keys, which is more than {MAX_KEYS}")]
    TooMany(usize),
    /// A key without an id.
    #[error("a key has no kid")]
    Unnamed,
    /// Two keys with one id.
    #[error("two keys have the kid {0:?}")]
    Twice(String),
    /// A key that is none.
    #[error("the key {0:?} is malformed")]
    Malformed(String),
    /// Nothing could be verified.
    #[error("it has no key for EdDSA (Ed25519) or ES256 (P-256)")]
    Empty,
}

/// A public key and the one algorithm that it verifies.
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Public keys by their ids.
pub struct KeySet(HashMap<String, Key>);

impl KeySet {
    /// Reads a JSON Web Key Set. Keys for other uses and algorithms are left out.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        let set: JwkSet = serde_json::from_slice(bytes)?;
        if set.keys.len() > MAX_KEYS {
            return Err(Unusable::TooMany(set.keys.len()));
        }
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let Some((algorithm, length)) = usable(jwk) else { continue };
            let id = jwk.common.key_id.clone().ok_or(Unusable::Unnamed)?;
            let key = DecodingKey::from_jwk(jwk).map_err(|_malformed| Unusable::Malformed(id.clone()))?;
            if key.try_get_as_bytes().map_or(0, <[u8]>::len) != length {
                return Err(Unusable::Malformed(id));
            }
            if keys.insert(id.clone(), Key { algorithm, key }).is_some() {
                return Err(Unusable::Twice(id));
            }
        }
        if keys.is_empty() { Err(Unusable::Empty) } else { Ok(Self(keys)) }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.0.get(id)
    }
}

/// The algorithm that a key is for and the length it must have.
fn usable(jwk: &Jwk) -> Option<(Algorithm, usize)> {
    let (algorithm, name, length) = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA, ED25519_BYTES)
        }
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256, P256_BYTES)
        }
        _ => return None,
    };
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let agrees = jwk.common.key_algorithm.is_none_or(|named| named == name);
    (signs && agrees).then_some((algorithm, length))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::auth::testing::Signer;

    fn parse(keys: &[Value]) -> Result<KeySet, Unusable> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn keys_are_found_by_their_ids() {
        let rsa = json!({ "kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB" });
        let mut encryption = Signer::es256("encryption").jwk();
        encryption["use"] = json!("enc");
        let mut another_algorithm = Signer::es256("another").jwk();
        another_algorithm["alg"] = json!("ES384");
        let mut a = Signer::eddsa("a").jwk();
        (a["use"], a["alg"]) = (json!("sig"), json!("EdDSA"));
        let keys = parse(&[a, Signer::es256("b").jwk(), rsa, encryption, another_algorithm]).expect("a key set");
        assert_eq!(keys.get("a").map(|key| key.algorithm), Some(Algorithm::EdDSA));
        assert_eq!(keys.get("b").map(|key| key.algorithm), Some(Algorithm::ES256));
        assert!(["rsa", "encryption", "another"].iter().all(|id| keys.get(id).is_none()));
    }

    #[test]
    fn a_set_that_would_verify_nothing_or_anything_is_refused() {
        let secret = json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0", "alg": "HS256" });
        assert!(matches!(parse(&[secret]), Err(Unusable::Empty)));
        assert!(matches!(parse(&[]), Err(Unusable::Empty)));
        assert!(matches!(KeySet::parse(b"{}"), Err(Unusable::Json(_))));
        let mut unnamed = Signer::eddsa("a").jwk();
        unnamed.as_object_mut().expect("an object").remove("kid");
        assert!(matches!(parse(&[unnamed]), Err(Unusable::Unnamed)));
        let twice = [Signer::eddsa("a").jwk(), Signer::eddsa("a").jwk()];
        assert!(matches!(parse(&twice), Err(Unusable::Twice(id)) if id == "a"));
        let mut short = Signer::eddsa("a").jwk();
        short["x"] = json!("AAAA");
        assert!(matches!(parse(&[short]), Err(Unusable::Malformed(id)) if id == "a"));
        let many: Vec<Value> = (0..=MAX_KEYS).map(|_| json!({ "kty": "other" })).collect();
        assert!(matches!(parse(&many), Err(Unusable::TooMany(101))));
    }
}
