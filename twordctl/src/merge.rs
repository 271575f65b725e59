//! One question to several services: who is away is named and hides nobody else.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    error::{Error, Exit, Failure},
    service::Service,
};

/// What the services answered.
#[derive(Debug)]
pub struct Merged<T> {
    /// The answers of those that did.
    pub answers: Vec<(Service, T)>,
    /// Those that did not.
    pub away: Away,
}

/// The services that did not answer, and why.
#[derive(Debug, Default)]
pub struct Away(Vec<(Service, Failure)>);

/// Asks each service at once.
///
/// # Errors
/// A service refused, or none answered.
pub async fn ask<T, F, Fut>(services: &[Service], ask: F) -> Result<Merged<T>, Error>
where
    F: Fn(Service) -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let (mut answers, mut away) = (Vec::new(), Vec::new());
    let asked = services.iter().map(|service| ask(*service));
    for (service, answered) in services.iter().copied().zip(join_all(asked).await) {
        match answered {
            Ok(answer) => answers.push((service, answer)),
            Err(failure) if failure.is_away() => away.push((service, failure)),
            Err(failure) => return Err(failure.into()),
        }
    }
    match away.first() {
        Some((_, failure)) if answers.is_empty() => Err(failure.clone().into()),
        Some(_) | None => Ok(Merged { answers, away: Away(away) }),
    }
}

impl Away {
    /// Notes one more.
    pub fn add(&mut self, service: Service, failure: Failure) {
        if self.0.iter().all(|(known, _)| *known != service) {
            self.0.push((service, failure));
        }
    }

    /// Whether nobody is away.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As part of an answer.
    pub fn json(&self) -> Value {
        let one = |(service, failure): &(Service, Failure)| {
            json!({
                "service": service.name(),
                "status": failure.status(),
                "reason": failure.reason,
                "message": failure.message,
            })
        };
        self.0.iter().map(one).collect()
    }

    /// Says who is missing, on standard error, and how the command ends.
    pub fn told(&self) -> Exit {
        for (service, failure) in &self.0 {
            eprintln!("missing: {} does not answer: {}", service.name(), failure.brief());
        }
        if self.is_empty() { Exit::Done } else { Exit::Away }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;

    async fn asked(answer: impl Fn(Service) -> Result<u8, Status>) -> Result<Merged<u8>, Error> {
        ask(&Service::ALL, |service| {
            let answer = answer(service);
            async move { answer.map_err(Failure::from) }
        })
        .await
    }

    #[tokio::test]
    async fn one_that_is_away_is_named_and_hides_nobody() {
        let notify_away = |service| match service {
            Service::Notify => Err(Status::unavailable("down")),
            Service::Order | Service::Shop | Service::Delivery | Service::MyPage => Ok(1),
        };
        let merged = asked(notify_away).await.expect("answers");
        assert_eq!(merged.answers.len(), 4);
        assert_eq!(merged.away.json()[0]["service"], "notify");
        assert_eq!(merged.away.told(), Exit::Away);
    }

    #[tokio::test]
    async fn a_refusal_is_no_absence() {
        let refused = asked(|_| Err(Status::permission_denied("no"))).await.expect_err("refused");
        assert_eq!(refused.exit(), Exit::Failed);
        let nobody = asked(|_| Err(Status::unavailable("down"))).await.expect_err("nobody");
        assert_eq!(nobody.exit(), Exit::Away);
        assert_eq!(asked(|_| Ok(1)).await.expect("answers").away.told(), Exit::Done);
    }
}
