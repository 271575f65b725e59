//! What is to be done once a transaction has been committed.

/// Work that rests on the commit, such as waking whoever waits for what was written. It must neither block nor fail.
pub type After = Box<dyn FnOnce() + Send>;

/// The transaction's part that remembers such work.
pub trait AfterCommit: Send {
    /// Does `work` after the commit, on SQLite in the order of commits; never where the unit is rolled back, nor where the
    /// outcome of the commit is unknown. A process that dies between the two never does it, and other processes on the same
    /// database do not hear of it, so nothing may depend on it alone.
    fn after_commit(&mut self, work: After);
}
