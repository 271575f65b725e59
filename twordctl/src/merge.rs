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

/// As [`ask`], of those whom the value of `field` concerns: a service that refuses it is left out, unless all do.
///
/// # Errors
/// A service refused something else, all refused this, or none answered.
pub async fn ask_concerned<T, F, Fut>(services: &[Service], field: &str, ask: F) -> Result<Merged<T>, Error>
where
    F: Fn(Service) -> Fut,
    Fut: Future<Output = Result<T, Failure>>,
{
    let answered = |service| {
        let answer = ask(service);
        async move {
            match answer.await {
                Err(failure) if failure.blames(field) => Ok(Err(failure)),
                answer => answer.map(Ok),
            }
        }
    };
    let merged = self::ask(services, answered).await?;
    let (mut answers, mut refused) = (Vec::new(), None);
    for (service, answer) in merged.answers {
        match answer {
            Ok(answer) => answers.push((service, answer)),
            Err(failure) => refused = Some(failure),
        }
    }
    match refused {
        Some(failure) if answers.is_empty() => Err(failure.into()),
        Some(_) | None => Ok(Merged { answers, away: merged.away }),
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
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

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
    async fn who_is_not_concerned_is_left_out_unless_nobody_is() {
        let refusal = || {
            let details = ErrorDetails::with_bad_request_violation("producer", "is not consumed here");
            Status::with_error_details(Code::InvalidArgument, "wrong fields", details)
        };
        let concerned = |some: bool, field: &'static str| async move {
            let ask = |service| async move {
                if some && service == Service::Notify { Ok(1) } else { Err(Failure::from(refusal())) }
            };
            ask_concerned(&Service::ALL, field, ask).await
        };
        let merged = concerned(true, "producer").await.expect("an answer");
        assert_eq!((merged.answers, merged.away.is_empty()), (vec![(Service::Notify, 1)], true));
        assert_eq!(concerned(false, "producer").await.expect_err("refused").exit(), Exit::Failed);
        assert_eq!(concerned(true, "event_id").await.expect_err("refused").exit(), Exit::Failed);
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
