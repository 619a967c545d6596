//! One file per command: its arguments, what it does, what it prints.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod hook;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod number;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod setup;
pub(crate) mod sign;
