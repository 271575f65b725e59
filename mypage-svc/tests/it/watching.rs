//! A watcher, as a customer's program is one.

use std::time::Duration;

use futures::StreamExt;
use mypage_svc::adapters::grpc::Updates;
use proto::mypage::v1::{
    MyOrder, WatchMyOrdersRequest, WatchMyOrdersResponse, my_page_service_server::MyPageService,
    watch_my_orders_response::Kind,
};
use tonic::Status;

use crate::support::{World, call};

/// Far longer than anything here takes; it only turns a hang into a failure.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Watcher(Updates);

impl World {
    /// Watches a customer's orders after a cursor.
    pub async fn watch(&self, customer: &str, cursor: &str) -> Result<Watcher, Status> {
        let request = call(WatchMyOrdersRequest { cursor: cursor.to_owned() }, customer);
        Ok(Watcher(self.service().watch_my_orders(request).await?.into_inner()))
    }

    /// Watches from the begin, and takes what there is.
    pub async fn watch_from_now(&self, customer: &str) -> Watcher {
        let mut watcher = self.watch(customer, "").await.expect("a watch");
        watcher.current().await;
        watcher
    }
}

impl Watcher {
    /// The next update, or why there is none.
    pub async fn next(&mut self) -> Result<WatchMyOrdersResponse, Status> {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time");
        next.expect("a watch ends by a status")
    }

    /// The next update, which is of this kind.
    pub async fn expect(&mut self, kind: Kind) -> WatchMyOrdersResponse {
        let update = self.next().await.expect("an update");
        assert_eq!(update.kind(), kind, "{update:?}");
        update
    }

    /// The next update, which is an order.
    pub async fn order(&mut self) -> MyOrder {
        self.expect(Kind::Order).await.order.expect("an order")
    }

    /// Takes orders until everything was told, and answers them with that.
    pub async fn current(&mut self) -> (Vec<MyOrder>, WatchMyOrdersResponse) {
        let mut orders = Vec::new();
        loop {
            let update = self.next().await.expect("an update");
            match update.kind() {
                Kind::Order => orders.extend(update.order),
                Kind::Current => return (orders, update),
                Kind::Restart => orders.clear(),
                Kind::Heartbeat | Kind::Unspecified => panic!("{update:?}"),
            }
        }
    }

    /// Why it has ended, once it has.
    pub async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                let more = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("in time");
                assert!(more.is_none(), "a watch ends once");
                return status;
            }
        }
    }
}
