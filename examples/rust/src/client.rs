//! A customer's client, made from the proto files.

#[expect(unused_qualifications, clippy::all, clippy::pedantic, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/tword.rs"));
}

use std::env;
use std::time::Duration;

use generated::tword::mypage::v1::my_order::Status as OrderStatus;
use generated::tword::mypage::v1::my_page_service_client::MyPageServiceClient;
use generated::tword::mypage::v1::{WatchMyOrdersRequest, WatchMyOrdersResponse};
use generated::tword::order::v1::order_service_client::OrderServiceClient;
use generated::tword::order::v1::{NewOrderLine, PlaceOrderRequest, Recipient};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// Whatever goes wrong ends the example.
pub type Error = Box<dyn std::error::Error>;

const ATTEMPTS: u32 = 8;

/// Places the order; the key makes it one order however often it is sent.
pub async fn place(channel: Channel) -> Result<String, Error> {
    let line = NewOrderLine { phone_id: env::var("PHONE")?, quantity: 1, ..NewOrderLine::default() };
    let recipient = Recipient {
        name: "Hong Gildong".to_owned(),
        phone_number: "010-1234-5678".to_owned(),
        address: "1 Teheran-ro, Seoul".to_owned(),
    };
    let order = PlaceOrderRequest { shop_id: env::var("SHOP")?, lines: vec![line], recipient: Some(recipient) };
    let (key, mut attempt) = (Uuid::new_v4().to_string(), 0);
    loop {
        let mut request = authorised(order.clone())?;
        request.set_timeout(Duration::from_secs(5));
        request.metadata_mut().insert("idempotency-key", key.parse()?);
        match OrderServiceClient::new(channel.clone()).place_order(request).await {
            Ok(answer) => return Ok(answer.into_inner().order.ok_or("an order")?.order_id),
            Err(status) => rest(&status, attempt).await?,
        }
        attempt += 1;
    }
}

/// Watches until the order is confirmed, or will not be; a watch that is cut goes on where it was.
pub async fn follow(channel: Channel, order_id: &str) -> Result<&'static str, Error> {
    let (mut cursor, mut attempt) = (String::new(), 0);
    loop {
        let before = cursor.clone();
        let request = authorised(WatchMyOrdersRequest { cursor: before.clone() })?;
        match watch(channel.clone(), request, order_id, &mut cursor).await {
            Ok(Some(status)) => return Ok(status),
            Ok(None) => {}
            Err(status) => {
                attempt = if cursor == before { attempt + 1 } else { 0 };
                rest(&status, attempt).await?;
            }
        }
    }
}

/// One watch: where the order stands once it is PLACED no more, or nothing where the watch ends before.
async fn watch(
    channel: Channel,
    request: Request<WatchMyOrdersRequest>,
    order_id: &str,
    cursor: &mut String,
) -> Result<Option<&'static str>, Status> {
    let mut updates = MyPageServiceClient::new(channel).watch_my_orders(request).await?.into_inner();
    while let Some(update) = updates.message().await? {
        if let Some(status) = decided(&update, order_id) {
            return Ok(Some(status));
        }
        *cursor = update.cursor;
    }
    Ok(None)
}

/// Where the order stands, once it is PLACED no more.
fn decided(update: &WatchMyOrdersResponse, order_id: &str) -> Option<&'static str> {
    let order = update.order.as_ref().filter(|order| order.order_id == order_id)?;
    (order.status() != OrderStatus::Placed).then(|| order.status().as_str_name().trim_start_matches("STATUS_"))
}

fn authorised<M>(message: M) -> Result<Request<M>, Error> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {}", env::var("TOKEN")?).parse()?);
    Ok(request)
}

/// Waits before another try, as long as `RetryInfo` says or ever longer; an error that would come again is given back.
async fn rest(status: &Status, attempt: u32) -> Result<(), Error> {
    let passing = matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded);
    if !passing || attempt + 1 >= ATTEMPTS {
        return Err(status.clone().into());
    }
    let told = status.get_details_retry_info().and_then(|info| info.retry_delay);
    let longer = (Duration::from_millis(100) * 2_u32.pow(attempt)).min(Duration::from_secs(5));
    let pause = told.unwrap_or(longer);
    tokio::time::sleep(pause.mul_f64(rand::random_range(1.0..1.2))).await;
    Ok(())
}
