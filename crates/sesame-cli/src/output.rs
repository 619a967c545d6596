//! What people and scripts read: colours on a terminal, plain text in a pipe,
//! one JSON object where a script asked for it.
//!
//! Nothing here panics when the reader has gone: a broken pipe ends the
//! printing, and the exit code stays what it would have been. Any other failure
//! to write is remembered, and `main` ends in it.

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::fault::Fault;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const INFO: Style = AnsiColor::Cyan.on_default();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Text in a style; whoever prints it through this module need not ask whether
/// colours are wanted.
pub(crate) fn paint(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Why standard output could not be written, the first time.
static LOST: Mutex<Option<ErrorKind>> = Mutex::new(None);

/// One line to standard output, at once.
pub(crate) fn line(text: impl fmt::Display) {
    if let Err(error) = write_line(text)
        && error.kind() != ErrorKind::BrokenPipe
    {
        lost().get_or_insert(error.kind());
    }
}

/// What is waited behind, without the line's end.
pub(crate) fn part_of_line(text: impl fmt::Display) {
    let mut out = anstream::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

fn write_line(text: impl fmt::Display) -> io::Result<()> {
    let mut out = anstream::stdout();
    writeln!(out, "{text}")?;
    out.flush()
}

/// The line that says where to connect to. Without it nobody can.
pub(crate) fn ready(url: impl fmt::Display) -> Result<(), Fault> {
    write_line(format_args!("ready {url}")).map_err(|error| not_written(error.kind()))
}

/// Tells, once, that something printed so far was lost.
pub(crate) fn written() -> Result<(), Fault> {
    lost().take().map_or(Ok(()), |kind| Err(not_written(kind)))
}

fn lost() -> MutexGuard<'static, Option<ErrorKind>> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_written(kind: ErrorKind) -> Fault {
    Fault::failed(format!("standard output cannot be written: {kind}"), "")
}

/// One line to standard error.
pub(crate) fn error_line(text: impl fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// One JSON object to standard output.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(text),
        Err(error) => error_line(format_args!("error: no JSON: {error}")),
    }
}

/// One JSON object on a line of its own.
pub(crate) fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(text),
        Err(error) => error_line(format_args!("error: no JSON: {error}")),
    }
}

/// Whether standard error is read by a person who may be waiting.
pub(crate) fn is_terminal_on_stderr() -> bool {
    io::stderr().is_terminal()
}

/// What is going on, in the place of what was going on before; for terminals.
///
/// The line is cleared where no colours are wanted too: that is no colour.
pub(crate) fn progress(text: &str) {
    let mut err = io::stderr();
    let plain = anstream::adapter::strip_str(text).to_string();
    let text = if is_rich_on_stderr() { text } else { &plain };
    let _ = write!(err, "\r\x1b[2K{text}").and_then(|()| err.flush());
}

/// Whether standard output shows colours, and so may show drawings.
pub(crate) fn is_rich() -> bool {
    AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The same of standard error.
pub(crate) fn is_rich_on_stderr() -> bool {
    AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Names and values below each other; an empty value leaves its line out.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let widest = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let lines: Vec<String> = rows
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let space = " ".repeat(widest - width(name));
            let indented = value.replace('\n', &format!("\n  {}", " ".repeat(widest + 2)));
            format!("  {}{space}  {indented}", paint(DIM, name))
        })
        .collect();
    lines.join("\n")
}

/// Text whose control characters a terminal does not obey, `\x1b` for one;
/// lines stay lines.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('\n'),
            // What turns the direction of writing deceives the reader as well.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            _ if character.is_control() => {
                shown.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// The columns of the terminal that standard output is, if it is one.
pub(crate) fn columns() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(columns.into())
}

/// Columns a text takes on a terminal: two for Chinese characters and emoji.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

pub(crate) fn char_width(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// The language people are spoken to in. JSON, errors and logs stay English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// By the variables every program goes by, the first that is set.
    pub(crate) fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        match set {
            Some(value) if value.to_ascii_lowercase().starts_with("zh") => Self::Chinese,
            _ => Self::English,
        }
    }

    /// As pages and headers name it.
    pub(crate) fn tag(self) -> &'static str {
        self.pick("en", "zh-CN")
    }

    /// In its own words.
    pub(crate) fn name(self) -> &'static str {
        self.pick("English", "简体中文")
    }

    /// The other of the two.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }

    /// The one of two texts that is in this language.
    pub(crate) fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}
