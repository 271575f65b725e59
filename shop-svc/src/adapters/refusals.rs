//! How this service's errors are told to clients.

use chassis::refusal::Refusal;

use super::access::shop_not_found;
use crate::{
    app::{add_units, open_or_close_shop, register_phones, register_shop, update_phone},
    domain::Serial,
};

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        SERIAL_TAKEN: AlreadyExists, "The shop has units with these serials already; `serials` names up to 20 of them.";
    }
}

/// No such phone at this shop, as far as the caller may know.
pub fn phone_not_found() -> Refusal {
    Refusal::not_found("phone")
}

fn serial_taken(serials: &[Serial]) -> Refusal {
    let named: Vec<&str> = serials.iter().map(Serial::as_str).collect();
    Refusal::new(&reason::SERIAL_TAKEN, "the shop has units with these serials already")
        .with("serials", named.join(","))
}

impl From<register_shop::Error> for Refusal {
    fn from(error: register_shop::Error) -> Self {
        match error {
            register_shop::Error::Reused(reused) => reused.into(),
            register_shop::Error::Store(error) => error.into(),
        }
    }
}

impl From<open_or_close_shop::Error> for Refusal {
    fn from(error: open_or_close_shop::Error) -> Self {
        match error {
            open_or_close_shop::Error::UnknownShop => shop_not_found(),
            open_or_close_shop::Error::Reused(reused) => reused.into(),
            open_or_close_shop::Error::Store(error) => error.into(),
        }
    }
}

impl From<register_phones::Error> for Refusal {
    fn from(error: register_phones::Error) -> Self {
        match error {
            register_phones::Error::UnknownShop => shop_not_found(),
            register_phones::Error::SerialTaken(serials) => serial_taken(&serials),
            register_phones::Error::Reused(reused) => reused.into(),
            register_phones::Error::Store(error) => error.into(),
        }
    }
}

impl From<update_phone::Error> for Refusal {
    fn from(error: update_phone::Error) -> Self {
        match error {
            update_phone::Error::UnknownPhone => phone_not_found(),
            update_phone::Error::Reused(reused) => reused.into(),
            update_phone::Error::Store(error) => error.into(),
        }
    }
}

impl From<add_units::Error> for Refusal {
    fn from(error: add_units::Error) -> Self {
        match error {
            add_units::Error::UnknownPhone => phone_not_found(),
            add_units::Error::SerialTaken(serials) => serial_taken(&serials),
            add_units::Error::Reused(reused) => reused.into(),
            add_units::Error::Store(error) => error.into(),
        }
    }
}
