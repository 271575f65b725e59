//! Where and in which language a recipient wants to hear of changes.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{ChannelName, Language, NewTarget, Secret, Secrets, Target, Webhook};

/// What a recipient has set about its messages, or what stands in where it has set nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The contact's id; absent where nothing was set.
    pub id: Option<Uuid>,
    /// The language of its texts.
    pub language: Language,
    /// Where its messages go to.
    pub target: Target,
    /// When it was last set, later each time; absent where it never was.
    pub update_time: Option<OffsetDateTime>,
}

/// What an owner wants of its contact; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The language of texts.
    pub language: Option<Language>,
    /// Where messages go to.
    pub target: Option<NewTarget>,
}

/// What a change takes where it makes something new.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The id of a contact that is set for the first time.
    pub id: Uuid,
    /// The secret of a webhook that is set anew.
    pub secret: Secret,
}

/// The contact has no webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the contact has no webhook; set one first")]
pub struct NoWebhook;

impl Contact {
    /// What holds for a recipient who has set nothing.
    pub fn unset(language: Language) -> Self {
        Self { id: None, language, target: Target::Log, update_time: None }
    }

    /// The channel of its messages.
    pub fn channel(&self) -> ChannelName {
        self.target.channel()
    }

    /// The contact as its owner wants it; the same where it is so already. A webhook with another URL is set anew, with a
    /// secret of its own.
    #[must_use]
    pub fn updated(&self, wish: Wish, fresh: Fresh, now: OffsetDateTime) -> Self {
        let now = self.after_the_last(now);
        let language = wish.language.unwrap_or(self.language);
        let target = match (&self.target, wish.target) {
            (target, None) => target.clone(),
            (_, Some(NewTarget::Log)) => Target::Log,
            (_, Some(NewTarget::Smtp(mailbox))) => Target::Smtp(mailbox),
            (Target::Webhook(webhook), Some(NewTarget::Webhook(url))) if webhook.url == url => self.target.clone(),
            (Target::Log | Target::Webhook(_) | Target::Smtp(_), Some(NewTarget::Webhook(url))) => {
                Target::Webhook(Webhook { url, secrets: Secrets::first(fresh.secret, now) })
            }
        };
        if self.id.is_some() && language == self.language && target == self.target {
            return self.clone();
        }
        Self { id: self.id.or(Some(fresh.id)), language, target, update_time: Some(now) }
    }

    /// The contact with a new webhook secret; the one before it signs too for `overlap`.
    ///
    /// # Errors
    /// It has no webhook.
    pub fn rotated(&self, secret: Secret, overlap: Duration, now: OffsetDateTime) -> Result<Self, NoWebhook> {
        let now = self.after_the_last(now);
        match &self.target {
            Target::Webhook(Webhook { url, secrets }) => {
                let secrets = secrets.clone().rotated(secret, now, now + overlap);
                let target = Target::Webhook(Webhook { url: url.clone(), secrets });
                Ok(Self { target, update_time: Some(now), ..self.clone() })
            }
            Target::Log | Target::Smtp(_) => Err(NoWebhook),
        }
    }

    /// The secret that was made by the change of this time; none where another was made since, or none then.
    pub fn secret_of(&self, update_time: OffsetDateTime) -> Option<&Secret> {
        match &self.target {
            Target::Webhook(webhook) if webhook.secrets.current_time == update_time => Some(&webhook.secrets.current),
            Target::Webhook(_) | Target::Log | Target::Smtp(_) => None,
        }
    }

    /// `now`, but later than the last change, by which changes are told apart.
    fn after_the_last(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.update_time.map_or(now, |last| now.max(last + Duration::from_micros(1)))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::domain::{Mailbox, WebhookUrl};

    const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
    const DAY: Duration = Duration::from_hours(24);

    fn fresh(bits: u8) -> Fresh {
        Fresh { id: Uuid::from_u128(u128::from(bits)), secret: Secret::new([bits; 32]) }
    }

    fn webhook(path: &str) -> Wish {
        let url = WebhookUrl::new(format!("https://example.com/{path}"), "example.com:443".to_owned());
        Wish { target: Some(NewTarget::Webhook(url)), language: None }
    }

    #[test]
    fn what_is_absent_stays_and_what_is_so_already_changes_nothing() {
        let unset = Contact::unset(Language::Korean);
        let english = Wish { language: Some(Language::English), target: None };
        let set = unset.updated(english.clone(), fresh(1), NOW);
        assert_eq!((set.id, set.language, &set.target), (Some(Uuid::from_u128(1)), Language::English, &Target::Log));
        assert_eq!(set.updated(english, fresh(2), NOW + DAY), set);
        let mailbox = Mailbox::parse("mina@example.com").expect("an address");
        let mailed = set.updated(Wish { target: Some(NewTarget::Smtp(mailbox)), language: None }, fresh(2), NOW);
        assert_eq!((mailed.id, mailed.language, mailed.channel()), (set.id, Language::English, ChannelName::Smtp));
        assert!(mailed.update_time > set.update_time, "changes at one moment are told apart");
    }

    #[test]
    fn a_webhook_has_a_secret_of_its_own_and_keeps_it_while_its_url_stays() {
        let first = Contact::unset(Language::Korean).updated(webhook("a"), fresh(1), NOW);
        assert_eq!(first.secret_of(NOW), Some(&Secret::new([1; 32])));
        assert_eq!(first.updated(webhook("a"), fresh(2), NOW), first);
        let english = first.updated(Wish { language: Some(Language::English), target: None }, fresh(2), NOW + DAY);
        assert_eq!((english.secret_of(NOW + DAY), english.secret_of(NOW)), (None, first.secret_of(NOW)));
        let moved = english.updated(webhook("b"), fresh(3), NOW + DAY * 2);
        assert_eq!(moved.secret_of(NOW + DAY * 2), Some(&Secret::new([3; 32])));
        let Target::Webhook(moved) = moved.target else { panic!("a webhook") };
        assert_eq!(moved.secrets.previous, None);
    }

    #[test]
    fn only_a_webhook_has_a_secret_to_rotate() {
        let contact = Contact::unset(Language::Korean);
        assert_eq!(contact.rotated(Secret::new([2; 32]), DAY, NOW), Err(NoWebhook));
        let rotated = contact.updated(webhook("a"), fresh(1), NOW).rotated(Secret::new([2; 32]), DAY, NOW);
        let rotated = rotated.expect("rotated");
        let Target::Webhook(webhook) = &rotated.target else { panic!("a webhook") };
        assert_eq!(webhook.secrets.signing_at(NOW), [&Secret::new([2; 32]), &Secret::new([1; 32])]);
        assert_eq!(rotated.secret_of(NOW), None, "the secret of the first change is no more the current one");
    }
}
