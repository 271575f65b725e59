//! gRPC, through the edge or directly to a service.

use proto::Money;
use proto::delivery::v1::delivery_service_client::DeliveryServiceClient;
use proto::mypage::v1::my_page_service_client::MyPageServiceClient;
use proto::notify::v1::notify_operations_service_client::NotifyOperationsServiceClient;
use proto::notify::v1::notify_service_client::NotifyServiceClient;
use proto::ops::v1::operations_service_client::OperationsServiceClient;
use proto::order::v1::order_service_client::OrderServiceClient;
use proto::shop::v1::shop_service_client::ShopServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use uuid::Uuid;
use xtask::mesh::Service;

use crate::world::Person;

/// What the clients send through.
pub type Authorised = InterceptedService<Channel, Bearer>;

/// Clients of one address, acting as one person or as nobody.
#[derive(Clone)]
pub struct Grpc {
    channel: Channel,
    bearer: Bearer,
}

/// Adds the token, and the name of the service that is meant.
#[derive(Clone, Default)]
pub struct Bearer {
    token: Option<MetadataValue<Ascii>>,
    service: Option<Service>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.token {
            request.metadata_mut().insert("authorization", value.clone());
        }
        if let Some(service) = self.service {
            request.metadata_mut().insert("x-tword-service", MetadataValue::from_static(service.context()));
        }
        Ok(request)
    }
}

impl Grpc {
    /// Clients of `address` (`http://…`) without a token; they connect at the first call.
    pub fn new(address: &str) -> Self {
        let endpoint = Endpoint::from_shared(address.to_owned()).expect("an address");
        Self { channel: endpoint.connect_lazy(), bearer: Bearer::default() }
    }

    /// The same connection as another person.
    #[must_use]
    pub fn by(&self, person: &Person) -> Self {
        self.with_token(&person.token)
    }

    /// The same connection with any bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        let value = format!("Bearer {token}").parse().expect("a header's value");
        Self { channel: self.channel.clone(), bearer: Bearer { token: Some(value), ..self.bearer.clone() } }
    }

    /// The same connection to one service's own working.
    #[must_use]
    pub fn to(&self, service: Service) -> Self {
        Self { channel: self.channel.clone(), bearer: Bearer { service: Some(service), ..self.bearer.clone() } }
    }

    /// What any other client can be made of.
    pub fn service(&self) -> Authorised {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// The service that was named by [`Grpc::to`].
    pub fn operations(&self) -> OperationsServiceClient<Authorised> {
        OperationsServiceClient::new(self.service())
    }

    /// shop-svc.
    pub fn shop(&self) -> ShopServiceClient<Authorised> {
        ShopServiceClient::new(self.service())
    }

    /// order-svc.
    pub fn order(&self) -> OrderServiceClient<Authorised> {
        OrderServiceClient::new(self.service())
    }

    /// delivery-svc.
    pub fn delivery(&self) -> DeliveryServiceClient<Authorised> {
        DeliveryServiceClient::new(self.service())
    }

    /// notify-svc.
    pub fn notify(&self) -> NotifyServiceClient<Authorised> {
        NotifyServiceClient::new(self.service())
    }

    /// notify-svc, for operators.
    pub fn notify_operations(&self) -> NotifyOperationsServiceClient<Authorised> {
        NotifyOperationsServiceClient::new(self.service())
    }

    /// mypage-svc.
    pub fn mypage(&self) -> MyPageServiceClient<Authorised> {
        MyPageServiceClient::new(self.service())
    }
}

/// A request with a new idempotency key.
pub fn keyed<M>(message: M) -> Request<M> {
    keyed_by(&Uuid::new_v4().to_string(), message)
}

/// A request with this idempotency key.
pub fn keyed_by<M>(key: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("idempotency-key", key.parse().expect("a key is ASCII"));
    request
}

/// Won.
pub fn money(units: i64) -> Money {
    Money { currency_code: "KRW".to_owned(), units, nanos: 0 }
}
