//! Messages: a caller's own code, by a content template or in a text.

use http::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use serde_json::{Map, Value};
use sesame_connector::{PhoneNumber, mask_number};
use sesame_passcode::{Attempt, SendOwn};

use super::bodies::{MessageBody, MessageStatus};
use super::fault::{Code, Fault};
use super::form::Form;
use super::sid::Kind;
use super::{Answer, Call, refusal};
use crate::hooks::carry::Taken;
use crate::hooks::code::code_in;
use crate::replies::{Kept, Place, joined};

/// The same message within that time is one that was sent again on the way
/// here, and gets the first answer.
const REPEAT: SignedDuration = SignedDuration::from_secs(10);

/// A message that is to go out.
struct Outgoing {
    to: PhoneNumber,
    usage_type: String,
    payload: Map<String, Value>,
}

impl Call<'_> {
    pub(super) async fn send_message(&self, account: &str, form: &Form) -> Answer {
        self.own_account(account, "Messages")?;
        let Some(to) = parameter(form, "To")? else {
            return Err(Fault::new(
                Code::MissingTo,
                "A 'To' phone number is required.",
            ));
        };
        let to = PhoneNumber::parse(to, self.reading()).map_err(|_| {
            let message = format!("Invalid 'To' Phone Number: {}", mask_number(to));
            Fault::new(Code::InvalidTo, message)
        })?;
        if parameter(form, "ScheduleType")?.is_some() || parameter(form, "SendAt")?.is_some() {
            let message = "Messages cannot be scheduled: codes are sent at once";
            return Err(Fault::new(Code::BadRequest, message));
        }
        let (usage_type, payload) = self.content(form)?;
        let out = Outgoing {
            to,
            usage_type,
            payload,
        };
        let place = self.place(&out, form)?;
        let until = self.desk.source.now() + REPEAT;
        let taken = self.desk.begin(&place, until, self.twilio.budget).await;
        let (version, attempt) = match taken.map_err(refusal::of_store)? {
            Taken::Mine(version, attempt) => (version, attempt),
            Taken::Answered(kept) => return again(kept),
        };
        let answer = self.send(out, attempt, form).await;
        let replies = &self.desk.replies;
        match &answer {
            Ok((status, body)) => {
                let kept = Kept::of(*status, &HeaderMap::new(), body.to_string().as_bytes());
                replies.end(&place, version, kept, until).await;
            }
            // Nothing was sent, and the next one may be.
            Err(_) => {
                let kept = Kept::of(StatusCode::BAD_REQUEST, &HeaderMap::new(), b"");
                let now = self.desk.source.now();
                replies.end(&place, version, kept, now).await;
            }
        }
        answer
    }

    /// Everything that makes a message this one.
    fn place(&self, out: &Outgoing, form: &Form) -> Result<Place, Fault> {
        let number = out.to.e164();
        let payload = Value::Object(out.payload.clone()).to_string();
        let texts = [
            "hook",
            &*self.twilio.name,
            &number,
            &out.usage_type,
            &payload,
            parameter(form, "Body")?.unwrap_or_default(),
        ];
        let name = joined(&texts);
        Ok(Place::new(&self.desk.replies.keys, &name, &name))
    }

    async fn send(&self, out: Outgoing, attempt: Attempt, form: &Form) -> Answer {
        let out_id = attempt.out_id.to_string();
        let to = out.to.e164();
        let request = SendOwn {
            app: self.twilio.app.clone(),
            to: to.clone(),
            reading: None,
            usage_type: out.usage_type,
            payload: out.payload,
            ip: None,
            attempt: Some(attempt),
        };
        let sent = self.within_budget(self.desk.passcodes.send(request)).await;
        let created_at = match sent {
            Some(sent) => sent.map_err(refusal::of_message)?.message.created_at,
            // It may still go out.
            None => self.desk.source.now(),
        };
        let body = MessageBody {
            account: &self.twilio.account_sid,
            out_id: &out_id,
            to: &to,
            from: parameter(form, "From")?,
            service: parameter(form, "MessagingServiceSid")?,
            body: parameter(form, "Body")?,
            status: MessageStatus::Queued,
            created_at,
            updated_at: created_at,
        };
        Ok((StatusCode::CREATED, body.json()))
    }

    pub(super) async fn fetch_message(&self, account: &str, sid: &str) -> Answer {
        self.own_account(account, "Messages")?;
        let found = match Kind::Message.out_id(sid) {
            Some(out_id) => {
                let app = Some(self.twilio.app.as_str());
                let message = self.desk.passcodes.message(app, &out_id).await;
                message.map_err(refusal::of_store)?
            }
            None => None,
        };
        // The messages of verifications are shown by those.
        let found = found.filter(|message| message.verification.is_none());
        let found = found.ok_or_else(|| not_found(account, "Messages"))?;
        let body = MessageBody {
            account: &self.twilio.account_sid,
            out_id: &found.out_id,
            to: &found.to,
            from: None,
            service: None,
            body: None,
            status: MessageStatus::of(&found),
            created_at: found.created_at,
            updated_at: found.reported_at.unwrap_or(found.created_at),
        };
        Ok((StatusCode::OK, body.json()))
    }

    /// What the message is for, and the values of its template.
    fn content(&self, form: &Form) -> Result<(String, Map<String, Value>), Fault> {
        let variables = parameter(form, "ContentVariables")?;
        if let Some(sid) = parameter(form, "ContentSid")? {
            let Some(content) = self.twilio.contents.get(sid) else {
                let message = "The ContentSid is Invalid: it is not in the configuration";
                return Err(Fault::new(Code::InvalidContentSid, message));
            };
            let named = |name: String| content.variables.get(&name).cloned().unwrap_or(name);
            let values = values(variables.unwrap_or("{}"))?;
            let values = values.into_iter().map(|(name, value)| (named(name), value));
            return Ok((content.usage_type.clone(), values.collect()));
        }
        if variables.is_some() {
            let message = "A ContentSid is required with ContentVariables";
            return Err(Fault::new(Code::MissingContentSid, message));
        }
        let Some(body) = parameter(form, "Body")? else {
            let message = "A message body, or a ContentSid, is required";
            return Err(Fault::new(Code::MissingBody, message));
        };
        let code = code_in(body, self.twilio.pattern.as_ref()).map_err(|misread| {
            let message = format!(
                "The Body cannot be sent: {misread}; use a ContentSid and ContentVariables"
            );
            Fault::new(Code::MissingBody, message)
        })?;
        let payload = Map::from_iter([("code".to_owned(), Value::String(code))]);
        Ok((self.twilio.usage_type.clone(), payload))
    }

    fn own_account(&self, account: &str, resource: &str) -> Result<(), Fault> {
        if account == self.twilio.account_sid {
            return Ok(());
        }
        Err(not_found(account, resource))
    }
}

