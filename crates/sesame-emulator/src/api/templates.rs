//! Templates: what there are, applying for one, changing and deleting it.
//!
//! Every action comes in two ages: `AddSmsTemplate` and `ModifySmsTemplate` take
//! a few parameters, `CreateSmsTemplate` and `UpdateSmsTemplate` more.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::{self, Review, unfit};
use crate::account::{Account, ReviewStatus, Template, TemplateKind};
use crate::state::{Shared, State};
use crate::template::{Text, holds_emoji};

const NAME_MAX: usize = 30;
const CONTENT_MAX: usize = 500;
const REMARK_MAX: usize = 100;
/// One of these must stand in the text of a verification template.
const CODE_WORDS: [&str; 4] = ["验证码", "注册码", "校验码", "动态码"];

pub(super) fn list(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    review::list(
        call,
        "SmsTemplateList",
        &state.book.account.templates,
        entry,
    )
}

/// The two numberings of the kinds stand side by side.
fn entry(template: &Template) -> Value {
    let review = review(template);
    let mut entry = Map::new();
    let mut add = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    add("TemplateCode", template.code.as_str().into());
    add("TemplateName", name(template).into());
    add("TemplateContent", template.content.as_str().into());
    add("TemplateType", list_type(template.kind).into());
    add("OuterTemplateType", outer_type(template.kind).into());
    // Aliyun spells it so, for templates alone.
    add(
        "AuditStatus",
        review.audit_status("AUDIT_SATE_CANCEL").into(),
    );
    add("CreateDate", review.create_date().into());
    add("OrderId", review::order_id(&template.code).into());
    if let Some(sign_name) = &template.related_sign_name {
        add("SignatureName", sign_name.as_str().into());
    }
    if let Some(reason) = review.list_reason() {
        add("Reason", reason);
    }
    entry.into()
}

pub(super) fn query(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    let template = find(&state.book.account, call)?;
    let review = review(template);
    Ok(vec![
        ("TemplateCode", template.code.as_str().into()),
        ("TemplateName", name(template).into()),
        ("TemplateContent", template.content.as_str().into()),
        ("TemplateType", outer_type(template.kind).into()),
        ("TemplateStatus", review.number().into()),
        ("Reason", review.reason().into()),
        ("CreateDate", review.create_date().into()),
    ])
}

/// Kind and status are texts here.
pub(super) fn get(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let state = shared.lock();
    let template = find(&state.book.account, call)?;
    let review = review(template);
    let mut fields: Fields = vec![
        ("TemplateCode", template.code.as_str().into()),
        ("TemplateName", name(template).into()),
        ("TemplateContent", template.content.as_str().into()),
        ("TemplateStatus", review.number().to_string().into()),
        ("TemplateType", outer_type(template.kind).to_string().into()),
        ("TemplateTag", review::tag_number(template.tag).into()),
        ("VariableAttribute", variable_attribute(template).into()),
        ("Remark", template.remark.as_str().into()),
        ("CreateDate", review.create_date().into()),
        ("OrderId", review::order_id(&template.code).into()),
        ("FileUrlList", json!({ "FileUrl": [] })),
        ("MoreDataFileUrlList", json!({ "MoreDataFileUrl": [] })),
    ];
    if let Some(sign_name) = &template.related_sign_name {
        fields.push(("RelatedSignName", sign_name.as_str().into()));
        fields.push(("SignList", json!({ "SignList": [sign_name] })));
    }
    if let Some(intl_type) = template.intl_type {
        fields.push(("IntlType", intl_type.into()));
    }
    if let Some(audit_info) = review.audit_info() {
        fields.push(("AuditInfo", audit_info));
    }
    Ok(fields)
}

pub(super) fn add(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let (code, _) = apply(call, shared, Age::Older, None)?;
    Ok(vec![("TemplateCode", code.into())])
}

pub(super) fn create(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let (code, name) = apply(call, shared, Age::Newer, None)?;
    Ok(with_order(code, name))
}

pub(super) fn modify(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let (code, _) = apply(call, shared, Age::Older, call.get("TemplateCode"))?;
    Ok(vec![("TemplateCode", code.into())])
}

