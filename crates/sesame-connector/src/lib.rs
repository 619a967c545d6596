#![doc = include_str!("../README.md")]

pub mod config;
mod connector;
pub mod doctor;
mod error;
pub mod message;
pub mod outcome;
pub mod phone;
pub mod provider;
pub mod settle;
pub mod setup;
mod suggest;
pub mod template;
mod text;
pub mod usage;

pub use aliyun_sms::code::Kind;
pub use aliyun_sms::{Source, SystemSource, Transport, mask_number};
pub use config::{Checked, ConfigError, ConnectorConfig};
pub use connector::Connector;
pub use error::Error;
pub use message::{Draft, Message, OutId, Prepared};
pub use outcome::{Delivery, Doubt, Outcome, OutcomeView, Receipt, Refusal, Stage, UNREPORTED};
pub use phone::{Carrier, PhoneError, PhoneNumber, Reading, Region};
pub use provider::Provider;
pub use text::{Language, Text};
pub use usage::UsageType;
