#![doc = include_str!("../README.md")]

mod account;
mod api;
mod applications;
mod clock;
mod control;
mod conversions;
mod emulator;
mod events;
mod faults;
mod inbox;
mod listener;
mod meter;
mod mns;
mod nonces;
mod page;
mod phone;
mod queue;
mod reporter;
mod reports;
mod requests;
mod state;
mod template;
mod verify_codes;

pub use account::{
    AccessKey, Account, AccountError, AccountState, AddressDenied, AddressRange, Day, ErrorCodes,
    KeyStatus, Limits, PermissionDenied, Pns, RegistrationStatus, Registrations, ReportQueue,
    ReviewStatus, Secret, SignKind, SignName, Tag, Template, TemplateKind, WrongCode,
};
pub use control::{ControlError, Reply, ReportDecision};
pub use conversions::Conversion;
pub use emulator::{DEFAULT_ADDRESS, Emulator, EmulatorBuilder, EmulatorError};
pub use faults::{ANY_ACTION, Fault, FaultOrder};
pub use inbox::{Message, MessageStatus};
pub use reports::Delivery;
pub use requests::RecordedRequest;
pub use template::Values;
