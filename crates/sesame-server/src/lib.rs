#![doc = include_str!("../README.md")]

mod address;
mod api;
pub mod auth;
mod clock;
pub mod config;
mod console;
mod doctor;
pub mod error;
mod events;
mod front;
mod hooks;
mod idempotency;
pub mod keys;
mod listener;
mod metrics;
pub mod private_file;
mod refusal;
mod replies;
mod server;
mod state;
pub mod stores;
mod tasks;
pub mod token;
#[cfg(feature = "otlp")]
pub mod traces;
mod wire;
mod work;

pub use api::openapi;
pub use config::Config;
pub use hooks::{Example, example};
pub use server::{ServeError, Server, ServerBuilder};
