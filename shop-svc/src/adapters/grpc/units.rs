//! Units: added, withdrawn, listed, read with their histories.

use chassis::{grpc, page::Cursor, refusal::Refusal};
use prost::Message;
use proto::shop::v1;
use time::OffsetDateTime;
use tonic::{Request, Response};

use super::{Api, phones::managed, respond};
use crate::{
    adapters::{
        access::{self, Sight, method, shop_not_found},
        convert::{answers, lists, requests},
        refusals::{not_for_customers, phone_not_found, unit_not_found},
    },
    app::{StockedPhone, add_units::Added},
    domain::unit::Status,
};

pub async fn add_units(
    api: &Api,
    request: &Request<v1::AddUnitsRequest>,
) -> Result<Response<v1::AddUnitsResponse>, Refusal> {
    let managed = managed(api, &grpc::person(request)?, &request.get_ref().shop_id).await?;
    let keyed = api.keyed(request, method::ADD_UNITS, |added_units| added(added_units).encode_to_vec())?;
    let command = requests::add_units(request.get_ref())?;
    let (actor, _) = managed.ok_or_else(shop_not_found)?;
    respond(api.add_units.run(command, actor, keyed).await?, added)
}

pub async fn withdraw_units(
    api: &Api,
    request: &Request<v1::WithdrawUnitsRequest>,
) -> Result<Response<v1::WithdrawUnitsResponse>, Refusal> {
    let managed = managed(api, &grpc::person(request)?, &request.get_ref().shop_id).await?;
    let keyed = api.keyed(request, method::WITHDRAW_UNITS, |phone| withdrawn(phone).encode_to_vec())?;
    let command = requests::withdraw_units(request.get_ref())?;
    let (actor, _) = managed.ok_or_else(shop_not_found)?;
    respond(api.withdraw_units.run(command, actor, keyed).await?, withdrawn)
}

pub async fn list_units(
    api: &Api,
    request: &Request<v1::ListUnitsRequest>,
) -> Result<Response<v1::ListUnitsResponse>, Refusal> {
    let list = lists::units(request.get_ref())?;
    let (shop_id, phone_id, status) = list.of;
    let sight = access::sight(&grpc::person(request)?, shop_id)?;
    let (status, shown) = match (sight, status) {
        (Sight::Whole, status) => (status, answers::unit as fn(&_) -> _),
        (Sight::Choice, None | Some(Status::Available)) => (Some(Status::Available), answers::choice as fn(&_) -> _),
        (Sight::Choice, Some(Status::Reserved | Status::Sold | Status::Withdrawn)) => return Err(not_for_customers()),
    };
    let after = list.after_serial()?;
    let stocked = api.reads.phone(shop_id, phone_id).await?.ok_or_else(phone_not_found)?;
    let mut units = api.reads.units(&stocked.phone, status, after.as_ref(), list.page.rows()).await?;
    // A token says no more than the page that it ends: the last serial, and no time.
    let next_page_token = list.page.finish(&mut units, &list.filter, |unit| Cursor {
        time: OffsetDateTime::UNIX_EPOCH,
        id: unit.serial.to_string(),
    });
    Ok(Response::new(v1::ListUnitsResponse { units: units.iter().map(shown).collect(), next_page_token }))
}

pub async fn get_unit(
    api: &Api,
    request: &Request<v1::GetUnitRequest>,
) -> Result<Response<v1::GetUnitResponse>, Refusal> {
    let list = lists::history(request.get_ref())?;
    let (shop_id, serial) = &list.of;
    access::member(&grpc::person(request)?, *shop_id)?;
    let history = api.reads.history(*shop_id, serial, list.after_number()?, list.page.rows()).await?;
    let mut history = history.ok_or_else(unit_not_found)?;
    let next_page_token = list
        .page
        .finish(&mut history.entries, &list.filter, |entry| Cursor { time: entry.time, id: entry.number.to_string() });
    let events = history.entries.iter().map(answers::unit_event).collect();
    Ok(Response::new(v1::GetUnitResponse { unit: Some(answers::unit(&history.unit)), events, next_page_token }))
}

fn added(added: &Added) -> v1::AddUnitsResponse {
    let phone = Some(answers::stocked(&added.phone));
    v1::AddUnitsResponse { phone, serials: answers::serials(&added.serials) }
}

fn withdrawn(phone: &StockedPhone) -> v1::WithdrawUnitsResponse {
    v1::WithdrawUnitsResponse { phone: Some(answers::stocked(phone)) }
}
