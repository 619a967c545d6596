//! The server as its callers meet it: in process, with the emulator on the
//! other side, memory stores, and a clock that stands still until it is moved.

mod auth;
mod bad_input;
mod config;
mod console;
mod conversions;
mod doctor;
mod document;
mod hooks;
mod idempotency;
mod messages;
mod numbers;
mod operation;
mod quiet;
mod reports;
#[path = "../../../sesame-passcode/tests/it/shows.rs"]
mod shows;
mod support;
mod tokens;
mod twilio;
mod verifications;
