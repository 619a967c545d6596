//! Verify v2: Twilio's words around starting, checking, showing and ending a
//! verification.
//!
//! A service is a session of its own, so that starting again within the life of
//! a code sends that code again, as Twilio does, and a number leads to the one
//! verification it has there.

use std::net::IpAddr;

use http::StatusCode;
use serde_json::Value;
use sesame_connector::{PhoneError, PhoneNumber};
use sesame_passcode::{
    Attempt, Check, CheckOutcome, Find, FindBy, QueryError, SentAt, Start, Status, Verification,
};

use super::bodies::{self, VerificationBody, sid_of};
use super::fault::{Code, Fault};
use super::form::Form;
use super::sid::Kind;
use super::{Answer, Call, refusal};

/// What Twilio can do by other means than a text message.
const OTHER_CHANNELS: [&str; 7] = ["call", "email", "whatsapp", "sna", "auto", "rcs", "push"];

/// What changes what a code is or means, so that leaving it out would be wrong.
const NOT_SUPPORTED: [(&str, &str); 3] = [
    (
        "CustomCode",
        "codes are made here; send one of your own as a Message with a ContentSid",
    ),
    ("Amount", "codes are not bound to a payment"),
    ("Payee", "codes are not bound to a payment"),
];

/// How long codes may be at Twilio.
const CODE_LENGTH: std::ops::RangeInclusive<usize> = 4..=10;

