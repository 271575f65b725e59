//! Places an order and follows it until it is confirmed.
//!
//! Takes EDGE (http://host:port), TOKEN, SHOP and PHONE from the environment.

mod client;

use std::env;

use tonic::transport::Channel;

#[tokio::main]
async fn main() -> Result<(), client::Error> {
    let channel = Channel::from_shared(env::var("EDGE")?)?.connect_lazy();
    let order_id = client::place(channel.clone()).await?;
    println!("PLACED {order_id}");
    println!("{} {order_id}", client::follow(channel, &order_id).await?);
    Ok(())
}
