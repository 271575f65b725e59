//! The settings of channels.

use std::{path::PathBuf, sync::Arc};

use chassis::{clock::Clock, refusal::chain, service::Error};
use clap::Args;

use super::{
    log_channel::LogChannel,
    smtp::{Credentials, Security, Server, SmtpChannel},
    webhook::{Patterns, Policy, WebhookChannel},
};
use crate::{app::Channel, domain::ChannelName};

const CHANNELS: &str = "Channels";

/// Where messages may go to, and how.
#[derive(Args, Clone, Debug)]
#[group(id = "channels")]
pub struct Options {
    /// Hosts that webhooks may go to, with commas between them: hooks.example.com, *.example.com:8443, *; none where empty
    #[arg(long, env = "TWORD_WEBHOOK_ALLOW", default_value = "", value_name = "HOST[:PORT],…", help_heading = CHANNELS)]
    webhook_allow: Patterns,

    /// Whether webhooks may go to private addresses and by plain HTTP; for tests and trials on one machine
    #[arg(long, env = "TWORD_WEBHOOK_ALLOW_PRIVATE", default_value_t = false, action = clap::ArgAction::Set, value_name = "true|false", help_heading = CHANNELS)]
    webhook_allow_private: bool,

    /// Mail server: `smtps://HOST[:PORT]` or `smtp://HOST[:PORT]` (STARTTLS); without it there is no e-mail
    #[arg(long, env = "TWORD_SMTP_URL", requires = "smtp_from", value_name = "URL", help_heading = CHANNELS)]
    smtp_url: Option<Server>,

    /// Whom e-mail comes from, such as `Tword <no-reply@example.com>`
    #[arg(long, env = "TWORD_SMTP_FROM", value_name = "MAILBOX", help_heading = CHANNELS)]
    smtp_from: Option<String>,

    /// Name that this service logs in to the mail server with
    #[arg(long, env = "TWORD_SMTP_USERNAME", requires = "smtp_password_file", value_name = "NAME", help_heading = CHANNELS)]
    smtp_username: Option<String>,

    /// File with the password for that name, on one line
    #[arg(long, env = "TWORD_SMTP_PASSWORD_FILE", requires = "smtp_username", value_name = "FILE", help_heading = CHANNELS)]
    smtp_password_file: Option<PathBuf>,

    /// Whether `smtp://HOST?tls=none` may name another machine than this one; then mail and password can be read on the way
    #[arg(long, env = "TWORD_SMTP_ALLOW_PLAIN", default_value_t = false, action = clap::ArgAction::Set, value_name = "true|false", help_heading = CHANNELS)]
    smtp_allow_plain: bool,

    /// Certificates (PEM) that webhooks and the mail server may be signed by, besides those that this machine trusts
    #[arg(long, env = "TWORD_CHANNEL_CA_FILE", value_name = "FILE", help_heading = CHANNELS)]
    channel_ca_file: Option<PathBuf>,
}

/// The ways out of the system that are set up.
pub struct Ways {
    log: Arc<dyn Channel>,
    webhook: Option<Arc<dyn Channel>>,
    smtp: Option<Arc<dyn Channel>>,
    /// Where webhooks may be set.
    pub policy: Arc<Policy>,
}

impl Ways {
    /// The channel of a name, where it is set up.
    pub fn channel(&self, name: ChannelName) -> Option<Arc<dyn Channel>> {
        match name {
            ChannelName::Log => Some(Arc::clone(&self.log)),
            ChannelName::Webhook => self.webhook.clone(),
            ChannelName::Smtp => self.smtp.clone(),
        }
    }

    /// Whether there is e-mail here.
    pub fn has_mail(&self) -> bool {
        self.smtp.is_some()
    }
}

impl Options {
    /// The channels as these settings describe them.
    ///
    /// # Errors
    /// A setting cannot be right, or a file that it names cannot be read.
    pub fn ways(&self, clock: &Arc<dyn Clock>) -> Result<Ways, Error> {
        let roots = self.roots()?;
        let policy = Arc::new(Policy { allowed: self.webhook_allow.0.clone(), private: self.webhook_allow_private });
        let webhook = webhook(Arc::clone(&policy), Arc::clone(clock), roots.as_deref())?;
        let smtp = self.smtp(roots.as_deref())?;
        Ok(Ways { log: Arc::new(LogChannel), webhook, smtp, policy })
    }

    fn roots(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(path) = &self.channel_ca_file else { return Ok(None) };
        let pem = std::fs::read(path).map_err(|error| unreadable("--channel-ca-file", path, &error))?;
        match reqwest::Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() => Ok(Some(pem)),
            Ok(_) | Err(_) => {
                let problem = format!("--channel-ca-file: {} holds no certificates in PEM", path.display());
                Err(Error::Configuration(problem))
            }
        }
    }

    fn smtp(&self, roots: Option<&[u8]>) -> Result<Option<Arc<dyn Channel>>, Error> {
        let (Some(server), Some(from)) = (&self.smtp_url, &self.smtp_from) else { return Ok(None) };
        if server.security == Security::Plain && !server.loopback && !self.smtp_allow_plain {
            let problem =
                "--smtp-url: tls=none is for this machine alone; use tls=required, or --smtp-allow-plain true";
            return Err(Error::Configuration(problem.to_owned()));
        }
        let channel = SmtpChannel::new(server, self.credentials()?, from, roots);
        let channel = channel.map_err(|error| wrong("--smtp-url and --smtp-from", &error))?;
        Ok(Some(Arc::new(channel)))
    }

    fn credentials(&self) -> Result<Option<Credentials>, Error> {
        let Some((username, path)) = self.smtp_username.clone().zip(self.smtp_password_file.as_ref()) else {
            return Ok(None);
        };
        let password = std::fs::read_to_string(path);
        let password = password.map_err(|error| unreadable("--smtp-password-file", path, &error))?;
        Ok(Some(Credentials { username, password: password.trim_end_matches(['\r', '\n']).to_owned() }))
    }
}

/// Where nothing is allowed nothing is built, so that a machine without certificates can do without.
fn webhook(
    policy: Arc<Policy>,
    clock: Arc<dyn Clock>,
    roots: Option<&[u8]>,
) -> Result<Option<Arc<dyn Channel>>, Error> {
    if policy.allowed.is_empty() {
        return Ok(None);
    }
    let roots = reqwest::Certificate::from_pem_bundle(roots.unwrap_or_default());
    let roots = roots.map_err(|error| wrong("--channel-ca-file", &error))?;
    let channel = WebhookChannel::new(policy, clock, roots).map_err(|error| wrong("--webhook-allow", &error))?;
    Ok(Some(Arc::new(channel)))
}

fn unreadable(flag: &str, path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::Configuration(format!("{flag}: cannot read {}: {error}", path.display()))
}

fn wrong(flag: &str, error: &dyn std::error::Error) -> Error {
    Error::Configuration(format!("{flag}: {}", chain(error)))
}

#[cfg(test)]
mod tests;