impl Call<'_> {
    pub(super) async fn start(&self, service_sid: &str, form: &Form) -> Answer {
        let attempt = self.desk.replies.attempt();
        let out_id = attempt.out_id.to_string();
        let request = self.wanted(service_sid, form, attempt)?;
        let to = request.to.clone();
        let body = match self.within_budget(self.desk.passcodes.start(request)).await {
            Some(Ok(started)) => self.shown(service_sid, &started.verification, &to, "pending"),
            Some(Err(error)) => return Err(refusal::of_verification(error)),
            None => self.unfinished(service_sid, &to, out_id),
        };
        Ok((StatusCode::CREATED, body))
    }

    fn wanted(&self, service_sid: &str, form: &Form, attempt: Attempt) -> Result<Start, Fault> {
        let usage_type = self.service(service_sid, "/Verifications")?;
        let to = self.number(required(form, "To")?)?;
        channel(required(form, "Channel")?)?;
        for (name, reason) in NOT_SUPPORTED {
            if parameter(form, name)?.is_some() {
                let message = format!("{name} is not supported: {reason}");
                return Err(Fault::new(Code::NotSupported, message));
            }
        }
        Ok(Start {
            app: self.twilio.app.clone(),
            to: to.e164(),
            usage_type: usage_type.to_owned(),
            session: Some(session(service_sid)),
            ip: address(parameter(form, "DeviceIp")?)?,
            locale: parameter(form, "Locale")?.map(str::to_owned),
            attempt: Some(attempt),
        })
    }

    /// A verification whose message is on its way still. That message leads to
    /// it, even to one that had begun before.
    fn unfinished(&self, service_sid: &str, to: &str, out_id: String) -> Value {
        let at = self.desk.source.now();
        let body = VerificationBody {
            account: &self.twilio.account_sid,
            service: service_sid,
            base: &self.base,
            to,
            sid: Kind::Verification.of(&out_id),
            status: "pending",
            sends: &[SentAt { out_id, at }],
            created_at: at,
            updated_at: at,
        };
        body.json()
    }

    pub(super) async fn check(&self, service_sid: &str, form: &Form) -> Answer {
        let usage_type = self.service(service_sid, "/VerificationCheck")?;
        let code = required(form, "Code")?;
        let not_found = || gone(service_sid, "/VerificationCheck");
        let (found, to) = self.named(service_sid, usage_type, form).await?;
        let found = found.ok_or_else(not_found)?;
        let checked = self
            .desk
            .passcodes
            .check(Check::new(&self.twilio.app, &found.id, code));
        let checked = checked.await.map_err(refusal::of_store)?;
        let outcome = checked.ok_or_else(not_found)?;
        let is_right = judged(&outcome, found.status, code)?.ok_or_else(not_found)?;
        let to = to.map_or_else(|| found.to.clone(), |to| to.e164());
        let account = &self.twilio.account_sid;
        let now = self.desk.source.now();
        let body = bodies::check(account, service_sid, &to, &found, is_right, now);
        Ok((StatusCode::OK, body))
    }

    /// The verification that a check names, by its number, its sid, or both, and
    /// the number, if it does.
    async fn named(
        &self,
        service_sid: &str,
        usage_type: &str,
        form: &Form,
    ) -> Result<(Option<Verification>, Option<PhoneNumber>), Fault> {
        let (to, sid) = (parameter(form, "To")?, parameter(form, "VerificationSid")?);
        let to = to.map(|to| self.number(to)).transpose()?;
        let by_number = match &to {
            Some(to) => self.find_by_number(service_sid, usage_type, to).await?,
            None => None,
        };
        let by_sid = match sid {
            Some(sid) => self.find_by_sid(service_sid, usage_type, sid).await?,
            None => None,
        };
        let found = match (&to, sid) {
            (None, None) => {
                return Err(Fault::parameter("To", "To or VerificationSid is needed"));
            }
            (Some(_), None) => by_number,
            (None, Some(_)) => by_sid,
            (Some(_), Some(_)) => {
                let wanted = by_sid.map(|it| it.id);
                by_number.filter(|it| wanted.as_ref() == Some(&it.id))
            }
        };
        Ok((found, to))
    }

    pub(super) async fn fetch(&self, service_sid: &str, sid: &str) -> Answer {
        let (found, to) = self.live(service_sid, sid).await?;
        let status = match found.status {
            Status::Exhausted => "max_attempts_reached",
            _ => "pending",
        };
        Ok((StatusCode::OK, self.shown(service_sid, &found, &to, status)))
    }

    pub(super) async fn update(&self, service_sid: &str, sid: &str, form: &Form) -> Answer {
        self.service(service_sid, "/Verifications")?;
        match required(form, "Status")? {
            "canceled" => {}
            "approved" => {
                let message = "Only a right code approves a verification";
                return Err(Fault::new(Code::NotSupported, message));
            }
            _ => return Err(Fault::parameter("Status", "it must be canceled")),
        }
        let (found, to) = self.live(service_sid, sid).await?;
        let canceled = self
            .desk
            .passcodes
            .cancel(&self.twilio.app, &found.id)
            .await;
        let canceled = canceled.map_err(refusal::of_store)?;
        let canceled = canceled.filter(|it| it.status == Status::Canceled);
        let canceled = canceled.ok_or_else(|| gone(service_sid, "/Verifications"))?;
        let body = self.shown(service_sid, &canceled, &to, "canceled");
        Ok((StatusCode::OK, body))
    }

    /// A verification that has not ended, and its number as far as it may be
    /// shown; by its sid, or by its number, which Twilio takes there too.
    async fn live(&self, service_sid: &str, sid: &str) -> Result<(Verification, String), Fault> {
        let usage_type = self.service(service_sid, "/Verifications")?;
        let (found, to) = if sid.starts_with('+') {
            let to = self.number(sid)?;
            let found = self.find_by_number(service_sid, usage_type, &to).await?;
            (found, Some(to.e164()))
        } else {
            (self.find_by_sid(service_sid, usage_type, sid).await?, None)
        };
        let is_live = |it: &Verification| matches!(it.status, Status::Pending | Status::Exhausted);
        let found = found.filter(is_live);
        let found = found.ok_or_else(|| gone(service_sid, "/Verifications"))?;
        let to = to.unwrap_or_else(|| found.to.clone());
        Ok((found, to))
    }

    fn shown(
        &self,
        service_sid: &str,
        verification: &Verification,
        to: &str,
        status: &'static str,
    ) -> Value {
        let sends = &verification.sends;
        let body = VerificationBody {
            account: &self.twilio.account_sid,
            service: service_sid,
            base: &self.base,
            to,
            sid: sid_of(verification),
            status,
            sends,
            created_at: verification.created_at,
            updated_at: sends.last().map_or(verification.created_at, |sent| sent.at),
        };
        body.json()
    }

    async fn find_by_sid(
        &self,
        service_sid: &str,
        usage_type: &str,
        sid: &str,
    ) -> Result<Option<Verification>, Fault> {
        match Kind::Verification.out_id(sid) {
            Some(out_id) => {
                self.find(service_sid, usage_type, FindBy::Message(out_id))
                    .await
            }
            None => Ok(None),
        }
    }

    async fn find_by_number(
        &self,
        service_sid: &str,
        usage_type: &str,
        to: &PhoneNumber,
    ) -> Result<Option<Verification>, Fault> {
        self.find(service_sid, usage_type, FindBy::Number(to.e164()))
            .await
    }

    async fn find(
        &self,
        service_sid: &str,
        usage_type: &str,
        by: FindBy,
    ) -> Result<Option<Verification>, Fault> {
        let find = Find {
            app: self.twilio.app.clone(),
            usage_type: usage_type.to_owned(),
            session: session(service_sid),
            by,
        };
        self.desk
            .passcodes
            .find(find)
            .await
            .map_err(|error| match error {
                QueryError::Store(error) => refusal::of_store(error),
                _ => Fault::parameter("To", "it is no phone number"),
            })
    }

    /// What a service's verifications are for.
    fn service(&self, sid: &str, resource: &str) -> Result<&str, Fault> {
        let usage_type = self.twilio.services.get(sid).map(String::as_str);
        usage_type.ok_or_else(|| gone(sid, resource))
    }

    fn number(&self, to: &str) -> Result<PhoneNumber, Fault> {
        PhoneNumber::parse(to, self.reading()).map_err(|error| match error {
            PhoneError::Landline => {
                let message = "SMS is not supported by landline phone number";
                Fault::new(Code::Landline, message)
            }
            error => Fault::parameter("To", &error.cause().en),
        })
    }
}

