//! Trouble on request: what the next calls run into, what becomes of the next
//! messages, and the clock.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use jiff::Timestamp;

use super::inbox::refused;
use super::{Fields, Frame, Language, done, rendered};
use crate::control::{self, ControlError};
use crate::faults::{ANY_ACTION, Fault, FaultOrder};
use crate::reports::{DELIVERY_SECS, Fate, Wish};
use crate::state::Shared;

const PATH: &str = "/_emulator/trouble";
const TIMES_MAX: u32 = 100;

/// A button: what it sends, and what it is called.
struct Button {
    value: &'static str,
    english: &'static str,
    chinese: &'static str,
}

const fn button(value: &'static str, english: &'static str, chinese: &'static str) -> Button {
    Button {
        value,
        english,
        chinese,
    }
}

/// What a call can run into on its way.
const FAULTS: &[Button] = &[
    button("timeout", "No answer, nothing sent", "无应答，未发送"),
    button("reset", "Connection cut, nothing sent", "连接中断，未发送"),
    button(
        "reset_after_accept",
        "Sent, then the connection is cut",
        "已发送，随后连接中断",
    ),
    button("slow", "Sent, the answer is late", "已发送，应答延迟"),
    button("http_502_html", "A proxy's error page", "代理返回 502 页面"),
    button("garbage", "An answer that is no JSON", "应答不是 JSON"),
];

/// What Aliyun may refuse a call with.
const REFUSALS: &[Button] = &[
    button(
        "isv.BUSINESS_LIMIT_CONTROL",
        "Limit of one number",
        "单号码发送限制",
    ),
    button("isv.DAY_LIMIT_CONTROL", "Daily limit", "日发送限额"),
    button("Throttling.User", "Too many calls", "调用过于频繁"),
    button("isv.AMOUNT_NOT_ENOUGH", "Balance too low", "余额不足"),
    button("isv.OUT_OF_SERVICE", "Account in arrears", "业务停机"),
    button("isv.MOBILE_NUMBER_ILLEGAL", "Not a number", "号码格式错误"),
    button(
        "isv.SMS_SIGNATURE_ILLEGAL",
        "Signature not approved",
        "签名不合法",
    ),
    button(
        "isv.SMS_TEMPLATE_ILLEGAL",
        "Template not approved",
        "模板不合法",
    ),
    button("SignatureDoesNotMatch", "Wrong secret", "密钥错误"),
    button("isp.SYSTEM_ERROR", "Aliyun's own fault", "阿里云系统错误"),
];

/// What the next message comes to: `late` and `twice` are delivered.
const FATES: &[Button] = &[
    button("UNDELIV", "Not delivered", "未送达"),
    button(
        "MOBILE_NOT_ON_SERVICE",
        "Number out of service",
        "号码已停机",
    ),
    button("MOBILE_TERMINAL_ERROR", "Phone switched off", "手机已关机"),
    button(
        "MOBILE_IN_BLACK",
        "Number on a block list",
        "号码在黑名单中",
    ),
    button(
        "PORT_NOT_REGISTERED",
        "Signature not registered with the carrier",
        "签名未在运营商登记",
    ),
    button("late", "Report a minute late", "回执延迟一分钟"),
    button("never", "No report", "没有回执"),
    button("twice", "Report comes twice", "回执重复"),
];

const ACTIONS: &[&str] = &[
    "SendSms",
    "QuerySendDetails",
    "SendMessageToGlobe",
    "SendSmsVerifyCode",
    ANY_ACTION,
];

const SKIPS: &[(i64, &str, &str)] = &[
    (61, "A minute", "一分钟"),
    (3600, "An hour", "一小时"),
    (86_400, "A day", "一天"),
];

#[derive(Template)]
#[template(path = "trouble.html")]
struct Page {
    frame: Frame,
    queued: Vec<(String, String, u32)>,
    wishes: Vec<String>,
    now: Timestamp,
}

impl Page {
    fn of(shared: &Shared, frame: Frame) -> Self {
        let (state, now) = shared.settled();
        let queued = state.faults.queued();
        Self {
            queued: queued
                .into_iter()
                .map(|(action, fault, left)| (action.to_owned(), name(fault), left))
                .collect(),
            wishes: state.wishes.all().map(wish_name).collect(),
            now,
            frame,
        }
    }

