//! Messages that arrive: a real mail server and a real HTTPS endpoint, both of the test's own.

mod away;
mod erased;
mod life;
mod rotation;
mod tries;

use std::path::PathBuf;

use e2e::flow::key;
use e2e::mail::{MailServer, PASSWORD, USERNAME};
use e2e::receiver::{Post, Receiver};
use e2e::rest::{Answer, Rest};
use e2e::tls::Authority;
use e2e::wait::{self, holds};
use e2e::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::mesh::{MeshBuilder, Service};

/// Where messages go to.
struct Town {
    authority: Authority,
    mail: MailServer,
    mail_url: String,
    receiver: Receiver,
    files: TempDir,
}

impl Town {
    /// A mail server that speaks TLS from the first byte on where it `wraps`, and an endpoint.
    async fn new(wraps: bool) -> Self {
        let authority = Authority::new();
        let mail = MailServer::start(&authority, wraps).await;
        let mail_url = format!("{}://{}", if wraps { "smtps" } else { "smtp" }, mail.address);
        let receiver = Receiver::start(&authority).await;
        let town = Self { authority, mail, mail_url, receiver, files: tempfile::tempdir().expect("a directory") };
        std::fs::write(town.file("ca.pem"), town.authority.pem()).expect("written");
        std::fs::write(town.file("password"), format!("{PASSWORD}\n")).expect("written");
        town
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// A mesh whose messages can go there; four attempts, soon after one another.
    async fn world(&self, more: impl FnOnce(MeshBuilder) -> MeshBuilder) -> World {
        let [ca, password] = ["ca.pem", "password"].map(|name| self.file(name).display().to_string());
        World::start_with(|mesh| {
            let settings = [
                ("TWORD_CHANNEL_CA_FILE", ca.as_str()),
                ("TWORD_WEBHOOK_ALLOW", "127.0.0.1:*"),
                ("TWORD_WEBHOOK_ALLOW_PRIVATE", "true"),
                ("TWORD_SMTP_URL", &self.mail_url),
                ("TWORD_SMTP_FROM", "Tword <no-reply@tword.example>"),
                ("TWORD_SMTP_USERNAME", USERNAME),
                ("TWORD_SMTP_PASSWORD_FILE", &password),
                ("TWORD_MAX_ATTEMPTS", "4"),
                ("TWORD_RETRY_DELAY", "100ms"),
            ];
            let mesh = settings.iter().fold(mesh, |mesh, (name, value)| mesh.env(Service::Notify, name, value));
            more(mesh)
        })
        .await
    }
}

/// Sets one's own contact.
async fn set(rest: &Rest, contact: &Value) -> Answer {
    rest.call(Method::PATCH, "/v1/contact", Some(&key()), Some(contact)).await.expect("an answer")
}

/// Sets one's own contact to a webhook; its secret.
async fn hook(rest: &Rest, url: &str, language: &str) -> String {
    let body = set(rest, &json!({ "language": language, "webhook": { "url": url } })).await.ok();
    body["webhookSecret"].as_str().expect("a secret").to_owned()
}

/// The messages that one sees about an order, once all of them are sent and there are so many.
async fn all_sent(rest: &Rest, order_id: &str, count: usize) -> Vec<Value> {
    wait::until("all messages to be sent", || async {
        let messages = listed(rest, order_id).await;
        let sent = messages.iter().all(|message| message["status"] == "STATUS_SENT");
        holds(sent && messages.len() == count, format!("{messages:?}"))?;
        Ok(messages)
    })
    .await
}

async fn listed(rest: &Rest, order_id: &str) -> Vec<Value> {
    let body = rest.get(&format!("/v1/messages?orderId={order_id}")).await.ok();
    body["messages"].as_array().cloned().unwrap_or_default()
}

/// Waits for so many posts.
async fn posts(receiver: &Receiver, count: usize) -> Vec<Post> {
    wait::until("posts", || async {
        let posts = receiver.posts();
        holds(posts.len() >= count, format!("{} posts", posts.len()))?;
        Ok(posts)
    })
    .await
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
