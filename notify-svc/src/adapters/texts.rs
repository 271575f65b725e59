//! Texts from templates: one file a language, no logic in it.
//!
//! A line in brackets names the template below it: the change and whom it is told (`PLACED.SHOP`), its subject
//! (`PLACED.SHOP.SUBJECT`), `CANCELLED_UNSAID` where no reason is told, or a reason in words (`REASON.OUT_OF_STOCK`).

use std::collections::HashMap;

use chassis::wire;
use minijinja::{Environment, UndefinedBehavior};
use uuid::Uuid;

use crate::{
    app::ports::{TextError, Texts, Words},
    domain::{Change, Language, Message, Money, Recipient, message::State},
};

/// Every language's file.
const FILES: [(Language, &str); 2] = [
    (Language::Korean, include_str!("../../templates/ko.txt")),
    (Language::English, include_str!("../../templates/en.txt")),
];

/// The templates of all languages, compiled.
pub struct Templates {
    languages: HashMap<Language, Environment<'static>>,
}

impl Templates {
    /// Compiles the templates that come with this program.
    ///
    /// # Errors
    /// One of them is wrong.
    pub fn load() -> Result<Self, TextError> {
        let mut languages = HashMap::new();
        for (language, file) in FILES {
            let mut environment = Environment::new();
            environment.set_undefined_behavior(UndefinedBehavior::Strict);
            for (name, text) in sections(file) {
                environment.add_template(name, text).map_err(failed)?;
            }
            languages.insert(language, environment);
        }
        Ok(Self { languages })
    }

    fn render(&self, language: Language, name: &str, parameters: &HashMap<&str, String>) -> Result<String, TextError> {
        let Some(environment) = self.languages.get(&language) else { return Err(TextError("no such language".into())) };
        let template = environment.get_template(name).map_err(failed)?;
        template.render(parameters).map_err(failed)
    }

    fn reason(&self, language: Language, name: &str) -> Result<String, TextError> {
        self.render(language, &format!("REASON.{name}"), &HashMap::new())
    }
}

impl Texts for Templates {
    fn words(&self, message: &Message) -> Result<Option<Words>, TextError> {
        let change = match &message.state {
            State::Pending { change, .. } | State::Failed { change } => change,
            State::Sent { .. } | State::Erased => return Ok(None),
        };
        let language = message.language;
        let is_customers = matches!(message.recipient, Recipient::Customer(_));
        let mut template = message.template.name();
        let mut parameters = HashMap::from([("order", short(message.order_id))]);
        match change {
            Change::Placed | Change::Delivered => {}
            Change::Confirmed { total } => {
                parameters.insert("total", amount(total));
            }
            Change::Rejected { reason } => {
                parameters.insert("reason", self.reason(language, reason.name())?);
            }
            // A customer that cancelled knows why.
            Change::Cancelled { reason } if reason.is_empty() && is_customers => template = "CANCELLED_UNSAID",
            Change::Cancelled { reason } if reason.is_empty() => {
                parameters.insert("reason", self.reason(language, "NONE")?);
            }
            Change::Cancelled { reason } => {
                parameters.insert("reason", reason.clone());
            }
            Change::Shipped { carrier, tracking_number } => {
                parameters.insert("carrier", carrier.clone());
                parameters.insert("tracking_number", tracking_number.clone());
            }
        }
        let name = format!("{template}.{}", message.recipient.kind());
        let subject = HashMap::from([("order", short(message.order_id))]);
        let subject = self.render(language, &format!("{name}.SUBJECT"), &subject)?;
        Ok(Some(Words { subject, text: self.render(language, &name, &parameters)? }))
    }
}

fn failed(error: minijinja::Error) -> TextError {
    TextError(Box::new(error))
}

/// The named parts of a file, without the line breaks at their ends.
fn sections(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.split("\n[").filter_map(|section| {
        let (name, text) = section.trim_start_matches('[').split_once("]\n")?;
        Some((name, text.trim_end()))
    })
}

/// The last eight digits of an order's id, in capitals: enough to tell a person's orders apart.
fn short(order_id: Uuid) -> String {
    let mut text = order_id.simple().to_string().to_uppercase();
    text.split_off(24)
}

/// An amount with its currency, such as `KRW 1,250,000` or `USD 1,234.50`.
fn amount(money: &Money) -> String {
    let decimals = wire::currency(&money.currency).map_or(0, |(_, decimals)| decimals);
    let scale = 10_u64.pow(decimals);
    let (sign, minor) = (if money.minor_units < 0 { "-" } else { "" }, money.minor_units.unsigned_abs());
    let whole = grouped(minor / scale);
    if decimals == 0 {
        return format!("{} {sign}{whole}", money.currency);
    }
    format!("{} {sign}{whole}.{:0width$}", money.currency, minor % scale, width = decimals as usize)
}

/// A number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
