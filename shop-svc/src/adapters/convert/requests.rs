//! Requests as commands: every wrong field is noted at once.

use chassis::{
    refusal::{Refusal, Violations},
    wire,
};
use proto::{Money, shop::v1};
use uuid::Uuid;

use super::new_units::UnitsCheck;
use crate::{
    app::{add_units, register_phones, register_shop, update_phone, withdraw_units},
    domain::{Currency, Name, Price, phone::Correction},
};

/// Ids of a shop and of one of its phones.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn shop_and_phone(shop_id: &str, phone_id: &str) -> Result<(Uuid, Uuid), Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(shop_id));
    let phone_id = violations.check("phone_id", wire::uuid(phone_id));
    finish(violations, shop_id.zip(phone_id))
}

/// The id of a shop.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn shop_id(text: &str) -> Result<Uuid, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(text));
    finish(violations, shop_id)
}

/// A shop to register; it sells in KRW where it does not say.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn register_shop(request: &v1::RegisterShopRequest) -> Result<register_shop::Command, Refusal> {
    let mut violations = Violations::default();
    let name = violations.check("display_name", Name::parse(&request.display_name));
    let code = if request.currency_code.is_empty() { "KRW" } else { &request.currency_code };
    let known = violations.check("currency_code", wire::currency(code));
    let currency = known.and_then(|(code, _)| violations.check("currency_code", Currency::parse(code)));
    finish(violations, name.zip(currency).map(|(name, currency)| register_shop::Command { name, currency }))
}

/// Phones to register at a shop that sells in `currency`.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn register_phones(
    request: &v1::RegisterPhonesRequest,
    currency: Option<&Currency>,
) -> Result<register_phones::Command, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let mut phones = Vec::new();
    if (1..=register_phones::MAX_PHONES).contains(&request.phones.len()) {
        let mut units = UnitsCheck::default();
        for (index, phone) in request.phones.iter().enumerate() {
            phones.extend(new_phone(&mut violations, &mut units, &format!("phones[{index}]"), phone, currency));
        }
        units.finish(&mut violations, "phones");
    } else {
        violations.add("phones", "must be 1 to 20 phones");
    }
    finish(violations, shop_id.map(|shop_id| register_phones::Command { shop_id, phones }))
}

fn new_phone(
    violations: &mut Violations,
    units: &mut UnitsCheck,
    field: &str,
    phone: &v1::NewPhone,
    currency: Option<&Currency>,
) -> Option<register_phones::NewPhone> {
    let name = violations.check(format!("{field}.display_name"), Name::parse(&phone.display_name));
    let unit_price = price(violations, &format!("{field}.unit_price"), phone.unit_price.as_ref(), currency);
    let units = units.optional(violations, &format!("{field}.units"), phone.units.as_ref());
    Some(register_phones::NewPhone { name: name?, unit_price: unit_price?, units: units? })
}

/// A correction of a phone at a shop that sells in `currency`.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn update_phone(
    request: &v1::UpdatePhoneRequest,
    currency: Option<&Currency>,
) -> Result<update_phone::Command, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let phone_id = violations.check("phone_id", wire::uuid(&request.phone_id));
    let name = request.display_name.as_ref().and_then(|name| violations.check("display_name", Name::parse(name)));
    let given = request.unit_price.as_ref();
    let unit_price = given.and_then(|money| price(&mut violations, "unit_price", Some(money), currency));
    let correction = Correction { name, unit_price };
    let ids = shop_id.zip(phone_id);
    finish(violations, ids.map(|(shop_id, phone_id)| update_phone::Command { shop_id, phone_id, correction }))
}

/// Units to add to a phone.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn add_units(request: &v1::AddUnitsRequest) -> Result<add_units::Command, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let phone_id = violations.check("phone_id", wire::uuid(&request.phone_id));
    let mut check = UnitsCheck::default();
    let units = check.required(&mut violations, "units", request.units.as_ref());
    check.finish(&mut violations, "units");
    let parts = shop_id.zip(phone_id).zip(units);
    finish(violations, parts.map(|((shop_id, phone_id), units)| add_units::Command { shop_id, phone_id, units }))
}

/// Units of a phone to withdraw.
///
/// # Errors
/// `INVALID_REQUEST`.
pub fn withdraw_units(request: &v1::WithdrawUnitsRequest) -> Result<withdraw_units::Command, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let phone_id = violations.check("phone_id", wire::uuid(&request.phone_id));
    let mut check = UnitsCheck::default();
    let serials = check.present(&mut violations, "serials", &request.serials);
    check.finish(&mut violations, "serials");
    let parts = shop_id.zip(phone_id).zip(serials);
    finish(
        violations,
        parts.map(|((shop_id, phone_id), serials)| withdraw_units::Command { shop_id, phone_id, serials }),
    )
}

/// A price in the shop's currency, as far as that is known.
fn price(
    violations: &mut Violations,
    field: &str,
    money: Option<&Money>,
    currency: Option<&Currency>,
) -> Option<Price> {
    let (minor_units, code) = violations.check(field, wire::minor_units(money))?;
    let other = currency.filter(|currency| currency.code() != code);
    if let Some(currency) = other {
        violations.add(field, format!("must be in the shop's currency, {}", currency.code()));
        return None;
    }
    violations.check(field, Price::new(minor_units))
}

/// What was parsed, or everything that was wrong. What could not be parsed has a violation.
pub fn finish<C>(violations: Violations, parsed: Option<C>) -> Result<C, Refusal> {
    violations.finish()?;
    parsed.ok_or_else(|| Refusal::invalid(Vec::new()))
}