pub(super) fn update(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let (code, name) = apply(call, shared, Age::Newer, call.get("TemplateCode"))?;
    Ok(with_order(code, name))
}

fn with_order(code: String, name: String) -> Fields {
    let order_id = review::order_id(&code);
    vec![
        ("TemplateCode", code.into()),
        ("TemplateName", name.into()),
        ("OrderId", order_id.into()),
    ]
}

pub(super) fn delete(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let mut state = shared.lock();
    let template = find(&state.book.account, call)?;
    if template.status == ReviewStatus::Reviewing {
        return Err(Refusal::business("isv.ERROR_TEMPLATE_NOT_DELETE"));
    }
    let code = template.code.clone();
    state.change_account(|account| account.templates.retain(|template| template.code != code));
    Ok(vec![("TemplateCode", code.into())])
}

/// How old an action is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Older,
    Newer,
}

/// Applies for a new template, or for the one with a code anew. Says its code
/// and its name.
fn apply(
    call: &Call<'_>,
    shared: &Shared,
    age: Age,
    old: Option<&str>,
) -> Result<(String, String), Refusal> {
    let mut state = shared.lock();
    if old.is_some() && find(&state.book.account, call)?.status != ReviewStatus::Rejected {
        return Err(Refusal::business("isv.ERROR_TEMPLATE_NOT_MODIFY"));
    }
    let mut template = read(call, age, &state.book.account)?;
    let most = state.book.account.limits.template_applications_per_day;
    if !state.applications.count_template(most, call.now) {
        return Err(Refusal::business("isv.TEMPLATE_COUNT_OVER_LIMIT"));
    }
    template.code = old.map_or_else(|| new_code(shared, &state), str::to_owned);
    let told = (template.code.clone(), template.name.clone());
    state.change_account(|account| {
        let known = account
            .templates
            .iter_mut()
            .find(|known| known.code == template.code);
        match known {
            Some(known) => *known = template,
            None => account.templates.push(template),
        }
    });
    Ok(told)
}

/// The first free one from a random place on.
fn new_code(shared: &Shared, state: &State) -> String {
    const MANY: u32 = 1_000_000_000;
    let mut bytes = [0; 4];
    shared.source.fill(&mut bytes);
    let start = u32::from_le_bytes(bytes) % MANY;
    let templates = &state.book.account.templates;
    let is_free = |code: &String| templates.iter().all(|template| template.code != *code);
    (start..MANY)
        .chain(0..start)
        .map(|number| format!("SMS_{number:09}"))
        .find(is_free)
        .unwrap_or_default()
}

/// The template that is applied for, as yet without a code.
fn read(call: &Call<'_>, age: Age, account: &Account) -> Result<Template, Refusal> {
    let text = |name: &str| call.get(name).unwrap_or_default().to_owned();
    let (name, content) = (text("TemplateName"), text("TemplateContent"));
    let kind = read_kind(call)?;
    if name.chars().count() > NAME_MAX || content.chars().count() > CONTENT_MAX {
        return Err(Refusal::business("isv.TEMPLATE_OVER_LIMIT"));
    }
    review::check_length(call, "Remark", REMARK_MAX)?;
    check_content(kind, &content)?;
    let mut template = Template {
        name,
        status: ReviewStatus::Reviewing,
        remark: text("Remark"),
        created_at: call.now,
        ..Template::new(String::new(), kind, content)
    };
    if age == Age::Newer {
        read_newer(call, account, &mut template)?;
    }
    Ok(template)
}

fn read_kind(call: &Call<'_>) -> Result<TemplateKind, Refusal> {
    Ok(match review::choice(call, "TemplateType", 3)? {
        Some(1) => TemplateKind::Notification,
        Some(2) => TemplateKind::Promotion,
        Some(3) => TemplateKind::International,
        _ => TemplateKind::Verification,
    })
}

