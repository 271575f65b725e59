//! Lists: shops, phones, orders.

use chassis::{
    grpc,
    page::{Cursor, Page},
    refusal::Refusal,
};
use proto::shop::v1;
use tonic::{Request, Response};

use super::Api;
use crate::{
    adapters::{
        access,
        convert::{answers, lists},
    },
    app::Orders,
};

pub async fn list_shops(
    api: &Api,
    request: &Request<v1::ListShopsRequest>,
) -> Result<Response<v1::ListShopsResponse>, Refusal> {
    let list = lists::shops(request.get_ref())?;
    let mut shops = api.reads.shops(list.slice()?).await?;
    let next_page_token = list.page.finish(&mut shops, &list.filter, |shop| Cursor::new(shop.create_time, shop.id));
    Ok(Response::new(v1::ListShopsResponse { shops: shops.iter().map(answers::shop).collect(), next_page_token }))
}

pub async fn list_phones(
    api: &Api,
    request: &Request<v1::ListPhonesRequest>,
) -> Result<Response<v1::ListPhonesResponse>, Refusal> {
    let list = lists::phones(request.get_ref())?;
    let slice = list.slice()?;
    let shop = api.shop(list.of).await?;
    let mut phones = api.reads.phones(shop.id, slice).await?;
    let next_page_token =
        list.page.finish(&mut phones, &list.filter, |stocked| Cursor::new(stocked.phone.create_time, stocked.phone.id));
    let phones = phones.iter().map(answers::stocked).collect();
    Ok(Response::new(v1::ListPhonesResponse { phones, next_page_token }))
}

pub async fn list_shop_orders(
    api: &Api,
    request: &Request<v1::ListShopOrdersRequest>,
) -> Result<Response<v1::ListShopOrdersResponse>, Refusal> {
    let list = lists::orders(request.get_ref())?;
    let (shop_id, status) = list.of;
    access::member(&grpc::person(request)?, shop_id)?;
    let slice = list.slice()?;
    let shop = api.shop(shop_id).await?;
    let Orders { mut rows, size } = api.reads.orders(shop.id, status, slice).await?;
    // The page may end before the size that was asked for; its token continues where it ends.
    let page = Page { size: u32::try_from(size).unwrap_or(u32::MAX), after: None };
    let next_page_token = page.finish(&mut rows, &list.filter, |order| Cursor::new(order.create_time, order.id));
    Ok(Response::new(v1::ListShopOrdersResponse { orders: rows.iter().map(answers::order).collect(), next_page_token }))
}
