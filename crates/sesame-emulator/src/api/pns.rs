//! `SendSmsVerifyCode` and `CheckSmsVerifyCode`: Aliyun makes a code, sends it,
//! and says later whether somebody typed it.

use std::ops::RangeInclusive;
use std::sync::Arc;

use aliyun_sms::Source;
use serde_json::{Map, Value};

use super::Call;
use super::draft::{self, Draft};
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::unfit;
use crate::account::{Book, Limits, Pns, Prepared, Signature, Tag, WrongCode};
use crate::clock::plus_secs;
use crate::phone::{Number, Readings};
use crate::state::Shared;
use crate::template::Values;
use crate::verify_codes::{Typed, VerifyCode};

/// Stands where the code will.
const PLACEHOLDER: &str = "##code##";
const MAINLAND: &str = "86";
const VALID_SECS: u64 = 300;
const INTERVAL_SECS: u64 = 60;
const CODE_LENGTH: u64 = 4;
const CODE_LENGTHS: RangeInclusive<u64> = 4..=8;
const SCHEME_NAME_MAX: usize = 20;
/// Longer than anybody asks for, and short enough for a clock.
const SECS_MAX: u64 = 10 * 365 * 24 * 3600;

const DIGITS: &str = "0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";

pub(super) fn send_sms_verify_code(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let book = draft::usable_book(shared)?;
    check_enabled(&book.account.pns)?;
    let number = read_number(call)?;
    let (signature, template) = find_gifts(&book, call)?;
    let wish = Wish::read(call)?;
    let scheme = read_scheme(call, &book.account.pns)?;
    let (values, code) = fill(call, &wish, &*shared.source)?;
    draft::check_values(&template, &values)?;
    let mut state = shared.lock();
    let codes = &state.verify_codes;
    if !codes.may_send(&number, wish.interval_secs, call.now) {
        return Err(Refusal::business("biz.FREQUENCY"));
    }
    let drafts = vec![Draft::of(number.clone(), &signature, &template, values)];
    let limits = limits(&book.account.limits);
    let biz_id = draft::accept(call, shared, &mut state, drafts, &limits)?;
    let kept = code.as_ref().map(|code| VerifyCode {
        code: code.clone(),
        ends_at: plus_secs(call.now, wish.valid_secs),
        wrong_tries: 0,
    });
    let codes = &mut state.verify_codes;
    codes.sent(&number, scheme, kept, wish.supersedes, call.now);
    Ok(vec![("Model", sent(call, biz_id, code, wish.is_told))])
}

/// What is absent is absent here, too.
fn sent(call: &Call<'_>, biz_id: String, code: Option<String>, is_told: bool) -> Value {
    let mut model = Map::new();
    model.insert("BizId".to_owned(), biz_id.into());
    let request_id = call.context.request_id.as_str();
    model.insert("RequestId".to_owned(), request_id.into());
    if let Some(out_id) = call.get("OutId") {
        model.insert("OutId".to_owned(), out_id.into());
    }
    if let Some(code) = code.filter(|_| is_told) {
        model.insert("VerifyCode".to_owned(), code.into());
    }
    model.into()
}

/// The interval that the caller chooses stands in for the limit per minute.
fn limits(account: &Limits) -> Limits {
    Limits {
        per_minute: u32::MAX,
        ..account.clone()
    }
}

/// What the caller wants of the code.
struct Wish {
    length: usize,
    /// The characters it is made of.
    alphabet: Vec<u8>,
    valid_secs: i64,
    interval_secs: i64,
    /// Whether older codes die of it.
    supersedes: bool,
    /// Whether the answer tells it.
    is_told: bool,
}

impl Wish {
    fn read(call: &Call<'_>) -> Result<Self, Refusal> {
        let length = call.whole_number("CodeLength")?.unwrap_or(CODE_LENGTH);
        if !CODE_LENGTHS.contains(&length) {
            return Err(illegal("CodeLength must be from 4 to 8"));
        }
        Ok(Self {
            length: usize::try_from(length).unwrap_or_default(),
            alphabet: read_alphabet(call)?,
            valid_secs: read_secs(call, "ValidTime", VALID_SECS)?,
            interval_secs: read_secs(call, "Interval", INTERVAL_SECS)?,
            supersedes: match call.whole_number("DuplicatePolicy")? {
                None | Some(1) => true,
                Some(2) => false,
                Some(_) => return Err(illegal("DuplicatePolicy must be 1 or 2")),
            },
            is_told: call.truth("ReturnVerifyCode")?.unwrap_or_default(),
        })
    }

    /// Every character is as likely as any other: 64 bits leave no difference
    /// that could be seen.
    fn make_code(&self, source: &dyn Source) -> String {
        let draw = || {
            let mut bytes = [0; 8];
            source.fill(&mut bytes);
            u64::from_le_bytes(bytes)
        };
        let many = self.alphabet.len() as u64;
        (0..self.length)
            .filter_map(|_| usize::try_from(draw() % many).ok())
            .map(|at| char::from(self.alphabet[at]))
            .collect()
    }
}

