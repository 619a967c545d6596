//! Placeholders of other makes, which Aliyun sends as they stand: people bring
//! texts along from where they were filled in.

/// The first placeholder of another make: `{{code}}`, `{code}`, `#code#`,
/// `%code%`, `<code>`, `$code`, `${ code }`, or one in full-width characters.
/// `${code}` is none, nor is a sign that stands for itself (`$5`, `5%`).
pub(crate) fn foreign_placeholder(content: &str) -> Option<&str> {
    const BRACKETS: [(&str, &str); 8] = [
        ("{{", "}}"),
        ("＄{", "}"),
        ("＄｛", "｝"),
        ("$｛", "｝"),
        ("｛", "｝"),
        ("#", "#"),
        ("%", "%"),
        ("<", ">"),
    ];
    let mut pairs = BRACKETS.iter();
    pairs
        .find_map(|(open, close)| bracketed(content, open, close))
        .or_else(|| single_brace(content))
        .or_else(|| spaced_variable(content))
        .or_else(|| bare_dollar(content))
}

/// A name between two signs, wherever they open.
fn bracketed<'c>(content: &'c str, open: &str, close: &str) -> Option<&'c str> {
    content.match_indices(open).find_map(|(start, _)| {
        let inside = &content[start + open.len()..];
        let end = inside.find(close)?;
        let is_name = is_name(inside[..end].trim());
        is_name.then(|| &content[start..start + open.len() + end + close.len()])
    })
}

/// `{code}` without the sign that makes it a variable.
fn single_brace(content: &str) -> Option<&str> {
    content.match_indices('{').find_map(|(start, _)| {
        let before = content[..start].chars().next_back();
        let inside = &content[start + 1..];
        let end = inside.find('}')?;
        let is_plain = !matches!(before, Some('$' | '{')) && is_name(inside[..end].trim());
        is_plain.then(|| &content[start..start + end + 2])
    })
}

/// `${ code }`, whose name is not its variable's.
fn spaced_variable(content: &str) -> Option<&str> {
    content.match_indices("${").find_map(|(start, open)| {
        let inside = &content[start + open.len()..];
        let end = inside.find('}')?;
        let name = &inside[..end];
        let is_spaced = name != name.trim() && is_name(name.trim());
        is_spaced.then(|| &content[start..start + open.len() + end + 1])
    })
}

/// `$code` without its braces.
fn bare_dollar(content: &str) -> Option<&str> {
    content.match_indices('$').find_map(|(start, _)| {
        let after = &content[start + 1..];
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        let is_name = is_name(&after[..end]);
        is_name.then(|| &content[start..start + 1 + end])
    })
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_other_makes_are_found() {
        for (content, found) in [
            ("验证码{{code}}，请勿泄露", Some("{{code}}")),
            ("验证码{{ code }}", Some("{{ code }}")),
            ("验证码＄{code}", Some("＄{code}")),
            ("验证码$｛code｝", Some("$｛code｝")),
            ("验证码＄｛code｝", Some("＄｛code｝")),
            ("验证码{code}", Some("{code}")),
            ("验证码#code#", Some("#code#")),
            ("验证码%code%", Some("%code%")),
            ("验证码<code>", Some("<code>")),
            ("验证码$code，", Some("$code")),
            ("${code}, ${ min } minutes", Some("${ min }")),
            ("${code}, $min minutes", Some("$min")),
            ("5% off: ${code} or %code%", Some("%code%")),
            ("1 < 2: <code>", Some("<code>")),
            ("验证码${code}", None),
            ("验证码${code}，${min}分钟内有效", None),
            ("${code} 5% off, 10% later", None),
            ("验证码${code}#", None),
            ("价格$5，验证码${code}", None),
            ("<#> ${code}\n@example.com #${code}", None),
            ("${code} {1, 2} $ {} ${} <3 #1 $5.00 100%", None),
            ("", None),
            ("{", None),
            ("$", None),
            ("{{", None),
        ] {
            assert_eq!(foreign_placeholder(content), found, "{content}");
        }
    }
}
