//! Orders as their shops have heard of them, as rows.

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
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
        let requested = row.requested_serials.split_terminator(',').map(values::serial).collect::<Result<_, _>>()?;
        Ok(Self { phone_id: row.phone_id, quantity: row.quantity, unit_price, serials: Vec::new(), requested })
    }
}

/// Keeps what was heard of an order, unless something later is kept.
pub async fn keep(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop_order (order_id, shop_id, customer_id, status, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id) DO UPDATE SET status = excluded.status, \
         version = excluded.version, update_time = excluded.update_time WHERE version < excluded.version",
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
    if written.rows_affected() == 0 {
        return Ok(());
    }
    one_row(&written, "order")?;
    for line in order.lines.as_slice() {
        // An order's lines never change.
        sqlx::query(
            "INSERT INTO shop_order_line (order_id, phone_id, quantity, requested_serials) VALUES (?, ?, ?, ?) \
             ON CONFLICT (order_id, phone_id) DO NOTHING",
        )
        .bind(order.id)
        .bind(line.phone_id)
        .bind(line.quantity)
        .bind(line.requested.iter().map(Serial::as_str).collect::<Vec<_>>().join(","))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A page of a shop's orders, newest first. All statements must see one snapshot.
pub async fn list(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    status: Option<Status>,
    slice: Slice,
) -> Result<Orders, Error> {
    let mut rows = headers(connection, shop_id, status, slice).await?;
    let lines = lines(connection, &rows).await?;
    attach_lines(&mut rows, lines);
    let size = cut(&mut rows, slice);
    let page = rows.get_mut(..size).unwrap_or_default();
    let serials = serials(connection, page).await?;
    attach_serials(page, serials)?;
    Ok(Orders { rows, size })
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

async fn lines(connection: &mut SqliteConnection, orders: &[Listed]) -> Result<Vec<(Uuid, ListedLine)>, Error> {
    let mut select = QueryBuilder::<Sqlite>::new(
        "SELECT line.order_id, line.phone_id, line.quantity, unit_price, requested_serials FROM shop_order_line AS line \
         LEFT JOIN reservation_line AS reserved ON reserved.order_id = line.order_id AND reserved.phone_id = line.phone_id \
         WHERE line.order_id IN (",
    );
    push_ids(&mut select, orders);
    select.push(") ORDER BY line.phone_id");
    let rows: Vec<LineRow> = select.build_query_as().persistent(false).fetch_all(connection).await?;
    rows.into_iter().map(|row| Ok((row.order_id, row.try_into()?))).collect()
}

async fn serials(connection: &mut SqliteConnection, orders: &[Listed]) -> Result<Vec<(Uuid, Uuid, String)>, Error> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT order_id, phone_id, serial FROM unit WHERE order_id IN (");
    push_ids(&mut select, orders);
    select.push(") ORDER BY unit_id");
    Ok(select.build_query_as().persistent(false).fetch_all(connection).await?)
}

fn push_ids(select: &mut QueryBuilder<Sqlite>, orders: &[Listed]) {
    let mut list = select.separated(", ");
    for order in orders {
        list.push_bind(order.id);
    }
}
