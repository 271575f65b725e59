//! Contacts between the contract and the domain.

use chassis::{
    auth::Person,
    refusal::{Refusal, Violations},
    wire,
};
use proto::notify::v1::{
    self, LogTarget, SmtpTarget, UpdateContactRequest, WebhookTarget, message::RecipientKind, update_contact_request,
};
use time::OffsetDateTime;

use super::recipient_kind;
use crate::{
    adapters::{
        access,
        refusals::reason,
        webhook::{NotAllowed, Policy},
    },
    app::Actor,
    domain::{Contact, Language, Mailbox, NewTarget, Recipient, Target, Wish},
};

/// Whose contact a person means, and what the person is when it changes it.
///
/// # Errors
/// `INVALID_REQUEST` where the kind is none, or is needed and not given; `NOT_FOUND` where the person has no such contact.
pub fn owner(person: &Person, kind: i32) -> Result<(Recipient, Actor), Refusal> {
    let mut violations = Violations::default();
    let kind =
        violations.check("owner_kind", RecipientKind::try_from(kind).map_err(|_unknown| "must be CUSTOMER or SHOP"));
    let own = access::own(person);
    if kind == Some(RecipientKind::Unspecified) && own.len() > 1 {
        violations.add("owner_kind", "is required of a person that is a customer and a shop's staff");
    }
    violations.finish()?;
    let meant = |owner: &Recipient| {
        kind.is_some_and(|kind| kind == RecipientKind::Unspecified || kind == recipient_kind(owner))
    };
    let owner = own.into_iter().find(meant).ok_or_else(|| Refusal::not_found("contact"))?;
    let role = match &owner {
        Recipient::Customer(_) => "CUSTOMER",
        Recipient::Shop(_) if person.has("manager") => "MANAGER",
        Recipient::Shop(_) => "STAFF",
    };
    Ok((owner, Actor { role, id: person.subject.clone() }))
}

/// What a request wants of a contact, where `policy` says which webhooks there may be and `mail` whether there is e-mail.
///
/// # Errors
/// `INVALID_REQUEST` with every wrong field, `TARGET_NOT_ALLOWED`, or `CHANNEL_NOT_SERVED`.
pub fn wish(request: &UpdateContactRequest, policy: &Policy, mail: bool) -> Result<Wish, Refusal> {
    let mut violations = Violations::default();
    let language = request.language.as_deref().and_then(|code| violations.check("language", code.parse::<Language>()));
    if request.language.is_none() && request.target.is_none() {
        violations.add("language", "or a target must be given");
    }
    let mut refusal = None;
    let target = match &request.target {
        None => None,
        Some(update_contact_request::Target::Log(LogTarget {})) => Some(NewTarget::Log),
        Some(update_contact_request::Target::Webhook(WebhookTarget { url, .. })) => match policy.endpoint(url) {
            Ok(url) => Some(NewTarget::Webhook(url)),
            Err(NotAllowed::Form(wrong)) => {
                violations.add("webhook.url", wrong);
                None
            }
            Err(refused @ (NotAllowed::Host | NotAllowed::Private)) => {
                refusal = Some(Refusal::new(&reason::TARGET_NOT_ALLOWED, refused.to_string()));
                None
            }
        },
        Some(update_contact_request::Target::Smtp(SmtpTarget { address })) => {
            let mailbox = violations.check("smtp.address", Mailbox::parse(address));
            if !mail {
                refusal =
                    Some(Refusal::new(&reason::CHANNEL_NOT_SERVED, "there is no e-mail here; choose another target"));
            }
            mailbox.map(NewTarget::Smtp)
        }
    };
    violations.finish()?;
    refusal.map_or(Ok(Wish { language, target }), Err)
}

/// A contact as its owner sees it at `now`, with its address and without its secrets.
pub fn contact(owner: &Recipient, contact: &Contact, now: OffsetDateTime) -> v1::Contact {
    let target = match &contact.target {
        Target::Log => v1::contact::Target::Log(LogTarget {}),
        Target::Webhook(webhook) => {
            let expires = webhook.secrets.previous_at(now).map(|previous| wire::timestamp(previous.expire_time));
            v1::contact::Target::Webhook(WebhookTarget {
                url: webhook.url.as_str().to_owned(),
                previous_secret_expire_time: expires,
            })
        }
        Target::Smtp(mailbox) => v1::contact::Target::Smtp(SmtpTarget { address: mailbox.as_str().to_owned() }),
    };
    v1::Contact {
        contact_id: contact.id.map(|id| id.to_string()).unwrap_or_default(),
        owner_kind: recipient_kind(owner).into(),
        owner_id: owner.id(),
        language: contact.language.code().to_owned(),
        target: Some(target),
        update_time: contact.update_time.map(wire::timestamp),
    }
}

/// A contact as it is recorded: without its address.
pub fn recorded(contact: &Contact) -> v1::Contact {
    let target = match &contact.target {
        Target::Log => v1::contact::Target::Log(LogTarget {}),
        Target::Webhook(_) => v1::contact::Target::Webhook(WebhookTarget::default()),
        Target::Smtp(_) => v1::contact::Target::Smtp(SmtpTarget::default()),
    };
    v1::Contact {
        contact_id: contact.id.map(|id| id.to_string()).unwrap_or_default(),
        language: contact.language.code().to_owned(),
        target: Some(target),
        update_time: contact.update_time.map(wire::timestamp),
        // Whose it is follows from the caller, who is the only one to have this answer replayed.
        ..v1::Contact::default()
    }
}

/// A recorded contact, filled in from the contact as it is now: its address where it is of the same kind, and whose it is.
pub fn replayed(
    recorded: v1::Contact,
    owner: &Recipient,
    current: Option<&Contact>,
    now: OffsetDateTime,
) -> v1::Contact {
    let current = current.and_then(|current| contact(owner, current, now).target);
    let target = match (&recorded.target, current) {
        (Some(v1::contact::Target::Webhook(_)), Some(current @ v1::contact::Target::Webhook(_)))
        | (Some(v1::contact::Target::Smtp(_)), Some(current @ v1::contact::Target::Smtp(_))) => Some(current),
        _ => recorded.target.clone(),
    };
    v1::Contact { owner_kind: recipient_kind(owner).into(), owner_id: owner.id(), target, ..recorded }
}
