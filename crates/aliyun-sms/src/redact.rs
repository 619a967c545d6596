//! What may be printed of a phone number.

/// The first three and last four characters of a number, the rest as `****`:
/// `13800138000` becomes `138****8000`. A list joined with commas is masked one
/// by one; of a short text only the last two stay.
///
/// ```
/// assert_eq!(aliyun_sms::mask_number("13800138000"), "138****8000");
/// assert_eq!(aliyun_sms::mask_number("1234"), "****34");
/// ```
pub fn mask_number(number: &str) -> String {
    let masked: Vec<String> = number.split(',').map(mask_one).collect();
    masked.join(",")
}

fn mask_one(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let (head, tail) = match characters.len() {
        0..=2 => (0, 0),
        3..=8 => (0, 2),
        _ => (3, 4),
    };
    let start: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{start}****{end}")
}

/// Stands where a secret or a code would be printed.
pub(crate) const REDACTED: &str = "[redacted]";
