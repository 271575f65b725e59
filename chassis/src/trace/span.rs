//! A span under way. It costs ids alone where nothing is exported.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use opentelemetry::{KeyValue, Value, trace::Status};
use time::OffsetDateTime;
use tokio::task::futures::TaskLocalFuture;

use super::{CURRENT, Context, export};
use crate::clock::{Clock, SystemClock};

/// What a span stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call that is answered here.
    Server,
    /// A call to another.
    Client,
    /// An event that is published.
    Producer,
    /// An event that is handled.
    Consumer,
    /// Work inside this process.
    Internal,
}

/// Where work is in its trace; what the current task knows of it.
#[derive(Clone, Debug)]
pub struct Place {
    context: Context,
    /// Told where the place is passed on; only where that decides whether there is a span at all.
    passed_on: Option<Arc<AtomicBool>>,
}

impl Place {
    /// The place, which somebody is told of.
    pub(super) fn pass_on(&self) -> Context {
        if let Some(passed_on) = &self.passed_on {
            passed_on.store(true, Ordering::Relaxed);
        }
        self.context
    }
}

impl From<Context> for Place {
    fn from(context: Context) -> Self {
        Self { context, passed_on: None }
    }
}

/// A span that has begun. Dropping it ends it; it is exported then, where traces are and its trace is sampled.
#[derive(Debug)]
pub struct Span {
    place: Place,
    parts: Option<Box<Parts>>,
}

/// What is exported of a span beside its id.
#[derive(Debug)]
pub struct Parts {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) parent: Option<Context>,
    pub(super) began: OffsetDateTime,
    pub(super) since: Instant,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) links: Vec<Context>,
    pub(super) status: Status,
}

impl Span {
    /// Begins a span below `parent`, or a new trace where there is none.
    pub fn begin(kind: Kind, parent: Option<Context>, name: impl fmt::Display) -> Self {
        Self::begin_as(parent.map_or_else(Context::generate, Context::child), kind, parent, name)
    }

    /// Begins the span whose ids are given.
    pub fn begin_as(context: Context, kind: Kind, parent: Option<Context>, name: impl fmt::Display) -> Self {
        let exported = context.is_sampled() && export::is_on();
        let parts = exported.then(|| Box::new(Parts::new(kind, parent, name)));
        Self { place: Place::from(context), parts }
    }

    /// Begins work below the current place. Outside of any trace it begins one, which there is only if the work passes it
    /// on, as with an event: what a service does for itself every second is no trace.
    pub fn begin_here(name: impl fmt::Display) -> Self {
        if let Some(parent) = super::here() {
            return Self::begin(Kind::Internal, Some(parent), name);
        }
        let mut span = Self::begin(Kind::Internal, None, name);
        if span.parts.is_some() {
            span.place.passed_on = Some(Arc::default());
        }
        span
    }

    /// Ends it as if it had never been: it is not exported.
    pub fn forget(mut self) {
        self.parts = None;
    }

    /// Where it is.
    pub const fn context(&self) -> Context {
        self.place.context
    }

    /// Runs `work` inside of it.
    pub fn run<F: Future>(&self, work: F) -> TaskLocalFuture<Place, F> {
        CURRENT.scope(self.place.clone(), work)
    }

    /// Runs `work` inside of it, at once.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        CURRENT.sync_scope(self.place.clone(), work)
    }

    /// Says more of it, where it is going to be exported.
    pub fn tell(&mut self, tell: impl FnOnce(&mut Parts)) {
        if let Some(parts) = &mut self.parts {
            tell(parts);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let wanted = self.place.passed_on.as_ref().is_none_or(|passed_on| passed_on.load(Ordering::Relaxed));
        if let Some(parts) = self.parts.take().filter(|_parts| wanted) {
            export::finished(self.place.context, *parts);
        }
    }
}

impl Parts {
    fn new(kind: Kind, parent: Option<Context>, name: impl fmt::Display) -> Self {
        Self {
            kind,
            name: name.to_string(),
            parent,
            began: SystemClock.now(),
            since: Instant::now(),
            attributes: Vec::new(),
            links: Vec::new(),
            status: Status::Unset,
        }
    }

    /// An attribute. Never personal data: spans leave the system.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) -> &mut Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Another span that this one belongs to.
    pub fn link(&mut self, context: Context) -> &mut Self {
        self.links.push(context);
        self
    }

    /// That it failed, and in a word why.
    pub fn fail(&mut self, why: &'static str) -> &mut Self {
        self.status = Status::error(why);
        self
    }
}
