//! A message as the phone shows it, drawn with the lines a terminal has.

use crate::output::{BOLD, DIM, GOOD, char_width, paint, width};

/// Columns of text in the bubble.
const COLUMNS: usize = 30;
/// Columns the phone and its margin need.
const WIDTH: usize = COLUMNS + 10;

/// Whether the phone fits where drawings are wanted at all; what is no terminal
/// has room.
pub(super) fn is_drawn(is_rich: bool, columns: Option<usize>) -> bool {
    is_rich && columns.is_none_or(|columns| columns >= WIDTH)
}

/// The bubble in a phone; only the text where drawings are not wanted.
pub(super) fn draw(text: &str, number: &str, is_drawing: bool) -> String {
    if !is_drawing {
        return text.to_owned();
    }
    let mut lines = vec![
        frame(&format!("╭{}╮", "─".repeat(COLUMNS + 6))),
        row(&paint(DIM, centred("▁▁▁▁▁▁")), COLUMNS + 4),
        row(&paint(BOLD, centred(number)), COLUMNS + 4),
        row(
            &paint(GOOD, format_args!("╭{}╮", "─".repeat(COLUMNS + 2))),
            COLUMNS + 4,
        ),
    ];
    for part in wrap(text, COLUMNS) {
        let space = " ".repeat(COLUMNS - width(&part));
        let edge = paint(GOOD, "│");
        lines.push(row(&format!("{edge} {part}{space} {edge}"), COLUMNS + 4));
    }
    lines.push(row(
        &paint(GOOD, format_args!("╰{}╯", "─".repeat(COLUMNS + 2))),
        COLUMNS + 4,
    ));
    lines.push(row(&paint(DIM, centred("▔▔▔")), COLUMNS + 4));
    lines.push(frame(&format!("╰{}╯", "─".repeat(COLUMNS + 6))));
    lines.join("\n")
}

fn frame(text: &str) -> String {
    format!("  {}", paint(DIM, text))
}

/// One line inside the phone; `text` takes `columns`.
fn row(text: &str, columns: usize) -> String {
    let edge = paint(DIM, "│");
    let space = " ".repeat(COLUMNS + 4 - columns);
    format!("  {edge} {text}{space} {edge}")
}

fn centred(text: &str) -> String {
    let free = (COLUMNS + 4).saturating_sub(width(text));
    let left = free / 2;
    format!("{}{text}{}", " ".repeat(left), " ".repeat(free - left))
}

/// Cuts a text into lines: Chinese anywhere, words whole where they fit.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let fits = |line: &str| width(line) + width(&word) <= columns;
        if lines.last().is_some_and(|line| !fits(line)) {
            lines.push(String::new());
        }
        for character in word.chars() {
            let is_full = lines
                .last()
                .is_some_and(|line| width(line) + char_width(character) > columns);
            if is_full {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut()
                && !(line.is_empty() && character == ' ')
            {
                line.push(character);
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Words with the space behind them; a wide character is one by itself.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        // Closing punctuation never begins a line.
        let begins = char_width(character) == 2 && !begins_nothing(character);
        let ended = words
            .last()
            .and_then(|word| word.chars().last())
            .is_some_and(|last| {
                (last == ' ' || char_width(last) == 2) && !begins_nothing(character)
            });
        if begins || ended {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words
}

fn begins_nothing(character: char) -> bool {
    "，。：！？；、）】」”".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_bubble() {
        for text in [
            "【阿里云短信测试】您的验证码为：123456，请勿泄露于他人！",
            "【Sesame】Your verification code is 123456. Do not share it.",
            "x",
            &"long".repeat(30),
        ] {
            let lines = wrap(text, COLUMNS);
            assert!(lines.iter().all(|line| width(line) <= COLUMNS), "{lines:?}");
            let joined = lines.concat().replace(' ', "");
            assert_eq!(joined, text.replace(' ', ""));
        }
    }

    #[test]
    fn is_drawn_only_where_it_fits() {
        let drawn = draw("x", "+86 139****1234", true);
        for line in drawn.lines() {
            let plain = anstream::adapter::strip_str(line).to_string();
            assert!(width(&plain) <= WIDTH, "{plain}");
        }
        assert!(is_drawn(true, None) && is_drawn(true, Some(WIDTH)));
        assert!(!is_drawn(true, Some(WIDTH - 1)) && !is_drawn(false, Some(80)));
    }

    #[test]
    fn a_code_is_not_cut_in_two() {
        let lines = wrap(
            "Your verification code is 123456. Do not share it.",
            COLUMNS,
        );
        assert!(
            lines.iter().any(|line| line.contains("123456")),
            "{lines:?}"
        );
    }
}
