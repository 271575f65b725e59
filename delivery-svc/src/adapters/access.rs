//! Who may call what, and what callers are to the use cases.

use chassis::{
    auth::{Allow, Person, Rule},
    refusal::Refusal,
};
use uuid::Uuid;

use crate::{
    app::viewer::{Staff, Viewer},
    domain::actor::{Actor, Role},
};

const CUSTOMER: &str = "customer";
const STAFF: &str = "staff";
const MANAGER: &str = "manager";
const OPERATOR: &str = "operator";

/// Path of `ShipDelivery`.
pub const SHIP_DELIVERY: &str = "/tword.delivery.v1.DeliveryService/ShipDelivery";
/// Path of `CompleteDelivery`.
pub const COMPLETE_DELIVERY: &str = "/tword.delivery.v1.DeliveryService/CompleteDelivery";

/// Path of `CorrectRecipient`.
pub const CORRECT_RECIPIENT: &str = "/tword.delivery.v1.DeliveryService/CorrectRecipient";
/// Path of `CorrectTrackingNumber`.
pub const CORRECT_TRACKING_NUMBER: &str = "/tword.delivery.v1.DeliveryService/CorrectTrackingNumber";

/// Who may call each method.
pub const RULES: &[Rule] = &[
    Rule {
        method: "/tword.delivery.v1.DeliveryService/GetDelivery",
        allow: Allow::Roles(&[CUSTOMER, STAFF, MANAGER, OPERATOR]),
    },
    Rule {
        method: "/tword.delivery.v1.DeliveryService/ListDeliveries",
        allow: Allow::Roles(&[STAFF, MANAGER, OPERATOR]),
    },
    Rule { method: SHIP_DELIVERY, allow: Allow::Roles(&[STAFF, MANAGER]) },
    Rule { method: COMPLETE_DELIVERY, allow: Allow::Roles(&[STAFF, MANAGER]) },
    Rule { method: CORRECT_RECIPIENT, allow: Allow::Roles(&[CUSTOMER]) },
    Rule { method: CORRECT_TRACKING_NUMBER, allow: Allow::Roles(&[STAFF, MANAGER]) },
    Rule { method: "/tword.delivery.v1.DeliveryOperationsService/EraseCustomer", allow: Allow::Roles(&[OPERATOR]) },
    Rule { method: "/tword.delivery.v1.BookingService/BookDelivery", allow: Allow::Services(&["order-svc"]) },
    Rule { method: "/tword.delivery.v1.BookingService/CancelDelivery", allow: Allow::Services(&["order-svc"]) },
];

/// What a person may see.
pub fn viewer(person: &Person) -> Viewer {
    Viewer {
        customer_id: person.has(CUSTOMER).then(|| person.subject.clone()),
        shop_id: shop(person),
        operator: person.has(OPERATOR),
    }
}

/// A person as staff of its shop.
///
/// # Errors
/// The person works for no shop, so that there is no delivery it could change.
pub fn staff(person: &Person) -> Result<Staff, Refusal> {
    let shop_id = shop(person).ok_or_else(|| Refusal::not_found("delivery"))?;
    let role = if person.has(MANAGER) { Role::Manager } else { Role::Staff };
    Ok(Staff { shop_id, actor: Actor { role, id: person.subject.clone() } })
}

/// A person as an operator.
pub fn operator(person: &Person) -> Actor {
    Actor { role: Role::Operator, id: person.subject.clone() }
}

fn shop(person: &Person) -> Option<Uuid> {
    let works_there = person.has(STAFF) || person.has(MANAGER);
    person.tenant.as_ref().filter(|_shop| works_there).and_then(|shop| shop.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: Uuid = Uuid::from_u128(7);

    fn person(roles: &[&str], shop: Option<&str>) -> Person {
        Person {
            issuer: "tword".into(),
            subject: "p-1".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            tenant: shop.map(str::to_owned),
        }
    }

    #[test]
    fn a_shop_counts_for_those_who_work_there_alone() {
        let shop = SHOP.to_string();
        assert_eq!(viewer(&person(&[STAFF], Some(&shop))).shop_id, Some(SHOP));
        assert_eq!(viewer(&person(&[MANAGER], Some(&shop))).shop_id, Some(SHOP));
        for other in [person(&[CUSTOMER], Some(&shop)), person(&[STAFF], None), person(&[STAFF], Some("the shop"))] {
            assert_eq!(viewer(&other).shop_id, None, "{other:?}");
            assert!(staff(&other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_subject_owns_nothing_unless_it_is_a_customer() {
        assert_eq!(viewer(&person(&[CUSTOMER], None)).customer_id.as_deref(), Some("p-1"));
        assert_eq!(viewer(&person(&[STAFF, OPERATOR], None)).customer_id, None);
    }

    #[test]
    fn a_manager_acts_as_one() {
        let shop = SHOP.to_string();
        let acting = |roles: &[&str]| staff(&person(roles, Some(&shop))).expect("staff").actor.role;
        assert_eq!((acting(&[STAFF]), acting(&[STAFF, MANAGER])), (Role::Staff, Role::Manager));
    }
}
