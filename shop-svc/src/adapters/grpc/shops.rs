//! Shops: registered, opened, closed, read.

use chassis::{grpc, refusal::Refusal};
use prost::Message;
use proto::shop::v1;
use tonic::{Request, Response};

use super::{Api, respond};
use crate::{
    adapters::{
        access::{self, method},
        convert::{answers, requests},
    },
    domain::Shop,
};

pub async fn register_shop(
    api: &Api,
    request: &Request<v1::RegisterShopRequest>,
) -> Result<Response<v1::RegisterShopResponse>, Refusal> {
    let actor = access::operator(&grpc::person(request)?)?;
    let keyed = api.keyed(request, method::REGISTER_SHOP, |shop| registered(shop).encode_to_vec())?;
    let command = requests::register_shop(request.get_ref())?;
    respond(api.register_shop.run(command, actor, keyed).await?, registered)
}

pub async fn open_shop(
    api: &Api,
    request: &Request<v1::OpenShopRequest>,
) -> Result<Response<v1::OpenShopResponse>, Refusal> {
    let shop_id = requests::shop_id(&request.get_ref().shop_id)?;
    let actor = access::manager_or_operator(&grpc::person(request)?, shop_id)?;
    let keyed = api.keyed(request, method::OPEN_SHOP, |shop| opened(shop).encode_to_vec())?;
    respond(api.open_or_close_shop.run(shop_id, Shop::open, actor, keyed).await?, opened)
}

pub async fn close_shop(
    api: &Api,
    request: &Request<v1::CloseShopRequest>,
) -> Result<Response<v1::CloseShopResponse>, Refusal> {
    let shop_id = requests::shop_id(&request.get_ref().shop_id)?;
    let actor = access::manager_or_operator(&grpc::person(request)?, shop_id)?;
    let keyed = api.keyed(request, method::CLOSE_SHOP, |shop| closed(shop).encode_to_vec())?;
    respond(api.open_or_close_shop.run(shop_id, Shop::close, actor, keyed).await?, closed)
}

pub async fn get_shop(
    api: &Api,
    request: &Request<v1::GetShopRequest>,
) -> Result<Response<v1::GetShopResponse>, Refusal> {
    let shop_id = requests::shop_id(&request.get_ref().shop_id)?;
    let shop = api.shop(shop_id).await?;
    Ok(Response::new(v1::GetShopResponse { shop: Some(answers::shop(&shop)) }))
}

fn registered(shop: &Shop) -> v1::RegisterShopResponse {
    v1::RegisterShopResponse { shop: Some(answers::shop(shop)) }
}

fn opened(shop: &Shop) -> v1::OpenShopResponse {
    v1::OpenShopResponse { shop: Some(answers::shop(shop)) }
}

fn closed(shop: &Shop) -> v1::CloseShopResponse {
    v1::CloseShopResponse { shop: Some(answers::shop(shop)) }
}