fn read_alphabet(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    let parts: &[&str] = match call.whole_number("CodeType")?.unwrap_or(1) {
        1 => &[DIGITS],
        2 => &[UPPER],
        3 => &[LOWER],
        4 => &[UPPER, LOWER],
        5 => &[DIGITS, UPPER],
        6 => &[DIGITS, LOWER],
        7 => &[DIGITS, UPPER, LOWER],
        _ => return Err(illegal("CodeType must be from 1 to 7")),
    };
    Ok(parts.concat().into_bytes())
}

fn read_secs(call: &Call<'_>, name: &'static str, usual: u64) -> Result<i64, Refusal> {
    let secs = call.whole_number(name)?.unwrap_or(usual);
    let secs = Some(secs).filter(|secs| (1..=SECS_MAX).contains(secs));
    secs.and_then(|secs| i64::try_from(secs).ok())
        .ok_or_else(|| illegal("ValidTime and Interval must be positive"))
}

fn illegal(what: &'static str) -> Refusal {
    Refusal::business("isv.ILLEGAL_ARGUMENT").with_message(what)
}

/// The values of the template, and the code where Aliyun made it. A value
/// written out in place of the placeholder is sent, and can never be checked.
fn fill(
    call: &Call<'_>,
    wish: &Wish,
    source: &dyn Source,
) -> Result<(Values, Option<String>), Refusal> {
    let mut values = draft::read_values(call.get("TemplateParam"))?;
    if !values.values().any(|value| value.contains(PLACEHOLDER)) {
        return Ok((values, None));
    }
    let code = wish.make_code(source);
    for value in values.values_mut() {
        *value = value.replace(PLACEHOLDER, &code);
    }
    Ok((values, Some(code)))
}

/// Signature and template must be those that come with the product.
fn find_gifts(book: &Book, call: &Call<'_>) -> Result<(Arc<Signature>, Arc<Prepared>), Refusal> {
    let is_gift = |tag: Tag| tag == Tag::Gift;
    let signature = draft::find_signature(book, call.get("SignName").unwrap_or_default());
    let signature = signature.ok().filter(|signature| is_gift(signature.tag));
    let template = draft::find_template(book, call);
    let template = template.ok().filter(|template| is_gift(template.tag));
    signature
        .zip(template)
        .ok_or_else(|| unfit("SignName and TemplateCode must be gift ones"))
}

pub(super) fn check_sms_verify_code(call: &Call<'_>, shared: &Shared) -> Result<Fields, Refusal> {
    let mut state = shared.lock();
    let rules = state.book.account.pns.clone();
    check_enabled(&rules)?;
    let number = read_number(call)?;
    let typed = Typed {
        number: &number,
        scheme: read_scheme(call, &rules)?,
        code: call.get("VerifyCode").unwrap_or_default(),
        ignores_case: match call.whole_number("CaseAuthPolicy")? {
            None | Some(1) => true,
            Some(2) => false,
            Some(_) => return Err(illegal("CaseAuthPolicy must be 1 or 2")),
        },
    };
    let result = if state.verify_codes.check(&typed, &rules, call.now) {
        "PASS"
    } else if rules.wrong_code == WrongCode::ValidateFail {
        return Err(Refusal::gateway("isv.ValidateFail"));
    } else {
        "UNKNOWN"
    };
    let mut model = Map::new();
    model.insert("VerifyResult".to_owned(), result.into());
    if let Some(out_id) = call.get("OutId") {
        model.insert("OutId".to_owned(), out_id.into());
    }
    Ok(vec![("Model", model.into())])
}

fn check_enabled(pns: &Pns) -> Result<(), Refusal> {
    if pns.enabled {
        Ok(())
    } else {
        Err(Refusal::business("FUNCTION_NOT_OPENED"))
    }
}

/// Numbers of the mainland only.
fn read_number(call: &Call<'_>) -> Result<Number, Refusal> {
    let text = call.get("PhoneNumber").unwrap_or_default();
    let is_mainland = call.get("CountryCode").unwrap_or(MAINLAND) == MAINLAND;
    let number = Readings::of(text).mainland.filter(|_| is_mainland);
    number.ok_or_else(|| draft::illegal_number(text))
}

fn read_scheme<'c>(call: &'c Call<'_>, pns: &Pns) -> Result<&'c str, Refusal> {
    let Some(scheme) = call.get("SchemeName") else {
        return Ok("");
    };
    if scheme.chars().count() > SCHEME_NAME_MAX {
        return Err(illegal("SchemeName must have at most 20 characters"));
    }
    let is_known = |schemes: &Vec<String>| schemes.iter().any(|known| known == scheme);
    if pns.schemes.as_ref().is_none_or(is_known) {
        Ok(scheme)
    } else {
        Err(Refusal::business("isv.VERIFY_SCHEME_NOT_EXIST"))
    }
}
