//! Texts of our own, for providers that take whole texts instead of templates:
//! languages, variables, and how many segments one is cut into.

use std::fmt;

/// One text, or one for each language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageText {
    /// For whoever's language has none.
    pub default: String,
    /// By language tag (`zh-CN`, `fr`), in lower case.
    pub by_language: Vec<(String, String)>,
}

impl MessageText {
    /// The text for a person's languages, best first: of the whole tag, else of
    /// what it begins with (`zh-hant-hk`, `zh-hant`, `zh`), else the default.
    pub fn choose<'t>(&self, tags: impl IntoIterator<Item = &'t str>) -> &str {
        let found = tags.into_iter().find_map(|tag| self.of_tag(tag));
        found.unwrap_or(&self.default)
    }

    fn of_tag(&self, tag: &str) -> Option<&str> {
        let tag = tag.trim().to_ascii_lowercase().replace('_', "-");
        let ends = tag.match_indices('-').map(|(at, _)| at);
        let ends: Vec<usize> = ends.chain([tag.len()]).collect();
        ends.into_iter().rev().find_map(|end| {
            let is_meant = |(known, _): &&(String, String)| *known == tag[..end];
            let (_, text) = self.by_language.iter().find(is_meant)?;
            Some(text.as_str())
        })
    }

    /// Every text with its language; the default one's is `default`.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let each = self.by_language.iter();
        let each = each.map(|(tag, text)| (tag.as_str(), text.as_str()));
        std::iter::once(("default", self.default.as_str())).chain(each)
    }
}

/// A text cut at its variables (`${code}`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Goes out as it stands.
    Plain(&'t str),
    /// A variable's name.
    Variable(&'t str),
}

/// Cuts a text at its variables. What only looks like one is plain.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, name, after)) = first_variable(rest) {
        if !before.is_empty() {
            pieces.push(Piece::Plain(before));
        }
        pieces.push(Piece::Variable(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

fn first_variable(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices("${").find_map(|(start, _)| {
        let (name, after) = text[start + 2..].split_once('}')?;
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !name.is_empty()).then_some((&text[..start], name, after))
    })
}

/// The variables of a text, each once, in their order.
pub fn variables(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name) = piece
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// The text with its values. A variable without one is left out.
pub fn render(text: &str, values: &[(String, String)]) -> String {
    let value = |name: &str| values.iter().find(|(known, _)| known == name);
    let each = pieces(text).into_iter().map(|piece| match piece {
        Piece::Plain(plain) => plain,
        Piece::Variable(name) => value(name).map_or("", |(_, value)| value.as_str()),
    });
    each.collect()
}

/// How a text travels (3GPP TS 23.038), which decides how much a segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character: Latin letters, and few others.
    Gsm7,
    /// Two bytes: everything, once one character is not of the seven-bit set.
    Ucs2,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        })
    }
}

/// What a text costs: carriers are paid by the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How it travels.
    pub encoding: Encoding,
    /// Into how many it is cut.
    pub count: usize,
}

/// The seven-bit default alphabet, in the order of its codes, without the escape.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension: each of these takes two places.
const GSM_EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Into how many segments a text is cut: one of up to 160 places (GSM-7) or 70
/// (UCS-2), or several of up to 153 or 67, since each then says which it is.
/// What takes two places is not cut apart.
pub fn segments(text: &str) -> Segments {
    let encoding = match first_not_gsm(text) {
        None => Encoding::Gsm7,
        Some(_) => Encoding::Ucs2,
    };
    let (single, several) = match encoding {
        Encoding::Gsm7 => (160, 153),
        Encoding::Ucs2 => (70, 67),
    };
    let places = |character: char| match encoding {
        Encoding::Gsm7 => 1 + usize::from(GSM_EXTENDED.contains(character)),
        Encoding::Ucs2 => character.len_utf16(),
    };
    let count = if text.chars().map(places).sum::<usize>() <= single {
        1
    } else {
        let cut = |(count, filled): (usize, usize), character| {
            let filled = filled + places(character);
            if filled > several {
                (count + 1, places(character))
            } else {
                (count, filled)
            }
        };
        text.chars().fold((1, 0), cut).0
    };
    Segments { encoding, count }
}

/// The character for which a text travels in UCS-2, if it does.
pub fn first_not_gsm(text: &str) -> Option<char> {
    let is_gsm = |c: &char| GSM.contains(*c) || GSM_EXTENDED.contains(*c);
    text.chars().find(|c| !is_gsm(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_by_encoding_and_length() {
        for (text, encoding, count) in [
            ("".to_owned(), Encoding::Gsm7, 1),
            ("a".repeat(160), Encoding::Gsm7, 1),
            ("a".repeat(161), Encoding::Gsm7, 2),
            ("a".repeat(306), Encoding::Gsm7, 2),
            ("a".repeat(307), Encoding::Gsm7, 3),
            ("€".repeat(80), Encoding::Gsm7, 1),
            ("€".repeat(81), Encoding::Gsm7, 2),
            // 153 places hold 76 whole ones.
            ("€".repeat(152), Encoding::Gsm7, 2),
            ("€".repeat(153), Encoding::Gsm7, 3),
            ("验".repeat(70), Encoding::Ucs2, 1),
            ("验".repeat(71), Encoding::Ucs2, 2),
            ("验".repeat(134), Encoding::Ucs2, 2),
            ("验".repeat(135), Encoding::Ucs2, 3),
            ("😀".repeat(35), Encoding::Ucs2, 1),
            ("😀".repeat(36), Encoding::Ucs2, 2),
            // 67 hold 33 whole ones.
            ("😀".repeat(67), Encoding::Ucs2, 3),
            (format!("{}ê", "a".repeat(70)), Encoding::Ucs2, 2),
        ] {
            assert_eq!(segments(&text), Segments { encoding, count }, "{text}");
        }
        assert_eq!(first_not_gsm("Código ${code}"), Some('ó'));
        assert_eq!(GSM.chars().count(), 127);
    }

    #[test]
    fn variables_are_found_and_filled_once() {
        let text = "a ${code} b ${min}${code} ${ code} ${x";
        assert_eq!(variables(text), ["code", "min"]);
        let values = [("code".to_owned(), "${min}".to_owned())];
        assert_eq!(render(text, &values), "a ${min} b ${min} ${ code} ${x");
        assert_eq!(pieces("").len(), 0);
        assert_eq!(
            pieces("${${code}"),
            [Piece::Plain("${"), Piece::Variable("code")]
        );
    }

    #[test]
    fn a_language_is_looked_for_from_its_whole_tag_down() {
        let text = MessageText {
            default: "en".to_owned(),
            by_language: [("zh", "zh"), ("zh-hant", "hant"), ("pt-br", "br")]
                .map(|(tag, text)| (tag.to_owned(), text.to_owned()))
                .to_vec(),
        };
        for (tags, chosen) in [
            (&["zh-Hant-HK"][..], "hant"),
            (&["zh_CN"], "zh"),
            (&["pt"], "en"),
            (&["pt", "pt-BR"], "br"),
            (&["de", "zh"], "zh"),
            (&["", "-"], "en"),
            (&[], "en"),
        ] {
            assert_eq!(text.choose(tags.iter().copied()), chosen, "{tags:?}");
        }
    }
}
