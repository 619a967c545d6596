#![doc = include_str!("../README.md")]

mod account;
mod api;
mod clock;
mod control;
mod emulator;
mod events;
mod faults;
mod inbox;
mod listener;
mod meter;
mod nonces;
mod page;
mod phone;
mod reporter;
mod reports;
mod requests;
mod state;
mod template;

pub use account::{
    AccessKey, Account, AccountError, AccountState, Day, KeyStatus, Limits, PermissionDenied,
    ReviewStatus, Secret, SignKind, SignName, Tag, Template, TemplateKind,
};
pub use control::{ControlError, Reply, ReportDecision};
pub use emulator::{DEFAULT_ADDRESS, Emulator, EmulatorBuilder, EmulatorError};
pub use faults::{ANY_ACTION, Fault, FaultOrder};
pub use inbox::{Message, MessageStatus};
pub use reports::Delivery;
pub use requests::RecordedRequest;
pub use template::Values;
