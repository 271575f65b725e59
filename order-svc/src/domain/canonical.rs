//! Canonical bytes, to be hashed: what is not the same does not read the same.

/// Bytes put together of parts.
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Nothing but what the bytes are of, such as `tword.order.id.v1`.
    pub fn of(what: &str) -> Self {
        Self(what.as_bytes().to_vec())
    }

    /// Adds text with its length in front, so that none of what follows can be taken for a part of it.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).fixed(text.as_bytes())
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.fixed(&number.to_be_bytes())
    }

    /// Adds bytes of which there are always as many.
    #[must_use]
    pub fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}
