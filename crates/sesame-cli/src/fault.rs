//! What a command ends in when it cannot do its work: an exit code, one
//! sentence, and what to do about it.

use std::fmt;

use crate::output::{BAD, INFO, error_line, paint, printable};

/// Wrong configuration, arguments or input.
pub(crate) const EXIT_BAD_INPUT: u8 = 2;
/// Anything else that this machine is in the way of.
pub(crate) const EXIT_FAILED: u8 = 1;

/// Why a command stopped, for the person who called it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) exit_code: u8,
    pub(crate) message: String,
    pub(crate) cure: String,
}

impl Fault {
    pub(crate) fn bad_input(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            exit_code: EXIT_BAD_INPUT,
            message: message.into(),
            cure: cure.into(),
        }
    }

    pub(crate) fn failed(message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            exit_code: EXIT_FAILED,
            message: message.into(),
            cure: cure.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Prints an error with its causes and its cure, and gives the exit code.
pub(crate) fn report(error: &anyhow::Error) -> u8 {
    let message = printable(&error.to_string());
    error_line(format_args!("{} {message}", paint(BAD, "error:")));
    for cause in error.chain().skip(1) {
        let cause = printable(&cause.to_string());
        error_line(format_args!("  cause: {cause}"));
    }
    let fault = error.downcast_ref::<Fault>();
    if let Some(fault) = fault.filter(|fault| !fault.cure.is_empty()) {
        error_line(format_args!("  {} {}", paint(INFO, "cure:"), fault.cure));
    }
    fault.map_or(EXIT_FAILED, |fault| fault.exit_code)
}
