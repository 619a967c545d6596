//! The phones, and one alone.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;

use super::{Fields, Frame, Language, done, rendered};
use crate::account::{AccessKey, Account, ReviewStatus};
use crate::control::{self, ControlError, ReportDecision};
use crate::inbox::{self, Message, MessageStatus, Record};
use crate::reports::Delivery;
use crate::state::Shared;

const PATH: &str = "/_emulator/";
/// More would make a page nobody reads; the API gives all, and a search finds
/// older ones.
const SHOWN_MAX: usize = 60;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Page<'a> {
    frame: Frame,
    /// What is searched for; empty means everything.
    search: String,
    /// What is said where nothing is found.
    nothing: &'static str,
    phones: Vec<Phone<'a>>,
    is_cut: bool,
    start: Start,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct OnePhone<'a> {
    frame: Frame,
    phone: Option<Phone<'a>>,
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
    let asked = Fields::of_query(query);
    let frame = Frame::of(&asked, &headers, PATH);
    phones_page(&shared, &headers, &asked, frame)
}

fn phones_page(shared: &Shared, headers: &HeaderMap, asked: &Fields, frame: Frame) -> Response {
    let lang = frame.lang;
    let search = asked.get("q").unwrap_or_default().trim().to_owned();
    let wanted = Search::read(&search);
    let (records, start) = {
        let (state, _) = shared.settled();
        let start = Start::of(&state.book.account, headers, shared.settings.is_tls, lang);
        (state.inbox.shown(None, wanted.look_at()), start)
    };
    let fits = |record: &&Arc<Record>| wanted.fits(&record.number.e164());
    let found: Vec<Arc<Record>> = records
        .iter()
        .filter(fits)
        .take(SHOWN_MAX + 1)
        .cloned()
        .collect();
    let messages = inbox::messages(&found[..found.len().min(SHOWN_MAX)]);
    let page = Page {
        nothing: wanted.nothing(lang),
        phones: phones(&messages, lang),
        search,
        is_cut: found.len() > SHOWN_MAX,
        start,
        frame,
    };
    rendered(lang, &page)
}

/// The phone of one number, or of the number that got the newest message.
pub(crate) async fn phone(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = Fields::of_query(query);
    let frame = Frame::of(&asked, &headers, PATH);
    let lang = frame.lang;
    let records = {
        let (state, _) = shared.settled();
        let to = asked.get("to").map(str::to_owned).or_else(|| {
            let newest = state.inbox.shown(None, 1);
            newest.first().map(|record| record.number.e164())
        });
        to.map_or_else(Vec::new, |to| state.inbox.shown(Some(&to), 10))
    };
    let messages = inbox::messages(&records);
    let phone = phones(&messages, lang).pop();
    rendered(lang, &OnePhone { frame, phone })
}

/// Decides what becomes of a message that was sent.
pub(crate) async fn decide(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::of_form(&body);
    let status = match form.get("status") {
        Some("failed") => Delivery::Failed,
        _ => Delivery::Delivered,
    };
    let biz_id = form.get("biz_id").unwrap_or_default();
    let decision = ReportDecision::of_biz_id(biz_id, status);
    match control::decide_report(&shared, &decision) {
        Ok(_) => done(PATH, &form),
        Err(error) => {
            let frame = Frame::of(&form, &headers, PATH).with(&error);
            refused(phones_page(&shared, &headers, &form, frame), &error)
        }
    }
}

/// A page with the status of what was wrong.
pub(super) fn refused(mut page: Response, error: &ControlError) -> Response {
    if let Ok(status) = http::StatusCode::from_u16(error.status) {
        *page.status_mut() = status;
    }
    page
}

/// What a search asks for.
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

    /// How many of the newest messages may hold what is shown.
    fn look_at(&self) -> usize {
        match self {
            Self::All => SHOWN_MAX + 1,
            Self::Digits(_) => usize::MAX,
            Self::Unreadable => 0,
        }
    }

    fn fits(&self, number: &str) -> bool {
        match self {
            Self::All => true,
            Self::Digits(digits) => number.contains(digits),
            Self::Unreadable => false,
        }
    }

    fn nothing(&self, lang: Language) -> &'static str {
        match self {
            Self::Unreadable => lang.say(
                "Not a number that could be searched for",
                "无法识别为号码，不能查找",
            ),
            Self::All | Self::Digits(_) => {
                lang.say("No message to such a number", "没有发往该号码的短信")
            }
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

fn phones(messages: &[Message], lang: Language) -> Vec<Phone<'_>> {
    let mut phones: Vec<Phone<'_>> = Vec::new();
    for message in messages {
        let entry = Entry::of(message, lang);
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
    fn of(message: &'a Message, lang: Language) -> Self {
        let (class, tick, status) = match message.status {
            MessageStatus::Accepted => ("info", "✓", lang.say("accepted", "已接收")),
            MessageStatus::Delivered => ("good", "✓✓", lang.say("delivered", "已送达")),
            MessageStatus::Failed => ("bad", "✗", lang.say("failed", "发送失败")),
        };
        Self {
            message,
            time: message.sent_at.strftime("%H:%M:%S UTC").to_string(),
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
    fn origin(&self, lang: &Language) -> String {
        let template = Some(&self.message.template_code).filter(|code| !code.is_empty());
        let template = template.map(|code| format!("{} {code}", lang.say("Template", "模板")));
        let out_id = self.message.out_id.as_ref();
        let out_id = out_id.map(|id| format!("{} {id}", lang.say("Out-id", "外部流水号")));
        let parts: Vec<String> = [template, out_id].into_iter().flatten().collect();
        parts.join(" · ")
    }
}

impl Start {
    fn of(account: &Account, headers: &HeaderMap, is_tls: bool, lang: Language) -> Self {
        let host = headers
            .get(http::header::HOST)
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
        let its_secret = lang.say("the one in your account file", "账号文件中的那一个");
        Self {
            endpoint: host.unwrap_or("127.0.0.1:8086").to_owned(),
            protocol: if is_tls { "HTTPS" } else { "HTTP" },
            key_id: key.map(|key| key.id.clone()).unwrap_or_default(),
            secret: key
                .filter(|key| is_published(key))
                .map_or(its_secret, |key| key.secret.reveal())
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
