//! Signatures as Standard Webhooks says (<https://www.standardwebhooks.com>), version 1: HMAC-SHA256.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::Secret;

/// What a secret begins with.
pub const PREFIX: &str = "whsec_";

/// A secret as its owner is told it.
pub fn told(secret: &Secret) -> String {
    format!("{PREFIX}{}", STANDARD.encode(secret.bits()))
}

/// The signatures by each of the secrets, one space between them.
pub fn of(secrets: &[&Secret], id: &str, seconds: i64, body: &[u8]) -> String {
    let signed = |secret: &&Secret| format!("v1,{}", STANDARD.encode(mac(secret, id, seconds, body)));
    secrets.iter().map(signed).collect::<Vec<_>>().join(" ")
}

fn mac(secret: &Secret, id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
    // HMAC fills a key that is shorter than the hash's block with zeros.
    let mut key = [0; 64];
    key[..32].copy_from_slice(secret.bits());
    let mut mac = Hmac::<Sha256>::new(&key.into());
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Python's hmac module.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let first = Secret::new(std::array::from_fn(|index| u8::try_from(index).expect("small")));
        let second = Secret::new([0xff; 32]);
        assert_eq!(told(&first), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let signed = of(&[&first, &second], "msg_1", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(
            signed,
            "v1,GWvjEzx3AphU7wha3hNZPXJnymF9Fg+ZdvPQqWPOjZ0= v1,a28AVg38eyQ35Iz3xY7YJO4xWqeuuXeWMM+ekIwuQsY="
        );
    }
}
