//! Signatures: what there are, applying for one, changing and deleting it.
//!
//! Every action comes in two ages: `AddSmsSign` and `ModifySmsSign` take papers
//! along, `CreateSmsSign` and `UpdateSmsSign` name papers filed before.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::{self, Review, unfit};
use crate::account::{
    Account, RegistrationStatus, Registrations, ReviewStatus, SignKind, SignName,
};
use crate::clock::beijing_text;
use crate::state::Shared;
use crate::template::holds_emoji;

const NAME_MIN: usize = 2;
const NAME_MAX: usize = 12;
const REMARK_MAX: usize = 200;
const FILE_MAX_BYTES: usize = 2 * 1024 * 1024;
/// Nobody sends more, and there is a most to look for.
const FILES_MAX: usize = 50;
const FILE_SUFFIXES: [&str; 4] = ["jpg", "png", "gif", "jpeg"];

const TRADEMARK: u8 = 5;
const APP: u8 = 2;

pub(super) fn list(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    review::list(call, "SmsSignList", &state.book.account.sign_names, entry)
}

fn entry(sign_name: &SignName) -> Value {
    let review = review(sign_name);
    let mut entry = Map::new();
    let mut add = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    add("SignName", sign_name.name.as_str().into());
    add(
        "AuditStatus",
        review.audit_status("AUDIT_STATE_CANCEL").into(),
    );
    add("BusinessType", business_type(sign_name.kind).into());
    add("CreateDate", review.create_date().into());
    add("OrderId", review::order_id(&sign_name.name).into());
    // Its first letter is small in this list.
    add("authorizationLetterAuditPass", false.into());
    if let Some(reason) = review.list_reason() {
        add("Reason", reason);
    }
    entry.into()
}

pub(super) fn query(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    let sign_name = find(&state.book.account, call)?;
    let review = review(sign_name);
    Ok(vec![
        ("SignName", sign_name.name.as_str().into()),
        ("SignStatus", review.number().into()),
        ("Reason", review.reason().into()),
        ("CreateDate", review.create_date().into()),
    ])
}

pub(super) fn get(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    let sign_name = find(&state.book.account, call)?;
    let review = review(sign_name);
    let carriers = carriers(sign_name);
    let mut fields: Fields = vec![
        ("SignName", sign_name.name.as_str().into()),
        ("SignStatus", review.number().into()),
        (
            "SignTag",
            review::tag_number(sign_name.tag).to_string().into(),
        ),
        (
            "SignCode",
            format!("SIGN_{}", review::order_id(&sign_name.name)).into(),
        ),
        ("SignUsage", business_type(sign_name.kind).into()),
        ("ThirdParty", sign_name.third_party.into()),
        ("Remark", sign_name.remark.as_str().into()),
        ("CreateDate", review.create_date().into()),
        ("OrderId", review::order_id(&sign_name.name).into()),
        ("FileUrlList", json!([])),
        ("RegisterResult", register_result(&carriers).into()),
        ("AuthorizationLetterAuditPass", false.into()),
        (
            "SignIspRegisterDetailList",
            carriers
                .iter()
                .map(|(code, status)| carrier(code, *status, sign_name))
                .collect(),
        ),
    ];
    if let Some(id) = sign_name.qualification_id {
        fields.push(("QualificationId", id.into()));
    }
    if let Some(audit_info) = review.audit_info() {
        fields.push(("AuditInfo", audit_info));
    }
    Ok(fields)
}

