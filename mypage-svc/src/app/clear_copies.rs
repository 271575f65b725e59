//! Clears copies that are served no more.

use chassis::store::{Error, Store};

use super::ports::Tx;

/// Rows deleted in one transaction at most: few enough that nobody waits long for the one writer.
const ROWS: u32 = 500;
/// Transactions of one sweep at most.
const BATCHES: usize = 20;

/// Deletes what is served no more, some rows at a time.
#[derive(Clone)]
pub struct ClearCopies {
    store: Store<dyn Tx>,
}

impl ClearCopies {
    /// Clears in `store`.
    pub fn new(store: Store<dyn Tx>) -> Self {
        Self { store }
    }

    /// Deletes the next rows; what is left waits for the next time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self) -> Result<(), Error> {
        for _ in 0..BATCHES {
            let more = self.store.run(|tx| Box::pin(async move { tx.clear_retired(ROWS).await }));
            let more: Result<bool, Error> = more.await;
            if !more? {
                break;
            }
        }
        Ok(())
    }
}
