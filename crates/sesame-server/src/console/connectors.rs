//! The connector's configuration, its check, and a test message.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use sesame_connector::config::{
    AccessKey, ConnectorConfig, Credentials, Level, Template as OwnTemplate, TemplateCodes,
};
use sesame_connector::template::TemplateCode;
use sesame_connector::{Connector, Language};
use sesame_passcode::{Start, StartError};

use super::form::Posted;
use super::frame::{Frame, Place, plain};
use super::look::Look;
use super::messages::types;
use super::overview::Choice;
use super::session::Visitor;
use super::words::Words;
use super::{Console, page, see_other};
use crate::config::ConnectorSetting;
use crate::error::Answer;

/// The caller that test messages belong to.
const APP: &str = "console";

#[derive(Template)]
#[template(path = "console/connectors.html")]
struct Page {
    frame: Frame,
    /// The connector, and the one behind it.
    drawn: Vec<Drawn>,
    check: Check,
    types: Vec<Choice>,
    /// What a test message was refused for.
    refused: Option<Refused>,
    error: &'static str,
}

/// A connector's configuration.
struct Drawn {
    /// Empty for the first.
    title: &'static str,
    facts: Vec<(&'static str, String)>,
    templates: Vec<Line>,
}

struct Line {
    usage_type: String,
    china: String,
    overseas: String,
    sign_china: String,
    sign_overseas: String,
    variables: String,
}

/// What checking the configuration found; none where there is nothing to check.
struct Check {
    is_possible: bool,
    problems: Vec<Found>,
}

struct Found {
    class: &'static str,
    level: &'static str,
    place: String,
    message: String,
    cure: String,
}

struct Refused {
    code: String,
    cause: String,
    cure: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    look: Look,
    visitor: Visitor,
) -> Answer<Response> {
    answer(&console, &look, visitor, None, "").await
}

/// Sends a code as an app would, and leads to its message.
pub(super) async fn test(
    State(console): State<Arc<Console>>,
    look: Look,
    Posted { visitor, fields }: Posted,
) -> Answer<Response> {
    let start = Start {
        app: APP.to_owned(),
        to: fields.get("to").to_owned(),
        usage_type: fields.get("type").to_owned(),
        ..Start::default()
    };
    let wrong = match console.app.connector.phone(&start.to) {
        Err(_) => Some(look.words.number_wrong),
        Ok(_) if !console.app.serves(&start.usage_type) => Some(look.words.type_wrong),
        Ok(_) => None,
    };
    if let Some(error) = wrong {
        let page = answer(&console, &look, visitor, None, error).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    // Written down whatever becomes of it.
    let number = console.app.connector.phone(&start.to);
    let subject = number.map(|number| number.masked()).unwrap_or_default();
    let detail = serde_json::json!({ "type": start.usage_type, "key": visitor.key_id });
    let written = console
        .app
        .passcodes
        .write_down(&visitor.name, "test_sent", &subject, detail);
    written.await?;
    let refused = match console.app.passcodes.start(start).await {
        Ok(started) => {
            let message = started.verification.message;
            let out_id = message.map(|message| message.out_id).unwrap_or_default();
            return Ok(see_other(&format!("{}/{out_id}", Place::Messages.path())));
        }
        Err(error) => refused(look.words, error)?,
    };
    let page = answer(&console, &look, visitor, Some(refused), "").await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn refused(w: &'static Words, error: StartError) -> Answer<Refused> {
    match error {
        StartError::Limited(limited) => Ok(Refused {
            code: limited.limit.as_str().to_owned(),
            cause: w.limit_named(limited.limit.as_str()).to_owned(),
            cure: limited
                .ends_at
                .map(|at| format!("{} {}", w.ends, super::frame::shown(at)))
                .unwrap_or_default(),
        }),
        StartError::Refused(refusal) => Ok(Refused {
            code: plain(&refusal.code),
            cause: plain(refusal.cause.in_language(w.language)),
            cure: plain(refusal.cure.in_language(w.language)),
        }),
        StartError::Invalid(invalid) => Ok(Refused {
            code: invalid.field.to_owned(),
            cause: invalid.to_string(),
            cure: String::new(),
        }),
        error => Err(crate::refusal::start(error, Language::En)),
    }
}

async fn answer(
    console: &Console,
    look: &Look,
    visitor: Visitor,
    refused: Option<Refused>,
    error: &'static str,
) -> Answer<Response> {
    let w = look.words;
    let connector = &console.app.connector;
    let template = Page {
        frame: Frame::new(look, Some(visitor), Place::Connectors),
        drawn: std::iter::once(drawn(w, "", connector))
            .chain(connector.fallback().map(|it| drawn(w, w.fallback, it)))
            .collect(),
        check: check(w, console.config.connector.clone()).await,
        types: types(console, "SignIn"),
        refused,
        error,
    };
    Ok(page(look, &template))
}

fn drawn(w: &'static Words, title: &'static str, connector: &Connector) -> Drawn {
    let templates = connector.config().templates.iter();
    Drawn {
        title,
        facts: facts(w, connector),
        templates: templates.map(|one| line(w, connector, one)).collect(),
    }
}

/// The configuration as a list of names and values, without any secret.
fn facts(w: &'static Words, connector: &Connector) -> Vec<(&'static str, String)> {
    let config = connector.config();
    let maybe = |text: Option<String>| text.map_or_else(|| w.none.to_owned(), |text| plain(&text));
    let mut facts = vec![(w.provider, plain(connector.provider().name()))];
    match &config.credentials {
        Credentials::Keys { current, next } => {
            facts.push((w.credentials, key(w, current)));
            facts.push((w.secret, w.hidden.to_owned()));
            if let Some(next) = next {
                facts.push((w.next_key, key(w, next)));
            }
        }
        _ => facts.push((w.credentials, w.default_chain.to_owned())),
    }
    let reading = &config.reading;
    let country = reading.default_country.map(|country| country.to_string());
    let endpoint = config.endpoint.as_ref().map(ToString::to_string);
    let signs = &config.sign_names;
    let sign = |name: Option<&sesame_connector::template::SignName>| {
        maybe(name.map(|name| name.as_str().to_owned()))
    };
    facts.extend([
        (w.sign_china, sign(signs.for_china())),
        (w.sign_overseas, sign(signs.for_overseas())),
        (w.region, maybe(config.region.clone())),
        (
            w.endpoint,
            endpoint.map_or_else(|| w.by_region.to_owned(), |text| plain(&text)),
        ),
        (
            w.timeout,
            format!("{} {}", config.timeout.as_secs_f32(), w.seconds),
        ),
        (w.default_country, maybe(country)),
        (
            w.strict,
            if reading.strict { w.yes } else { w.no }.to_owned(),
        ),
    ]);
    facts
}

/// Enough of a key to tell which it is.
fn key(w: &'static Words, key: &AccessKey) -> String {
    let head: String = key.id.chars().take(4).collect();
    let token = key.security_token.as_ref().map(|_| w.has_token);
    let token = token.map(|token| format!(", {token}")).unwrap_or_default();
    format!("{}…{token}", plain(&head))
}

fn line(w: &'static Words, connector: &Connector, template: &OwnTemplate) -> Line {
    let code = |code: Option<&TemplateCode>| {
        code.map_or_else(|| w.none.to_owned(), |code| plain(code.as_str()))
    };
    let (china, overseas) = match &template.codes {
        TemplateCodes::Everywhere(both) => (code(Some(both)), code(Some(both))),
        TemplateCodes::ByRegion { china, overseas } => {
            (code(china.as_ref()), code(overseas.as_ref()))
        }
    };
    let all = &connector.config().sign_names;
    let sign = |own: Option<&sesame_connector::template::SignName>,
                all: Option<&sesame_connector::template::SignName>| {
        let name = own.or(all);
        name.map_or_else(|| w.none.to_owned(), |name| plain(name.as_str()))
    };
    let own = &template.sign_names;
    // A text of our own goes out under a sender id.
    let (overseas, sign_overseas) = match &template.text {
        Some(text) => {
            let sender_id = connector.config().sender_id.as_deref();
            (plain(&text.default), plain(sender_id.unwrap_or(w.none)))
        }
        None => (overseas, sign(own.for_overseas(), all.for_overseas())),
    };
    Line {
        usage_type: plain(template.usage_type.as_str()),
        china,
        overseas,
        sign_china: sign(own.for_china(), all.for_china()),
        sign_overseas,
        variables: plain(&template.variables.join(", ")),
    }
}

/// Looks the configuration over as `sesame config check` does.
async fn check(w: &'static Words, setting: ConnectorSetting) -> Check {
    let checking = tokio::task::spawn_blocking(move || match setting {
        ConnectorSetting::File(path) => Some(ConnectorConfig::check_file(&path)),
        // Where its references lead is known to whoever read it.
        ConnectorSetting::Table(_) | ConnectorSetting::Missing => None,
    });
    let Ok(Some(checked)) = checking.await else {
        return Check {
            is_possible: false,
            problems: Vec::new(),
        };
    };
    let found = |problem: sesame_connector::config::Problem| {
        let (class, level) = match problem.level {
            Level::Error => ("bad", w.problem_error),
            Level::Warning => ("warn", w.problem_warning),
        };
        let line = problem.line.map(|line| format!(":{line}"));
        Found {
            class,
            level,
            place: plain(&format!("{}{}", problem.path, line.unwrap_or_default())),
            message: plain(&problem.message),
            cure: plain(&problem.cure),
        }
    };
    Check {
        is_possible: true,
        problems: checked.problems.into_iter().map(found).collect(),
    }
}
