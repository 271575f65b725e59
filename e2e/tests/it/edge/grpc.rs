//! gRPC and gRPC-Web pass through, and refusals are theirs.

use e2e::grpc::Grpc;
use e2e::world::World;
use prost_reflect::prost::Message;
use prost_reflect::prost::bytes::Bytes;
use proto::delivery::v1::BookDeliveryRequest;
use proto::delivery::v1::booking_service_client::BookingServiceClient;
use proto::google::rpc::{ErrorInfo, RetryInfo, Status as RpcStatus};
use proto::order::v1::{GetOrderRequest, PlaceOrderRequest};
use proto::shop::v1::{ListShopsRequest, ListShopsResponse};
use tonic::{Code, Request, Status};
use uuid::Uuid;
use xtask::mesh::Service;
use xtask::token::Role;

use crate::contract;
use crate::http::client;
use crate::stub::Edge;

/// The flag of a gRPC-Web frame that holds trailers.
pub(super) const TRAILERS: u8 = 0x80;

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
async fn grpc_callers_get_envoys_refusals_as_statuses_with_details() {
    let edge = Edge::start(|mesh| mesh.placeholder("MAX_BODY_BYTES", "10000")).await;
    let get = || GetOrderRequest { order_id: Uuid::new_v4().to_string() };
    let nobody = Grpc::new(&edge.mesh().edge());
    let refused = nobody.order().get_order(get()).await.expect_err("no token");
    assert_eq!((refused.code(), refused.message()), (Code::Unauthenticated, "Jwt is missing"));
    detailed(&refused, "UNAUTHENTICATED", None);
    let service = edge.mesh().keys().mint_service(Service::Order).expect("a token");
    let refused = nobody.with_token(&service).order().get_order(get()).await.expect_err("a service's token");
    assert_eq!(refused.code(), Code::Unauthenticated);
    detailed(&refused, "UNAUTHENTICATED", None);

    let known = edge.grpc(Role::Customer);
    for path in ["/tword.order.v1.OrderService2/GetOrder", "/tword.delivery.v1.BookingService/BookDelivery"] {
        let refused = contract::call(known.service(), path, Request::new(Bytes::new())).await.expect_err(path);
        assert_eq!(refused.code(), Code::Unimplemented);
        detailed(&refused, "UNKNOWN_METHOD", None);
    }
    let large = PlaceOrderRequest { shop_id: "x".repeat(10_000), ..Default::default() };
    let refused = known.order().place_order(large).await.expect_err("too large");
    detailed(&refused, "REQUEST_TOO_LARGE", None);
    // Nothing runs behind this edge, nor behind its mesh.
    let refused = known.order().get_order(get()).await.expect_err("nobody there");
    assert_eq!(refused.code(), Code::Unavailable);
    detailed(&refused, "SERVICE_UNREACHABLE", Some(2));
    let mut bookings = BookingServiceClient::new(edge.internal(Service::Order).service());
    let refused = bookings.book_delivery(BookDeliveryRequest::default()).await.expect_err("nobody there");
    detailed(&refused, "SERVICE_UNREACHABLE", Some(2));
}

/// Asserts that a status has an `ErrorInfo`, and a `RetryInfo` of so many seconds if any; and that both tell the same as
/// the status and its `retry-after`.
fn detailed(status: &Status, reason: &str, retry_after: Option<i64>) {
    let told = RpcStatus::decode(status.details()).expect("a status");
    let detail =
        |name: &str| told.details.iter().find(|detail| detail.type_url.ends_with(name)).map(|detail| &detail.value);
    let info = detail("google.rpc.ErrorInfo").unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    let info = ErrorInfo::decode(info.as_ref()).expect("an ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason, "tword"), "{status:?}");
    let retry = detail("google.rpc.RetryInfo").map(|retry| RetryInfo::decode(retry.as_ref()).expect("a RetryInfo"));
    let delay = retry.and_then(|retry| retry.retry_delay).map(|delay| delay.seconds);
    let header = status.metadata().get("retry-after").map(|value| value.to_str().expect("text").parse::<i64>());
    assert_eq!((delay, header), (retry_after, retry_after.map(Ok)), "{status:?}");
    // Clients in other languages take code and message from here.
    assert_eq!(Code::from_i32(told.code), status.code(), "{status:?}");
    assert!(!told.message.is_empty(), "{status:?}");
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

pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&[0], length.to_be_bytes().as_slice(), message].concat()
}

/// Flag and content of each frame.
pub(super) fn frames(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = body.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (content, next) = rest.split_at(length);
        frames.push((head[0], content.to_vec()));
        body = next;
    }
    frames
}