/// How far each carrier is. Nobody files what is not approved.
fn carriers(sign_name: &SignName) -> [(&'static str, RegistrationStatus); 3] {
    let nowhere = Registrations {
        mobile: RegistrationStatus::NotFiled,
        unicom: RegistrationStatus::NotFiled,
        telecom: RegistrationStatus::NotFiled,
    };
    let registrations = match sign_name.status {
        ReviewStatus::Approved => sign_name.registrations,
        _ => nowhere,
    };
    [
        ("mobile", registrations.mobile),
        ("unicom", registrations.unicom),
        ("telecom", registrations.telecom),
    ]
}

fn carrier(code: &str, status: RegistrationStatus, sign_name: &SignName) -> Value {
    let (number, reason, words) = match status {
        RegistrationStatus::NotFiled => (-2, "NON_REGISTER", "未报备"),
        RegistrationStatus::Filing => (-1, "REGISTERING", "报备中"),
        RegistrationStatus::Failed => (0, "OTHERS_ERROR", "报备失败"),
        RegistrationStatus::Filed => (1, "DETECTING", "报备完成，待验证"),
        RegistrationStatus::Lapsed => (2, "NO_SEND_RECORD", "连续6个月无发送记录"),
        RegistrationStatus::Succeeded => (3, "DETECT_SUCCESS", "报备成功"),
    };
    let mut detail = json!({
        "OperatorCode": code,
        "RegisterStatus": number,
        "RegisterStatusReasons": [{ "ReasonCode": reason, "ReasonDescList": [words] }],
    });
    if number >= 0 {
        let completed_at = sign_name.reviewed_at.unwrap_or(sign_name.created_at);
        detail["OperatorCompleteTime"] = beijing_text(completed_at).into();
    }
    detail
}

/// The older field, one number for all carriers: 0 failed, 1 succeeded,
/// 2 lapsed, -1 nothing yet.
fn register_result(carriers: &[(&str, RegistrationStatus)]) -> i8 {
    let any = |wanted| carriers.iter().any(|(_, status)| *status == wanted);
    if any(RegistrationStatus::Failed) {
        0
    } else if any(RegistrationStatus::Lapsed) {
        2
    } else if carriers.iter().all(|(_, status)| status.delivers()) {
        1
    } else {
        -1
    }
}

pub(super) fn add(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    apply(call, shared, Age::Older, Step::New).map(only_name)
}

pub(super) fn create(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    apply(call, shared, Age::Newer, Step::New).map(with_order)
}

pub(super) fn modify(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    apply(call, shared, Age::Older, Step::Again).map(only_name)
}

pub(super) fn update(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    apply(call, shared, Age::Newer, Step::Again).map(with_order)
}

fn only_name(name: String) -> Fields {
    vec![("SignName", name.into())]
}

fn with_order(name: String) -> Fields {
    let order_id = review::order_id(&name);
    vec![("SignName", name.into()), ("OrderId", order_id.into())]
}

pub(super) fn delete(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let mut state = shared.lock();
    let sign_name = find(&state.book.account, call)?;
    if sign_name.status == ReviewStatus::Reviewing {
        return Err(Refusal::business("isv.ERROR_SIGN_NOT_DELETE"));
    }
    let (name, kind) = (sign_name.name.clone(), sign_name.kind);
    state.change_account(|account| {
        let names = &mut account.sign_names;
        names.retain(|known| known.name != name || known.kind != kind);
    });
    Ok(only_name(name))
}

/// How old an action is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Older,
    Newer,
}

/// Whether a signature is applied for the first time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    New,
    Again,
}

/// Applies for a signature. Says its name.
fn apply(call: &Call<'_>, shared: &Shared, age: Age, step: Step) -> Result<String, Refusal> {
    let applied = read(call, age)?;
    let mut state = shared.lock();
    let known = position(&state.book.account, &applied.name, Some(applied.kind));
    match (step, known) {
        // One of codes and a general one may have the same name. What is said
        // of a second one of its kind is not known.
        (Step::New, Some(at)) if state.book.account.sign_names[at].kind == applied.kind => {
            return Err(Refusal::business("isv.SIGN_NAME_ILLEGAL"));
        }
        (Step::Again, None) => return Err(Refusal::business("isv.SMS_SIGNATURE_ILLEGAL")),
        (Step::Again, Some(at))
            if state.book.account.sign_names[at].status != ReviewStatus::Rejected =>
        {
            return Err(Refusal::business("isv.ERROR_SIGN_NOT_MODIFY"));
        }
        _ => {}
    }
    let most = state.book.account.limits.sign_applications_per_day;
    let most = most.unwrap_or(u32::MAX);
    if !state.applications.count_sign_name(most, call.now) {
        return Err(Refusal::business("isv.SIGN_COUNT_OVER_LIMIT"));
    }
    let name = applied.name.clone();
    state.change_account(|account| match (step, known) {
        (Step::Again, Some(at)) => account.sign_names[at] = applied,
        _ => account.sign_names.push(applied),
    });
    Ok(name)
}

