//! The secrets that sign what is posted to a webhook.

use std::fmt;

use time::OffsetDateTime;

/// 256 random bits. They are shown in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A secret of random bits.
    pub fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// The bits.
    pub fn bits(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A secret that was rotated out and signs for a while yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// The secret.
    pub secret: Secret,
    /// From when on it signs no more.
    pub expire_time: OffsetDateTime,
}

/// The secrets of one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// The one that was told last.
    pub current: Secret,
    /// When it was made and told.
    pub current_time: OffsetDateTime,
    /// The one before it, if there is one; it may have expired.
    pub previous: Option<Previous>,
}

impl Secrets {
    /// A first secret, told at `now`.
    pub fn first(secret: Secret, now: OffsetDateTime) -> Self {
        Self { current: secret, current_time: now, previous: None }
    }

    /// A new secret, told at `now`; the one before it signs too until `expire_time`.
    #[must_use]
    pub fn rotated(self, secret: Secret, now: OffsetDateTime, expire_time: OffsetDateTime) -> Self {
        let previous = Previous { secret: self.current, expire_time };
        Self { current: secret, current_time: now, previous: Some(previous) }
    }

    /// The secret before the current one, while it signs.
    pub fn previous_at(&self, now: OffsetDateTime) -> Option<&Previous> {
        self.previous.as_ref().filter(|previous| now < previous.expire_time)
    }

    /// Those that sign at `now`, the current one first.
    pub fn signing_at(&self, now: OffsetDateTime) -> Vec<&Secret> {
        let previous = self.previous_at(now).map(|previous| &previous.secret);
        std::iter::once(&self.current).chain(previous).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_secret_before_the_last_signs_until_it_expires() {
        let [first, second, third] = [1, 2, 3].map(|bits| Secret::new([bits; 32]));
        let secrets = Secrets::first(first.clone(), NOW);
        assert_eq!(secrets.signing_at(NOW), [&first]);
        let secrets = secrets.rotated(second.clone(), NOW, NOW + DAY);
        assert_eq!(secrets.signing_at(NOW), [&second, &first]);
        assert_eq!(secrets.signing_at(NOW + DAY), [&second]);
        let secrets = secrets.rotated(third.clone(), NOW, NOW + DAY);
        assert_eq!(secrets.signing_at(NOW), [&third, &second]);
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new([7; 32])), "Secret(***)");
    }
}
