//! Settings of services under test: ports that the system chooses, and keys of their own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chassis::Options;
use clap::{Args, FromArgMatches};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData};
use serde_json::json;
use tempfile::TempDir;

use crate::people;

/// Writes all keys of some services' key sets into one set; answers its path.
pub fn joined(folder: &TempDir, sets: &[&Options]) -> String {
    let keys = sets.iter().flat_map(|options| {
        let text = std::fs::read_to_string(&options.service_jwks).expect("a key set");
        let set: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        set["keys"].as_array().expect("keys").clone()
    });
    let path = folder.path().join("joined.keys.json");
    std::fs::write(&path, json!({ "keys": keys.collect::<Vec<_>>() }).to_string()).expect("written");
    path.to_string_lossy().into_owned()
}

/// The settings of one service; `settings` come beside the defaults and before them.
pub fn options(folder: &TempDir, name: &str, settings: &[&str]) -> Options {
    let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let public = BASE64_URL_SAFE_NO_PAD.encode(pair.der_bytes());
    let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": name, "x": public }] });
    let file = |file: &str, text: String| {
        let path = folder.path().join(format!("{name}.{file}"));
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let (key, keys) = (file("key.pem", pair.serialize_pem()), file("keys.json", set.to_string()));
    let people = folder.path().join("people.json");
    people::write_keys(&people);
    let people = people.to_string_lossy().into_owned();
    let defaults = [
        name,
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
        "--database-url=sqlite://none",
        // Discard: nobody is there, which must not matter.
        "--nats-url=nats://127.0.0.1:9",
        "--drain-delay=0s",
        "--jwks-file",
        &people,
        "--service-jwks",
        &keys,
        "--service-key-file",
        &key,
    ];
    let command = Options::augment_args(clap::Command::new("test")).args_override_self(true);
    let matches = command.try_get_matches_from(defaults.iter().chain(settings)).expect("settings");
    let options = Options::from_arg_matches(&matches).expect("settings");
    assert_eq!(options.problems(), Vec::<String>::new());
    options
}
