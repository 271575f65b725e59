//! URLs in settings, which may hold a password.

use std::{fmt, ops::Deref};

/// A URL as it was set. It prints without user, password and query; `&*url` is the whole text.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// It names a file of this scheme.
    pub(super) fn check_file(&self, scheme: &str) -> Result<(), String> {
        let path = self.0.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
        match path.map(|path| path.split('?').next().unwrap_or_default()) {
            Some("") => Err(format!("{self} names no file; write {scheme}://path/to/file")),
            Some(_) => Ok(()),
            None => Err(format!("{self} is not of this form: {scheme}://path/to/file")),
        }
    }

    /// It names a host, by one of these schemes.
    pub(super) fn check_host(&self, schemes: &[&str]) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("{self} {why}; write {}://host:port", schemes.join(":// or ")));
        let Ok(uri) = self.0.parse::<http::Uri>() else { return wrong("is not a URL") };
        match (uri.scheme_str(), uri.host()) {
            (Some(scheme), Some(host)) if schemes.contains(&scheme) && !host.is_empty() => Ok(()),
            (Some(scheme), _) if !schemes.contains(&scheme) => wrong("has the wrong scheme"),
            (Some(_), _) => wrong("names no host"),
            (None, _) => wrong("has no scheme"),
        }
    }

    /// It names hosts, separated by commas, each by one of these schemes.
    pub(super) fn check_hosts(&self, schemes: &[&str]) -> Result<(), String> {
        self.0.split(',').try_for_each(|part| Self::from(part.trim().to_owned()).check_host(schemes))
    }

    /// What may be shown of one URL: everything but user, password and query.
    fn shown(url: &str) -> String {
        let (url, query) = url.split_once('?').map_or((url, ""), |(url, _secret)| (url, "?…"));
        match url.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                match authority.rsplit_once('@') {
                    Some((_secret, host)) => format!("{scheme}://…@{host}{path}{query}"),
                    None => format!("{scheme}://{rest}{query}"),
                }
            }
            // Without a scheme, anything before an `@` may be a password.
            None => match url.rsplit_once('@') {
                Some((_secret, rest)) => format!("…@{rest}{query}"),
                None => format!("{url}{query}"),
            },
        }
    }
}

impl From<String> for Url {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Deref for Url {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.split(',').map(Self::shown).collect();
        f.write_str(&shown.join(","))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::from(text.to_owned())
    }

    #[test]
    fn secrets_are_never_shown() {
        for text in [
            "nats://user:hunter2@host:4222",
            "nats://hunter2@a:1,nats://user:hunter2@b:2",
            "sqlite://file.db?key=hunter2",
            "http://us:hunter2@er@host/path?x=hunter2",
            "user:hunter2@host",
        ] {
            let shown = format!("{} {:?}", url(text), url(text));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(url("nats://user:hunter2@host:4222").to_string(), "nats://…@host:4222");
        assert_eq!(url("http://127.0.0.1:8090").to_string(), "http://127.0.0.1:8090");
        assert_eq!(&*url("nats://u:p@h"), "nats://u:p@h");
    }

    #[test]
    fn hosts_are_checked() {
        assert_eq!(url("http://127.0.0.1:8090").check_host(&["http"]), Ok(()));
        assert_eq!(url("nats://a:4222,tls://u:p@b:4222").check_hosts(&["nats", "tls"]), Ok(()));
        for text in ["", "127.0.0.1:8090", "https://host", "http://", "http:// host", "http://host,", "/path"] {
            assert!(url(text).check_hosts(&["http"]).is_err(), "{text}");
        }
    }

    #[test]
    fn files_are_checked() {
        for text in ["sqlite:///var/lib/order.db", "sqlite://order.db?mode=rwc"] {
            assert_eq!(url(text).check_file("sqlite"), Ok(()), "{text}");
        }
        for text in ["", "sqlite://", "sqlite://?mode=rwc", "order.db", "postgres://host/db"] {
            assert!(url(text).check_file("sqlite").is_err(), "{text}");
        }
    }
}
