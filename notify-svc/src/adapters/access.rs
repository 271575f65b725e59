//! Who may call what. Which messages and contacts they then see is decided by whose they are.

use chassis::auth::{Allow, Person, Rule};
use uuid::Uuid;

use crate::{
    app::{Actor, Viewer},
    domain::Recipient,
};

const PEOPLE: Allow = Allow::Roles(&["customer", "staff", "manager", "operator"]);
const OWNERS: Allow = Allow::Roles(&["customer", "staff", "manager"]);
const OPERATORS: Allow = Allow::Roles(&["operator"]);

/// Path of `UpdateContact`.
pub const UPDATE_CONTACT: &str = "/tword.notify.v1.NotifyService/UpdateContact";
/// Path of `RotateWebhookSecret`.
pub const ROTATE_WEBHOOK_SECRET: &str = "/tword.notify.v1.NotifyService/RotateWebhookSecret";

/// One rule for each RPC of this service.
pub const RULES: &[Rule] = &[
    Rule { method: "/tword.notify.v1.NotifyService/ListMessages", allow: PEOPLE },
    Rule { method: "/tword.notify.v1.NotifyService/GetMessage", allow: PEOPLE },
    Rule { method: "/tword.notify.v1.NotifyService/GetContact", allow: OWNERS },
    Rule { method: UPDATE_CONTACT, allow: OWNERS },
    Rule { method: ROTATE_WEBHOOK_SECRET, allow: OWNERS },
    Rule { method: "/tword.notify.v1.NotifyOperationsService/RedriveMessage", allow: OPERATORS },
    Rule { method: "/tword.notify.v1.NotifyOperationsService/EraseCustomer", allow: OPERATORS },
];

/// Whose messages a person may see: an operator everyone's, others their own and those for their shop.
pub fn viewer(person: &Person) -> Viewer {
    if person.has("operator") { Viewer::Operator } else { Viewer::Recipients(own(person)) }
}

/// Who a person is to messages: a customer, its shop, or both.
pub fn own(person: &Person) -> Vec<Recipient> {
    let mut own = Vec::new();
    if person.has("customer") {
        own.push(Recipient::Customer(person.subject.clone()));
    }
    if person.has("staff") || person.has("manager") {
        let shop = person.tenant.as_deref().and_then(|shop| Uuid::try_parse(shop).ok());
        own.extend(shop.map(Recipient::Shop));
    }
    own
}

/// A person as the operator that it is.
pub fn operator(person: &Person) -> Actor {
    Actor { role: "OPERATOR", id: person.subject.clone() }
}
