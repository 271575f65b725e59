//! Who may call what. Which messages they then see is decided by whose they are.

use chassis::auth::{Allow, Rule};

const PEOPLE: Allow = Allow::Roles(&["customer", "staff", "manager", "operator"]);

/// One rule for each RPC of this service.
pub const RULES: &[Rule] = &[
    Rule { method: "/tword.notify.v1.NotifyService/ListMessages", allow: PEOPLE },
    Rule { method: "/tword.notify.v1.NotifyService/GetMessage", allow: PEOPLE },
];
