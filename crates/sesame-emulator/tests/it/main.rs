//! The emulator from the outside: one file per section of the checklist of what
//! a faithful emulator has to show, one test per row, named after it.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod account;
mod checklist;
mod client;
mod control;
mod faults;
mod golden;
mod inbox_page;
mod pages;
mod section_a;
mod section_b;
mod section_c;
mod section_d;
mod section_e;
mod section_f;
mod section_g;
mod section_h;
mod section_i;
mod section_j;
mod section_k;
mod support;
