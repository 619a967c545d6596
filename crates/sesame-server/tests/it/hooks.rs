//! `/hooks/{name}`: what platforms really send, byte for byte, and what they
//! need to hear.

mod budget;
mod config;
mod fixtures;
mod hostile;
mod refusals;
mod repeats;
mod site;
mod stores;
