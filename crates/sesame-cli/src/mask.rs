//! Codes and phone numbers among the arguments, kept out of what is printed.

const MASK: &str = "****";
/// A row of digits that is a code or part of a number wherever it stands.
const LONG: usize = 6;
/// What stands by itself may be a code from this length on.
const SHORTEST_CODE: usize = 4;

/// Masks in `text` what was typed and looks like a code or a phone number.
/// Ports and ranges that the text itself names stay.
pub(crate) fn typed_numbers(text: &str, typed: &[String]) -> String {
    let mut masked = text.to_owned();
    for argument in typed {
        match argument.split_once('=') {
            Some((name, value)) if is_number(value) => {
                masked = masked.replace(argument, &format!("{name}={MASK}"));
                masked = without(&masked, value);
            }
            None if is_number(argument) => masked = without(&masked, argument),
            _ => {}
        }
    }
    for (index, argument) in typed.iter().enumerate() {
        let value = match argument.split_once('=') {
            Some(("--code" | "--to", value)) => Some(value),
            None if matches!(argument.as_str(), "--code" | "--to") => {
                typed.get(index + 1).map(String::as_str)
            }
            _ => None,
        };
        if let Some(value) = value.filter(|value| is_secret(value)) {
            masked = without(&masked, value);
        }
        for row in argument.split(|character: char| !character.is_numeric()) {
            if row.chars().count() >= LONG {
                masked = masked.replace(row, MASK);
            }
        }
    }
    masked
}

/// `918273`, `+86 138 0013 8000`, `(415) 555-2671`.
fn is_number(argument: &str) -> bool {
    let separates = |character: char| character.is_whitespace() || "+-()".contains(character);
    let digits = argument
        .chars()
        .filter(|character| character.is_numeric())
        .count();
    digits >= SHORTEST_CODE
        && argument
            .chars()
            .all(|character| character.is_numeric() || separates(character))
}

/// Whether a value given as a code or a number may be one.
fn is_secret(value: &str) -> bool {
    value.chars().count() >= SHORTEST_CODE && value.contains(char::is_numeric)
}

/// Replaces a value where it stands by itself: not the port of an address, the
/// end of a range or a part of a longer number.
fn without(text: &str, value: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, found) = rest.split_at(at);
        let (found, after) = found.split_at(value.len());
        let joins = |character: char| character.is_numeric() || ":.=".contains(character);
        let is_joined = before.ends_with(joins) || after.starts_with(char::is_numeric);
        masked.push_str(before);
        masked.push_str(if is_joined { found } else { MASK });
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_was_typed_and_nothing_else() {
        for (text, typed, expected) in [
            ("'918273' found", &["918273"][..], "'****' found"),
            ("'1234' found", &["1234"], "'****' found"),
            (
                "'+86 138 0013 8000' found",
                &["+86 138 0013 8000"],
                "'****' found",
            ),
            ("'x13800138000' found", &["x13800138000"], "'x****' found"),
            ("'--cod=1234' found", &["--cod=1234"], "'--cod=****' found"),
            ("'a1bc' found", &["--code", "a1bc"], "'****' found"),
            ("'a1bc' found", &["--to=a1bc"], "'****' found"),
            (
                "'8086' for 127.0.0.1:8086, 1..=8086",
                &["8086"],
                "'****' for 127.0.0.1:8086, 1..=8086",
            ),
            (
                "'x' is none; write 127.0.0.1:8086, 1..=86400",
                &["x", "13800138000"],
                "'x' is none; write 127.0.0.1:8086, 1..=86400",
            ),
        ] {
            let typed: Vec<String> = typed.iter().map(|typed| (*typed).to_owned()).collect();
            assert_eq!(typed_numbers(text, &typed), expected);
        }
    }
}
