//! The shop's API over gRPC: who is calling, what is asked, the use case, the answer.

mod lists;
mod phones;
mod shops;
mod units;

use std::sync::Arc;

use chassis::{
    clock::Clock,
    grpc,
    idempotency::{Answer, Keyed},
    refusal::Refusal,
    store::Store,
};
use proto::shop::v1::{self, shop_service_server::ShopService};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::access;
use crate::{
    app::{
        Read, Tx, add_units::AddUnits, open_or_close_shop::OpenOrCloseShop, register_phones::RegisterPhones,
        register_shop::RegisterShop, update_phone::UpdatePhone, withdraw_units::WithdrawUnits,
    },
    domain::Shop,
};

/// The shop's API.
pub struct Api {
    register_shop: RegisterShop,
    open_or_close_shop: OpenOrCloseShop,
    register_phones: RegisterPhones,
    update_phone: UpdatePhone,
    add_units: AddUnits,
    withdraw_units: WithdrawUnits,
    reads: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
}

impl Api {
    /// The API over its ports.
    pub fn new(store: &Store<dyn Tx>, reads: Arc<dyn Read>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            register_shop: RegisterShop::new(store.clone(), Arc::clone(clock)),
            open_or_close_shop: OpenOrCloseShop::new(store.clone(), Arc::clone(clock)),
            register_phones: RegisterPhones::new(store.clone(), Arc::clone(clock)),
            update_phone: UpdatePhone::new(store.clone(), Arc::clone(clock)),
            add_units: AddUnits::new(store.clone(), Arc::clone(clock)),
            withdraw_units: WithdrawUnits::new(store.clone(), Arc::clone(clock)),
            reads,
            clock: Arc::clone(clock),
        }
    }

    /// The call's key, if any, and how the answer is written down for it.
    fn keyed<M, R>(&self, request: &Request<M>, method: &str, encode: fn(&R) -> Vec<u8>) -> Result<Keyed<R>, Refusal>
    where
        M: prost::Message,
    {
        Ok(Keyed::new(grpc::keyed(request, method, self.clock.now())?, encode))
    }

    /// A shop that must be there.
    async fn shop(&self, shop_id: Uuid) -> Result<Shop, Refusal> {
        self.reads.shop(shop_id).await?.ok_or_else(access::shop_not_found)
    }
}

/// The response of an answer, fresh or as it was recorded.
fn respond<R, M: prost::Message + Default>(answer: Answer<R>, fresh: fn(&R) -> M) -> Result<Response<M>, Refusal> {
    match answer {
        Answer::Fresh(result) => Ok(Response::new(fresh(&result))),
        Answer::Replayed(bytes) => {
            let message = M::decode(bytes.as_slice()).map_err(|error| Refusal::internal(&error))?;
            Ok(Response::new(message))
        }
    }
}

macro_rules! delegate {
    ($($method:ident($request:ident) -> $response:ident from $handler:ident;)*) => {
        #[tonic::async_trait]
        impl ShopService for Api {
            $(
                async fn $method(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                    Ok($handler::$method(self, &request).await?)
                }
            )*
        }
    };
}

delegate! {
    register_shop(RegisterShopRequest) -> RegisterShopResponse from shops;
    open_shop(OpenShopRequest) -> OpenShopResponse from shops;
    close_shop(CloseShopRequest) -> CloseShopResponse from shops;
    get_shop(GetShopRequest) -> GetShopResponse from shops;
    register_phones(RegisterPhonesRequest) -> RegisterPhonesResponse from phones;
    update_phone(UpdatePhoneRequest) -> UpdatePhoneResponse from phones;
    add_units(AddUnitsRequest) -> AddUnitsResponse from units;
    withdraw_units(WithdrawUnitsRequest) -> WithdrawUnitsResponse from units;
    get_phone(GetPhoneRequest) -> GetPhoneResponse from phones;
    list_shops(ListShopsRequest) -> ListShopsResponse from lists;
    list_phones(ListPhonesRequest) -> ListPhonesResponse from lists;
    list_units(ListUnitsRequest) -> ListUnitsResponse from units;
    get_unit(GetUnitRequest) -> GetUnitResponse from units;
    list_shop_orders(ListShopOrdersRequest) -> ListShopOrdersResponse from lists;
}
