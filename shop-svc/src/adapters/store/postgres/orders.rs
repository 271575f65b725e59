//! Orders as their shops have heard of them, as rows.

use chassis::store::Error;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    adapters::store::{
        labels::Label,
        orders::{attach_lines, attach_serials, cut},
        values,
    },
    app::{Orders, Slice},
    domain::{
        Currency, Order, Price, Serial,
        order::{Listed, ListedLine, Status},
    },
};

/// The order's row is locked whether it changes or not. Its lines never change; whoever advances it finds them there.
const KEEP: &str = "WITH heard AS ( \
         INSERT INTO shop_order AS kept (order_id, shop_id, customer_id, status, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, \
         version = excluded.version, update_time = excluded.update_time WHERE kept.version < excluded.version \
         RETURNING order_id) \
     INSERT INTO shop_order_line (order_id, phone_id, quantity, requested_serials) \
     SELECT order_id, phone_id, quantity, string_to_array(requested, ',') \
     FROM heard CROSS JOIN unnest($8::uuid[], $9::integer[], $10::text[]) AS line (phone_id, quantity, requested) \
     ON CONFLICT (order_id, phone_id) DO NOTHING";
pub const LINES: &str = "SELECT line.order_id, line.phone_id, line.quantity, unit_price, requested_serials \
     FROM shop_order_line AS line LEFT JOIN reservation_line USING (order_id, phone_id) \
     WHERE line.order_id = ANY ($1) ORDER BY line.phone_id";
pub const SERIALS: &str = "SELECT order_id, phone_id, serial FROM unit WHERE order_id = ANY ($1) ORDER BY unit_id";

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    shop_id: Uuid,
    customer_id: String,
    status: String,
    currency_code: Option<String>,
    version: i64,
    create_time: OffsetDateTime,
    update_time: OffsetDateTime,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    order_id: Uuid,
    phone_id: Uuid,
    quantity: i32,
    unit_price: Option<i64>,
    requested_serials: Vec<String>,
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
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

impl TryFrom<LineRow> for ListedLine {
    type Error = Error;

    fn try_from(row: LineRow) -> Result<Self, Error> {
        let quantity = u32::try_from(row.quantity).map_err(Error::inconsistent)?;
        let unit_price = row.unit_price.map(Price::new).transpose().map_err(Error::inconsistent)?;
        let requested = row.requested_serials.iter().map(|text| values::serial(text)).collect::<Result<_, _>>()?;
        Ok(Self { phone_id: row.phone_id, quantity, unit_price, serials: Vec::new(), requested })
    }
}

/// Keeps what was heard of an order, unless something later is kept.
pub async fn keep(connection: &mut PgConnection, order: &Order) -> Result<(), Error> {
    let lines = order.lines.as_slice();
    let quantities = lines.iter().map(|line| i32::try_from(line.quantity).map_err(Error::inconsistent));
    let requested = lines.iter().map(|line| line.requested.iter().map(Serial::as_str).collect::<Vec<_>>().join(","));
    // No row at all where something later is kept.
    sqlx::query(KEEP)
        .bind(order.id)
        .bind(order.shop_id)
        .bind(&order.customer_id)
        .bind(order.status.label())
        .bind(order.version)
        .bind(order.create_time)
        .bind(order.update_time)
        .bind(lines.iter().map(|line| line.phone_id).collect::<Vec<_>>())
        .bind(quantities.collect::<Result<Vec<_>, _>>()?)
        .bind(requested.collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of a shop's orders, newest first. All statements must see one snapshot.
pub async fn list(
    connection: &mut PgConnection,
    shop_id: Uuid,
    status: Option<Status>,
    slice: Slice,
) -> Result<Orders, Error> {
    let mut select = headers(shop_id, status, slice);
    let rows: Vec<Row> = select.build_query_as().fetch_all(&mut *connection).await?;
    let mut rows: Vec<Listed> = rows.into_iter().map(Listed::try_from).collect::<Result<_, _>>()?;
    let lines: Vec<LineRow> = sqlx::query_as(LINES).bind(ids(&rows)).fetch_all(&mut *connection).await?;
    let lines = lines.into_iter().map(|row| Ok((row.order_id, row.try_into()?))).collect::<Result<_, Error>>()?;
    attach_lines(&mut rows, lines);
    let size = cut(&mut rows, slice);
    let page = rows.get_mut(..size).unwrap_or_default();
    let serials = sqlx::query_as(SERIALS).bind(ids(page)).fetch_all(connection).await?;
    attach_serials(page, serials)?;
    Ok(Orders { rows, size })
}

pub fn headers(shop_id: Uuid, status: Option<Status>, slice: Slice) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new(
        "SELECT shop_order.*, currency_code FROM shop_order LEFT JOIN shop USING (shop_id) WHERE shop_order.shop_id = ",
    );
    select.push_bind(shop_id);
    if let Some(status) = status {
        select.push(" AND shop_order.status = ").push_bind(status.label());
    }
    if let Some((time, id)) = slice.after {
        select.push(" AND (shop_order.create_time, order_id) < (").push_bind(time).push(", ");
        select.push_bind(id).push(")");
    }
    select.push(" ORDER BY shop_order.create_time DESC, order_id DESC LIMIT ").push_bind(slice.rows);
    select
}

fn ids(orders: &[Listed]) -> Vec<Uuid> {
    orders.iter().map(|order| order.id).collect()
}
