//! People with tokens that services under test believe.

use std::{path::Path, sync::LazyLock};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use serde_json::json;
use tonic::{Request, metadata::AsciiMetadataValue};

const KEY_ID: &str = "issuer-1";

static ISSUER: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_ED25519).expect("a key"));

/// Writes the key set of their issuer.
pub fn write_keys(path: &Path) {
    let public = BASE64_URL_SAFE_NO_PAD.encode(ISSUER.der_bytes());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": KEY_ID, "x": public }] });
    std::fs::write(path, set.to_string()).expect("written");
}

/// A request of somebody with one role.
pub fn request<M>(subject: &str, role: &str, message: M) -> Request<M> {
    let claims = json!({
        "iss": "tword", "aud": "tword", "sub": subject, "exp": get_current_timestamp() + 60, "roles": [role],
    });
    let key = EncodingKey::from_ed_pem(ISSUER.serialize_pem().as_bytes()).expect("a key");
    let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
    let token = encode(&header, &claims, &key).expect("a token");
    let mut request = Request::new(message);
    let bearer = AsciiMetadataValue::try_from(format!("Bearer {token}")).expect("a header's value");
    request.metadata_mut().insert("authorization", bearer);
    request
}
