//! The keys of a mesh: one that signs people's tokens, and one for each service.

use std::fs::File;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::part::Service;
use crate::error::{Context, Error, Result};
use crate::paths;
use crate::token::Grant;

/// The key id of the key that signs people's tokens.
pub const ISSUER_KEY_ID: &str = "tword-dev";

/// A directory with every key of one mesh.
#[derive(Clone)]
pub struct Keys {
    dir: PathBuf,
    issuer: EncodingKey,
}

impl Keys {
    /// Opens the keys in `dir`, making what is missing. Private keys are readable by their owner alone.
    pub fn open(dir: &Path) -> Result<Self> {
        paths::make_private_dir(dir)?;
        let lock = File::create(dir.join(".lock")).context(|| format!("opening {}", dir.join(".lock").display()))?;
        lock.lock().context(|| format!("locking {}", dir.display()))?;
        let issuer = key(&dir.join("issuer.pem"))?;
        write_if_changed(&dir.join("jwks.json"), &jwks([(ISSUER_KEY_ID, &issuer)]))?;
        let services = Service::ALL.map(|service| key(&service_key(dir, service)).map(|pair| (service.name(), pair)));
        let services = services.into_iter().collect::<Result<Vec<_>>>()?;
        write_if_changed(&dir.join("service-jwks.json"), &jwks(services.iter().map(|(name, pair)| (*name, pair))))?;
        Ok(Self { issuer: signing_key(&dir.join("issuer.pem"))?, dir: dir.to_owned() })
    }

    /// The public key that people's tokens are checked with, as a JWKS file.
    pub fn jwks(&self) -> PathBuf {
        self.dir.join("jwks.json")
    }

    /// The five public keys that services' tokens are checked with, as a JWKS file; a key's id is its service's name.
    pub fn service_jwks(&self) -> PathBuf {
        self.dir.join("service-jwks.json")
    }

    /// A service's private key, PKCS #8 in PEM.
    pub fn service_key(&self, service: Service) -> PathBuf {
        service_key(&self.dir, service)
    }

    /// Signs a person's token.
    pub fn mint(&self, grant: &Grant) -> Result<String> {
        sign(ISSUER_KEY_ID, &grant.claims(), &self.issuer)
    }

    /// Signs a token with a service's key, as that service does when it calls another; valid for five minutes.
    pub fn mint_service(&self, service: Service) -> Result<String> {
        let now = crate::token::now();
        let claims = json!({
            "iss": "tword", "sub": service.name(), "aud": "tword-internal", "iat": now, "exp": now + 300,
        });
        sign(service.name(), &claims, &signing_key(&self.service_key(service))?)
    }
}

fn sign(key_id: &str, claims: &Value, key: &EncodingKey) -> Result<String> {
    let header = Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, claims, key).context(|| "signing a token".to_owned())
}

fn service_key(dir: &Path, service: Service) -> PathBuf {
    dir.join(format!("{}.pem", service.name()))
}

fn signing_key(path: &Path) -> Result<EncodingKey> {
    EncodingKey::from_ed_pem(paths::read(path)?.as_bytes()).map_err(|_| unreadable(path))
}

/// Reads a key pair, after making it where there is none.
fn key(path: &Path) -> Result<Ed25519KeyPair> {
    if !path.exists() {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::new("making an Ed25519 key failed"))?;
        let der = pair.to_pkcs8v1().map_err(|_| Error::new("encoding an Ed25519 key failed"))?;
        let body = STANDARD.encode(der.as_ref());
        paths::write_private(
            path,
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n").as_bytes(),
        )?;
    }
    let text = paths::read(path)?;
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).map_err(|_| unreadable(path))?;
    Ed25519KeyPair::from_pkcs8(&der).map_err(|_| unreadable(path))
}

fn unreadable(path: &Path) -> Error {
    Error::new(format!("{} holds no Ed25519 key", path.display())).help("delete it: the next start makes a new one")
}

fn jwks<'a>(keys: impl IntoIterator<Item = (&'a str, &'a Ed25519KeyPair)>) -> Value {
    let public = |pair: &Ed25519KeyPair| URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let one = |(id, pair)| json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": public(pair)});
    json!({ "keys": keys.into_iter().map(one).collect::<Vec<_>>() })
}

fn write_if_changed(path: &Path, value: &Value) -> Result<()> {
    let text = format!("{value:#}\n");
    if std::fs::read_to_string(path).is_ok_and(|held| held == text) {
        Ok(())
    } else {
        paths::write(path, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
    use serde_json::Value;

    use super::Keys;
    use crate::mesh::Service;
    use crate::token::{Grant, Role};

    fn verified(jwks: &std::path::Path, key_id: &str, audience: &str, token: &str) -> Value {
        let set: JwkSet = serde_json::from_slice(&std::fs::read(jwks).expect("JWKS")).expect("a key set");
        let key = DecodingKey::from_jwk(set.find(key_id).expect("the key")).expect("a key");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[audience]);
        jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a valid token").claims
    }

    #[test]
    fn a_persons_token_verifies_with_the_published_key_and_says_what_was_granted() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let token = keys.mint(&Grant::new(Role::Manager).subject("boss").shop("s-1")).expect("token");
        let claims = verified(&keys.jwks(), super::ISSUER_KEY_ID, "tword", &token);
        assert_eq!((claims["sub"].as_str(), claims["shop"].as_str()), (Some("boss"), Some("s-1")));
        assert_eq!(claims["roles"], serde_json::json!(["manager", "staff"]));
    }

    #[test]
    fn a_service_speaks_with_its_own_key_only() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let token = keys.mint_service(Service::Order).expect("token");
        let claims = verified(&keys.service_jwks(), "order-svc", "tword-internal", &token);
        assert_eq!(claims["sub"], "order-svc");
    }

    #[test]
    fn keys_stay_and_a_lost_one_is_made_anew() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = Keys::open(dir.path()).expect("keys").service_key(Service::Shop);
        let (first, jwks) =
            (std::fs::read(&path).expect("key"), std::fs::read(dir.path().join("jwks.json")).expect("JWKS"));
        Keys::open(dir.path()).expect("keys");
        assert_eq!(std::fs::read(&path).expect("key"), first);
        std::fs::remove_file(&path).expect("removed");
        Keys::open(dir.path()).expect("keys");
        assert_ne!(std::fs::read(&path).expect("key"), first);
        assert_eq!(std::fs::read(dir.path().join("jwks.json")).expect("JWKS"), jwks);
    }
}
