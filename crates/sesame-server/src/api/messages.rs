//! Messages with callers' own codes, and the journal of all messages.

use std::sync::Arc;

use axum::extract;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sesame_connector::{Language, Outcome, OutcomeView, Refusal, Stage};
use sesame_passcode::journal::State;
use sesame_passcode::{Attempt, MessageQuery, MessageView, SendOwn, StartError};
use utoipa::{IntoParams, ToSchema};

use super::answers;
use super::verifications::{address, fits, known_usage_type};
use crate::auth::Caller;
use crate::error::{Answer, Code, Problem};
use crate::refusal;
use crate::state::App;
use crate::wire::{Body, Id, Parameters};

/// A message whose code the caller made, in Logto's shape.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SendMessage)]
pub(super) struct SendBody {
    /// A phone number in any notation, best with `+` and its country code.
    #[schema(example = "+8613800138000")]
    to: String,
    /// The usage type, in Logto's words.
    #[serde(rename = "type")]
    #[schema(example = "SignIn")]
    usage_type: String,
    /// The values of the template's variables, `code` above all. What the
    /// template does not declare is not sent.
    #[schema(value_type = Object, example = json!({"code": "123456"}))]
    payload: Map<String, Value>,
    /// The user's address, for the limits by address.
    #[schema(example = "192.0.2.7")]
    ip: Option<String>,
    /// The language of the `message` in refusals: `en` or `zh-CN`.
    #[schema(example = "zh-CN", max_length = 64)]
    locale: Option<String>,
}

/// How sending ended. What is not there is null.
#[derive(Serialize, ToSchema)]
#[schema(as = SentMessage)]
pub(super) struct SentBody {
    /// `accepted`, `refused` (not sent, for certain) or `unknown`.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Our id of the message.
    out_id: String,
    /// Aliyun's.
    biz_id: Option<String>,
    /// Id of Aliyun's answer.
    request_id: Option<String>,
    /// Why it was refused or is unknown: Aliyun's code or ours.
    code: Option<String>,
    /// The same in words.
    cause: Option<String>,
    /// What to do about it.
    cure: Option<String>,
    /// Null: nobody has asked yet.
    delivery: Option<&'static str>,
    /// How long to wait before sending to this number again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_secs: Option<u64>,
}

/// Which messages.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// To this number, in any notation.
    to: Option<String>,
    /// In this state.
    #[param(inline)]
    outcome: Option<Stands>,
    /// From then on (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before then (RFC 3339).
    #[param(format = DateTime)]
    until: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many; 50 if not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// How far sending has come.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// No answer yet.
    Sending,
    /// Aliyun took it.
    Accepted,
    /// It was not sent, for certain.
    Refused,
    /// It may have been sent, and is asked about.
    Unknown,
    /// It may have been sent, and asking has ended.
    FinallyUnknown,
}

impl Stands {
    /// The journal's states that it stands for: what is finally unknown is
    /// unknown too.
    fn states(self) -> Vec<State> {
        match self {
            Self::Sending => vec![State::Sending],
            Self::Accepted => vec![State::Accepted],
            Self::Refused => vec![State::Refused],
            Self::Unknown => vec![State::Unknown, State::FinallyUnknown],
            Self::FinallyUnknown => vec![State::FinallyUnknown],
        }
    }
}

/// A page of messages, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = MessagePage)]
pub(super) struct PageBody {
    /// The messages.
    items: Vec<MessageBody>,
    /// What to ask on with; null on the last page.
    next_cursor: Option<String>,
}

/// A message, without its code and its whole number.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageBody {
    /// Our id of it.
    out_id: String,
    /// The verification it belongs to; null for a caller's own code.
    verification_id: Option<String>,
    /// The caller.
    app: String,
    /// The number, masked.
    #[schema(example = "+86 138****8000")]
    to: String,
    /// What it was for.
    #[serde(rename = "type")]
    #[schema(example = "SignIn")]
    usage_type: String,
    /// ISO letters of the number's country, or `001`.
    #[schema(example = "CN")]
    country: String,
    /// `sending`, `accepted`, `refused` or `unknown`.
    #[schema(example = "accepted")]
    outcome: &'static str,
    /// Why it was refused or is unknown: Aliyun's code or ours.
    code: Option<String>,
    /// Id of Aliyun's answer.
    request_id: Option<String>,
    /// Aliyun's id of it.
    biz_id: Option<String>,
    /// What its delivery report says: `waiting`, `delivered` or `failed`; null
    /// where none is to come.
    delivery: Option<&'static str>,
    /// The carrier's code of that report.
    delivery_code: Option<String>,
    /// When sending began (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it arrived, or failed to, by its report.
    #[schema(format = DateTime)]
    reported_at: Option<String>,
    /// When its code came back right.
    #[schema(format = DateTime)]
    confirmed_at: Option<String>,
}

