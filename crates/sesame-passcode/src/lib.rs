#![doc = include_str!("../README.md")]

pub mod journal;
pub mod store;

pub use journal::Journal;
pub use store::{Store, StoreError};
