#![doc = include_str!("../README.md")]

pub mod client;
pub mod code;
pub mod credentials;
mod endpoint;
mod error;
mod redact;
pub mod sign;
mod source;
mod transport;
pub mod wire;

pub use client::{Client, ClientBuilder};
pub use credentials::Credentials;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Disposition, Error, Looks, Reason, Refusal, RefusedLimit, Unanswered, Unsent};
pub use redact::mask_number;
pub use source::{Source, SystemSource, iso8601, nonce};
pub use transport::{Contact, Transport};
