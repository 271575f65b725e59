//! Who may call what, and whose things they may touch.

use chassis::{
    auth::{Allow, Person, Rule},
    refusal::Refusal,
};
use uuid::Uuid;

use crate::domain::{Actor, actor::Kind};

/// Full names of this service's methods.
pub mod method {
    /// Registers a shop.
    pub const REGISTER_SHOP: &str = "/tword.shop.v1.ShopService/RegisterShop";
    /// Opens a shop.
    pub const OPEN_SHOP: &str = "/tword.shop.v1.ShopService/OpenShop";
    /// Closes a shop.
    pub const CLOSE_SHOP: &str = "/tword.shop.v1.ShopService/CloseShop";
    /// Registers phones.
    pub const REGISTER_PHONES: &str = "/tword.shop.v1.ShopService/RegisterPhones";
    /// Corrects a phone.
    pub const UPDATE_PHONE: &str = "/tword.shop.v1.ShopService/UpdatePhone";
    /// Adds units.
    pub const ADD_UNITS: &str = "/tword.shop.v1.ShopService/AddUnits";
    /// Withdraws units.
    pub const WITHDRAW_UNITS: &str = "/tword.shop.v1.ShopService/WithdrawUnits";
}

const EVERYONE: &[&str] = &["customer", "staff", "manager", "operator"];
const STAFF: &[&str] = &["staff", "manager", "operator"];

/// Which roles may call each method. Beyond it, staff and managers reach the restricted things of their own shop alone
/// (see [`member`] and [`manager`]).
pub const RULES: &[Rule] = &[
    Rule { method: method::REGISTER_SHOP, allow: Allow::Roles(&["operator"]) },
    Rule { method: method::OPEN_SHOP, allow: Allow::Roles(&["manager", "operator"]) },
    Rule { method: method::CLOSE_SHOP, allow: Allow::Roles(&["manager", "operator"]) },
    Rule { method: method::REGISTER_PHONES, allow: Allow::Roles(&["manager"]) },
    Rule { method: method::UPDATE_PHONE, allow: Allow::Roles(&["manager"]) },
    Rule { method: method::ADD_UNITS, allow: Allow::Roles(&["manager"]) },
    Rule { method: method::WITHDRAW_UNITS, allow: Allow::Roles(&["manager"]) },
    Rule { method: "/tword.shop.v1.ShopService/GetShop", allow: Allow::Roles(EVERYONE) },
    Rule { method: "/tword.shop.v1.ShopService/ListShops", allow: Allow::Roles(EVERYONE) },
    Rule { method: "/tword.shop.v1.ShopService/GetPhone", allow: Allow::Roles(EVERYONE) },
    Rule { method: "/tword.shop.v1.ShopService/ListPhones", allow: Allow::Roles(EVERYONE) },
    Rule { method: "/tword.shop.v1.ShopService/ListUnits", allow: Allow::Roles(EVERYONE) },
    Rule { method: "/tword.shop.v1.ShopService/GetUnit", allow: Allow::Roles(STAFF) },
    Rule { method: "/tword.shop.v1.ShopService/ListShopOrders", allow: Allow::Roles(STAFF) },
];

/// The person as an operator.
///
/// # Errors
/// `NOT_FOUND`: the person is none.
pub fn operator(person: &Person) -> Result<Actor, Refusal> {
    act(person, &[Kind::Operator], None).ok_or_else(shop_not_found)
}

/// The person as a manager of a shop.
///
/// # Errors
/// `NOT_FOUND`: the person manages another shop or none.
pub fn manager(person: &Person, shop_id: Uuid) -> Result<Actor, Refusal> {
    act(person, &[Kind::Manager], Some(shop_id)).ok_or_else(shop_not_found)
}

/// The person as a manager of a shop, or as an operator.
///
/// # Errors
/// `NOT_FOUND`: the person is neither.
pub fn manager_or_operator(person: &Person, shop_id: Uuid) -> Result<Actor, Refusal> {
    act(person, &[Kind::Manager, Kind::Operator], Some(shop_id)).ok_or_else(shop_not_found)
}