/// That a verification template without any of the words is refused by the API
/// and not by the reviewers is a guess.
fn check_content(kind: TemplateKind, content: &str) -> Result<(), Refusal> {
    if holds_emoji(content) {
        return Err(Refusal::business("isv.UNSUPPORTED_CONTENT"));
    }
    if kind != TemplateKind::Verification {
        return Ok(());
    }
    if variables(content).len() != 1 {
        return Err(Refusal::business("template_parameter_count_illegal"));
    }
    if !CODE_WORDS.iter().any(|word| content.contains(word)) {
        return Err(Refusal::business("isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE"));
    }
    Ok(())
}

/// What only the newer actions have.
fn read_newer(call: &Call<'_>, account: &Account, template: &mut Template) -> Result<(), Refusal> {
    template.intl_type = review::choice(call, "IntlType", 2)?;
    template.related_sign_name = call.get("RelatedSignName").map(str::to_owned);
    if template.kind == TemplateKind::International {
        if template.intl_type.is_none() {
            return Err(unfit("an international template needs IntlType"));
        }
    } else {
        check_sign_name(account, template.related_sign_name.as_deref())?;
    }
    template.variable_attribute = call.get("TemplateRule").map(str::to_owned);
    check_rule(&template.content, template.variable_attribute.as_deref())?;
    review::check_more_data(call)
}

fn check_sign_name(account: &Account, name: Option<&str>) -> Result<(), Refusal> {
    let name = name.ok_or_else(|| unfit("a template of this type needs RelatedSignName"))?;
    let is_known = account.sign_names.iter().any(|known| known.name == name);
    if is_known {
        Ok(())
    } else {
        Err(Refusal::business("isv.SMS_SIGNATURE_ILLEGAL"))
    }
}

/// Every variable has an attribute, and nothing else has.
fn check_rule(content: &str, rule: Option<&str>) -> Result<(), Refusal> {
    let variables = variables(content);
    let Some(rule) = rule else {
        return if variables.is_empty() {
            Ok(())
        } else {
            Err(unfit("a template with variables needs TemplateRule"))
        };
    };
    let named: Map<String, Value> =
        serde_json::from_str(rule).map_err(|_| Refusal::business("isv.INVALID_JSON_PARAM"))?;
    if named.keys().cloned().collect::<BTreeSet<String>>() == variables {
        Ok(())
    } else {
        Err(Refusal::business("isv.INVALID_JSON_PARAM"))
    }
}

fn variables(content: &str) -> BTreeSet<String> {
    Text::parse(content)
        .variables()
        .map(str::to_owned)
        .collect()
}

fn find<'a>(account: &'a Account, call: &Call<'_>) -> Result<&'a Template, Refusal> {
    let code = call.get("TemplateCode").unwrap_or_default();
    let mut templates = account.templates.iter();
    templates
        .find(|template| template.code == code)
        .ok_or_else(|| Refusal::business("isv.SMS_TEMPLATE_ILLEGAL"))
}

fn review(template: &Template) -> Review<'_> {
    Review {
        status: template.status,
        reject_reason: &template.reject_reason,
        created_at: template.created_at,
        reviewed_at: template.reviewed_at,
    }
}

fn name(template: &Template) -> &str {
    if template.name.is_empty() {
        &template.code
    } else {
        &template.name
    }
}

/// `OuterTemplateType`, and `TemplateType` everywhere but in the list.
fn outer_type(kind: TemplateKind) -> u8 {
    match kind {
        TemplateKind::Verification => 0,
        TemplateKind::Notification => 1,
        TemplateKind::Promotion => 2,
        TemplateKind::International => 3,
    }
}

/// `TemplateType` in the list.
fn list_type(kind: TemplateKind) -> u8 {
    match kind {
        TemplateKind::Notification => 0,
        TemplateKind::Promotion => 1,
        TemplateKind::Verification => 2,
        TemplateKind::International => 6,
    }
}

fn variable_attribute(template: &Template) -> String {
    if let Some(text) = &template.variable_attribute {
        return text.clone();
    }
    let usual = match template.kind {
        TemplateKind::Verification => "characterWithNumber2",
        _ => "other_number2",
    };
    let attributes: Map<String, Value> = variables(&template.content)
        .into_iter()
        .map(|name| (name, usual.into()))
        .collect();
    Value::from(attributes).to_string()
}
