//! Whether a code or a number can be read in a text. The tests of the other
//! crates include this file.

/// Whether `text` shows `hidden`. What is a few digits only has to stand by
/// itself, or in encoded quotation marks: times, counts and ids hold any few
/// digits by chance.
pub(crate) fn shows(text: &str, hidden: &str) -> bool {
    if hidden.len() > 8 || !hidden.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.contains(hidden);
    }
    let is_glue = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(hidden).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + hidden.len()..]);
        let is_fraction = before
            .strip_suffix('.')
            .is_some_and(|whole| whole.ends_with(|c: char| c.is_ascii_digit()));
        let is_tail = before.ends_with(is_glue) && !before.ends_with("%22");
        !is_fraction && !is_tail && !behind.starts_with(is_glue)
    })
}

#[test]
fn a_code_is_told_from_a_part_of_a_time() {
    for text in [
        "482915",
        "\"482915\"",
        "code=482915,",
        "%22482915%22",
        "。482915。",
    ] {
        assert!(shows(text, "482915"), "{text}");
    }
    for text in [
        "1482915",
        "4829150",
        "05.482915Z",
        "0.482915,",
        "e482915",
        "482915ms",
    ] {
        assert!(!shows(text, "482915"), "{text}");
    }
    assert!(shows("x13800138000x", "13800138000") && shows("xAB12x", "AB12"));
}
