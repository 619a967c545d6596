//! How a visitor wants the pages: language and colours.

use http::header::{ACCEPT_LANGUAGE, COOKIE};
use http::{HeaderMap, HeaderValue};
use sesame_connector::Language;

use super::words::Words;

const LANGUAGE: &str = "sesame_lang";
const THEME: &str = "sesame_theme";

/// A year.
const KEPT_SECS: u32 = 31_536_000;

/// Light or dark, where the visitor's system is not to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// What a request says about it, or an earlier one said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) words: &'static Words,
    pub(super) theme: Theme,
    /// What this request chose anew.
    chosen: (Option<Language>, Option<Theme>),
}

impl Look {
    /// By the address, else by a cookie, else by what the browser likes best.
    pub(super) fn of(headers: &HeaderMap, query: Option<&str>) -> Self {
        let asked = |name: &str| {
            let pairs = query.unwrap_or_default().split('&');
            let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(found, _)| *found == name)
                .map(|(_, value)| value)
        };
        let chosen = (
            asked("lang").and_then(language),
            asked("theme").and_then(Theme::named),
        );
        let kept = cookie(headers, LANGUAGE).and_then(language);
        let language = chosen.0.or(kept).unwrap_or_else(|| liked(headers));
        let theme = chosen
            .1
            .or_else(|| cookie(headers, THEME).and_then(Theme::named));
        Self {
            words: Words::of(language),
            theme: theme.unwrap_or(Theme::Auto),
            chosen,
        }
    }

    /// Cookies that keep what was chosen.
    pub(super) fn kept(&self, is_secure: bool) -> impl Iterator<Item = HeaderValue> {
        let language = self.chosen.0.map(|_| (LANGUAGE, self.words.lang));
        let theme = self.chosen.1.map(|theme| (THEME, theme.as_str()));
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = move |(name, value)| {
            let text = format!(
                "{name}={value}; Path=/; Max-Age={KEPT_SECS}; SameSite=Lax; HttpOnly{secure}"
            );
            HeaderValue::try_from(text).ok()
        };
        language.into_iter().chain(theme).filter_map(cookie)
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

fn liked(headers: &HeaderMap) -> Language {
    let liked = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Browsers write what they like best first.
    let mut wanted = liked.split(',').filter(|wish| !is_unwanted(wish));
    wanted.find_map(language).unwrap_or_default()
}

/// `;q=0` (RFC 9110 §12.4.2).
fn is_unwanted(wish: &str) -> bool {
    let weight = wish
        .split(';')
        .find_map(|part| part.trim().strip_prefix("q="));
    weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0))
}

fn language(wish: &str) -> Option<Language> {
    let wish = wish.split(';').next().unwrap_or_default().trim();
    let primary = wish.split(['-', '_']).next().unwrap_or_default();
    if primary.eq_ignore_ascii_case("zh") {
        Some(Language::Zh)
    } else if primary.eq_ignore_ascii_case("en") {
        Some(Language::En)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_cookie_and_that_before_the_browser() {
        let look = |query: Option<&str>, cookie: &'static str, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(cookie));
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
            let look = Look::of(&headers, query);
            (look.words.lang, look.theme.as_str())
        };
        assert_eq!(look(None, "", "fr, zh-TW;q=0.9, en"), ("zh-CN", "auto"));
        assert_eq!(look(None, "", "fr"), ("en", "auto"));
        assert_eq!(look(None, "", "fr, zh;q=0"), ("en", "auto"));
        assert_eq!(look(None, "", "zh; q=0.0, en"), ("en", "auto"));
        let kept = "a=b; sesame_lang=zh-CN; sesame_theme=dark";
        assert_eq!(look(None, kept, "en"), ("zh-CN", "dark"));
        assert_eq!(
            look(Some("x=1&lang=en&theme=light"), kept, "zh"),
            ("en", "light")
        );
        assert_eq!(
            look(Some("lang=%3Cscript%3E&theme=x"), kept, "en"),
            ("zh-CN", "dark")
        );
    }
}
