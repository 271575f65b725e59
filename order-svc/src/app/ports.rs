//! What the use cases need of the world.

mod bookings;
mod read;
mod tx;

pub use bookings::{Booked, Booking, Bookings, CancelledDelivery, DueBooking, NoAnswer};
pub use read::{Counts, Filter, HistoryEntry, Owner, Read, TooLong};
pub use tx::{Claim, Erased, Placed, Tx};
