//! Requests for pages of lists.

use chassis::{
    page::{Page, check_size},
    refusal::{self, Refusal, Violations},
    wire,
};
use proto::shop::v1;
use uuid::Uuid;

use super::requests::finish;
use crate::{
    app::Slice,
    domain::{Serial, order, unit},
};

/// A list that was asked for: what it is of, and which page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<F> {
    /// What the rows have in common.
    pub of: F,
    /// The page.
    pub page: Page,
    /// The filter as the page's tokens are bound to it.
    pub filter: String,
}

impl<F> List<F> {
    /// The part of the list that makes the page and shows whether there is another, where rows have UUIDs.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`.
    pub fn slice(&self) -> Result<Slice, Refusal> {
        let after = self.page.after.as_ref().map(|cursor| Ok::<_, Refusal>((cursor.time, cursor.uuid()?)));
        Ok(Slice { rows: self.page.rows(), after: after.transpose()? })
    }

    /// The serial of the unit that the last page ended with, where rows are units.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`.
    pub fn after_serial(&self) -> Result<Option<Serial>, Refusal> {
        self.page.after.as_ref().map(|cursor| Serial::parse(&cursor.id).map_err(|_none| invalid_token())).transpose()
    }

    /// The number of the entry that the last page ended with, where rows have numbers; 0 for the first page.
    ///
    /// # Errors
    /// `INVALID_PAGE_TOKEN`.
    pub fn after_number(&self) -> Result<i64, Refusal> {
        self.page.after.as_ref().map_or(Ok(0), |cursor| cursor.id.parse().map_err(|_none| invalid_token()))
    }
}

fn invalid_token() -> Refusal {
    Refusal::new(&refusal::reason::INVALID_PAGE_TOKEN, "the page token is none of this list")
}

/// A page of shops.
///
/// # Errors
/// `INVALID_REQUEST` or `INVALID_PAGE_TOKEN`.
pub fn shops(request: &v1::ListShopsRequest) -> Result<List<()>, Refusal> {
    list(Violations::default(), Some(()), request.page_size, &request.page_token, "shops")
}

/// A page of a shop's phones.
///
/// # Errors
/// `INVALID_REQUEST` or `INVALID_PAGE_TOKEN`.
pub fn phones(request: &v1::ListPhonesRequest) -> Result<List<Uuid>, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    list(violations, shop_id, request.page_size, &request.page_token, "phones")
}

/// A page of a phone's units: shop, phone, status.
///
/// # Errors
/// `INVALID_REQUEST` or `INVALID_PAGE_TOKEN`.
pub fn units(request: &v1::ListUnitsRequest) -> Result<List<(Uuid, Uuid, Option<unit::Status>)>, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let phone_id = violations.check("phone_id", wire::uuid(&request.phone_id));
    let status = status(&mut violations, request.status).map(|status| match status {
        v1::unit::Status::Unspecified => None,
        v1::unit::Status::Available => Some(unit::Status::Available),
        v1::unit::Status::Reserved => Some(unit::Status::Reserved),
        v1::unit::Status::Sold => Some(unit::Status::Sold),
        v1::unit::Status::Withdrawn => Some(unit::Status::Withdrawn),
    });
    let of = shop_id.zip(phone_id).zip(status).map(|((shop_id, phone_id), status)| (shop_id, phone_id, status));
    list(violations, of, request.page_size, &request.page_token, "units")
}

/// A page of a unit's history: shop, serial.
///
/// # Errors
/// `INVALID_REQUEST` or `INVALID_PAGE_TOKEN`.
pub fn history(request: &v1::GetUnitRequest) -> Result<List<(Uuid, Serial)>, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let serial = violations.check("serial", Serial::parse(&request.serial));
    list(violations, shop_id.zip(serial), request.page_size, &request.page_token, "unit")
}

/// A page of a shop's orders: shop, status.
///
/// # Errors
/// `INVALID_REQUEST` or `INVALID_PAGE_TOKEN`.
pub fn orders(request: &v1::ListShopOrdersRequest) -> Result<List<(Uuid, Option<order::Status>)>, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let status = status(&mut violations, request.status).map(|status| match status {
        v1::shop_order::Status::Unspecified => None,
        v1::shop_order::Status::Placed => Some(order::Status::Placed),
        v1::shop_order::Status::Confirmed => Some(order::Status::Confirmed),
        v1::shop_order::Status::Rejected => Some(order::Status::Rejected),
        v1::shop_order::Status::Cancelled => Some(order::Status::Cancelled),
        v1::shop_order::Status::Shipped => Some(order::Status::Shipped),
        v1::shop_order::Status::Delivered => Some(order::Status::Delivered),
    });
    list(violations, shop_id.zip(status), request.page_size, &request.page_token, "orders")
}

/// A known status number of the wire.
fn status<W: TryFrom<i32>>(violations: &mut Violations, number: i32) -> Option<W> {
    violations.check("status", W::try_from(number).map_err(|_unknown| "must be a status of this list"))
}

fn list<F: std::fmt::Debug>(
    mut violations: Violations,
    of: Option<F>,
    page_size: i32,
    page_token: &str,
    name: &str,
) -> Result<List<F>, Refusal> {
    check_size(&mut violations, page_size);
    let of = finish(violations, of)?;
    let filter = format!("{name} {of:?}");
    let page = Page::parse(page_size, page_token, &filter)?;
    Ok(List { of, page, filter })
}
