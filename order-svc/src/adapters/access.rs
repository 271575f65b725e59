//! Who may call what.

use chassis::auth::{Allow, Person, Rule};
use uuid::Uuid;

use crate::domain::{Actor, Caller, actor::ActorKind};

const READERS: Allow = Allow::Roles(&["customer", "staff", "manager", "operator"]);
const OPERATORS: Allow = Allow::Roles(&["operator"]);
const CANCELLERS: Allow = Allow::Roles(&["customer", "staff", "manager"]);

/// The rule of each method. What one may see and change of an order, the order decides.
pub const RULES: &[Rule] = &[
    Rule { method: PLACE_ORDER, allow: Allow::Roles(&["customer"]) },
    Rule { method: "/tword.order.v1.OrderService/GetOrder", allow: READERS },
    Rule { method: "/tword.order.v1.OrderService/ListOrders", allow: READERS },
    Rule { method: CANCEL_ORDER, allow: CANCELLERS },
    Rule { method: "/tword.order.v1.OrderService/ListOrderEvents", allow: READERS },
    Rule { method: "/tword.order.v1.OrderOperationsService/ListStuckOrders", allow: OPERATORS },
    Rule { method: "/tword.order.v1.OrderOperationsService/ResumeOrder", allow: OPERATORS },
    Rule { method: "/tword.order.v1.OrderOperationsService/EraseCustomer", allow: OPERATORS },
    Rule { method: "/tword.order.v1.ClaimService/ResolveBookings", allow: Allow::Services(&["delivery-svc"]) },
];

/// The method's path: part of what an idempotency key belongs to.
pub const PLACE_ORDER: &str = "/tword.order.v1.OrderService/PlaceOrder";
/// The method's path: part of what an idempotency key belongs to.
pub const CANCEL_ORDER: &str = "/tword.order.v1.OrderService/CancelOrder";

/// The calling person, as orders know it. Staff whose token names no shop work nowhere.
pub fn caller(person: Person) -> Caller {
    let (staff, manager) = (person.has("staff"), person.has("manager"));
    let kind = if manager { ActorKind::Manager } else { ActorKind::Staff };
    let shop_id = person.tenant.as_deref().and_then(|shop| Uuid::try_parse(shop).ok());
    Caller {
        customer: person.has("customer"),
        works_at: shop_id.filter(|_| staff || manager).map(|shop_id| (shop_id, kind)),
        operator: person.has("operator"),
        id: person.subject,
    }
}

/// The calling operator.
pub fn operator(person: Person) -> Actor {
    Actor { kind: ActorKind::Operator, id: person.subject }
}
