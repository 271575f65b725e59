//! What two databases must have in common.

use uuid::Uuid;

use crate::world::{World, rows};

/// Every row of the service's own tables, but for what it heard of orders. Units stand by age; their numbers are the
/// database's own.
pub async fn rows_of(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    macro_rules! add {
        ($($table:literal: ($($type:ty),*) = $query:literal;)*) => {
            $(
                let rows: Vec<($($type,)*)> = rows!(world, $query);
                all.extend(rows.iter().map(|row| format!("{} {row:?}", $table)));
            )*
        };
    }
    add! {
        "shop": (Uuid, String, String, String, i64, String, String) =
            "SELECT shop_id, display_name, currency_code, status, version, CAST(create_time AS TEXT), \
             CAST(update_time AS TEXT) FROM shop ORDER BY shop_id";
        "phone": (Uuid, Uuid, String, i64, i64, String, String) =
            "SELECT phone_id, shop_id, display_name, unit_price, version, CAST(create_time AS TEXT), \
             CAST(update_time AS TEXT) FROM phone ORDER BY phone_id";
        "unit": (Uuid, Uuid, String, String, Option<Uuid>, String) =
            "SELECT phone_id, shop_id, serial, status, order_id, CAST(create_time AS TEXT) FROM unit \
             ORDER BY phone_id, unit_id";
        "unit event": (Uuid, String, i64, String, Option<Uuid>, String, String, String) =
            "SELECT shop_id, serial, number, kind, unit_event.order_id, actor_kind, actor_id, CAST(event_time AS TEXT) \
             FROM unit_event JOIN unit ON unit.unit_id = unit_event.unit_id ORDER BY shop_id, serial, number";
        "stock": (Uuid, i64, i64, i64, i64) =
            "SELECT phone_id, available, reserved, sold, withdrawn FROM stock ORDER BY phone_id";
        "assigned": (Uuid, i64) = "SELECT shop_id, last_number FROM assigned_serial ORDER BY shop_id";
        "reservation": (Uuid, Uuid, String, Option<String>, i64, String, String) =
            "SELECT order_id, shop_id, status, reject_reason, version, CAST(create_time AS TEXT), \
             CAST(update_time AS TEXT) FROM reservation ORDER BY order_id";
        "line": (Uuid, Uuid, i64, i64) =
            "SELECT order_id, phone_id, CAST(quantity AS BIGINT), unit_price FROM reservation_line \
             ORDER BY order_id, phone_id";
        "outbox": (Uuid, String, i64) = "SELECT event_id, kind, version FROM outbox ORDER BY position";
    }
    all
}
