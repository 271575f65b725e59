//! A proto service made by hand, for calls that hang and panic.

use std::convert::Infallible;

use chassis::auth::{Allow, Rule};
use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::watch;
use tonic::{
    Code, Status,
    body::Body,
    server::{NamedService, UnaryService},
};
use tonic_prost::ProstCodec;

pub const ANSWER: &str = "/test.v1.Trial/Answer";
pub const HANG: &str = "/test.v1.Trial/Hang";
pub const PANIC: &str = "/test.v1.Trial/Panic";

/// Everybody may call it.
pub const RULES: &[Rule] = &[
    Rule { method: ANSWER, allow: Allow::Anyone },
    Rule { method: HANG, allow: Allow::Anyone },
    Rule { method: PANIC, allow: Allow::Anyone },
];

/// Answers, hangs and panics, as its methods are called.
#[derive(Clone)]
pub struct Trial {
    /// How many calls hang.
    pub hanging: watch::Sender<usize>,
    /// Whether they may answer.
    pub release: watch::Receiver<bool>,
}

impl NamedService for Trial {
    const NAME: &'static str = "test.v1.Trial";
}

impl tower::Service<Request<Body>> for Trial {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = Method { trial: self.clone(), path: request.uri().path().to_owned() };
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<(), ()>::default());
            Ok(grpc.unary(method, request).await)
        })
    }
}

struct Method {
    trial: Trial,
    path: String,
}

impl UnaryService<()> for Method {
    type Response = ();
    type Future = BoxFuture<'static, Result<tonic::Response<()>, Status>>;

    fn call(&mut self, _request: tonic::Request<()>) -> Self::Future {
        let (mut trial, path) = (self.trial.clone(), self.path.clone());
        Box::pin(async move {
            match path.as_str() {
                ANSWER => Ok(tonic::Response::new(())),
                HANG => {
                    trial.hanging.send_modify(|hanging| *hanging += 1);
                    trial
                        .release
                        .wait_for(|released| *released)
                        .await
                        .map_err(|gone| Status::internal(gone.to_string()))?;
                    Ok(tonic::Response::new(()))
                }
                PANIC => panic!("on purpose"),
                _ => Err(Status::new(Code::Unimplemented, "no such method")),
            }
        })
    }
}
