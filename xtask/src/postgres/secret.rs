//! Passwords, and what the server keeps of them.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How often a password is hashed. Once will do for one of 128 random bits, and each connection costs as much.
const ITERATIONS: u32 = 1;

/// A password that nobody guesses and no quoting changes.
pub(crate) fn password() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// What the server checks a password by (SCRAM-SHA-256); the password itself is never sent, nor written to a log.
pub(super) fn verifier(password: &str) -> String {
    verifier_with(password, &rand::random::<u128>().to_be_bytes())
}

fn verifier_with(password: &str, salt: &[u8]) -> String {
    let salted = keyed(password.as_bytes(), &[salt, &1_u32.to_be_bytes()].concat());
    let stored = digest::digest(&digest::SHA256, keyed(salted.as_ref(), b"Client Key").as_ref());
    let server = keyed(salted.as_ref(), b"Server Key");
    let [salt, stored, server] = [salt, stored.as_ref(), server.as_ref()].map(|bytes| STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}")
}

fn keyed(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

#[cfg(test)]
mod tests {
    /// Made by Python's hashlib and hmac modules.
    #[test]
    fn a_verifier_is_as_the_server_would_make_it() {
        let expected = "SCRAM-SHA-256$1:MDEyMzQ1Njc4OWFiY2RlZg==$rb2i4FWE8CCi1HDhnBxhv8/uERf3QN6tiTjE4qSdliQ=:gWfVquF9Vgm4YA/KIyjllnL4Zn6B7unP+DKFnilYEAg=";
        assert_eq!(super::verifier_with("secret", b"0123456789abcdef"), expected);
        assert_ne!(super::verifier("secret"), super::verifier("secret"));
    }
}
