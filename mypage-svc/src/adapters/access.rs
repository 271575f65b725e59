//! Who may call what: customers see their own orders alone; operators look after my page as a whole.

use chassis::auth::{Allow, Rule};

const CUSTOMERS: Allow = Allow::Roles(&["customer"]);
const OPERATORS: Allow = Allow::Roles(&["operator"]);

/// One rule for each RPC of this service.
pub const RULES: &[Rule] = &[
    Rule { method: "/tword.mypage.v1.MyPageService/GetMyOrder", allow: CUSTOMERS },
    Rule { method: "/tword.mypage.v1.MyPageService/ListMyOrders", allow: CUSTOMERS },
    Rule { method: "/tword.mypage.v1.MyPageService/WatchMyOrders", allow: CUSTOMERS },
    Rule { method: "/tword.mypage.v1.MyPageOperationsService/RebuildMyPage", allow: OPERATORS },
    Rule { method: "/tword.mypage.v1.MyPageOperationsService/GetRebuild", allow: OPERATORS },
];
