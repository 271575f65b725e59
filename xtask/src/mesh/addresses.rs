//! Where the processes of a mesh are reached.

use super::{Mesh, Service};

impl Mesh {
    /// `http://` address of the edge: REST, gRPC and gRPC-Web.
    pub fn edge(&self) -> String {
        address(self.ports().edge)
    }

    /// `http://` address of Envoy's listener for services.
    pub fn mesh(&self) -> String {
        address(self.ports().mesh)
    }

    /// `http://` address of Envoy's administration.
    pub fn envoy_admin(&self) -> String {
        address(self.ports().envoy_admin)
    }

    /// `http://` address of the gRPC of a service's first process, past Envoy.
    pub fn grpc(&self, service: Service) -> String {
        self.grpc_of(service, 1)
    }

    /// `http://` address of the gRPC of a service's process with this number, past Envoy.
    pub fn grpc_of(&self, service: Service, number: u16) -> String {
        address(self.ports().grpc_of(service, number))
    }

    /// `http://` address of the metrics and the log level of a service's first process.
    pub fn admin(&self, service: Service) -> String {
        self.admin_of(service, 1)
    }

    /// `http://` address of the metrics and the log level of a service's process with this number.
    pub fn admin_of(&self, service: Service, number: u16) -> String {
        address(self.ports().admin_of(service, number))
    }
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
