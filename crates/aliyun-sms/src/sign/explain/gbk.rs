//! Text as GBK, which is what Windows in China encodes with unless told
//! otherwise.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The part of GBK that GB2312 has, which is all that people write: a line for
/// each lead byte from `A1`, a character for each trail byte from `A1`.
const TABLE: &str = include_str!("gb2312.txt");

static BYTES: LazyLock<HashMap<char, [u8; 2]>> = LazyLock::new(|| {
    let rows = (0xa1..=0xff).zip(TABLE.lines());
    let cells = rows.flat_map(|(lead, row)| {
        let cells = (0xa1..=0xff).zip(row.chars());
        cells.map(move |(trail, character)| (character, [lead, trail]))
    });
    cells.collect()
});

/// What is not in the table becomes a question mark, as encoders do.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match (u8::try_from(character), BYTES.get(&character)) {
            (Ok(byte), _) if byte.is_ascii() => bytes.push(byte),
            (_, Some(pair)) => bytes.extend_from_slice(pair),
            _ => bytes.push(b'?'),
        }
    }
    bytes
}
