//! How this service's errors are told to clients.

use chassis::refusal::{self, Refusal};

use super::access::shop_not_found;
use crate::{
    app::{add_units, open_or_close_shop, register_phones, register_shop, update_phone, withdraw_units},
    domain::{Serial, phone, unit::State},
};

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        SERIAL_TAKEN: AlreadyExists, "The shop has units with these serials already; `serials` names up to 20 of them.";
        UNITS_NOT_AVAILABLE: FailedPrecondition, "Units are not available, and none was withdrawn; `reserved`, `sold` and `withdrawn` name the first 100 of them, `count` says how many they are.";
    }
}

/// Units that a refusal names at most: it has to fit into a header.
const NAMED_AT_MOST: usize = 100;

/// No such unit at this shop, as far as the caller may know.
pub fn unit_not_found() -> Refusal {
    Refusal::not_found("unit")
}

/// Customers are shown what is available, and nothing else.
pub fn not_for_customers() -> Refusal {
    Refusal::new(&refusal::reason::PERMISSION_DENIED, "customers may list units that are available, and no others")
}

/// No such phone at this shop, as far as the caller may know.
pub fn phone_not_found() -> Refusal {
    Refusal::not_found("phone")
}

fn serial_taken(serials: &[Serial]) -> Refusal {
    Refusal::new(&reason::SERIAL_TAKEN, "the shop has units with these serials already")
        .with("serials", joined(serials.iter()))
}

fn joined<'a>(serials: impl Iterator<Item = &'a Serial>) -> String {
    serials.map(Serial::as_str).collect::<Vec<_>>().join(",")
}

fn unknown_units(serials: &[Serial]) -> Refusal {
    Refusal::not_found("unit")
        .with("serials", joined(serials.iter().take(NAMED_AT_MOST)))
        .with("count", serials.len().to_string())
}

fn not_available(units: &[(Serial, State)]) -> Refusal {
    let (mut reserved, mut sold, mut withdrawn) = (Vec::new(), Vec::new(), Vec::new());
    for (serial, state) in units.iter().take(NAMED_AT_MOST) {
        match state {
            State::Available => {}
            State::Reserved(_) => reserved.push(serial),
            State::Sold(_) => sold.push(serial),
            State::Withdrawn => withdrawn.push(serial),
        }
    }
    Refusal::new(&reason::UNITS_NOT_AVAILABLE, "units are not available; none was withdrawn")
        .with("reserved", joined(reserved.into_iter()))
        .with("sold", joined(sold.into_iter()))
        .with("withdrawn", joined(withdrawn.into_iter()))
        .with("count", units.len().to_string())
}

impl From<withdraw_units::Error> for Refusal {
    fn from(error: withdraw_units::Error) -> Self {
        match error {
            withdraw_units::Error::UnknownPhone => phone_not_found(),
            withdraw_units::Error::Refused(phone::Error::UnknownUnits(serials)) => unknown_units(&serials),
            withdraw_units::Error::Refused(phone::Error::NotAvailable(units)) => not_available(&units),
            withdraw_units::Error::Reused(reused) => reused.into(),
            withdraw_units::Error::Store(error) => error.into(),
        }
    }
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