/// What was answered to the same message a moment ago.
fn again(kept: Kept) -> Answer {
    let (status, _, body) = kept.into_parts();
    let body = serde_json::from_str(&body).unwrap_or_default();
    Ok((status, body))
}

/// A JSON object of texts, as Twilio asks for. What is wrong is told without
/// the values: one of them is the code.
fn values(text: &str) -> Result<Map<String, Value>, Fault> {
    let wrong = |reason: &str| {
        let message = format!("The ContentVariables Parameter is invalid: {reason}");
        Fault::new(Code::InvalidContentVariables, message)
    };
    let read: Result<Value, _> = serde_json::from_str(text);
    let Ok(Value::Object(values)) = read else {
        return Err(wrong("it must be a JSON object"));
    };
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !values.values().all(is_text) {
        return Err(wrong("every value must be a string, and not empty"));
    }
    Ok(values)
}

fn parameter<'a>(form: &'a Form, name: &str) -> Result<Option<&'a str>, Fault> {
    form.one(name).map_err(|unread| {
        let message = format!("{name} cannot be read: {}", unread.reason());
        Fault::new(Code::BadRequest, message)
    })
}

fn not_found(account: &str, resource: &str) -> Fault {
    if Kind::Account.is(account) {
        Fault::not_found(&format!("/2010-04-01/Accounts/{account}/{resource}"))
    } else {
        Fault::not_found("/2010-04-01/Accounts")
    }
}
