//! The inbox as a page: a phone per number, new messages arriving live. Works
//! without scripts, and asks nothing of any other host.

mod words;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use self::words::{ENGLISH, SIMPLIFIED_CHINESE, Words};
use crate::account::{AccessKey, Account, ReviewStatus};
use crate::inbox::{self, Message, MessageStatus};
use crate::state::Shared;

/// Everything comes from here, nothing is written into the page itself. Another
/// page of this machine may show the inbox beside itself, as the demo does.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'self' http://127.0.0.1:* http://localhost:*";

/// More would make a page nobody reads; the API gives all.
const SHOWN_MAX: usize = 300;

const STYLE: &str = include_str!("../assets/inbox.css");
const SCRIPT: &str = include_str!("../assets/inbox.js");
const ICON: &str = include_str!("../assets/icon.svg");

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page<'a> {
    words: &'static Words,
    /// What is searched for; empty means everything.
    search: String,
    /// What is said where nothing is found.
    nothing: &'static str,
    phones: Vec<Phone<'a>>,
    is_cut: bool,
    start: Start,
}

/// All that came to one number, newest first.
struct Phone<'a> {
    number: &'a str,
    messages: Vec<Entry<'a>>,
}

struct Entry<'a> {
    message: &'a Message,
    time: String,
    class: &'static str,
    tick: &'static str,
    status: &'static str,
}

/// How to point a client here.
struct Start {
    endpoint: String,
    protocol: &'static str,
    key_id: String,
    secret: String,
    sign_name: String,
    template_code: String,
}

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = aliyun_sms::sign::received::decode_form(query.unwrap_or_default().as_bytes());
    let asked = |name: &str| {
        query
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    };
    let search = asked("q").unwrap_or_default().trim().to_owned();
    let words = language(asked("lang"), &headers);
    let (records, start) = {
        let (state, _) = shared.settled();
        let start = Start::of(&state.book.account, &headers, shared.settings.is_tls, words);
        (state.inbox.shown(None, SHOWN_MAX + 1), start)
    };
    let messages = inbox::messages(&records);
    let wanted = Search::read(&search);
    let is_cut = messages.len() > SHOWN_MAX;
    let fits: Vec<&Message> = messages
        .iter()
        .take(SHOWN_MAX)
        .filter(|message| wanted.fits(&message.to))
        .collect();
    let page = Page {
        words,
        nothing: wanted.nothing(words),
        phones: phones(&fits, words),
        search,
        is_cut,
        start,
    };
    match page.render() {
        Ok(text) => ([(header::CONTENT_LANGUAGE, words.lang)], Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "inbox.css" => ("text/css; charset=utf-8", STYLE),
        "inbox.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        text,
    )
        .into_response()
}

/// What is asked for, else what the browser likes best of the two.
fn language(asked: Option<&str>, headers: &HeaderMap) -> &'static Words {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let wishes = asked.into_iter().chain(accepted.split(','));
    for wish in wishes {
        let wish = wish
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let primary = wish.split('-').next().unwrap_or_default();
        match primary {
            "zh" => return &SIMPLIFIED_CHINESE,
            "en" => return &ENGLISH,
            _ => {}
        }
    }
    &ENGLISH
}

/// What a search asks for; the page's script reads it the same way.
enum Search {
    All,
    /// By the digits alone, wherever they stand in the number.
    Digits(String),
    Unreadable,
}

impl Search {
    fn read(text: &str) -> Self {
        let digits: String = text.chars().filter_map(digit).collect();
        match digits.as_str() {
            "" if text.is_empty() => Self::All,
            "" => Self::Unreadable,
            digits => Self::Digits(digits.strip_prefix("00").unwrap_or(digits).to_owned()),
        }
    }

    fn fits(&self, number: &str) -> bool {
        match self {
            Self::All => true,
            Self::Digits(digits) => number.contains(digits),
            Self::Unreadable => false,
        }
    }

    fn nothing(&self, words: &'static Words) -> &'static str {
        match self {
            Self::Unreadable => words.unreadable,
            Self::All | Self::Digits(_) => words.nothing_found,
        }
    }
}

/// Full-width digits are digits: Chinese keyboards write them.
fn digit(character: char) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10),
        _ => None,
    }
}

fn phones<'a>(messages: &[&'a Message], words: &'static Words) -> Vec<Phone<'a>> {
    let mut phones: Vec<Phone<'a>> = Vec::new();
    for message in messages {
        let entry = Entry::of(message, words);
        match phones.iter_mut().find(|phone| phone.number == message.to) {
            Some(phone) => phone.messages.push(entry),
            None => phones.push(Phone {
                number: &message.to,
                messages: vec![entry],
            }),
        }
    }
    phones
}

impl<'a> Entry<'a> {
    fn of(message: &'a Message, words: &'static Words) -> Self {
        let (class, tick, status) = match message.status {
            MessageStatus::Accepted => ("accepted", "✓", words.accepted),
            MessageStatus::Delivered => ("delivered", "✓✓", words.delivered),
            MessageStatus::Failed => ("failed", "✗", words.failed),
        };
        let time = message.sent_at.strftime("%H:%M:%S UTC").to_string();
        Self {
            message,
            time,
            class,
            tick,
            status,
        }
    }

    /// The code of a failure says why; that of a success says nothing new.
    fn reason(&self) -> &str {
        match self.message.status {
            MessageStatus::Failed => self.message.err_code.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// The template, where there is one, and the sender's id, where there is one.
    fn origin(&self, words: &Words) -> String {
        let template = Some(&self.message.template_code).filter(|code| !code.is_empty());
        let parts = [
            template.map(|code| format!("{} {code}", words.template)),
            self.message
                .out_id
                .as_ref()
                .map(|out_id| format!("{} {out_id}", words.out_id)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(" · ")
    }
}

impl Start {
    fn of(account: &Account, headers: &HeaderMap, is_tls: bool, words: &'static Words) -> Self {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let key = account.access_keys.first();
        let sign_name = account
            .sign_names
            .iter()
            .find(|s| s.status == ReviewStatus::Approved);
        let template = account
            .templates
            .iter()
            .find(|t| t.status == ReviewStatus::Approved);
        Self {
            endpoint: host.unwrap_or("127.0.0.1:8086").to_owned(),
            protocol: if is_tls { "HTTPS" } else { "HTTP" },
            key_id: key.map(|key| key.id.clone()).unwrap_or_default(),
            secret: key
                .filter(|key| is_published(key))
                .map_or(words.its_secret, |key| key.secret.reveal())
                .to_owned(),
            sign_name: sign_name.map(|s| s.name.clone()).unwrap_or_default(),
            template_code: template.map(|t| t.code.clone()).unwrap_or_default(),
        }
    }
}

/// The secret out of the box stands in every document; no other is shown.
fn is_published(key: &AccessKey) -> bool {
    Account::default().access_keys.contains(key)
}
