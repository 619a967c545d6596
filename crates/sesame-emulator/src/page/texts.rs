//! The account's signatures and templates with their reviews, and the
//! reviewer's buttons.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::inbox::refused;
use super::{Fields, Frame, Language, done, rendered};
use crate::account::{
    Account, RegistrationStatus, ReviewStatus, SignKind, SignName, Tag, Template as SmsTemplate,
    TemplateKind,
};
use crate::control::{self, ControlError};
use crate::state::Shared;

const PATH: &str = "/_emulator/texts";

#[derive(Template)]
#[template(path = "texts.html")]
struct Page {
    frame: Frame,
    account: Account,
}

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let frame = Frame::of(&Fields::of_query(query), &headers, PATH);
    page(&shared, frame)
}

fn page(shared: &Shared, frame: Frame) -> Response {
    let account = shared.lock().book.account.clone();
    rendered(frame.lang, &Page { frame, account })
}

/// A reviewer's decision.
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Fields::of_form(&body);
    match decide(&shared, &form) {
        Ok(()) => done(PATH, &form),
        Err(error) => {
            let frame = Frame::of(&form, &headers, PATH).with(&error);
            refused(page(&shared, frame), &error)
        }
    }
}

fn decide(shared: &Shared, form: &Fields) -> Result<(), ControlError> {
    let status = form.get("status").unwrap_or_default();
    let reason = match status {
        "rejected" => "rejected in the emulator",
        "approved" | "reviewing" => "",
        _ => return Err(ControlError::new("status", "is no state of a review")),
    };
    let mut changes = Map::new();
    changes.insert("status".to_owned(), json!(status));
    changes.insert("reject_reason".to_owned(), Value::from(reason));
    let told = match (form.get("template"), form.get("sign_name")) {
        (Some(code), None) => control::change_template(shared, code, changes),
        (None, Some(name)) => control::change_sign_name(shared, name, changes),
        _ => Err(ControlError::new("", "no button of this page sends that")),
    };
    told.map(drop)
}

fn review(status: &ReviewStatus, lang: &Language) -> (&'static str, &'static str) {
    match status {
        ReviewStatus::Reviewing => ("info", lang.say("in review", "审核中")),
        ReviewStatus::Approved => ("good", lang.say("approved", "已通过")),
        ReviewStatus::Rejected => ("bad", lang.say("rejected", "未通过")),
        ReviewStatus::Cancelled => ("quiet", lang.say("cancelled", "已取消")),
    }
}

/// What the reviewer may decide: everything but what is.
fn decisions(status: &ReviewStatus, lang: &Language) -> Vec<(&'static str, &'static str)> {
    let all = [
        (
            ReviewStatus::Approved,
            "approved",
            lang.say("Approve", "通过"),
        ),
        (
            ReviewStatus::Rejected,
            "rejected",
            lang.say("Reject", "驳回"),
        ),
        (
            ReviewStatus::Reviewing,
            "reviewing",
            lang.say("Review again", "重新审核"),
        ),
    ];
    let others = all.into_iter().filter(|(other, ..)| other != status);
    others.map(|(_, value, label)| (value, label)).collect()
}

fn sign_kind(sign_name: &SignName, lang: &Language) -> &'static str {
    match sign_name.kind {
        SignKind::Verification => lang.say("codes only", "仅验证码"),
        SignKind::General => lang.say("everything", "通用"),
    }
}

fn template_kind(template: &SmsTemplate, lang: &Language) -> &'static str {
    match template.kind {
        TemplateKind::Verification => lang.say("code", "验证码"),
        TemplateKind::Notification => lang.say("notification", "通知"),
        TemplateKind::Promotion => lang.say("promotion", "推广"),
        TemplateKind::International => lang.say("international", "国际/港澳台"),
    }
}

fn tag(tag: &Tag, lang: &Language) -> &'static str {
    match tag {
        Tag::User => "",
        Tag::Gift => lang.say("gift", "赠送"),
        Tag::Test => lang.say("test, bound numbers only", "测试，仅限绑定号码"),
    }
}

/// The carriers, and how far each is.
fn carriers(
    sign_name: &SignName,
    lang: &Language,
) -> [(&'static str, &'static str, &'static str); 3] {
    let said = |status| match status {
        RegistrationStatus::NotFiled => ("warn", lang.say("not filed", "未报备")),
        RegistrationStatus::Filing => ("info", lang.say("being filed", "报备中")),
        RegistrationStatus::Failed => ("bad", lang.say("refused", "报备失败")),
        RegistrationStatus::Filed => ("good", lang.say("filed", "已报备")),
        RegistrationStatus::Lapsed => ("warn", lang.say("lapsed", "已失效")),
        RegistrationStatus::Succeeded => ("good", lang.say("registered", "已登记")),
    };
    let registrations = &sign_name.registrations;
    let of = |name, status| {
        let (class, words) = said(status);
        (name, class, words)
    };
    [
        of(lang.say("Mobile", "移动"), registrations.mobile),
        of(lang.say("Unicom", "联通"), registrations.unicom),
        of(lang.say("Telecom", "电信"), registrations.telecom),
    ]
}
