//! A template's text, and what may stand in its variables.

use std::collections::BTreeMap;

/// Values of a template's variables, by name.
pub type Values = BTreeMap<String, String>;

/// A template's text, cut at its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Variable(String),
}

impl Text {
    /// A variable is written `${name}`. `{{name}}`, which other products use, is
    /// text to Aliyun and is sent as it stands.
    pub(crate) fn parse(content: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = content;
        while let Some(start) = rest.find("${") {
            let (before, after) = rest.split_at(start);
            plain.push_str(before);
            match after[2..].split_once('}') {
                Some((name, behind)) if is_name(name) => {
                    parts.push(Part::Plain(std::mem::take(&mut plain)));
                    parts.push(Part::Variable(name.to_owned()));
                    rest = behind;
                }
                _ => {
                    plain.push_str("${");
                    rest = &after[2..];
                }
            }
        }
        plain.push_str(rest);
        parts.push(Part::Plain(plain));
        Self { parts }
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Plain(_) => None,
        })
    }

    /// The text as the phone shows it, signature first. A value that looks like
    /// a variable stays as it is.
    pub(crate) fn render(&self, sign_name: &str, values: &Values) -> String {
        let mut text = format!("【{sign_name}】");
        for part in &self.parts {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Variable(name) => text.extend(values.get(name).map(String::as_str)),
            }
        }
        text
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Into how many parts a text is cut, each of which is paid for.
pub(crate) fn parts(text: &str) -> u32 {
    let (whole, cut) = if text.is_ascii() {
        (160, 153)
    } else {
        (70, 67)
    };
    let length = text.chars().count();
    let parts = if length <= whole {
        1
    } else {
        length.div_ceil(cut)
    };
    u32::try_from(parts).unwrap_or(u32::MAX)
}

/// Whether a value holds something a phone would make a link of.
pub(crate) fn holds_url(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if lower.contains("://") || lower.contains("www.") {
        return true;
    }
    lower
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
        .any(is_domain)
}

fn is_domain(word: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "com", "cn", "net", "org", "io", "co", "cc", "top", "xyz", "info", "app", "link",
    ];
    word.rsplit_once('.')
        .is_some_and(|(host, ending)| !host.is_empty() && ENDINGS.contains(&ending))
}

/// Whether a value holds an emoji, or a character that only makes emoji.
pub(crate) fn holds_emoji(value: &str) -> bool {
    value.chars().any(|c| {
        matches!(
            u32::from(c),
            0x1F000..=0x1FAFF
                | 0x2600..=0x27BF
                | 0x2B05..=0x2B55
                | 0x2300..=0x23FF
                | 0x200D
                | 0x20E3
                | 0xFE0F
                | 0xE0020..=0xE007F
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(content: &str, values: &[(&str, &str)]) -> String {
        let values = values
            .iter()
            .map(|(n, v)| ((*n).into(), (*v).into()))
            .collect();
        Text::parse(content).render("S", &values)
    }

    #[test]
    fn variables_are_filled_once() {
        assert_eq!(
            render("a ${b} ${c}.", &[("b", "${c}"), ("c", "1")]),
            "【S】a ${c} 1."
        );
        assert_eq!(render("${a}${a}", &[("a", "x")]), "【S】xx");
    }

    #[test]
    fn what_is_no_variable_is_text() {
        for content in ["{{code}}", "$code", "${", "${}", "${a b}", "$ {a}", "}"] {
            assert_eq!(render(content, &[("code", "1")]), format!("【S】{content}"));
        }
        assert_eq!(render("${a b}${code}", &[("code", "1")]), "【S】${a b}1");
    }

    #[test]
    fn links_and_emoji_are_seen() {
        for value in [
            "http://x",
            "see HTTPS://x.y",
            "www.a",
            "t.cn/abc",
            "访问example.com吧",
        ] {
            assert!(holds_url(value), "{value}");
        }
        for value in [
            "123456",
            "3.14",
            "a.b",
            "a+b*c~d!e'f(g)h%i&j=k/l?m#n[o]p@q:r;s,t$u",
        ] {
            assert!(!holds_url(value), "{value}");
        }
        assert!(holds_emoji("👍🏽") && holds_emoji("☺") && !holds_emoji("验证码 ①"));
    }
}
