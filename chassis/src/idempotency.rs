//! Idempotency keys: the first successful answer is recorded with its effect and replayed.

use std::{marker::PhantomData, time::Duration};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    refusal::{Refusal, reason},
    service::Cause,
    store::{self, Store, Tx},
};

/// SHA-256 of a canonical command.
pub type RequestHash = [u8; 32];

/// Who called what with which key: one effect for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Who issued the caller's identity.
    pub issuer: String,
    /// The caller.
    pub subject: String,
    /// The method called, such as `/tword.order.v1.OrderService/PlaceOrder`.
    pub method: String,
    /// The caller's key, 1 to 255 visible ASCII characters.
    pub key: String,
}

/// A call that carries a key.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose key it is.
    pub scope: Scope,
    /// What was asked for.
    pub hash: RequestHash,
    /// When it was asked.
    pub time: OffsetDateTime,
}

/// An answer recorded earlier.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What was asked for then.
    pub hash: RequestHash,
    /// The encoded answer.
    pub answer: Vec<u8>,
}

/// The transaction's part that keeps answers.
#[async_trait::async_trait]
pub trait Answers: Send {
    /// The answer recorded for a scope.
    ///
    /// # Errors
    /// The database failed.
    async fn recorded(&mut self, scope: &Scope) -> Result<Option<Recorded>, store::Error>;

    /// Records the answer of a call.
    ///
    /// # Errors
    /// The database failed, or the scope has an answer already.
    async fn record(&mut self, request: &Request, answer: &[u8]) -> Result<(), store::Error>;

    /// Forgets at most `limit` answers recorded before `before`, the oldest first, and answers how many.
    ///
    /// # Errors
    /// The database failed.
    async fn forget(&mut self, before: OffsetDateTime, limit: u32) -> Result<u64, store::Error>;
}

/// Hashes a request: its method and its message as encoded anew, so that gRPC and REST agree.
pub fn hash<M: prost::Message>(method: &str, message: &M) -> RequestHash {
    let mut digest = Sha256::new();
    digest.update(method.as_bytes());
    digest.update([0]);
    digest.update(message.encode_to_vec());
    digest.finalize().into()
}

/// The same key came with another body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used with another request")]
pub struct Reused;

impl From<Reused> for Refusal {
    fn from(reused: Reused) -> Self {
        Self::new(&reason::IDEMPOTENCY_KEY_REUSED, reused.to_string())
    }
}

/// An answer, fresh or replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<R> {
    /// The effect happened now.
    Fresh(R),
    /// The effect happened before; the answer as it was encoded then.
    Replayed(Vec<u8>),
}

/// What a use case needs to make its effect happen once: the key, if there is one, and how its answer is written down.
pub struct Keyed<R> {
    request: Option<Request>,
    encode: fn(&R) -> Vec<u8>,
    answer: PhantomData<fn(R)>,
}

impl<R> Clone for Keyed<R> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), encode: self.encode, answer: PhantomData }
    }
}

impl<R> Keyed<R> {
    /// A call with or without a key. `encode` leaves personal data out.
    pub fn new(request: Option<Request>, encode: fn(&R) -> Vec<u8>) -> Self {
        Self { request, encode, answer: PhantomData }
    }

    /// A call without a key.
    pub fn without_key() -> Self {
        Self::new(None, |_| Vec::new())
    }

    /// The key's scope and request, where there is a key.
    pub fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The answer recorded for this key, if any. Call it first in the transaction.
    ///
    /// # Errors
    /// The database failed, or the key was used with another request.
    pub async fn replay<T, E>(&self, tx: &mut T) -> Result<Option<Answer<R>>, E>
    where
        T: Tx + ?Sized,
        E: From<store::Error> + From<Reused>,
    {
        let Some(request) = &self.request else { return Ok(None) };
        match tx.recorded(&request.scope).await? {
            None => Ok(None),
            Some(recorded) if recorded.hash == request.hash => Ok(Some(Answer::Replayed(recorded.answer))),
            Some(_) => Err(Reused.into()),
        }
    }

    /// Records the answer with its effect. Call it last in the transaction.
    ///
    /// # Errors
    /// The database failed.
    pub async fn record<T>(&self, tx: &mut T, result: R) -> Result<Answer<R>, store::Error>
    where
        T: Tx + ?Sized,
    {
        if let Some(request) = &self.request {
            tx.record(request, &(self.encode)(&result)).await?;
        }
        Ok(Answer::Fresh(result))
    }
}

/// How long an answer is replayed.
pub const KEPT: Duration = Duration::from_hours(24);
/// How often answers that are older are forgotten.
pub const FORGET_PERIOD: Duration = Duration::from_mins(5);
const FORGET_BATCH: u32 = 1_000;

/// Forgets answers older than [`KEPT`].
///
/// # Errors
/// The database failed.
pub async fn forget_old<T: Tx + ?Sized + 'static>(store: Store<T>, now: OffsetDateTime) -> Result<(), Cause> {
    loop {
        let forgotten: Result<u64, store::Error> =
            store.run(move |tx| Box::pin(async move { tx.forget(now - KEPT, FORGET_BATCH).await })).await;
        if forgotten? < u64::from(FORGET_BATCH) {
            return Ok(());
        }
    }
}
