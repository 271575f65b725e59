//! The contracts: generated messages, clients and servers, and the descriptor set they came from.
//!
//! Edit the `.proto` files beside this crate; nothing here is written by hand but what logs may show.

mod masked;

#[expect(unused_qualifications, clippy::all, clippy::pedantic, clippy::allow_attributes, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/contracts.rs"));
}

pub use generated::google;
pub use generated::tword::{actor, delivery, mypage, notify, ops, order, shop};

pub use google::r#type::Money;

/// The encoded `FileDescriptorSet` of every contract, with options, imports and comments.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
