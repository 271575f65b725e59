//! Use cases, one a file, and the ports that they reach the world by.
//!
//! A use case loads, decides by the domain, and saves the new state with its event, in one transaction.

pub mod add_units;
mod audit;
pub mod open_or_close_shop;
pub mod ports;
pub mod project_order;
pub mod register_phones;
pub mod register_shop;
pub mod release_stock;
pub mod reserve_stock;
mod save_phone;
pub mod sell_stock;
mod serials;
pub mod take_back;
pub mod update_phone;
pub mod withdraw_units;

pub use ports::{History, Orders, Read, Rewrite, Slice, StockedPhone, Tx};
