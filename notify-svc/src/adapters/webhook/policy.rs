//! Which endpoints may be posted to.

use std::{net::IpAddr, str::FromStr};

use reqwest::Url;
use url::Host;

use super::{address::is_public, receiver};
use crate::domain::WebhookUrl;

/// Characters that a URL has at most.
const MAX_URL: usize = 2_000;
/// The port of `https`, and the only one that a pattern without a port allows.
const HTTPS: u16 = 443;

/// Which endpoints may be posted to.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The hosts; none where empty.
    pub allowed: Vec<Pattern>,
    /// Whether addresses may be private, and the scheme `http`: for tests and trials on one machine.
    pub private: bool,
}

/// Hosts with their ports: `hooks.example.com` (port 443), `*.example.com:8443`, `localhost:*` (any port), `*` (any host).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    host: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// Hosts below this one, written with the dot before it.
    Below(String),
    Exactly(String),
}

/// Patterns with commas between them; none where the text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(pub Vec<Pattern>);

impl FromStr for Patterns {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        Ok(Self(patterns.map(str::parse).collect::<Result<_, _>>()?))
    }
}

/// No pattern of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a host such as hooks.example.com, *.example.com, or *, with a port after a colon where it is not 443; :* is any port"
)]
pub struct InvalidPattern;

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (host, port) = match text.rsplit_once(':') {
            // The last group of an IPv6 address is no port.
            Some((host, "*")) => (host, None),
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().map_err(|_number| InvalidPattern)?)),
            Some(_) | None => (text, Some(HTTPS)),
        };
        let host = match host.strip_prefix('*') {
            Some("") => HostPattern::Any,
            Some(rest) => {
                let below = rest.strip_prefix('.').ok_or(InvalidPattern)?;
                HostPattern::Below(format!(".{}", normal(below)?))
            }
            None => HostPattern::Exactly(normal(host)?),
        };
        Ok(Self { host, port })
    }
}

/// A host as a URL has it.
fn normal(host: &str) -> Result<String, InvalidPattern> {
    let plain = !host.is_empty() && !host.contains(['*', '/', '@', '?', '#', ' ']);
    let parsed = plain.then(|| Host::parse(host).ok()).flatten();
    parsed.map(|host| host.to_string()).ok_or(InvalidPattern)
}

impl Pattern {
    fn allows(&self, host: &str, port: u16) -> bool {
        let host_fits = match &self.host {
            HostPattern::Any => true,
            HostPattern::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            HostPattern::Exactly(exactly) => host == exactly,
        };
        host_fits && self.port.is_none_or(|allowed| allowed == port)
    }
}

/// Why an endpoint may not be posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// It is no URL that could ever be allowed; the text says what is wrong.
    #[error("{0}")]
    Form(&'static str),
    /// It is not in the allow-list.
    #[error("this host and port are not among those that webhooks may go to here")]
    Host,
    /// Its address is not public.
    #[error("this host is a private address, and webhooks may not go to those here")]
    Private,
}

impl NotAllowed {
    /// The same in words that tell nothing of the URL.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Form(text) => text,
            Self::Host => "the host is not allowed",
            Self::Private => "the address is private",
        }
    }
}

impl Policy {
    /// The URL, where it may be set.
    ///
    /// # Errors
    /// See [`NotAllowed`].
    pub fn endpoint(&self, text: &str) -> Result<WebhookUrl, NotAllowed> {
        let url = self.check(text)?;
        Ok(WebhookUrl::new(text.to_owned(), receiver(&url)))
    }

    /// The parsed URL, where it may be posted to as far as the text tells. What its host's name leads to is checked when
    /// it is connected to.
    ///
    /// # Errors
    /// See [`NotAllowed`].
    pub fn check(&self, text: &str) -> Result<Url, NotAllowed> {
        let schemes: &[&str] = if self.private { &["https", "http"] } else { &["https"] };
        if text.is_empty() || text.chars().count() > MAX_URL {
            return Err(NotAllowed::Form("must be a URL of 1 to 2,000 characters"));
        }
        if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
            return Err(NotAllowed::Form("must hold no white space or control characters"));
        }
        let url = Url::parse(text).map_err(|_error| NotAllowed::Form("must be an absolute https URL"))?;
        if !schemes.contains(&url.scheme()) {
            return Err(NotAllowed::Form("must be an absolute https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAllowed::Form("must have no user or password"));
        }
        if url.fragment().is_some() {
            return Err(NotAllowed::Form("must have no fragment"));
        }
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(HTTPS));
        if !self.allowed.iter().any(|pattern| pattern.allows(host, port)) {
            return Err(NotAllowed::Host);
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
            Some(Host::Domain(_)) | None => None,
        };
        if literal.is_some_and(|address| !self.takes(address)) {
            return Err(NotAllowed::Private);
        }
        Ok(url)
    }

    /// Whether an address may be connected to.
    pub fn takes(&self, address: IpAddr) -> bool {
        self.private || is_public(address)
    }
}

#[cfg(test)]
mod tests;
