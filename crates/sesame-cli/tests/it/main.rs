//! The binary as people and scripts use it: every command, every way to hold it
//! wrong.

mod config;
mod demo;
mod doctor;
mod emulator;
mod hook;
mod quiet;
mod send;
mod serve;
#[cfg(unix)]
mod setup;
#[path = "../../../sesame-passcode/tests/it/shows.rs"]
mod shows;
mod sign;
mod stub;
mod support;
mod traces;
mod usage;
