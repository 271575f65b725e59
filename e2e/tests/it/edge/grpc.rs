//! gRPC and gRPC-Web pass through, and refusals are theirs.

use e2e::grpc::Grpc;
use e2e::world::World;
use prost_reflect::prost::Message;
use prost_reflect::prost::bytes::Bytes;
use proto::google::rpc::Status as RpcStatus;
use proto::order::v1::{GetOrderRequest, PlaceOrderRequest};
use proto::shop::v1::{ListShopsRequest, ListShopsResponse};
use tonic::{Code, Request};
use uuid::Uuid;

use crate::contract;
use crate::http::client;

/// The flag of a gRPC-Web frame that holds trailers.
const TRAILERS: u8 = 0x80;

#[tokio::test(flavor = "multi_thread")]
async fn grpc_passes_with_answers_trailers_and_details() {
    let world = World::shared().await;
    let shop = world.shop(1, 1).await;
    let grpc = world.grpc(&world.customer());
    let known = grpc.shop().get_shop(proto::shop::v1::GetShopRequest { shop_id: shop.id.clone() }).await;
    assert_eq!(known.expect("the shop").into_inner().shop.expect("the shop").shop_id, shop.id);
    let refused = grpc.order().place_order(PlaceOrderRequest::default()).await.expect_err("an empty order");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = RpcStatus::decode(refused.details()).expect("details");
    assert!(details.details.iter().any(|detail| detail.type_url.ends_with("google.rpc.BadRequest")), "{details:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_callers_get_envoys_refusals_as_statuses() {
    let world = World::shared().await;
    let nobody = Grpc::new(&world.mesh().edge());
    let request = GetOrderRequest { order_id: Uuid::new_v4().to_string() };
    let refused = nobody.order().get_order(request).await.expect_err("no token");
    assert_eq!((refused.code(), refused.message()), (Code::Unauthenticated, "Jwt is missing"));
    let known = world.grpc(&world.customer());
    let path = "/tword.order.v1.OrderService2/GetOrder";
    let refused = contract::call(known.service(), path, Request::new(Bytes::new())).await.expect_err("no such service");
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_speaks_grpc_web() {
    let world = World::shared().await;
    let shop = world.shop(1, 1).await;
    let message = ListShopsRequest { page_size: 200, page_token: String::new() }.encode_to_vec();
    let url = format!("{}/tword.shop.v1.ShopService/ListShops", world.mesh().edge());
    let request = client().post(url).bearer_auth(world.customer().token).header("x-grpc-web", "1");
    let request = request.header("content-type", "application/grpc-web+proto").body(framed(&message));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/grpc-web+proto");
    let frames = frames(&answer.bytes().await.expect("a body"));
    let [(0, message), (TRAILERS, trailers)] = frames.as_slice() else { panic!("{frames:?}") };
    let shops = ListShopsResponse::decode(message.as_slice()).expect("shops").shops;
    assert!(!shops.is_empty() && !shop.id.is_empty());
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status:0"), "{frames:?}");
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&[0], length.to_be_bytes().as_slice(), message].concat()
}

/// Flag and content of each frame.
fn frames(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = body.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (content, next) = rest.split_at(length);
        frames.push((head[0], content.to_vec()));
        body = next;
    }
    frames
}
