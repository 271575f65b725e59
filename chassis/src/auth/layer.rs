//! The layer before every handler: who is calling, and may they.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::Either;
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use tonic::Status;
use tower::{Layer, Service};

use super::{Allow, Caller, Rules, Until, Verifier};
use crate::refusal::{Refusal, reason};

/// Lets through what the rules allow, with the [`Caller`] in the request's extensions. A method without a rule is
/// refused. The token goes no further than here.
#[derive(Clone)]
pub struct Authorize {
    verifier: Arc<Verifier>,
    rules: Arc<Rules>,
}

impl Authorize {
    /// A layer for a process with these rules.
    pub fn new(verifier: Arc<Verifier>, rules: Rules) -> Self {
        Self { verifier, rules: Arc::new(rules) }
    }

    /// The caller of a method and until when it is believed, where the rule asks for one.
    fn check(&self, method: &str, headers: &HeaderMap) -> Result<Option<(Caller, Until)>, Refusal> {
        let Some(allow) = self.rules.get(method) else {
            return Err(Refusal::new(&reason::PERMISSION_DENIED, "nobody may call this method"));
        };
        if allow == Allow::Anyone {
            return Ok(None);
        }
        let (caller, until) = self
            .verifier
            .verify_until(token(headers)?)
            .map_err(|refused| Refusal::new(&reason::UNAUTHENTICATED, refused.to_string()))?;
        if !allow.permits(&caller) {
            return Err(Refusal::new(&reason::PERMISSION_DENIED, "the caller may not call this method"));
        }
        Ok(Some((caller, until)))
    }
}

/// The one bearer token of a request.
fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let (scheme, token) = value.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::new(
            &reason::UNAUTHENTICATED,
            "there must be one authorization header with a bearer token",
        ));
    }
    Ok(token.trim())
}

impl<S> Layer<S> for Authorize {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorized { inner, authorize: self.clone() }
    }
}

/// A service behind [`Authorize`].
#[derive(Clone)]
pub struct Authorized<S> {
    inner: S,
    authorize: Authorize,
}

impl<S, B, R> Service<Request<B>> for Authorized<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<S::Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.authorize.check(request.uri().path(), request.headers()) {
            Ok(caller) => {
                request.headers_mut().remove(AUTHORIZATION);
                if let Some((caller, until)) = caller {
                    request.extensions_mut().insert(caller);
                    request.extensions_mut().insert(until);
                }
                Either::Left(self.inner.call(request))
            }
            Err(refusal) => {
                let (method, reason) = (request.uri().path(), refusal.reason().name);
                tracing::debug!(method, reason, cause = %refusal, "call refused");
                Either::Right(ready(Ok(Status::from(refusal).into_http())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::json;
    use tonic::{Code, body::Body};
    use tonic_types::StatusExt;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::auth::{
        OPEN, Rule,
        testing::{World, person, service},
    };

    const TABLE: &[Rule] = &[
        Rule { method: "/p.v1.S/Get", allow: Allow::Roles(&["customer", "staff"]) },
        Rule { method: "/p.v1.S/Put", allow: Allow::Services(&["order-svc"]) },
    ];

    /// Calls a method and answers what the handler saw, or the status it was refused with.
    async fn call(world: &World, method: &str, authorization: &[&str]) -> Result<Option<Caller>, Status> {
        let rules = Rules::merge(&[TABLE, OPEN]).expect("rules");
        let handler = service_fn(|request: Request<Body>| async move {
            assert!(!request.headers().contains_key(AUTHORIZATION));
            let mut response = Response::new(Body::default());
            response.extensions_mut().insert(request.extensions().get::<Caller>().cloned());
            Ok::<_, Infallible>(response)
        });
        let mut request = Request::builder().uri(format!("http://service{method}"));
        for value in authorization {
            request = request.header(AUTHORIZATION, *value);
        }
        let request = request.body(Body::default()).expect("a request");
        let layer = Authorize::new(Arc::clone(&world.verifier), rules);
        let response = layer.layer(handler).oneshot(request).await.expect("an answer");
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response.extensions().get::<Option<Caller>>().cloned().flatten()),
        }
    }

    #[tokio::test]
    async fn a_caller_who_is_allowed_reaches_the_handler() {
        let world = World::new();
        let token = format!("Bearer {}", world.issuer.sign(&person(&json!({ "roles": ["staff"] }))));
        let seen = call(&world, "/p.v1.S/Get", &[&token]).await.expect("let through");
        assert!(matches!(seen, Some(Caller::Person(person)) if person.has("staff")));
        let token = format!("bearer {}", world.order.sign(&service("order-svc", &json!({}))));
        let seen = call(&world, "/p.v1.S/Put", &[&token]).await.expect("let through");
        assert_eq!(seen, Some(Caller::Service("order-svc".to_owned())));
    }

    #[tokio::test]
    async fn open_methods_ignore_tokens() {
        let world = World::new();
        for authorization in [&[][..], &["Bearer nonsense"], &["Basic x", "Bearer y"]] {
            assert_eq!(call(&world, "/grpc.health.v1.Health/Check", authorization).await.expect("let through"), None);
        }
    }

    #[tokio::test]
    async fn without_one_valid_token_nothing_is_called() {
        let world = World::new();
        let valid = format!("Bearer {}", world.issuer.sign(&person(&json!({}))));
        let expired = format!("Bearer {}", world.issuer.sign(&person(&json!({ "exp": 1 }))));
        for authorization in
            [&[][..], &["Bearer"], &["Bearer "], &["Basic a.b.c"], &["é"], &[expired.as_str()], &[&valid, &valid]]
        {
            let status = call(&world, "/p.v1.S/Get", authorization).await.expect_err("refused");
            assert_eq!(status.code(), Code::Unauthenticated, "{authorization:?}");
            assert_eq!(status.get_details_error_info().map(|info| info.reason), Some("UNAUTHENTICATED".to_owned()));
            assert!(!authorization.iter().any(|token| status.message().contains(token)), "{}", status.message());
        }
    }

    #[tokio::test]
    async fn who_is_not_allowed_is_denied_and_so_is_what_has_no_rule() {
        let world = World::new();
        let operator = format!("Bearer {}", world.issuer.sign(&person(&json!({ "roles": ["operator"] }))));
        let customer = format!("Bearer {}", world.issuer.sign(&person(&json!({}))));
        let delivery = format!("Bearer {}", world.delivery.sign(&service("delivery-svc", &json!({}))));
        for (method, token) in [
            ("/p.v1.S/Get", &operator),
            ("/p.v1.S/Get", &delivery),
            ("/p.v1.S/Put", &customer),
            ("/p.v1.S/Put", &delivery),
            ("/p.v1.S/Unruled", &customer),
            ("/p.v1.S/Get/", &customer),
            ("/", &customer),
        ] {
            let status = call(&world, method, &[token]).await.expect_err("refused");
            assert_eq!(status.code(), Code::PermissionDenied, "{method}");
            assert_eq!(status.get_details_error_info().map(|info| info.reason), Some("PERMISSION_DENIED".to_owned()));
        }
    }
}
