//! The service from the outside, over a store and a journal in memory, a clock
//! that is moved by hand and a provider that remembers what it was handed.

mod crashes;
mod guard;
mod leaks;
mod norms;
mod pumping;
mod service;
mod settling;
mod shows;
mod simulation;
mod world;
