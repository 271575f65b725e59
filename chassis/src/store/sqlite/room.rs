//! A disk without room under the file, told of once.

use std::path::Path;

/// `SQLITE_FULL`: a write found no room. The extended codes have it in their lowest byte.
pub fn is_full(error: &sqlx::Error) -> bool {
    const FULL: u32 = 13;
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == FULL)
}

/// Whether the disk has room; told when it has none any more, and when it has some again.
#[derive(Default)]
pub struct Room {
    is_out: bool,
}

impl Room {
    /// Tells of a change, by what undid a group of units, if anything did.
    pub fn tell(&mut self, undone: Option<&sqlx::Error>, database: &Path) {
        let database = database.display();
        match undone {
            Some(error) if is_full(error) => {
                if !std::mem::replace(&mut self.is_out, true) {
                    tracing::error!(%database, "the disk is full: reads are answered and writes refused; make room");
                }
            }
            // Its callers have told.
            Some(_) => {}
            None => {
                if std::mem::take(&mut self.is_out) {
                    tracing::info!(%database, "the disk has room again");
                }
            }
        }
    }
}
