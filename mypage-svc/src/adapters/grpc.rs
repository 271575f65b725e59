//! The gRPC face of this service.

use chassis::{
    grpc,
    page::{Cursor, Page, check_size},
    refusal::{Refusal, Violations},
    wire,
};
use proto::mypage::v1::{
    GetMyOrderRequest, GetMyOrderResponse, ListMyOrdersRequest, ListMyOrdersResponse,
    my_page_service_server::MyPageService,
};
use tonic::{Request, Response, Status};

use super::convert;
use crate::app::{GetMyOrder, ListMyOrders, Query};

/// Units that a page names at most, and lines, so that it fits an answer; a page ends early for it.
const MAX_UNITS_A_PAGE: usize = 20_000;

/// Serves `tword.mypage.v1.MyPageService`.
#[derive(Clone)]
pub struct MyPage {
    get: GetMyOrder,
    list: ListMyOrders,
}

impl MyPage {
    /// Serves these use cases.
    pub fn new(get: GetMyOrder, list: ListMyOrders) -> Self {
        Self { get, list }
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
        let mut orders = self.list.run(&query).await?;
        page.bound(&orders, MAX_UNITS_A_PAGE, |mine| mine.order.lines.iter().map(|line| 1 + line.serials.len()).sum());
        let next_page_token =
            page.finish(&mut orders, &filter, |mine| Cursor::new(mine.order.create_time, mine.order.id));
        Ok(ListMyOrdersResponse { orders: orders.into_iter().map(convert::my_order).collect(), next_page_token })
    }
}

#[tonic::async_trait]
impl MyPageService for MyPage {
    async fn get_my_order(&self, request: Request<GetMyOrderRequest>) -> Result<Response<GetMyOrderResponse>, Status> {
        let person = grpc::person(&request)?;
        let mut violations = Violations::default();
        let order_id = violations.check("order_id", wire::uuid(&request.get_ref().order_id)).unwrap_or_default();
        violations.finish()?;
        let mine = self.get.run(&person.subject, order_id).await.map_err(Refusal::from)?;
        Ok(Response::new(GetMyOrderResponse { order: Some(convert::my_order(mine)) }))
    }

    async fn list_my_orders(
        &self,
        request: Request<ListMyOrdersRequest>,
    ) -> Result<Response<ListMyOrdersResponse>, Status> {
        let person = grpc::person(&request)?;
        let response = self.page(person.subject, request.get_ref()).await?;
        Ok(Response::new(response))
    }
}