    fn clock(&self) -> String {
        self.now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
    }
}

fn name(fault: &Fault) -> String {
    match fault {
        Fault::Timeout => "timeout".to_owned(),
        Fault::Reset => "reset".to_owned(),
        Fault::ResetAfterAccept => "reset_after_accept".to_owned(),
        Fault::Slow => "slow".to_owned(),
        Fault::Http502Html => "http_502_html".to_owned(),
        Fault::Garbage => "garbage".to_owned(),
        Fault::Code { code, .. } => code.clone(),
        Fault::Raw { http_status, .. } => format!("HTTP {http_status}"),
    }
}

fn wish_name(wish: &Wish) -> String {
    let code = &wish.fate.err_code;
    match (wish.delay_secs, wish.repeat) {
        (NEVER_SECS.., _) => "never".to_owned(),
        (_, 1..) => format!("{code} × {}", wish.repeat + 1),
        (DELIVERY_SECS, _) => code.to_string(),
        (secs, _) => format!("{code} + {secs} s"),
    }
}

/// Longer than Aliyun remembers a message.
const NEVER_SECS: i64 = 365 * 24 * 3600;

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let frame = Frame::of(&Fields::of_query(query), &headers, PATH);
    rendered(frame.lang, &Page::of(&shared, frame))
}

/// What a button of the page asks for.
pub(crate) async fn make(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::of_form(&body);
    match order(&shared, &form) {
        Ok(()) => done(PATH, &form),
        Err(error) => {
            let frame = Frame::of(&form, &headers, PATH).with(&error);
            let lang = frame.lang;
            refused(rendered(lang, &Page::of(&shared, frame)), &error)
        }
    }
}

fn order(shared: &Shared, form: &Fields) -> Result<(), ControlError> {
    if let Some(value) = form.get("fault") {
        let action = form.get("action").unwrap_or("SendSms");
        return shared.lock().faults.order(FaultOrder::new(
            action,
            times(form)?,
            Fault::of_button(value)?,
        ));
    }
    if let Some(value) = form.get("report") {
        let wish = wish(value)?;
        let times = times(form)?;
        let mut state = shared.lock();
        (0..times).for_each(|_| state.wishes.push(wish.clone()));
        return Ok(());
    }
    if let Some(secs) = form.get("skip") {
        let secs = secs
            .parse()
            .ok()
            .filter(|secs| (1..=86_400 * 31).contains(secs));
        let secs = secs.ok_or_else(|| ControlError::new("skip", "is no time to skip"))?;
        return control::advance_clock(shared, secs).map(drop);
    }
    match form.get("do") {
        Some("forget") => {
            let mut state = shared.lock();
            state.faults.clear();
            state.wishes.clear();
            Ok(())
        }
        Some("reset") => {
            control::reset(shared);
            Ok(())
        }
        _ => Err(ControlError::new("", "no button of this page sends that")),
    }
}

fn times(form: &Fields) -> Result<u32, ControlError> {
    let times = form.get("times").unwrap_or("1").trim().parse().ok();
    times
        .filter(|times| (1..=TIMES_MAX).contains(times))
        .ok_or_else(|| ControlError::new("times", format!("must be from 1 to {TIMES_MAX}")))
}

fn wish(value: &str) -> Result<Wish, ControlError> {
    let wish = |fate, delay_secs, repeat| Wish {
        fate,
        delay_secs,
        repeat,
    };
    Ok(match value {
        "late" => wish(Fate::delivered(), 60, 0),
        "never" => wish(Fate::delivered(), NEVER_SECS, 0),
        "twice" => wish(Fate::delivered(), DELIVERY_SECS, 1),
        code => {
            let known = FATES.iter().find(|button| button.value == code);
            let known =
                known.ok_or_else(|| ControlError::new("report", "is none of this page's"))?;
            wish(Fate::failed(known.value), DELIVERY_SECS, 0)
        }
    })
}

impl Fault {
    /// Of a button's value.
    fn of_button(value: &str) -> Result<Self, ControlError> {
        if REFUSALS.iter().any(|button| button.value == value) {
            return Ok(Self::code(value));
        }
        Self::parse(value.into())
    }
}

fn label<'a>(button: &'a Button, lang: &Language) -> &'a str {
    lang.say(button.english, button.chinese)
}
