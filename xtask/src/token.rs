//! People's tokens, as an identity provider would issue them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ValueEnum;
use serde_json::{Value, json};

/// Characters that a subject has at most.
const MAX_SUBJECT: usize = 128;

/// What a person may act as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Role {
    /// Places and owns orders.
    Customer,
    /// Checks and ships the orders of one shop.
    Staff,
    /// Staff that also registers phones.
    Manager,
    /// Runs the system.
    Operator,
}

impl Role {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Staff, Self::Manager, Self::Operator];

    /// The name, as in the `roles` claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Manager => "manager",
            Self::Operator => "operator",
        }
    }

    /// The roles that a person of this role holds: a manager is staff as well.
    const fn held(self) -> &'static [&'static str] {
        match self {
            Self::Customer => &["customer"],
            Self::Staff => &["staff"],
            Self::Manager => &["manager", "staff"],
            Self::Operator => &["operator"],
        }
    }
}

/// What a token is to say. Fields are public so that tests can make wrong ones.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who issued it.
    pub issuer: String,
    /// Whom it is for.
    pub audience: String,
    /// The opaque subject.
    pub subject: String,
    /// The roles held.
    pub roles: Vec<String>,
    /// The shop of staff and managers, a UUID.
    pub shop: Option<String>,
    /// When it was issued, seconds since the epoch.
    pub issued: u64,
    /// From when on it is worth nothing, seconds since the epoch.
    pub expires: u64,
}

impl Grant {
    /// A token of one role, whose subject is `demo-` and the role, valid for a day.
    pub fn new(role: Role) -> Self {
        let issued = now();
        Self {
            issuer: "tword".to_owned(),
            audience: "tword".to_owned(),
            subject: format!("demo-{}", role.name()),
            roles: role.held().iter().map(|&name| name.to_owned()).collect(),
            shop: None,
            issued,
            expires: issued + 24 * 60 * 60,
        }
    }

    /// The same for another subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// The same for one shop.
    #[must_use]
    pub fn shop(mut self, shop: impl Into<String>) -> Self {
        self.shop = Some(shop.into());
        self
    }

    /// The same, valid for `ttl` from now on.
    #[must_use]
    pub fn valid_for(mut self, ttl: Duration) -> Self {
        self.expires = self.issued + ttl.as_secs();
        self
    }

    pub(crate) fn claims(&self) -> Value {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": self.subject, "roles": self.roles,
            "iat": self.issued, "exp": self.expires,
        });
        if let Some(shop) = &self.shop {
            claims["shop"] = json!(shop);
        }
        claims
    }
}

/// Takes a subject that the services accept: 1 to 128 characters that say nothing about the person.
///
/// # Errors
/// It is none.
pub fn subject(text: &str) -> Result<String, &'static str> {
    if text.contains('@') {
        return Err("a subject is opaque, and what has an @ may be an e-mail address; write an id");
    }
    let length = text.chars().count();
    if !(1..=MAX_SUBJECT).contains(&length) || text.chars().any(char::is_control) {
        return Err("a subject has 1 to 128 characters, none of them a control character");
    }
    Ok(text.to_owned())
}

/// Takes the id of a shop.
///
/// # Errors
/// It is no UUID.
pub fn shop(text: &str) -> Result<String, &'static str> {
    let digits = |part: &str| part.chars().all(|digit| digit.is_ascii_hexdigit());
    if text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(digits) {
        Ok(text.to_owned())
    } else {
        Err("a shop is named by its UUID, as RegisterShop answered it")
    }
}

/// Seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the clock of this terminal is what tokens are signed by")]
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{shop, subject};

    #[test]
    fn subjects_are_what_the_services_accept() {
        for right in ["kim", "3f2b", "한별", &"s".repeat(128)] {
            assert_eq!(subject(right).expect("a subject"), right);
        }
        for wrong in ["", "kim@example.com", "a\nb", &"s".repeat(129)] {
            subject(wrong).expect_err(wrong);
        }
    }

    #[test]
    fn shops_are_uuids() {
        shop("01939f3a-0000-7000-8000-0123456789aB").expect("a UUID");
        for wrong in ["", "notauuid", "01939f3a00007000800001234567890b", "01939f3a-0000-7000-8000-0123456789xy"] {
            shop(wrong).expect_err(wrong);
        }
    }
}
