//! A configuration as one tree, whether it was written in JSON, in TOML or
//! handed over as a value. Nothing here prints, because it holds secrets.

/// A value and where it stands.
pub(super) struct Node {
    /// Bytes from the start of the text; none where there is no text.
    pub(super) at: Option<usize>,
    pub(super) value: Value,
}

/// What JSON and TOML have in common.
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it was written, in decimal.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// A date or time, which only TOML has.
    Time,
}

/// One key of a table.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Option<usize>,
    pub(super) node: Node,
}

impl Value {
    /// Its type, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Table(_) => "an object",
            Self::Time => "a date or time",
        }
    }
}
