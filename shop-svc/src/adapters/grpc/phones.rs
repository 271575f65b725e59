//! Phones: registered, corrected, read.

use chassis::{auth::Person, grpc, refusal::Refusal, wire};
use prost::Message;
use proto::shop::v1;
use tonic::{Request, Response};

use super::{Api, respond};
use crate::{
    adapters::{
        access::{self, method, shop_not_found},
        convert::{answers, requests},
        refusals::phone_not_found,
    },
    app::StockedPhone,
    domain::{Actor, Currency},
};

pub async fn register_phones(
    api: &Api,
    request: &Request<v1::RegisterPhonesRequest>,
) -> Result<Response<v1::RegisterPhonesResponse>, Refusal> {
    let managed = managed(api, &grpc::person(request)?, &request.get_ref().shop_id).await?;
    let keyed = api.keyed(request, method::REGISTER_PHONES, |phones: &Vec<_>| registered(phones).encode_to_vec())?;
    let command = requests::register_phones(request.get_ref(), managed.as_ref().map(|(_, currency)| currency))?;
    let (actor, _) = managed.ok_or_else(shop_not_found)?;
    respond(api.register_phones.run(command, actor, keyed).await?, |phones| registered(phones))
}

pub async fn update_phone(
    api: &Api,
    request: &Request<v1::UpdatePhoneRequest>,
) -> Result<Response<v1::UpdatePhoneResponse>, Refusal> {
    let managed = managed(api, &grpc::person(request)?, &request.get_ref().shop_id).await?;
    let keyed = api.keyed(request, method::UPDATE_PHONE, |phone| updated(phone).encode_to_vec())?;
    let command = requests::update_phone(request.get_ref(), managed.as_ref().map(|(_, currency)| currency))?;
    let (actor, _) = managed.ok_or_else(shop_not_found)?;
    respond(api.update_phone.run(command, actor, keyed).await?, updated)
}

pub async fn get_phone(
    api: &Api,
    request: &Request<v1::GetPhoneRequest>,
) -> Result<Response<v1::GetPhoneResponse>, Refusal> {
    let message = request.get_ref();
    let (shop_id, phone_id) = requests::shop_and_phone(&message.shop_id, &message.phone_id)?;
    let phone = api.reads.phone(shop_id, phone_id).await?.ok_or_else(phone_not_found)?;
    Ok(Response::new(v1::GetPhoneResponse { phone: Some(answers::stocked(&phone)) }))
}

/// The caller as manager of a shop, with the shop's currency: it never changes, so it is read before the transaction,
/// and a price in another one is reported with all other wrong fields. None where the id is none: that is reported with
/// them as well.
pub async fn managed(api: &Api, person: &Person, shop_id: &str) -> Result<Option<(Actor, Currency)>, Refusal> {
    let Ok(shop_id) = wire::uuid(shop_id) else { return Ok(None) };
    let actor = access::manager(person, shop_id)?;
    let shop = api.shop(shop_id).await?;
    Ok(Some((actor, shop.currency)))
}

fn registered(phones: &[StockedPhone]) -> v1::RegisterPhonesResponse {
    v1::RegisterPhonesResponse { phones: phones.iter().map(answers::stocked).collect() }
}

fn updated(phone: &StockedPhone) -> v1::UpdatePhoneResponse {
    v1::UpdatePhoneResponse { phone: Some(answers::stocked(phone)) }
}
