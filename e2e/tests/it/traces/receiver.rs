//! An OTLP endpoint that keeps what it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use xtask::mesh::Otlp;

use super::tree::{Spans, Told};

/// What has arrived. It receives for as long as the test's runtime runs.
#[derive(Clone, Default)]
pub struct Receiver(Arc<Mutex<Vec<Told>>>);

/// An address that takes connections and answers none: a collector that hangs, until it is made a receiver.
pub struct Hanging(TcpListener);

impl Hanging {
    /// On a free port.
    pub async fn bind() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a port"))
    }

    /// Where it is.
    pub fn endpoint(&self) -> Otlp {
        let address: SocketAddr = self.0.local_addr().expect("an address");
        format!("http://{address}").parse().expect("an endpoint")
    }

    /// From now on it answers.
    pub fn receive(self) -> Receiver {
        let receiver = Receiver::default();
        let server = Server::builder().add_service(TraceServiceServer::new(receiver.clone()));
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(self.0)));
        receiver
    }
}

impl Receiver {
    /// Everything that has arrived.
    pub fn spans(&self) -> Spans {
        Spans(self.0.lock().expect("unpoisoned").clone())
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.unwrap_or_default().attributes;
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.0.lock().expect("unpoisoned").extend(spans.map(|span| Told::new(&attributes, span)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