/// Whether a code was right; none where there is nothing to check any more.
fn judged(outcome: &CheckOutcome, before: Status, code: &str) -> Result<Option<bool>, Fault> {
    let too_many = || Fault::new(Code::MaxCheckAttempts, "Max check attempts reached");
    match outcome {
        CheckOutcome::Approved(_) => Ok(Some(true)),
        CheckOutcome::Mismatch { .. } => Ok(Some(false)),
        CheckOutcome::Malformed { .. } => {
            let length = code.trim().chars().count();
            if CODE_LENGTH.contains(&length) {
                return Ok(Some(false));
            }
            Err(Fault::parameter("Code", "it must have 4 to 10 digits"))
        }
        // The last wrong code is a wrong code still; the next one is too many.
        CheckOutcome::Exhausted if before == Status::Pending => Ok(Some(false)),
        CheckOutcome::Exhausted => Err(too_many()),
        CheckOutcome::Locked(limited) => Err(too_many().retry_after(limited.retry_after)),
        CheckOutcome::Expired | CheckOutcome::Consumed | CheckOutcome::Canceled => Ok(None),
    }
}

fn channel(channel: &str) -> Result<(), Fault> {
    match channel {
        "sms" => Ok(()),
        _ if OTHER_CHANNELS.contains(&channel) => {
            let message = format!("Delivery channel disabled: {channel}");
            Err(Fault::new(Code::ChannelDisabled, message))
        }
        _ => Err(Fault::parameter("Channel", "it must be sms")),
    }
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>, Fault> {
    let wrong = || Fault::parameter("DeviceIp", "it is no IP address");
    let read = |text| crate::address::read(text).ok_or_else(wrong);
    text.map(read).transpose()
}

fn parameter<'a>(form: &'a Form, name: &str) -> Result<Option<&'a str>, Fault> {
    let value = form.one(name);
    value.map_err(|unread| Fault::parameter(name, unread.reason()))
}

fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, Fault> {
    let value = parameter(form, name)?;
    value.ok_or_else(|| Fault::parameter(name, "it is missing"))
}

fn session(service_sid: &str) -> String {
    format!("twilio:{service_sid}")
}

/// The service is shown only if it has the form of one: it may be anything.
fn gone(service_sid: &str, resource: &str) -> Fault {
    if Kind::Service.is(service_sid) {
        Fault::not_found(&format!("/Services/{service_sid}{resource}"))
    } else {
        Fault::not_found("/Services")
    }
}
