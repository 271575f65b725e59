//! A message's id follows from what it tells to whom, so that telling it twice is telling it once.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{ChannelName, Recipient};

/// The id of the message that tells `recipient` of the event through `channel`: a version 8 UUID of 122 bits of SHA-256.
pub fn message_id(event_id: Uuid, recipient: &Recipient, channel: ChannelName) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(event_id.as_bytes());
    for part in [recipient.kind(), &recipient.id(), channel.name()] {
        // Each part is preceded by its length, so that no two lists of parts read the same.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_event_kind_and_id_of_the_recipient() {
        let (event, other, shop) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let customer = Recipient::Customer(shop.to_string());
        let id = message_id(event, &customer, ChannelName::Log);
        assert_eq!(id, message_id(event, &customer, ChannelName::Log));
        assert_eq!(id.get_version_num(), 8);
        assert_ne!(id, message_id(other, &customer, ChannelName::Log));
        assert_ne!(id, message_id(event, &Recipient::Shop(shop), ChannelName::Log));
        assert_ne!(id, message_id(event, &Recipient::Customer(String::new()), ChannelName::Log));
    }

    #[test]
    fn ids_stay_what_they_were() {
        let id = message_id(Uuid::from_u128(1), &Recipient::Customer("mina".to_owned()), ChannelName::Log);
        assert_eq!(id.to_string(), "7b7b6502-92bf-8f28-a703-19e7dd34c248");
    }
}
