//! What operators see and mend, through gRPC: a producer, a consumer, a real broker.

mod access;
mod letters;
mod redrive;
mod waiting;
mod world;
