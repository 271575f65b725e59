//! Listening to the other processes. A connection that was lost is made anew, and everybody hears that words were missed.

use std::{sync::Arc, time::Duration};

use sqlx::{Executor, PgPool, postgres::PgListener};
use tokio::sync::Notify;

use super::{APPENDED, CHANNEL, message};
use crate::{refusal::chain, store::Announcements};

const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long nothing may be heard before the connection is tried.
const QUIET: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct Listener {
    pub(super) here: String,
    pub(super) pool: PgPool,
    pub(super) announcements: Announcements,
    pub(super) wake: Arc<Notify>,
}

impl Listener {
    /// Listens for ever.
    pub(super) async fn run(self) {
        let mut away = false;
        loop {
            let Err(error) = self.listen(&mut away).await;
            if !away {
                tracing::warn!(cause = chain(&error), "other processes are not heard, trying again");
            }
            away = true;
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    async fn listen(&self, away: &mut bool) -> Result<std::convert::Infallible, sqlx::Error> {
        let mut connection = PgListener::connect_with(&self.pool).await?;
        connection.eager_reconnect(false);
        connection.listen(CHANNEL).await?;
        // Whatever was said before was not heard.
        self.missed();
        *away = false;
        loop {
            match tokio::time::timeout(QUIET, connection.try_recv()).await {
                Ok(Ok(Some(heard))) => self.hear(heard.payload()),
                Ok(Ok(None)) => return Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()),
                Ok(Err(error)) => return Err(error),
                Err(_quiet) => {
                    let ping = tokio::time::timeout(PING_TIMEOUT, connection.execute("SELECT 1")).await;
                    ping.map_err(|_spent| sqlx::Error::PoolTimedOut)??;
                }
            }
        }
    }

    fn missed(&self) {
        self.wake.notify_one();
        self.announcements.all_lost();
    }

    fn hear(&self, payload: &str) {
        let Some(message) = message::unpack(payload) else { return self.missed() };
        if message.from == self.here {
            // It was said here at once.
            return;
        }
        if message.lost {
            self.missed();
        }
        for (topic, word) in message.words {
            match word {
                _ if topic == APPENDED => self.wake.notify_one(),
                Some(word) => self.announcements.say(&topic, &word),
                None => self.announcements.lost(&topic),
            }
        }
    }
}
