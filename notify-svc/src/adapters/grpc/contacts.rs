//! Contacts as their owners set them.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    grpc,
    idempotency::{Answer, Keyed},
    refusal::Refusal,
    wire,
};
use prost::Message;
use proto::notify::v1::{
    Contact as WireContact, GetContactRequest, GetContactResponse, RotateWebhookSecretRequest,
    RotateWebhookSecretResponse, UpdateContactRequest, UpdateContactResponse,
};
use tonic::Request;
use uuid::Uuid;

use crate::{
    adapters::{
        access,
        convert::contact as convert,
        webhook::{Policy, signature},
    },
    app::{
        GetContact, RotateSecret, UpdateContact,
        change_contact::{Changed, Outcome},
        rotate_secret, update_contact,
    },
    domain::{Fresh, Recipient, Secret},
};

/// Contacts as their owners set them.
#[derive(Clone)]
pub struct Contacts {
    /// Reads one.
    pub get: GetContact,
    /// Sets one.
    pub update: UpdateContact,
    /// Rotates a secret.
    pub rotate: RotateSecret,
    /// Where webhooks may be.
    pub policy: Arc<Policy>,
    /// Whether there is e-mail.
    pub mail: bool,
    /// Makes secrets of random bits.
    pub random: fn() -> [u8; 32],
    /// Dates keyed calls.
    pub clock: Arc<dyn Clock>,
}

impl Contacts {
    pub(super) async fn read(&self, request: &Request<GetContactRequest>) -> Result<GetContactResponse, Refusal> {
        let (owner, _) = convert::owner(&grpc::person(request)?, request.get_ref().owner_kind)?;
        let contact = self.get.run(&owner).await?;
        Ok(GetContactResponse { contact: Some(convert::contact(&owner, &contact, self.clock.now())) })
    }

    pub(super) async fn update(
        &self,
        request: &Request<UpdateContactRequest>,
    ) -> Result<UpdateContactResponse, Refusal> {
        let (owner, actor) = convert::owner(&grpc::person(request)?, request.get_ref().owner_kind)?;
        let wish = convert::wish(request.get_ref(), &self.policy, self.mail)?;
        let key = grpc::keyed(request, access::UPDATE_CONTACT, self.clock.now())?;
        let fresh = Fresh { id: Uuid::now_v7(), secret: self.secret() };
        let command = update_contact::Command { owner: owner.clone(), wish, fresh, actor };
        let changed = self.update.run(command, Keyed::new(key, record_updated)).await?;
        let recorded =
            |answer: &[u8]| UpdateContactResponse::decode(answer).map(|answer| (answer.contact, answer.webhook_secret));
        let (contact, webhook_secret) = self.told(&owner, changed, recorded)?;
        Ok(UpdateContactResponse { contact, webhook_secret })
    }

    pub(super) async fn rotate(
        &self,
        request: &Request<RotateWebhookSecretRequest>,
    ) -> Result<RotateWebhookSecretResponse, Refusal> {
        let (owner, actor) = convert::owner(&grpc::person(request)?, request.get_ref().owner_kind)?;
        let key = grpc::keyed(request, access::ROTATE_WEBHOOK_SECRET, self.clock.now())?;
        let command = rotate_secret::Command { owner: owner.clone(), secret: self.secret(), actor };
        let changed = self.rotate.run(command, Keyed::new(key, record_rotated)).await?;
        let recorded = |answer: &[u8]| {
            RotateWebhookSecretResponse::decode(answer).map(|answer| (answer.contact, answer.webhook_secret))
        };
        let (contact, webhook_secret) = self.told(&owner, changed, recorded)?;
        Ok(RotateWebhookSecretResponse { contact, webhook_secret })
    }

    fn secret(&self) -> Secret {
        Secret::new((self.random)())
    }

    /// The contact as it was answered, with its address as it is now, and the secret that this very change made, as long
    /// as it is the current one.
    fn told(
        &self,
        owner: &Recipient,
        changed: Changed,
        recorded: impl Fn(&[u8]) -> Result<(Option<WireContact>, String), prost::DecodeError>,
    ) -> Result<(Option<WireContact>, String), Refusal> {
        let (now, current) = (self.clock.now(), changed.now.as_ref());
        let (contact, made_secret) = match changed.answer {
            Answer::Fresh(Outcome { contact, made_secret }) => (convert::contact(owner, &contact, now), made_secret),
            Answer::Replayed(answer) => {
                let (contact, mark) = recorded(&answer).map_err(|error| Refusal::internal(&error))?;
                (convert::replayed(contact.unwrap_or_default(), owner, current, now), !mark.is_empty())
            }
        };
        let changed_at = wire::time(contact.update_time.as_ref()).filter(|_| made_secret);
        let secret = current.zip(changed_at).and_then(|(current, time)| current.secret_of(time));
        Ok((Some(contact), secret.map(signature::told).unwrap_or_default()))
    }
}

/// The answer of `UpdateContact` as it is recorded, without address and secret.
fn record_updated(outcome: &Outcome) -> Vec<u8> {
    let (contact, webhook_secret) = (Some(convert::recorded(&outcome.contact)), mark(outcome));
    UpdateContactResponse { contact, webhook_secret }.encode_to_vec()
}

/// The answer of `RotateWebhookSecret` as it is recorded, without address and secret.
fn record_rotated(outcome: &Outcome) -> Vec<u8> {
    let (contact, webhook_secret) = (Some(convert::recorded(&outcome.contact)), mark(outcome));
    RotateWebhookSecretResponse { contact, webhook_secret }.encode_to_vec()
}

/// What stands in for a secret that was made.
fn mark(outcome: &Outcome) -> String {
    if outcome.made_secret { signature::PREFIX.to_owned() } else { String::new() }
}
