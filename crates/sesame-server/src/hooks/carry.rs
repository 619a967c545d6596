//! A request from its arrival to its answer: read, proven, carried out once, and
//! answered in time, whatever is known by then.
//!
//! What was begun goes on to its end whoever has left. A request that comes
//! again waits for the first one's answer; where that takes too long, or its
//! server died, it goes on in its place under the same ids, so that the message
//! is found and not sent again.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::ALLOW;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sesame_connector::{Language, OutId, Outcome, PhoneNumber, Reading, Refusal, Source};
use sesame_passcode::store::Version;
use sesame_passcode::{Attempt, Passcodes, SendOwn, Start, StartError, StoreError};
use tokio::time::Sleep;
use tracing::Instrument as _;

use super::{Asked, Check, Hook, Misread, Order, Refused, Reply, Said, Served, Wish};
use crate::error::{Code, Problem};
use crate::front::Places;
use crate::metrics::Metrics;
use crate::refusal;
use crate::replies::{Begun, Kept, Place, Replies, Terms, is_final, joined};
use crate::wire::BodyLimits;

/// Between two looks at whether the first one's answer is there: at first, and
/// at last.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LATER_LOOK: Duration = Duration::from_millis(250);

/// All hooks, by name, and what they work with. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Hooks {
    pub(crate) by_name: Arc<BTreeMap<String, Served>>,
    pub(crate) desk: Arc<Desk>,
}

/// What carries requests out.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) passcodes: Passcodes,
    /// How numbers are read where the hook does not say.
    pub(crate) reading: Reading,
    pub(crate) replies: Replies,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) bodies: BodyLimits,
    pub(crate) places: Places,
    /// `http`, or `https` with TLS.
    pub(crate) scheme: &'static str,
}

impl Desk {
    /// Takes a request up, or waits for the answer of the one that did, for most
    /// of the time there is for an answer.
    pub(super) async fn begin(
        &self,
        place: &Place,
        until: Timestamp,
        budget: Duration,
    ) -> Result<Taken, StoreError> {
        let replies = &self.replies;
        let patience = budget * 3 / 4;
        let mut terms = Terms {
            lease: replies.lease,
            until: until.max(self.source.now() + replies.lease),
            takes_over: false,
        };
        let (mut waited, mut pause) = (Duration::ZERO, FIRST_LOOK);
        loop {
            terms.takes_over = waited >= patience;
            match replies.begin(place, terms).await? {
                Begun::Mine(version, attempt) => return Ok(Taken::Mine(version, attempt)),
                Begun::Answered(kept) => return Ok(Taken::Answered(kept)),
                Begun::Running | Begun::Another => {}
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LATER_LOOK);
        }
    }
}

/// Answers a platform.
pub(crate) async fn receive(
    State(hooks): State<Hooks>,
    path: Result<Path<Vec<(String, String)>>, axum::extract::rejection::PathRejection>,
    request: Request,
) -> Response {
    let Ok(Path(parts)) = path else {
        return nothing_here().into_response();
    };
    let mut parts = parts.into_iter().map(|(_, part)| part);
    let name = parts.next().unwrap_or_default();
    let hook = match hooks.by_name.get(&name) {
        Some(Served::Hook(hook)) => hook,
        Some(Served::Twilio(twilio)) => return twilio.receive(&hooks.desk, request).await,
        None => return nothing_here().into_response(),
    };
    if !hook.methods.contains(request.method()) {
        return wrong_method(hook);
    }
    let rest = parts.next().unwrap_or_default();
    let visit = Visit {
        hook: Arc::clone(hook),
        desk: hooks.desk,
    };
    tracing::Span::current().record("app", &*hook.app);
    visit.answer(rest, request).await.into_response()
}

fn nothing_here() -> Problem {
    Problem::new(
        Code::NotFound,
        "there is no hook of this name; the configuration names them under [hooks]",
    )
}

