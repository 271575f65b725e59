//! Keys and tokens for tests.

use std::{path::Path, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PublicKeyData};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Settings, Verifier};

/// A key with its id.
pub(crate) struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    pair: KeyPair,
}

impl Signer {
    pub(crate) fn eddsa(id: &'static str) -> Self {
        Self { id, algorithm: Algorithm::EdDSA, pair: KeyPair::generate_for(&PKCS_ED25519).expect("a key") }
    }

    pub(crate) fn es256(id: &'static str) -> Self {
        Self { id, algorithm: Algorithm::ES256, pair: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key") }
    }

    /// The same key under another id.
    pub(crate) fn named(&self, id: &'static str) -> Self {
        let pair = KeyPair::from_pem(&self.pem()).expect("a key");
        Self { id, algorithm: self.algorithm, pair }
    }

    pub(crate) fn pem(&self) -> String {
        self.pair.serialize_pem()
    }

    pub(crate) fn public_pem(&self) -> String {
        self.pair.public_key_pem()
    }

    pub(crate) fn public_bytes(&self) -> &[u8] {
        self.pair.der_bytes()
    }

    pub(crate) fn jwk(&self) -> Value {
        let bytes = self.public_bytes();
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match self.algorithm {
            Algorithm::EdDSA => json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": text(bytes) }),
            _ => {
                json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "x": text(&bytes[1..33]), "y": text(&bytes[33..]) })
            }
        }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let pem = self.pem();
        let key = match self.algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
            _ => EncodingKey::from_ec_pem(pem.as_bytes()),
        };
        let header = Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) };
        encode(&header, claims, &key.expect("a key")).expect("a token")
    }
}

/// Seconds since the epoch, so many from now.
pub(crate) fn seconds_from_now(seconds: i64) -> u64 {
    get_current_timestamp().saturating_add_signed(seconds)
}

/// The claims of a person's token, some of them replaced, or removed where null.
pub(crate) fn person(changes: &Value) -> Value {
    let claims = json!({
        "iss": "tword", "aud": "tword", "sub": "customer-1", "exp": seconds_from_now(60), "roles": ["customer"],
    });
    changed(claims, changes)
}

/// The claims of a service's token, some of them replaced, or removed where null.
pub(crate) fn service(name: &str, changes: &Value) -> Value {
    let claims = json!({ "iss": "tword", "aud": "tword-internal", "sub": name, "exp": seconds_from_now(60) });
    changed(claims, changes)
}

fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_name, value| !value.is_null());
    claims
}

/// An issuer, two services, and a verifier that knows them.
pub(crate) struct World {
    pub(crate) issuer: Signer,
    pub(crate) order: Signer,
    pub(crate) delivery: Signer,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (issuer, order, delivery) =
            (Signer::es256("issuer-1"), Signer::eddsa("order-svc"), Signer::eddsa("delivery-svc"));
        let settings = Settings {
            issuer: "tword".to_owned(),
            audience: "tword".to_owned(),
            jwks_file: folder.path().join("people.json"),
            roles_claim: "roles".to_owned(),
            tenant_claim: "shop".to_owned(),
            service_audience: "tword-internal".to_owned(),
            service_jwks: folder.path().join("services.json"),
        };
        write_keys(&settings.jwks_file, &[&issuer]);
        write_keys(&settings.service_jwks, &[&order, &delivery]);
        let verifier = Arc::new(Verifier::open(settings).expect("a verifier"));
        Self { issuer, order, delivery, verifier, folder }
    }
}

/// Writes a key set.
pub(crate) fn write_keys(path: &Path, signers: &[&Signer]) {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    std::fs::write(path, json!({ "keys": keys }).to_string()).expect("written");
}
