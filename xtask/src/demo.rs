//! `cargo xtask demo`: walks the eight functional requirements on a running mesh, and what its people need to trust it,
//! through REST and through gRPC alike.

mod act;
mod api;
mod cast;
mod grpc;
mod play;
mod rest;
mod tell;
mod things;
mod trust;

use crate::error::Result;
use crate::mesh::Keys;

use self::cast::Cast;
use self::trust::Trust;

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
    println!(
        "\nAll eight requirements and what people need to trust them work as promised, through REST and through gRPC."
    );
    Ok(())
}

async fn walk<A: Trust>(api: &A, keys: &Keys) -> Result<()> {
    println!("\nThrough {}", A::NAME);
    let cast = Cast::new(keys)?;
    let place = format!("through {}", A::NAME);
    let act = play::play(api, cast, keys).await.map_err(tell::at(&place))?;
    trust::play(&act).await.map_err(tell::at(&place))
}
