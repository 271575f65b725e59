//! `cargo xtask demo`: walks the eight functional requirements on a running mesh, through REST and through gRPC alike.

mod act;
mod api;
mod cast;
mod grpc;
mod play;
mod rest;
mod tell;
mod things;

use crate::error::Result;
use crate::mesh::Keys;

use self::api::Api;
use self::cast::Cast;

/// Walks all eight requirements through REST, then through gRPC, saying each step on standard output.
///
/// `edge` is the `http://` address of Envoy's edge; `keys` sign the tokens of the people that the walk plays. Each walk
/// registers a shop of its own, so that it can be taken any number of times.
///
/// # Errors
/// The first thing that is not as promised.
pub async fn run(edge: &str, keys: &Keys) -> Result<()> {
    walk(&rest::Rest::new(edge)?, keys).await?;
    walk(&grpc::Grpc::new(edge)?, keys).await?;
    println!("\nAll eight requirements work as promised, through REST and through gRPC.");
    Ok(())
}

async fn walk<A: Api>(api: &A, keys: &Keys) -> Result<()> {
    println!("\nThrough {}", A::NAME);
    let cast = Cast::new(keys)?;
    play::play(api, cast, keys).await.map_err(tell::at(&format!("through {}", A::NAME)))
}
