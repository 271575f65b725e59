//! Pages of a shop's orders, put together from the rows of any database.

use std::collections::HashMap;

use chassis::store::Error;
use uuid::Uuid;

use super::values;
use crate::{
    app::Slice,
    domain::{
        Serial,
        order::{Listed, ListedLine},
    },
};

/// Units that the orders of one page hold at most; one order alone may hold 2,000.
const MAX_UNITS_A_PAGE: u32 = 20_000;

/// Cuts what a page cannot hold off `rows`, whose lines are known: how many make the page. One more stays, where there is
/// one.
pub fn cut(rows: &mut Vec<Listed>, slice: Slice) -> usize {
    let asked = usize::try_from(slice.rows).unwrap_or(usize::MAX).saturating_sub(1);
    let size = fitting(rows).min(asked);
    rows.truncate(size + 1);
    size.min(rows.len())
}

/// How many of `rows` one page can hold: at least one.
fn fitting(rows: &[Listed]) -> usize {
    let mut units = 0_u32;
    let fits = rows.iter().take_while(|order| {
        units = order.lines.iter().fold(units, |sum, line| sum.saturating_add(line.quantity));
        units <= MAX_UNITS_A_PAGE
    });
    fits.count().max(1)
}

/// Gives each order its lines, which are sorted already.
pub fn attach_lines(orders: &mut [Listed], rows: Vec<(Uuid, ListedLine)>) {
    let mut lines: HashMap<Uuid, Vec<ListedLine>> = HashMap::new();
    for (order_id, line) in rows {
        lines.entry(order_id).or_default().push(line);
    }
    for order in orders {
        order.lines = lines.remove(&order.id).unwrap_or_default();
    }
}

/// Gives each line its units: order, phone and serial of each, oldest first.
pub fn attach_serials(orders: &mut [Listed], rows: Vec<(Uuid, Uuid, String)>) -> Result<(), Error> {
    let mut serials: HashMap<(Uuid, Uuid), Vec<Serial>> = HashMap::new();
    for (order_id, phone_id, text) in rows {
        serials.entry((order_id, phone_id)).or_default().push(values::serial(&text)?);
    }
    for order in orders {
        for line in &mut order.lines {
            line.serials = serials.remove(&(order.id, line.phone_id)).unwrap_or_default();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::domain::order::Status;

    fn holding(units: u32) -> Listed {
        let line = ListedLine {
            phone_id: Uuid::nil(),
            quantity: units,
            unit_price: None,
            serials: Vec::new(),
            requested: Vec::new(),
        };
        Listed {
            id: Uuid::nil(),
            shop_id: Uuid::nil(),
            customer_id: "c".to_owned(),
            lines: vec![line],
            status: Status::Placed,
            currency: None,
            version: 1,
            create_time: OffsetDateTime::UNIX_EPOCH,
            update_time: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_page_ends_before_it_holds_too_many_units() {
        let slice = |rows| Slice { rows, after: None };
        let mut full: Vec<Listed> = (0..201).map(|_| holding(2_000)).collect();
        assert_eq!((cut(&mut full, slice(201)), full.len()), (10, 11));
        let mut few = vec![holding(1), holding(2)];
        assert_eq!((cut(&mut few, slice(201)), few.len()), (2, 2));
        assert_eq!((cut(&mut few, slice(2)), few.len()), (1, 2));
        let mut huge = vec![holding(u32::MAX), holding(1)];
        assert_eq!((cut(&mut huge, slice(201)), huge.len()), (1, 2));
    }
}
