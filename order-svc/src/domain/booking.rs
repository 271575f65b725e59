//! The booking of an order's delivery: kept beside the order, and no change of it.

/// When the delivery of an order was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Before the order was taken.
    AtOnce,
    /// Not yet: delivery-svc was away when the order was taken.
    Outstanding,
    /// After the order was taken.
    Later,
}

impl State {
    /// As it was when the order was taken.
    #[must_use]
    pub fn as_placed(self) -> Self {
        match self {
            Self::AtOnce => Self::AtOnce,
            Self::Outstanding | Self::Later => Self::Outstanding,
        }
    }
}
