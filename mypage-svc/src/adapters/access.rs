//! Who may call what: customers alone, and they see their own orders alone.

use chassis::auth::{Allow, Rule};

const CUSTOMERS: Allow = Allow::Roles(&["customer"]);

/// One rule for each RPC of this service.
pub const RULES: &[Rule] = &[
    Rule { method: "/tword.mypage.v1.MyPageService/GetMyOrder", allow: CUSTOMERS },
    Rule { method: "/tword.mypage.v1.MyPageService/ListMyOrders", allow: CUSTOMERS },
];
