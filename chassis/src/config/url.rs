//! URLs in settings, which may hold a password.

use std::{fmt, ops::Deref};

use sqlx::postgres::PgConnectOptions;

/// How URLs of PostgreSQL begin.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// A URL as it was set. It prints without user, password and query; `&*url` is the whole text.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Whether it is one of PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        POSTGRES.iter().any(|scheme| self.0.starts_with(scheme))
    }

    /// It names a database: a file of SQLite, or a host and a database of PostgreSQL.
    pub(crate) fn check_database(&self) -> Result<(), String> {
        if !self.is_postgres() {
            let checked = self.check_file("sqlite");
            return checked.map_err(|problem| format!("{problem}, or postgres://user:password@host/database"));
        }
        let wrong = |why: &str| Err(format!("{self} {why}; write postgres://user:password@host:port/database"));
        // What is wrong with it may show the password, so that is not told.
        let Ok(parsed) = self.0.parse::<PgConnectOptions>() else { return wrong("is not a URL of PostgreSQL") };
        let (_scheme, rest) = self.0.split_once("://").unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, _path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let named = query.split('&').any(|pair| pair.starts_with("host=") || pair.starts_with("hostaddr="));
        match parsed.get_database() {
            _ if host.is_empty() && !named => wrong("names no host"),
            None => wrong("names no database"),
            Some(_) => Ok(()),
        }
    }

    /// It names the broker's hosts.
    pub(crate) fn check_broker(&self) -> Result<(), String> {
        self.check_hosts(&["nats", "tls"])
    }

    /// It names a file of this scheme.
    fn check_file(&self, scheme: &str) -> Result<(), String> {
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
    fn check_hosts(&self, schemes: &[&str]) -> Result<(), String> {
        self.0.split(',').try_for_each(|part| Self::from(part.trim().to_owned()).check_host(schemes))
    }

    /// What may be shown of one URL: everything but user, password and query. Secrets may hold whatever separates elsewhere,
    /// so all before the last `@` may be one.
    fn shown(url: &str) -> String {
        let (scheme, rest) = url.split_once("://").map_or((None, url), |(scheme, rest)| (Some(scheme), rest));
        let (secret, rest) = rest.rsplit_once('@').map_or(("", rest), |(_secret, rest)| ("…@", rest));
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _secret)| (rest, "?…"));
        let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
        format!("{scheme}{secret}{rest}{query}")
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
        if self.is_postgres() {
            // One URL, in which a comma may be part of the password.
            return f.write_str(&Self::shown(&self.0));
        }
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
            "postgres://user:hunter2@host/db",
            "postgres://us,er:hun,ter2?hunter2/hunter2@host/db?password=hunter2",
            "postgres://host/db?user=u&password=hunter2",
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
    fn databases_are_checked() {
        for text in [
            "sqlite://order.db",
            "postgres://user:pass@host/db",
            "postgresql://host:5433/db?sslmode=verify-full",
            "postgres:///db?host=/run/postgresql",
        ] {
            assert_eq!(url(text).check_database(), Ok(()), "{text}");
        }
        for text in ["", "order.db", "mysql://host/db", "postgres://host:port/db"] {
            assert!(url(text).check_database().is_err(), "{text}");
        }
        for (text, why) in [("postgres:///db", "names no host"), ("postgres://user:hunter2@host", "names no database")]
        {
            let problem = url(text).check_database().expect_err(text);
            assert!(problem.contains(why) && !problem.contains("hunter2"), "{problem}");
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
