//! What operators ask of my page.

use std::sync::Arc;

use chassis::{grpc, refusal::Refusal};
use proto::mypage::v1::{
    GetRebuildRequest, GetRebuildResponse, RebuildMyPageRequest, RebuildMyPageResponse,
    my_page_operations_service_server::MyPageOperationsService,
};
use tonic::{Request, Response, Status};

use super::convert;
use crate::app::{Read, RebuildMyPage};

/// Serves `tword.mypage.v1.MyPageOperationsService`.
#[derive(Clone)]
pub struct Operations {
    rebuild: RebuildMyPage,
    reads: Arc<dyn Read>,
}

impl Operations {
    /// Serves the use case, and what is read of it.
    pub fn new(rebuild: RebuildMyPage, reads: Arc<dyn Read>) -> Self {
        Self { rebuild, reads }
    }
}

#[tonic::async_trait]
impl MyPageOperationsService for Operations {
    async fn rebuild_my_page(
        &self,
        request: Request<RebuildMyPageRequest>,
    ) -> Result<Response<RebuildMyPageResponse>, Status> {
        let operator = grpc::person(&request)?;
        let rebuild = self.rebuild.run(&operator.subject).await.map_err(Refusal::from)?;
        Ok(Response::new(RebuildMyPageResponse { rebuild: Some(convert::rebuild(&rebuild)) }))
    }

    async fn get_rebuild(&self, _request: Request<GetRebuildRequest>) -> Result<Response<GetRebuildResponse>, Status> {
        let rebuild = self.reads.rebuild().await.map_err(Refusal::from)?;
        Ok(Response::new(GetRebuildResponse { rebuild: rebuild.as_ref().map(convert::rebuild) }))
    }
}
