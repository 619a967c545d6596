//! What stands around every page.

use jiff::Timestamp;

use super::look::{Look, Theme};
use super::session::Visitor;
use super::words::Words;

/// Where a visitor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Messages,
    Limits,
    Connectors,
    Keys,
    Audit,
    /// In none of the navigation's places.
    Elsewhere,
}

impl Place {
    const ALL: [Self; 6] = [
        Self::Overview,
        Self::Messages,
        Self::Limits,
        Self::Connectors,
        Self::Keys,
        Self::Audit,
    ];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Overview | Self::Elsewhere => "/",
            Self::Messages => "/console/messages",
            Self::Limits => "/console/limits",
            Self::Connectors => "/console/connectors",
            Self::Keys => "/console/keys",
            Self::Audit => "/console/audit",
        }
    }

    fn name(self, words: &Words) -> &'static str {
        match self {
            Self::Overview | Self::Elsewhere => words.overview,
            Self::Messages => words.messages,
            Self::Limits => words.limits,
            Self::Connectors => words.connectors,
            Self::Keys => words.keys,
            Self::Audit => words.audit,
        }
    }
}

/// A line of the navigation.
pub(super) struct Link {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    pub(super) is_here: bool,
}

/// One of the choices of colours.
pub(super) struct ThemeLink {
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) is_chosen: bool,
}

/// Everything that all pages have.
pub(super) struct Frame {
    pub(super) w: &'static Words,
    pub(super) theme: Theme,
    pub(super) title: String,
    pub(super) links: Vec<Link>,
    /// The same page, ready for one more thing to be asked for.
    pub(super) here: String,
    /// The same page in the other language.
    pub(super) other: String,
    pub(super) visitor: Option<Visitor>,
    /// Whether the page refreshes itself.
    pub(super) is_live: bool,
}

impl Frame {
    pub(super) fn new(look: &Look, visitor: Option<Visitor>, place: Place) -> Self {
        let links = match visitor {
            Some(_) => Place::ALL.map(|one| Link {
                path: one.path(),
                name: one.name(look.words),
                is_here: one == place,
            }),
            None => return Self::bare(look),
        };
        Self {
            title: place.name(look.words).to_owned(),
            links: links.into(),
            visitor,
            ..Self::bare(look)
        }
        .at(place.path(), "")
    }

    fn bare(look: &Look) -> Self {
        Self {
            w: look.words,
            theme: look.theme,
            title: look.words.console.to_owned(),
            links: Vec::new(),
            here: String::new(),
            other: String::new(),
            visitor: None,
            is_live: false,
        }
        .at("", "")
    }

    /// With a title of the page's own.
    pub(super) fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// With the address of the page itself; `query` without language.
    pub(super) fn at(mut self, path: &str, query: &str) -> Self {
        let between = if query.is_empty() { "" } else { "&" };
        self.here = format!("{path}?{query}{between}");
        self.other = format!("{}lang={}", self.here, self.w.other_lang);
        self
    }

    /// It refreshes itself.
    pub(super) fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// The colours there are, and where to choose them.
    pub(super) fn themes(&self) -> [ThemeLink; 3] {
        Theme::ALL.map(|theme| ThemeLink {
            name: match theme {
                Theme::Auto => self.w.theme_auto,
                Theme::Light => self.w.theme_light,
                Theme::Dark => self.w.theme_dark,
            },
            path: format!("{}theme={}", self.here, theme.as_str()),
            is_chosen: theme == self.theme,
        })
    }

    /// The name of the key that is used.
    pub(super) fn name(&self) -> String {
        let name = self.visitor.as_ref().map(|visitor| plain(&visitor.name));
        name.unwrap_or_default()
    }

    pub(super) fn csrf(&self) -> &str {
        self.visitor
            .as_ref()
            .map(|visitor| visitor.csrf.as_str())
            .unwrap_or_default()
    }
}

/// A time as tables show it: to the second, UTC.
pub(super) fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A text from outside on one line of a page: what is no sign, or turns the
/// direction of what follows, is shown as a mark. HTML's own signs are the
/// templates' business.
pub(super) fn plain(text: &str) -> String {
    let mark = |c: char| {
        let turns = matches!(
            c,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}'
        );
        if c.is_control() || turns {
            '\u{fffd}'
        } else {
            c
        }
    };
    let mut plain: String = text.chars().take(LONGEST).map(mark).collect();
    if text.chars().nth(LONGEST).is_some() {
        plain.push('…');
    }
    plain
}

/// Longer texts are cut.
const LONGEST: usize = 500;