fn wrong_method(hook: &Hook) -> Response {
    let detail = "this hook takes other methods; the Allow header lists them";
    let mut response = Problem::new(Code::MethodNotAllowed, detail).into_response();
    let methods: Vec<&str> = hook.methods.iter().map(Method::as_str).collect();
    if let Ok(value) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// One request to one hook.
#[derive(Clone, Debug)]
struct Visit {
    hook: Arc<Hook>,
    desk: Arc<Desk>,
}

/// What was told while the work still went on.
#[derive(Debug, Default)]
struct Told {
    /// The id of the verification that is being started, from when it is
    /// settled.
    verification: OnceLock<String>,
    is_told: AtomicBool,
}

impl Visit {
    async fn answer(self, rest: String, request: Request) -> Reply {
        let mut budget = Box::pin(tokio::time::sleep(self.hook.budget));
        let (head, body) = request.into_parts();
        let mut asked = Asked {
            method: head.method,
            rest,
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body: bytes::Bytes::new(),
            proven_until: None,
        };
        // One place until it is answered, as for any other request.
        let place = self.desk.places.take();
        let read = match &place {
            Some(_) => self.read(&mut asked, body, &mut budget).await,
            None => {
                let detail = "the server carries out as many requests as it may";
                Err(Problem::new(Code::Overloaded, detail))
            }
        };
        let wish = match read {
            Ok(wish) => wish,
            Err(problem) => {
                let refused = Refused::new(problem, refusal::language(self.hook.locale.as_deref()));
                self.note(refused.code().as_str());
                return self
                    .hook
                    .platform
                    .say(&self.hook, &asked, &Said::Refused(refused));
            }
        };
        let asked = Arc::new(asked);
        let told = Arc::new(Told::default());
        let work = self
            .clone()
            .carry_out(wish, Arc::clone(&asked), Arc::clone(&told));
        let mut work = self.desk.replies.tasks.spawn(work.in_current_span());
        tokio::select! {
            biased;
            done = &mut work => match done {
                Ok(reply) => reply,
                Err(_) => {
                    let problem = Problem::new(Code::Internal, "the request broke off");
                    let refused = Refused::new(problem, Language::En);
                    self.note("internal");
                    self.hook.platform.say(&self.hook, &asked, &Said::Refused(refused))
                }
            },
            () = &mut budget => {
                told.is_told.store(true, Ordering::SeqCst);
                self.note("unfinished");
                let said = Said::Unfinished(told.verification.get().cloned());
                self.hook.platform.say(&self.hook, &asked, &said)
            }
        }
    }

    /// What is wanted, if it is the platform who wants it.
    async fn read(
        &self,
        asked: &mut Asked,
        body: axum::body::Body,
        budget: &mut Pin<Box<Sleep>>,
    ) -> Result<Wish, Problem> {
        asked.body = tokio::select! {
            biased;
            body = self.desk.bodies.collect(body) => body?,
            () = budget => {
                let detail = "the body did not arrive within the hook's time";
                return Err(Problem::new(Code::RequestTimeout, detail));
            }
        };
        let proven = self.hook.proof.prove(asked, self.desk.source.now());
        let proven = proven.map_err(|denied| {
            tracing::warn!(
                hook.name = &*self.hook.name,
                reason = denied.reason,
                cure = denied.cure,
                "a request to a hook was not proven to be its platform's"
            );
            Problem::new(Code::Unauthorized, denied.reason)
        })?;
        if let Some(rest) = proven.rest {
            asked.rest = rest;
        }
        asked.proven_until = proven.until;
        self.hook
            .platform
            .read(&self.hook, asked)
            .map_err(|misread| {
                tracing::warn!(
                    hook.name = &*self.hook.name,
                    reason = %misread,
                    cure = misread.cure(),
                    "a request to a hook could not be read"
                );
                let code = match misread {
                    Misread::NoSuchAddress => Code::NotFound,
                    Misread::NotUtf8 | Misread::NotJson { .. } => Code::MalformedJson,
                    _ => Code::InvalidField,
                };
                Problem::new(code, misread.to_string())
            })
    }

    async fn carry_out(self, wish: Wish, asked: Arc<Asked>, told: Arc<Told>) -> Reply {
        let (said, locale) = match wish {
            Wish::Nothing(why) => {
                tracing::info!(
                    hook.name = &*self.hook.name,
                    why,
                    "a hook had nothing to send"
                );
                (Ok(Said::Nothing), None)
            }
            Wish::Check(check) => (self.check(check).await, None),
            Wish::Send(order) => return self.once(order, false, &asked, &told).await,
            Wish::Start(order) => return self.once(order, true, &asked, &told).await,
        };
        self.finish(said, locale, &asked).0
    }

    /// Has a message sent that was not sent for the same request before.
    async fn once(&self, order: Order, is_start: bool, asked: &Asked, told: &Told) -> Reply {
        let locale = order.locale.clone();
        let number = match self.number(&order.to) {
            Ok(number) => number,
            Err(error) => return self.finish(Err(error), locale, asked).0,
        };
        let order = Order {
            to: number.e164(),
            ..order
        };
        let Some(place) = self.place(&order, is_start) else {
            // Nothing tells it from a new one.
            let attempt = self.desk.replies.attempt();
            let said = self.send(order, is_start, attempt, &number, told).await;
            return self.finish(said, locale, asked).0;
        };
        let began = self.desk.source.now();
        let until = began + self.hook.repeat;
        // The same signed bytes are to send nothing again while they are taken.
        let until = asked.proven_until.map_or(until, |proven| proven.max(until));
        let (version, attempt) = match self.desk.begin(&place, until, self.hook.budget).await {
            Ok(Taken::Mine(version, attempt)) => (version, attempt),
            Ok(Taken::Answered(kept)) => {
                self.note("repeated");
                return Reply::of(kept);
            }
            Err(error) => return self.finish(Err(error.into()), locale, asked).0,
        };
        let said = self.send(order, is_start, attempt, &number, told).await;
        let (reply, is_final) = self.finish(said, locale, asked);
        let verification = told.verification.get().cloned();
        let first = if told.is_told.load(Ordering::SeqCst) {
            self.hook
                .platform
                .say(&self.hook, asked, &Said::Unfinished(verification))
        } else {
            reply.clone()
        };
        // What was certainly not sent and may go through later may be tried
        // again, and is forgotten.
        let until = if is_final {
            until
        } else {
            self.desk.source.now()
        };
        self.desk
            .replies
            .end(&place, version, first.kept(), until)
            .await;
        reply
    }

    fn number(&self, text: &str) -> Result<PhoneNumber, StartError> {
        let reading = self.hook.reading.unwrap_or(self.desk.reading);
        PhoneNumber::parse(text, &reading).map_err(|error| {
            let out_id = OutId::new(&*self.desk.source);
            StartError::Refused(Box::new(Refusal::of_phone(out_id, error)))
        })
    }

    /// What makes it this request: everything that would be sent, and the
    /// platform's id of it. Without an id, a code of ours is always a new one.
    fn place(&self, order: &Order, is_start: bool) -> Option<Place> {
        if is_start && order.id.is_none() {
            return None;
        }
        let mut texts = vec![
            "hook",
            &*self.hook.name,
            order.id.as_deref().unwrap_or_default(),
            &order.to,
            order.code.as_deref().unwrap_or_default(),
            self.hook.usage_type(order.usage.as_deref()),
        ];
        texts.extend(order.values.iter().map(|(_, value)| value.as_str()));
        let name = joined(&texts);
        Some(Place::new(&self.desk.replies.keys, &name, &name))
    }

    async fn send(
        &self,
        order: Order,
        is_start: bool,
        attempt: Attempt,
        number: &PhoneNumber,
        told: &Told,
    ) -> Result<Said, StartError> {
        let ip = self.hook.address(order.ip.as_deref());
        let (app, to) = (self.hook.app.clone(), order.to);
        let usage_type = self.hook.usage_type(order.usage.as_deref()).to_owned();
        let passcodes = &self.desk.passcodes;
        if is_start {
            let _ = told.verification.set(passcodes.id_of(number, &attempt));
            let start = Start {
                app,
                to,
                usage_type,
                session: order.session,
                ip,
                locale: order.locale,
                attempt: Some(attempt),
            };
            let started = passcodes.start(start).await?;
            self.sent(&started.outcome);
            return Ok(Said::Started(Box::new(started.verification)));
        }
        let values = order.values.into_iter();
        let mut payload: Map<String, Value> =
            values.map(|(name, value)| (name, value.into())).collect();
        payload.extend(order.code.map(|code| ("code".to_owned(), code.into())));
        payload.extend(
            order
                .locale
                .map(|locale| ("locale".to_owned(), locale.into())),
        );
        let own = SendOwn {
            app,
            to,
            reading: None,
            usage_type,
            payload,
            ip,
            attempt: Some(attempt),
        };
        let sent = passcodes.send(own).await?;
        self.sent(&sent.outcome);
        Ok(Said::Sent)
    }

    fn sent(&self, outcome: &Outcome) {
        tracing::info!(
            hook.name = &*self.hook.name,
            message.out_id = %outcome.out_id(),
            message.outcome = outcome.as_str(),
            "a hook had a message sent"
        );
        self.note(outcome.as_str());
    }

    async fn check(&self, check: Check) -> Result<Said, StartError> {
        let passcodes = &self.desk.passcodes;
        // Before the code is looked at, so that a wrong number uses none up.
        let wanted = check.to.as_deref().map(|to| self.number(to)).transpose()?;
        let is_for = |number: &PhoneNumber| passcodes.is_of(&check.id, number);
        let outcome = if wanted.as_ref().is_none_or(is_for) {
            passcodes
                .check(sesame_passcode::Check::new(
                    &self.hook.app,
                    &check.id,
                    &check.code,
                ))
                .await?
        } else {
            None
        };
        self.note(
            outcome
                .as_ref()
                .map_or("unknown_id", |outcome| outcome.as_str()),
        );
        Ok(Said::Checked(outcome))
    }

    /// Puts what came of it in the platform's words; and whether the same
    /// request would always come to the same.
    fn finish(
        &self,
        said: Result<Said, StartError>,
        locale: Option<String>,
        asked: &Asked,
    ) -> (Reply, bool) {
        let said = said.unwrap_or_else(|error| {
            let language = refusal::language(locale.as_deref().or(self.hook.locale.as_deref()));
            let problem = refusal::start(error, language);
            let more = problem.more();
            tracing::warn!(
                hook.name = &*self.hook.name,
                problem.code = problem.code().as_str(),
                limit = more.limit,
                aliyun.code = more.aliyun_code,
                cure = more.cure,
                "a hook had nothing sent"
            );
            self.note(problem.code().as_str());
            Said::Refused(Refused::new(problem, language))
        });
        let is_final = match &said {
            Said::Refused(refused) => is_final(refused.status()),
            _ => true,
        };
        (self.hook.platform.say(&self.hook, asked, &said), is_final)
    }

    fn note(&self, outcome: &str) {
        let labels = [("hook", &*self.hook.name), ("outcome", outcome)];
        let help = "Requests of platforms by hook and by what came of them.";
        self.desk.metrics.count("sesame_hooks_total", help, &labels);
    }
}

/// A request that was taken up, or answered before.
pub(super) enum Taken {
    Mine(Version, Attempt),
    Answered(Kept),
}