/// The person as one of a shop's staff or managers, or as an operator.
///
/// # Errors
/// `NOT_FOUND`: the person is none of them.
pub fn member(person: &Person, shop_id: Uuid) -> Result<Actor, Refusal> {
    act(person, &[Kind::Manager, Kind::Staff, Kind::Operator], Some(shop_id)).ok_or_else(shop_not_found)
}

/// What somebody may see of a shop's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Whole,
    /// The serials of those available, to choose from.
    Choice,
}

/// What the person may see of a shop's units: its staff and operators everything, customers the choice.
///
/// # Errors
/// `NOT_FOUND`: the person is staff of another shop and no customer.
pub fn sight(person: &Person, shop_id: Uuid) -> Result<Sight, Refusal> {
    match member(person, shop_id) {
        Ok(_member) => Ok(Sight::Whole),
        Err(_refused) if person.has("customer") => Ok(Sight::Choice),
        Err(refused) => Err(refused),
    }
}

/// What one may not see and what is not there are the same answer.
pub fn shop_not_found() -> Refusal {
    Refusal::not_found("shop")
}

/// The first of `kinds` that the person can act as: staff and managers only at their own shop.
fn act(person: &Person, kinds: &[Kind], shop_id: Option<Uuid>) -> Option<Actor> {
    let own_shop = person.tenant.as_deref().and_then(|tenant| Uuid::try_parse(tenant).ok());
    let is_own = shop_id.is_some() && own_shop == shop_id;
    let can = |kind: &&Kind| match kind {
        Kind::Customer | Kind::Service => false,
        Kind::Staff => is_own && person.has("staff"),
        Kind::Manager => is_own && person.has("manager"),
        Kind::Operator => person.has("operator"),
    };
    kinds.iter().find(can).map(|kind| Actor::person(*kind, person.subject.as_str()))
}

#[cfg(test)]
mod tests {
    use chassis::refusal::reason;

    use super::*;

    const OWN: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn person(roles: &[&str], tenant: Option<Uuid>) -> Person {
        Person {
            issuer: "tword".to_owned(),
            subject: "s".to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            tenant: tenant.map(|tenant| tenant.to_string()),
        }
    }

    #[test]
    fn members_reach_their_own_shop_alone() {
        let manager_of_own = person(&["manager"], Some(OWN));
        let staff_of_own = person(&["staff"], Some(OWN));
        assert_eq!(manager(&manager_of_own, OWN), Ok(Actor::person(Kind::Manager, "s")));
        assert_eq!(member(&staff_of_own, OWN), Ok(Actor::person(Kind::Staff, "s")));
        for refused in [
            manager(&manager_of_own, OTHER),
            manager(&person(&["manager"], None), OWN),
            manager(&staff_of_own, OWN),
            manager(&person(&["operator"], Some(OWN)), OWN),
            manager_or_operator(&staff_of_own, OWN),
            manager_or_operator(&manager_of_own, OTHER),
            member(&staff_of_own, OTHER),
            member(&person(&["customer"], Some(OWN)), OWN),
            operator(&manager_of_own),
        ] {
            assert_eq!(refused.expect_err("refused").reason(), &reason::NOT_FOUND);
        }
    }

    #[test]
    fn customers_see_units_to_choose_from() {
        for (roles, seen) in [
            (&["customer"][..], Some(Sight::Choice)),
            (&["customer", "operator"], Some(Sight::Whole)),
            (&["operator"], Some(Sight::Whole)),
            (&["staff"], None),
        ] {
            assert_eq!(sight(&person(roles, Some(OTHER)), OWN).ok(), seen, "{roles:?}");
        }
        for roles in [&["customer", "staff"][..], &["manager"]] {
            assert_eq!(sight(&person(roles, Some(OWN)), OWN), Ok(Sight::Whole));
        }
        assert_eq!(sight(&person(&["customer", "staff"], Some(OTHER)), OWN), Ok(Sight::Choice));
    }

    #[test]
    fn operators_reach_every_shop() {
        let operator_of_all = person(&["operator"], None);
        for actor in
            [operator(&operator_of_all), manager_or_operator(&operator_of_all, OWN), member(&operator_of_all, OTHER)]
        {
            assert_eq!(actor, Ok(Actor::person(Kind::Operator, "s")));
        }
    }
}
