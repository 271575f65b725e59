//! My page on a port, as a service serves it, for callers who say who they are.

use std::{net::SocketAddr, time::Duration};

use chassis::auth::{Caller, Person, Until};
use proto::mypage::v1::{
    WatchMyOrdersRequest, WatchMyOrdersResponse, my_page_service_client::MyPageServiceClient,
    my_page_service_server::MyPageServiceServer, watch_my_orders_response::Kind,
};
use tokio::{net::TcpListener, task::AbortHandle};
use tonic::{
    Request, Status, Streaming,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

use crate::support::{NOW, World};

/// Far longer than anything here takes; it only turns a hang into a failure.
const PATIENCE: Duration = Duration::from_mins(2);
/// Streams of one connection, as the chassis allows.
pub const STREAMS: u32 = 1_024;

/// A server that ends when it is dropped.
pub struct Served {
    address: SocketAddr,
    task: AbortHandle,
}

impl Served {
    pub async fn new(world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = MyPageServiceServer::with_interceptor(world.service(), identified);
        let server = Server::builder().max_concurrent_streams(STREAMS).add_service(service);
        let task = tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener))).abort_handle();
        Self { address, task }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("a URL")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn identified(mut request: Request<()>) -> Result<Request<()>, Status> {
    let customer = request.metadata().get("customer").and_then(|value| value.to_str().ok());
    let subject = customer.ok_or_else(|| Status::unauthenticated("nobody"))?.to_owned();
    let (issuer, roles) = ("tword".to_owned(), ["customer".to_owned()].into());
    let extensions = request.extensions_mut();
    extensions.insert(Caller::Person(Person { issuer, subject, roles, tenant: None }));
    extensions.insert(Until(NOW + Duration::from_hours(1)));
    Ok(request)
}

/// Watches as a customer.
pub async fn watch(channel: &Channel, customer: &str, cursor: &str) -> Streaming<WatchMyOrdersResponse> {
    let mut request = Request::new(WatchMyOrdersRequest { cursor: cursor.to_owned() });
    request.metadata_mut().insert("customer", customer.parse().expect("ASCII"));
    let watch = MyPageServiceClient::new(channel.clone()).watch_my_orders(request).await;
    watch.expect("a watch").into_inner()
}

/// The next update.
pub async fn next(watch: &mut Streaming<WatchMyOrdersResponse>) -> Result<WatchMyOrdersResponse, Status> {
    let next = tokio::time::timeout(PATIENCE, watch.message()).await.expect("in time");
    next.map(|update| update.expect("a watch ends by a status"))
}

/// Takes updates up to one of this kind.
pub async fn reach(watch: &mut Streaming<WatchMyOrdersResponse>, kind: Kind) -> WatchMyOrdersResponse {
    loop {
        let update = next(watch).await.expect("an update");
        if update.kind() == kind {
            return update;
        }
    }
}
