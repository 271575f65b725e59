//! Background tasks: started together, watched, and ended together.

use std::collections::HashMap;

use futures::future::BoxFuture;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

type Start = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;

/// Tasks that have not started.
#[derive(Default)]
pub(super) struct Tasks(Vec<(String, Start)>);

impl Tasks {
    /// Adds a task; its token tells it to end.
    pub(super) fn add<F>(&mut self, name: String, task: F)
    where
        F: FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send + 'static,
    {
        self.0.push((name, Box::new(task)));
    }

    /// Adds those of `others`.
    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Starts all of them. They are aborted when what this answers is dropped.
    pub(super) fn start(self, drain: &CancellationToken) -> Running {
        let mut running = Running::default();
        for (name, task) in self.0 {
            running.spawn(name, task(drain.clone()));
        }
        running
    }
}

/// Tasks that run.
#[derive(Default)]
pub(super) struct Running {
    set: JoinSet<()>,
    names: HashMap<Id, String>,
}

impl Running {
    /// Runs one more.
    pub(super) fn spawn(&mut self, name: String, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(task).id();
        self.names.insert(id, name);
    }

    /// The name of the next task that ends; none where all have ended. A panic has been logged by the hook.
    pub(super) async fn next(&mut self) -> Option<String> {
        let id = match self.set.join_next_with_id().await? {
            Ok((id, ())) => id,
            Err(error) => JoinError::id(&error),
        };
        self.names.remove(&id)
    }

    /// Waits until all have ended.
    pub(super) async fn finish(&mut self) {
        while let Some(task) = self.next().await {
            tracing::debug!(task, "task ended");
        }
    }

    /// The names of those that run, sorted.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.names.values().cloned().collect();
        names.sort();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_or_panics_is_named() {
        let mut tasks = Tasks::default();
        tasks.add("steady".to_owned(), |drain| Box::pin(async move { drain.cancelled().await }));
        tasks.add("panicking".to_owned(), |_drain| Box::pin(async { panic!("on purpose") }));
        let drain = CancellationToken::new();
        let mut running = tasks.start(&drain);
        assert_eq!(running.next().await.as_deref(), Some("panicking"));
        assert_eq!(running.names(), ["steady"]);
        drain.cancel();
        running.finish().await;
        assert_eq!(running.names(), Vec::<String>::new());
    }
}