/// Sends a message whose code the caller made, under the same limits.
#[utoipa::path(
    post,
    path = "/v1/messages",
    operation_id = "sendMessage",
    tag = "messages",
    security(("api_key" = ["send"])),
    params(super::document::IdempotencyKey),
    request_body = SendBody,
    responses(
        (status = 200, description = "How sending ended; `refused` by the provider too.", body = SentBody),
        answers::Send,
    ),
)]
pub(super) async fn send(
    extract::State(app): extract::State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    attempt: Option<Extension<Attempt>>,
    Body(body): Body<SendBody>,
) -> Answer<Json<SentBody>> {
    fits("locale", body.locale.as_deref(), 0..=64)?;
    let language = refusal::language(body.locale.as_deref());
    known_usage_type(&app, &body.usage_type)?;
    let request = SendOwn {
        app: caller.app.to_string(),
        to: body.to,
        reading: None,
        usage_type: body.usage_type,
        payload: body.payload,
        ip: address(body.ip.as_deref())?,
        attempt: attempt.map(|Extension(attempt)| attempt),
    };
    match app.passcodes.send(request).await {
        Ok(sent) => Ok(Json(SentBody::of(&sent.outcome))),
        Err(StartError::Refused(refusal)) if is_outcome(&refusal) => {
            Ok(Json(SentBody::of(&Outcome::Refused(*refusal))))
        }
        Err(error) => Err(refusal::start(error, language)),
    }
}

/// The messages of the key's own app; of an `admin` key, of all.
#[utoipa::path(
    get,
    path = "/v1/messages",
    operation_id = "listMessages",
    tag = "messages",
    security(("api_key" = ["read"])),
    params(ListQuery),
    responses(
        (status = 200, description = "A page of messages, newest first.", body = PageBody),
        answers::List,
    ),
)]
pub(super) async fn list(
    extract::State(app): extract::State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(query): Parameters<ListQuery>,
) -> Answer<Json<PageBody>> {
    let page = app.passcodes.messages(query.of(&caller)?).await?;
    Ok(Json(PageBody {
        items: page.items.into_iter().map(MessageBody::from).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// One message.
#[utoipa::path(
    get,
    path = "/v1/messages/{out_id}",
    operation_id = "getMessage",
    tag = "messages",
    security(("api_key" = ["read"])),
    params(super::document::OutId),
    responses(
        (status = 200, description = "As it is known now.", body = MessageBody),
        answers::Lookup,
    ),
)]
pub(super) async fn show(
    extract::State(app): extract::State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Id(out_id): Id,
) -> Answer<Json<MessageBody>> {
    let message = app.passcodes.message(caller.sees(), &out_id).await?;
    let message = message.ok_or_else(Problem::not_found)?;
    Ok(Json(message.into()))
}

/// What the provider, or the way to it, made of a message is an outcome; a
/// request that could not have been sent to anybody is an error.
fn is_outcome(refusal: &Refusal) -> bool {
    matches!(refusal.stage, Stage::Provider | Stage::NotSent)
}

impl SentBody {
    fn of(outcome: &Outcome) -> Self {
        let view: OutcomeView = outcome.view(Language::En);
        let retry_after = match outcome {
            Outcome::Refused(refusal) => refusal.retry_after,
            _ => None,
        };
        Self {
            outcome: view.outcome,
            out_id: view.out_id,
            biz_id: view.biz_id,
            request_id: view.request_id,
            code: view.code,
            cause: view.cause,
            cure: view.cure,
            delivery: view.delivery,
            retry_after_secs: retry_after.map(|wait| wait.as_secs()),
        }
    }
}

impl ListQuery {
    fn of(self, caller: &Caller) -> Answer<MessageQuery> {
        if self.limit.is_some_and(|limit| !(1..=200).contains(&limit)) {
            return Err(wrong("limit", "must be from 1 to 200"));
        }
        Ok(MessageQuery {
            app: caller.sees().map(str::to_owned),
            to: self.to,
            states: self.outcome.map(Stands::states).unwrap_or_default(),
            from: time("from", self.from.as_deref())?,
            until: time("until", self.until.as_deref())?,
            cursor: self.cursor,
            limit: self.limit,
            ..MessageQuery::default()
        })
    }
}

fn time(name: &str, text: Option<&str>) -> Answer<Option<Timestamp>> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|_| wrong(name, "must be a time such as 2026-11-22T10:00:00Z"))
}

fn wrong(name: &str, reason: &str) -> Problem {
    Problem::new(Code::InvalidQuery, format!("{name} {reason}"))
        .with(|more| more.field = Some(name.to_owned()))
}

/// What a message's delivery report says; none where none is to come.
pub(super) fn delivery(message: &MessageView) -> Option<&'static str> {
    match message.delivered {
        Some(true) => Some("delivered"),
        Some(false) => Some("failed"),
        None => (message.outcome() == "accepted").then_some("waiting"),
    }
}

impl From<MessageView> for MessageBody {
    fn from(message: MessageView) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            outcome: message.outcome(),
            delivery: delivery(&message),
            out_id: message.out_id,
            verification_id: message.verification,
            app: message.app,
            to: message.to,
            usage_type: message.usage_type,
            country: message.country,
            code: message.code,
            request_id: message.request_id,
            biz_id: message.biz_id,
            delivery_code: message.delivery_code,
            created_at: message.created_at.to_string(),
            reported_at: time(message.reported_at),
            confirmed_at: time(message.confirmed_at),
        }
    }
}
