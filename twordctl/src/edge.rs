//! The way to the mesh: its edge, with an operator's token.

use std::time::Duration;

use proto::{
    delivery::v1::delivery_operations_service_client::DeliveryOperationsServiceClient,
    mypage::v1::my_page_operations_service_client::MyPageOperationsServiceClient,
    notify::v1::{
        notify_operations_service_client::NotifyOperationsServiceClient, notify_service_client::NotifyServiceClient,
    },
    ops::v1::operations_service_client::OperationsServiceClient,
    order::v1::{
        order_operations_service_client::OrderOperationsServiceClient, order_service_client::OrderServiceClient,
    },
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use crate::{error::Error, service::Service};

/// Names the service that a call of `tword.ops.v1` is meant for.
const SERVICE: &str = "x-tword-service";
/// What an answer is at most: a page of events with their payloads.
const MAX_ANSWER_BYTES: usize = 64 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Clients of one edge, acting as one operator.
#[derive(Clone)]
pub struct Edge {
    channel: Channel,
    bearer: MetadataValue<Ascii>,
    timeout: Duration,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> $client<Channel> {
            $client::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
        }
    )*};
}

impl Edge {
    /// Connects to `url` at the first call; each call takes `timeout` at most.
    ///
    /// # Errors
    /// `url` is no address, or `token` cannot be sent.
    pub fn new(url: &str, token: &str, timeout: Duration) -> Result<Self, Error> {
        let address = |_| Error::Usage(format!("{url} is no address such as http://127.0.0.1:8088"));
        let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(address)?.connect_timeout(CONNECT_TIMEOUT);
        match endpoint.uri().scheme_str() {
            Some("http") => {}
            Some("https") => {
                let roots = ClientTlsConfig::new().with_native_roots();
                endpoint = endpoint.tls_config(roots).map_err(|error| Error::Broken(format!("TLS: {error}")))?;
            }
            Some(_) | None => return Err(Error::Usage(format!("{url} must begin with http:// or https://"))),
        }
        // What was given is not repeated: it is secret.
        let unfit = |_| Error::Usage("the token holds characters that no token has".to_owned());
        let mut bearer: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(unfit)?;
        bearer.set_sensitive(true);
        Ok(Self { channel: endpoint.connect_lazy(), bearer, timeout })
    }

    /// A call with the token.
    pub fn call<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.bearer.clone());
        request.set_timeout(self.timeout);
        request
    }

    /// A call of `tword.ops.v1` to one service.
    pub fn call_of<M>(&self, service: Service, message: M) -> Request<M> {
        let mut request = self.call(message);
        request.metadata_mut().insert(SERVICE, MetadataValue::from_static(service.name()));
        request
    }

    clients! {
        /// What every service serves; say which with [`Self::call_of`].
        operations: OperationsServiceClient,
        /// Orders.
        orders: OrderServiceClient,
        /// What operators do about orders.
        order_operations: OrderOperationsServiceClient,
        /// What operators do about deliveries.
        delivery_operations: DeliveryOperationsServiceClient,
        /// Messages.
        messages: NotifyServiceClient,
        /// What operators do about messages.
        notify_operations: NotifyOperationsServiceClient,
        /// What operators do about my page.
        my_page_operations: MyPageOperationsServiceClient,
    }
}
