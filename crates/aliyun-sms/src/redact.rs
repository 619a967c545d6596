//! What may be printed of a phone number.

/// The first three and last four characters of a number, the rest as `****`:
/// `13800138000` becomes `138****8000`. At least four are hidden, so a shorter
/// number keeps fewer. A list joined with commas is masked one by one.
///
/// ```
/// assert_eq!(aliyun_sms::mask_number("13800138000"), "138****8000");
/// assert_eq!(aliyun_sms::mask_number("298211234"), "29****234");
/// assert_eq!(aliyun_sms::mask_number("1234"), "****");
/// ```
pub fn mask_number(number: &str) -> String {
    let masked: Vec<String> = number.split(',').map(mask_one).collect();
    masked.join(",")
}

fn mask_one(number: &str) -> String {
    let characters: Vec<char> = number.trim().chars().collect();
    let shown = characters.len().saturating_sub(4).min(7);
    let head = shown * 3 / 7;
    let tail = shown - head;
    let start: String = characters[..head].iter().collect();
    let end: String = characters[characters.len() - tail..].iter().collect();
    format!("{start}****{end}")
}

/// Stands where a secret or a code would be printed.
pub(crate) const REDACTED: &str = "[redacted]";
