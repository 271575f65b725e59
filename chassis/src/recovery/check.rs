//! Finding out: what the stream or a consumer knows of this producer, and this database does not.

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    broker::{self, Broker, Own},
    consumer::event_of,
    relay::Head,
};

/// Stops the process, with a cause, from wherever it is found out that it may not go on.
#[derive(Clone, Debug)]
pub(crate) struct Halt(watch::Sender<Option<String>>);

impl Default for Halt {
    fn default() -> Self {
        Self(watch::channel(None).0)
    }
}

impl Halt {
    /// The process may not go on, since `found`.
    pub(crate) fn now(&self, found: String) {
        self.0.send_if_modified(|cause| {
            let first = cause.is_none();
            if first {
                *cause = Some(found);
            }
            first
        });
    }

    /// Waits until it may not go on; answers what was found.
    pub(crate) async fn halted(&self) -> String {
        let mut cause = self.0.subscribe();
        // This value keeps the channel open.
        cause.wait_for(Option::is_some).await.ok().and_then(|found| found.clone()).unwrap_or_default()
    }
}

/// The last events of a service in the stream, one of each kind.
///
/// # Errors
/// The broker did not answer.
pub(crate) async fn published(broker: &Broker, service: &str, context: &str) -> Result<Vec<Head>, broker::Error> {
    let mut own = broker.read_back(service, context, Own::LastOfEachKind).await?;
    let mut published = Vec::new();
    loop {
        let messages = own.next().await?;
        if messages.is_empty() {
            return Ok(published);
        }
        let seen = messages.iter().filter_map(|message| event_of(context, message));
        published.extend(seen.map(|event| Head { epoch: event.epoch, sequence: event.sequence }));
    }
}

/// What was published says against `heads` (the current one last); none where they agree. The heads are read after it:
/// another process of the service may number and publish meanwhile.
pub(crate) fn published_later(published: &[Head], heads: &[Head]) -> Option<String> {
    let against = published.iter().find_map(|seen| contradiction(*seen, heads));
    against.map(|against| format!("the event stream holds its event {against}"))
}

/// What a consumer that asks behind `after` of `epoch` says against `heads`; none where it says nothing.
pub(crate) fn past_head(epoch: Uuid, after: i64, heads: &[Head]) -> Option<String> {
    let asked = Head { epoch, sequence: after };
    contradiction(asked, heads).map(|against| format!("a consumer has seen its event {against}"))
}

/// An event that this database never numbered. An epoch that has ended is settled, whatever was lost of it.
fn contradiction(seen: Head, heads: &[Head]) -> Option<String> {
    let current = heads.last()?;
    let known = heads.iter().any(|head| head.epoch == seen.epoch);
    let later = seen.epoch == current.epoch && seen.sequence > current.sequence;
    (later || !known).then(|| format!("number {} of epoch {}", seen.sequence, seen.epoch))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: Head = Head { epoch: Uuid::from_u128(1), sequence: 7 };
    const CURRENT: Head = Head { epoch: Uuid::from_u128(2), sequence: 3 };

    #[test]
    fn what_was_never_numbered_here_is_a_contradiction() {
        let heads = [ENDED, CURRENT];
        for (epoch, sequence, found) in [(1, 7, false), (1, 9, false), (2, 3, false), (2, 4, true), (3, 1, true)] {
            let seen = past_head(Uuid::from_u128(epoch), sequence, &heads);
            assert_eq!(seen.is_some(), found, "{epoch} {sequence}: {seen:?}");
        }
    }

    #[tokio::test]
    async fn the_first_cause_is_told_to_everyone() {
        let halt = Halt::default();
        halt.clone().now("first".to_owned());
        halt.now("second".to_owned());
        assert_eq!(halt.halted().await, "first");
        assert_eq!(halt.clone().halted().await, "first");
    }
}
