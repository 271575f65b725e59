//! What the use cases need of the world.

mod copies;
mod keep;
mod producer;
mod read;

pub use copies::{Copies, Step, Ticked};
pub use keep::{Keep, Kept, Seen};
pub use producer::{Away, Producer, Told};
pub use read::{AsOf, Changed, Changes, Counters, Query, Read};

/// What this service's transaction can do.
pub trait Tx: chassis::store::Tx + Keep + Copies {}

impl<T: chassis::store::Tx + Keep + Copies + ?Sized> Tx for T {}
