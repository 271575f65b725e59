//! `Debug` of what is personal or secret tells nothing, so that no log line can.

use std::fmt::{Debug, Formatter, Result};

use crate::{delivery, notify, order};

macro_rules! masked {
    ($($message:ty),* $(,)?) => {$(
        impl Debug for $message {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(concat!(stringify!($message), " { masked }"))
            }
        }
    )*};
}

// The same messages as in build.rs.
masked!(
    delivery::v1::Recipient,
    order::v1::Recipient,
    notify::v1::SmtpTarget,
    notify::v1::WebhookTarget,
    notify::v1::UpdateContactResponse,
    notify::v1::RotateWebhookSecretResponse,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_nobody() {
        let recipient = order::v1::Recipient {
            name: "Hong Gildong".to_owned(),
            phone_number: "010-1234-5678".to_owned(),
            address: "1 Teheran-ro".to_owned(),
        };
        let request = order::v1::PlaceOrderRequest { recipient: Some(recipient), ..Default::default() };
        let shown = format!("{request:?}");
        assert!(shown.contains("masked"), "{shown}");
        assert!(!["Hong", "010", "Teheran"].iter().any(|personal| shown.contains(personal)), "{shown}");
    }
}
