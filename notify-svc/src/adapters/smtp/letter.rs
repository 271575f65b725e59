//! A message as e-mail: plain text in UTF-8, with a Message-ID that follows from the message's id.

use std::time::SystemTime;

use lettre::{
    Address, Message,
    address::AddressError,
    message::{
        self,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::{app::ports::Envelope, domain};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is the same on every letter.
pub struct Letterhead {
    from: message::Mailbox,
}

impl Letterhead {
    /// A sender such as `no-reply@example.com` or `Tword <no-reply@example.com>`.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(from: &str) -> Result<Self, AddressError> {
        Ok(Self { from: from.parse()? })
    }

    /// The domain of the sender's address.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// A message to a mailbox; the same at every attempt.
    ///
    /// # Errors
    /// It cannot be written as mail.
    pub fn letter(&self, envelope: &Envelope, mailbox: &domain::Mailbox) -> Result<Message, Cause> {
        let to: Address = mailbox.as_str().parse()?;
        let letter = Message::builder()
            .from(self.from.clone())
            .to(to.into())
            .date(SystemTime::from(envelope.create_time))
            .message_id(Some(format!("<{}@{}>", envelope.message_id, self.domain())))
            .subject(envelope.words.subject.as_str())
            .raw_header(header("Content-Language", envelope.language.code()))
            // Whoever is away does not answer this with a note that says so.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .header(ContentType::TEXT_PLAIN);
        Ok(letter.body(format!("{}\n", envelope.words.text))?)
    }
}

fn header(name: &'static str, value: &'static str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::{
        app::Words,
        domain::{Change, Language, Mailbox, Recipient, Target, Template},
    };

    fn envelope(subject: &str, text: &str) -> Envelope {
        Envelope {
            message_id: Uuid::from_u128(7),
            order_id: Uuid::from_u128(8),
            recipient: Recipient::Customer("mina".to_owned()),
            target: Target::Log,
            template: Template::Delivered,
            change: Change::Delivered,
            create_time: datetime!(2026-11-23 09:00 UTC),
            language: Language::Korean,
            words: Words { subject: subject.to_owned(), text: text.to_owned() },
        }
    }

    #[test]
    fn a_letter_is_plain_text_with_an_id_that_stays() {
        let letterhead = Letterhead::parse("Tword <no-reply@tword.example>").expect("a sender");
        let mailbox = Mailbox::parse("mina.kim+a@example.com").expect("an address");
        let letter = letterhead.letter(&envelope("Order delivered", "It was delivered."), &mailbox).expect("a letter");
        let text = String::from_utf8(letter.formatted()).expect("ASCII");
        for line in [
            "From: Tword <no-reply@tword.example>\r\n",
            "To: mina.kim+a@example.com\r\n",
            "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n",
            "Message-ID: <00000000-0000-0000-0000-000000000007@tword.example>\r\n",
            "Subject: Order delivered\r\n",
            "Content-Language: ko\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "\r\n\r\nIt was delivered.\r\n",
        ] {
            assert!(text.contains(line), "no {line:?} in {text}");
        }
    }

    #[test]
    fn what_people_wrote_adds_no_header() {
        let letterhead = Letterhead::parse("no-reply@tword.example").expect("a sender");
        let mailbox = Mailbox::parse("mina@example.com").expect("an address");
        let envelope = envelope("주문\r\nBcc: evil@example.com", "a\r\n.\r\nMAIL FROM:<x@example.com>");
        let text =
            String::from_utf8(letterhead.letter(&envelope, &mailbox).expect("a letter").formatted()).expect("ASCII");
        assert!(!text.contains("\nBcc"), "{text}");
    }

    #[test]
    fn every_address_that_the_domain_takes_can_be_written_to() {
        let letterhead = Letterhead::parse("no-reply@tword.example").expect("a sender");
        let long = format!("{}@{}.com", "m".repeat(64), ["e".repeat(60).as_str(); 3].join("."));
        for text in
            ["a@b.c", "!#$%&'*+-/=?^_`{|}~@example.com", "a.b.c@1.2.3.example", "m@xn--bcher-kva.example", &long]
        {
            let mailbox = Mailbox::parse(text).expect("an address");
            assert!(letterhead.letter(&envelope("a", "b"), &mailbox).is_ok(), "{text}");
        }
    }
}