fn read(call: &Call<'_>, age: Age) -> Result<SignName, Refusal> {
    let name = call.get("SignName").unwrap_or_default();
    check_name(name)?;
    let source = read_source(call, age)?;
    let kind = match review::choice(call, "SignType", 1)? {
        Some(0) => SignKind::Verification,
        _ => SignKind::General,
    };
    review::check_length(call, "Remark", REMARK_MAX)?;
    let qualification_id = match age {
        Age::Older => {
            check_files(call)?;
            None
        }
        Age::Newer => Some(read_papers(call, source)?),
    };
    Ok(SignName {
        status: ReviewStatus::Reviewing,
        source,
        qualification_id,
        third_party: call.truth("ThirdParty")?.unwrap_or_default(),
        remark: call.get("Remark").unwrap_or_default().to_owned(),
        created_at: call.now,
        ..SignName::new(name, kind)
    })
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if holds_emoji(name) {
        return Err(Refusal::business("isv.SMS_SIGN_EMOJI_ILLEGAL"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(Refusal::business("isv.SIGN_OVER_LIMIT"));
    }
    let lower = name.to_lowercase();
    let is_for_a_test = lower.contains("测试") || lower.contains("test");
    let is_short = name.chars().count() < NAME_MIN;
    if is_short || is_for_a_test || !name.chars().all(char::is_alphanumeric) {
        return Err(Refusal::business("isv.SIGN_NAME_ILLEGAL"));
    }
    Ok(())
}

fn read_source(call: &Call<'_>, age: Age) -> Result<u8, Refusal> {
    let source: u8 = call
        .get("SignSource")
        .and_then(|source| source.parse().ok())
        .ok_or_else(|| Refusal::invalid("SignSource"))?;
    let is_served = match age {
        Age::Older => source <= TRADEMARK,
        Age::Newer => [0, APP, TRADEMARK].contains(&source),
    };
    if is_served {
        Ok(source)
    } else {
        Err(Refusal::business("isv.SIGN_SOURCE_ILLEGAL"))
    }
}

/// Papers that come along, `SignFileList.1.FileContents` and so on.
fn check_files(call: &Call<'_>) -> Result<(), Refusal> {
    let field = |at: usize, name: &str| call.parameters.get(&format!("SignFileList.{at}.{name}"));
    let count = (1..=FILES_MAX)
        .take_while(|at| field(*at, "FileContents").is_some() || field(*at, "FileSuffix").is_some())
        .count();
    if count == 0 {
        return Err(Refusal::missing("SignFileList"));
    }
    for at in 1..=count {
        check_file(
            field(at, "FileContents").unwrap_or_default(),
            field(at, "FileSuffix").unwrap_or_default(),
        )?;
    }
    Ok(())
}

fn check_file(contents: &str, suffix: &str) -> Result<(), Refusal> {
    if contents.is_empty() {
        return Err(Refusal::business("isv.ERROR_EMPTY_FILE"));
    }
    let bytes = STANDARD
        .decode(contents)
        .map_err(|_| unfit("FileContents must be base64"))?;
    if bytes.len() > FILE_MAX_BYTES {
        return Err(Refusal::business("isv.SIGN_FILE_LIMIT"));
    }
    if !FILE_SUFFIXES.contains(&suffix.to_ascii_lowercase().as_str()) {
        return Err(unfit("FileSuffix must be jpg, png, gif or jpeg"));
    }
    Ok(())
}

/// Papers filed before, by their numbers.
fn read_papers(call: &Call<'_>, source: u8) -> Result<u64, Refusal> {
    if source == TRADEMARK && call.whole_number("TrademarkId")?.is_none() {
        return Err(unfit("a trademark's signature needs TrademarkId"));
    }
    if source == APP && call.whole_number("AppIcpRecordId")?.is_none() {
        return Err(unfit("an app's signature needs AppIcpRecordId"));
    }
    review::check_more_data(call)?;
    call.whole_number("QualificationId")?
        .ok_or_else(|| Refusal::missing("QualificationId"))
}

fn find<'a>(account: &'a Account, call: &Call<'_>) -> Result<&'a SignName, Refusal> {
    let name = call.get("SignName").unwrap_or_default();
    position(account, name, None)
        .map(|at| &account.sign_names[at])
        .ok_or_else(|| Refusal::business("isv.SMS_SIGNATURE_ILLEGAL"))
}

/// Of two with one name that of the kind asked for, and the general one where
/// none is.
fn position(account: &Account, name: &str, kind: Option<SignKind>) -> Option<usize> {
    let is_named = |known: &SignName| {
        known.name == name
            || account.sign_names_ignore_case && known.name.to_lowercase() == name.to_lowercase()
    };
    let kind = kind.unwrap_or(SignKind::General);
    let mut named = account
        .sign_names
        .iter()
        .enumerate()
        .filter(|(_, known)| is_named(known));
    let first = named.clone().next().map(|(at, _)| at);
    named
        .find(|(_, known)| known.kind == kind)
        .map(|(at, _)| at)
        .or(first)
}

fn review(sign_name: &SignName) -> Review<'_> {
    Review {
        status: sign_name.status,
        reject_reason: &sign_name.reject_reason,
        created_at: sign_name.created_at,
        reviewed_at: sign_name.reviewed_at,
    }
}

fn business_type(kind: SignKind) -> &'static str {
    match kind {
        SignKind::Verification => "验证码类型",
        SignKind::General => "通用类型",
    }
}
