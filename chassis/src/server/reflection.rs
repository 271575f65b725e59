//! Reflection, v1 and v1alpha, of what a service serves.

use tonic::service::RoutesBuilder;
use tonic_reflection::server::{Builder, Error};

/// Adds reflection of the named proto services to the routes.
///
/// # Errors
/// The descriptors cannot be decoded.
pub fn reflect(routes: &mut RoutesBuilder, services: &[&'static str]) -> Result<(), Error> {
    routes.add_service(builder(services).build_v1()?);
    routes.add_service(builder(services).build_v1alpha()?);
    Ok(())
}

fn builder<'a>(services: &[&'static str]) -> Builder<'a> {
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    services.iter().fold(builder, |builder, name| builder.with_service_name(*name))
}
