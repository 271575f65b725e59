//! Orders as their shops have heard of them, as rows.

use std::collections::HashMap;

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::{labels::Label, units};
use crate::{
    app::{Orders, Slice},
    domain::{
        Currency, Order, Price, Serial,
        order::{Listed, ListedLine, Status},
    },
};

/// Units that the orders of one page hold at most; one order alone may hold 2,000.
const MAX_UNITS_A_PAGE: u32 = 20_000;

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    shop_id: Uuid,
    customer_id: String,
    status: String,
    currency_code: Option<String>,
    version: i64,
    create_time: i64,
    update_time: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    order_id: Uuid,
    phone_id: Uuid,
    quantity: u32,
    unit_price: Option<i64>,
    requested_serials: String,
}

impl TryFrom<Row> for Listed {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let currency = row.currency_code.as_deref().map(Currency::parse).transpose();
        Ok(Self {
            id: row.order_id,
            shop_id: row.shop_id,
            customer_id: row.customer_id,
            lines: Vec::new(),
            status: Status::parse(&row.status)?,
            currency: currency.map_err(Error::inconsistent)?,
            version: row.version,
            create_time: time(row.create_time)?,
            update_time: time(row.update_time)?,
        })
    }
}

impl TryFrom<LineRow> for ListedLine {
    type Error = Error;

    fn try_from(row: LineRow) -> Result<Self, Error> {
        let unit_price = row.unit_price.map(Price::new).transpose().map_err(Error::inconsistent)?;
        let requested = row.requested_serials.split_terminator(',').map(units::serial).collect::<Result<_, _>>()?;
        Ok(Self { phone_id: row.phone_id, quantity: row.quantity, unit_price, serials: Vec::new(), requested })
    }
}

pub async fn version(connection: &mut SqliteConnection, order_id: Uuid) -> Result<Option<i64>, Error> {
    let query = sqlx::query_scalar("SELECT version FROM shop_order WHERE order_id = ?").bind(order_id);
    Ok(query.fetch_optional(connection).await?)
}

pub async fn insert(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop_order (order_id, shop_id, customer_id, status, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order.id)
    .bind(order.shop_id)
    .bind(&order.customer_id)
    .bind(order.status.label())
    .bind(order.version)
    .bind(micros(order.create_time))
    .bind(micros(order.update_time))
    .execute(&mut *connection)
    .await?;
    one_row(&written, "order")?;
    for line in order.lines.as_slice() {
        let written = sqlx::query(
            "INSERT INTO shop_order_line (order_id, phone_id, quantity, requested_serials) VALUES (?, ?, ?, ?)",
        )
        .bind(order.id)
        .bind(line.phone_id)
        .bind(line.quantity)
        .bind(line.requested.iter().map(Serial::as_str).collect::<Vec<_>>().join(","))
        .execute(&mut *connection)
        .await?;
        one_row(&written, "order line")?;
    }
    Ok(())
}

pub async fn advance(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE shop_order SET status = ?, version = ?, update_time = ? WHERE order_id = ? AND version < ?",
    )
    .bind(order.status.label())
    .bind(order.version)
    .bind(micros(order.update_time))
    .bind(order.id)
    .bind(order.version)
    .execute(connection)
    .await?;
    one_row(&written, "order")
}

/// A page of a shop's orders, newest first. All statements must see one snapshot.
pub async fn list(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    status: Option<Status>,
    slice: Slice,
) -> Result<Orders, Error> {
    let mut rows = headers(connection, shop_id, status, slice).await?;
    attach_lines(connection, &mut rows).await?;
    let asked = usize::try_from(slice.rows).unwrap_or(usize::MAX).saturating_sub(1);
    let size = fitting(&rows).min(asked);
    rows.truncate(size + 1);
    attach_serials(connection, rows.get_mut(..size).unwrap_or_default()).await?;
    let size = size.min(rows.len());
    Ok(Orders { rows, size })
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

async fn headers(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    status: Option<Status>,
    slice: Slice,
) -> Result<Vec<Listed>, Error> {
    let mut select = QueryBuilder::<Sqlite>::new(
        "SELECT shop_order.*, currency_code FROM shop_order LEFT JOIN shop USING (shop_id) WHERE shop_id = ",
    );
    select.push_bind(shop_id);
    if let Some(status) = status {
        select.push(" AND shop_order.status = ").push_bind(status.label());
    }
    if let Some((time, id)) = slice.after {
        select.push(" AND (shop_order.create_time, order_id) < (").push_bind(micros(time)).push(", ");
        select.push_bind(id).push(")");
    }
    select.push(" ORDER BY shop_order.create_time DESC, order_id DESC LIMIT ").push_bind(slice.rows);
    let rows: Vec<Row> = select.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Listed::try_from).collect()
}

async fn attach_lines(connection: &mut SqliteConnection, orders: &mut [Listed]) -> Result<(), Error> {
    let mut select = QueryBuilder::<Sqlite>::new(
        "SELECT line.order_id, line.phone_id, line.quantity, unit_price, requested_serials FROM shop_order_line AS line \
         LEFT JOIN reservation_line AS reserved ON reserved.order_id = line.order_id AND reserved.phone_id = line.phone_id \
         WHERE line.order_id IN (",
    );
    push_ids(&mut select, orders);
    select.push(") ORDER BY line.phone_id");
    let rows: Vec<LineRow> = select.build_query_as().persistent(false).fetch_all(connection).await?;
    let mut lines: HashMap<Uuid, Vec<ListedLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.order_id).or_default().push(row.try_into()?);
    }
    for order in orders {
        order.lines = lines.remove(&order.id).unwrap_or_default();
    }
    Ok(())
}

async fn attach_serials(connection: &mut SqliteConnection, orders: &mut [Listed]) -> Result<(), Error> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT order_id, phone_id, serial FROM unit WHERE order_id IN (");
    push_ids(&mut select, orders);
    select.push(") ORDER BY unit_id");
    let rows: Vec<(Uuid, Uuid, String)> = select.build_query_as().persistent(false).fetch_all(connection).await?;
    let mut serials: HashMap<(Uuid, Uuid), Vec<_>> = HashMap::new();
    for (order_id, phone_id, text) in rows {
        serials.entry((order_id, phone_id)).or_default().push(units::serial(&text)?);
    }
    for order in orders {
        for line in &mut order.lines {
            line.serials = serials.remove(&(order.id, line.phone_id)).unwrap_or_default();
        }
    }
    Ok(())
}

fn push_ids(select: &mut QueryBuilder<Sqlite>, orders: &[Listed]) {
    let mut list = select.separated(", ");
    for order in orders {
        list.push_bind(order.id);
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

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
        let full: Vec<Listed> = (0..201).map(|_| holding(2_000)).collect();
        assert_eq!(fitting(&full), 10);
        assert_eq!(fitting(&[holding(1), holding(2)]), 2);
        assert_eq!(fitting(&[holding(u32::MAX), holding(1)]), 1);
    }
}
