//! An order's id follows from its idempotency key, so that a retry meets the booking of its first try.

use uuid::Uuid;

use super::canonical::Canonical;

/// How many generations of a key are probed; a void adds one.
pub const MAX_GENERATIONS: u32 = 256;

/// The id of a key's order in one generation; a void makes the key take the next one. `digest` is SHA-256 over
/// [`canonical`].
pub fn derived(digest: [u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::new_v8(bytes)
}

/// What a derived id is the digest of: no two keys and generations read the same.
pub fn canonical(issuer: &str, subject: &str, method: &str, key: &str, generation: u32) -> Vec<u8> {
    let key = Canonical::of("tword.order.id.v1").text(issuer).text(subject).text(method).text(key);
    key.fixed(&generation.to_be_bytes()).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_read_the_same() {
        assert_ne!(canonical("a", "bc", "m", "k", 0), canonical("ab", "c", "m", "k", 0));
        assert_ne!(canonical("a", "b", "m", "k", 0), canonical("a", "b", "m", "k", 1));
    }

    #[test]
    fn derived_ids_are_version_8() {
        assert_eq!(derived([7; 32]).get_version_num(), 8);
    }
}
