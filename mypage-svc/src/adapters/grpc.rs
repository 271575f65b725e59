//! The gRPC face of this service for customers.

use std::pin::Pin;

use chassis::{
    auth::Until,
    grpc,
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations, reason},
    wire,
};
use futures::{Stream, StreamExt};
use proto::mypage::v1::{
    GetMyOrderRequest, GetMyOrderResponse, ListMyOrdersRequest, ListMyOrdersResponse, WatchMyOrdersRequest,
    WatchMyOrdersResponse, my_page_service_server::MyPageService,
};
use tonic::{Request, Response, Status};

use super::{convert, cursor, metrics, refusals};
use crate::app::{AsOf, GetMyOrder, ListMyOrders, Query, WatchMyOrders, watch_my_orders::Ended};

/// Units that a page names at most, and lines, so that it fits an answer; a page ends early for it.
const MAX_UNITS_A_PAGE: usize = 20_000;

/// Updates on their way to a watcher.
pub type Updates = Pin<Box<dyn Stream<Item = Result<WatchMyOrdersResponse, Status>> + Send>>;

/// Serves `tword.mypage.v1.MyPageService`.
#[derive(Clone)]
pub struct MyPage {
    get: GetMyOrder,
    list: ListMyOrders,
    watch: WatchMyOrders,
}

impl MyPage {
    /// Serves these use cases.
    pub fn new(get: GetMyOrder, list: ListMyOrders, watch: WatchMyOrders) -> Self {
        Self { get, list, watch }
    }

    async fn page(&self, customer_id: String, request: &ListMyOrdersRequest) -> Result<ListMyOrdersResponse, Refusal> {
        let mut violations = Violations::default();
        let status = violations.check("status", convert::status(request.status)).flatten();
        check_size(&mut violations, request.page_size);
        violations.finish()?;

        let filter = format!("my orders {customer_id} {status:?}");
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?;
        let before = page.after.as_ref().map(|cursor| Ok::<_, Refusal>((cursor.time, cursor.uuid()?))).transpose()?;
        let query = Query { customer_id, status, before, rows: page.rows() };
        let AsOf { value: mut orders, as_of } = self.list.run(&query).await?;
        page.bound(&orders, MAX_UNITS_A_PAGE, |mine| mine.order.lines.iter().map(|line| 1 + line.serials.len()).sum());
        let next_page_token =
            page.finish(&mut orders, &filter, |mine| Cursor::new(mine.order.create_time, mine.order.id));
        Ok(ListMyOrdersResponse {
            orders: orders.into_iter().map(convert::my_order).collect(),
            next_page_token,
            as_of_time: as_of.map(wire::timestamp),
        })
    }

    fn updates(&self, request: &Request<WatchMyOrdersRequest>) -> Result<Updates, Refusal> {
        let customer_id = grpc::person(request)?.subject;
        let until = request.extensions().get::<Until>();
        let Until(until) =
            *until.ok_or_else(|| Refusal::new(&reason::UNAUTHENTICATED, "the token's end is not known"))?;
        let after = cursor::decode(&customer_id, &request.get_ref().cursor)
            .map_err(|cursor::Foreign| refusals::invalid_cursor())?;
        let watch = self.watch.run(&customer_id, after, until)?;
        Ok(Box::pin(watch.updates().map(move |update| match update {
            Ok(update) => Ok(convert::update(&customer_id, update)),
            Err(ended) => {
                let counted = matches!(ended, Ended::CutOff(_));
                let refusal = Refusal::from(ended);
                if !counted {
                    metrics::watch_ended(refusal.reason().name);
                }
                Err(refusal.into())
            }
        })))
    }
}

#[tonic::async_trait]
impl MyPageService for MyPage {
    type WatchMyOrdersStream = Updates;

    async fn get_my_order(&self, request: Request<GetMyOrderRequest>) -> Result<Response<GetMyOrderResponse>, Status> {
        let person = grpc::person(&request)?;
        let mut violations = Violations::default();
        let order_id = violations.check("order_id", wire::uuid(&request.get_ref().order_id)).unwrap_or_default();
        violations.finish()?;
        let AsOf { value, as_of } = self.get.run(&person.subject, order_id).await.map_err(Refusal::from)?;
        let (order, as_of_time) = (Some(convert::my_order(value)), as_of.map(wire::timestamp));
        Ok(Response::new(GetMyOrderResponse { order, as_of_time }))
    }

    async fn list_my_orders(
        &self,
        request: Request<ListMyOrdersRequest>,
    ) -> Result<Response<ListMyOrdersResponse>, Status> {
        let person = grpc::person(&request)?;
        let response = self.page(person.subject, request.get_ref()).await?;
        Ok(Response::new(response))
    }

    async fn watch_my_orders(&self, request: Request<WatchMyOrdersRequest>) -> Result<Response<Updates>, Status> {
        Ok(Response::new(self.updates(&request)?))
    }
}
