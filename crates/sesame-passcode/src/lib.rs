#![doc = include_str!("../README.md")]

mod check;
mod deliver;
mod id;
mod issue;
pub mod journal;
pub mod keys;
pub mod limit;
mod numbers;
mod passcode;
pub mod policy;
mod record;
pub mod seal;
pub mod service;
pub mod store;

pub use journal::Journal;
pub use keys::{CodeKey, Keys, NumberKey};
pub use limit::{LimitName, Limited};
pub use policy::{Policy, PolicyError};
pub use service::{
    About, Approved, Attempt, Check, CheckOutcome, Converted, Converting, Events, Find, FindBy,
    Held, Invalid, LiftError, Lifted, MessageQuery, MessageView, Page, Parts, Passcodes,
    QueryError, Reported, ReportsError, SendOwn, Sent, SentAt, Start, StartError, Started, Status,
    Ticked, VerdictQuery, VerdictView, Verification,
};
pub use store::{Store, StoreError};
