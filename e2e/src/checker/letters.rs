//! Dead letters: an event that was put aside has had no effect, though it counts as consumed.

use xtask::mesh::Service;

use crate::db::{self, DeadLetter};
use crate::wait::holds;
use crate::world::World;

/// Checks that the five services hold the expected dead letters and no others.
pub async fn check(world: &World, expected: &[DeadLetter]) -> Result<(), String> {
    for service in Service::ALL {
        let found = db::dead_letters(world, service).await?;
        let missing = expected.iter().filter(|letter| letter.service == service && !found.contains(letter));
        let missing: Vec<_> = missing.collect();
        let strange: Vec<_> = found.iter().filter(|letter| !expected.contains(letter)).collect();
        holds(
            missing.is_empty() && strange.is_empty(),
            format!(
                "{}: dead letters that nobody expects {strange:?}, expected ones missing {missing:?}",
                service.name()
            ),
        )?;
    }
    Ok(())
}
