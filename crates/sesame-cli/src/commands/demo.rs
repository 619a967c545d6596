//! `sesame demo`: a code from the configuration to the phone, without an
//! account. The first thing a newcomer runs.

mod phone;

use std::io::{BufRead, IsTerminal as _};
use std::path::{Path, PathBuf};

use aliyun_sms::SystemSource;
use anyhow::Context as _;
use serde_json::json;
use sesame_connector::config::{Format, NoLookup};
use sesame_connector::{Connector, ConnectorConfig, Draft, Outcome, PhoneNumber, Reading, Text};
use sesame_emulator::{Account, DEFAULT_ADDRESS, Emulator, TemplateKind};

use crate::commands::{emulator, send};
use crate::fault::Fault;
use crate::output::{self, BOLD, DIM, GOOD, INFO, Language, is_rich, line, paint, table};
use crate::signals::Shutdown;

/// Where nobody can be asked.
const SAMPLE_NUMBER: &str = "+86 139 0000 1234";
const CONNECTOR_FILE: &str = "connector.json";

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame demo
  sesame demo --to '+852 6832 6366'
  sesame demo --once > message.txt

Nothing leaves this machine: the code goes to the emulator's inbox.
Exit codes: 0 shown, 1 could not be shown, 2 bad arguments.")]
pub(crate) struct Args {
    /// The number to send to; asked for on a terminal, else a sample number.
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// Ends after the message, instead of leaving the inbox open.
    #[arg(long)]
    once: bool,
    /// Keeps the demo's connector configuration in this folder, to go on with.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    let language = Language::of_environment();
    let to = match &args.to {
        Some(text) => number(text, language)
            .map_err(|(cause, cure)| Fault::bad_input(format!("--to: {cause}"), cure))?,
        None => ask(language),
    };
    // Not before the question: Ctrl-C there ends the process as ever.
    let mut shutdown = Shutdown::listen()?;
    let emulator = start().await?;
    let configuration = configuration(&emulator);
    let kept = match &args.data {
        Some(folder) => Some(keep(folder, &configuration)?),
        None => None,
    };
    line(format_args!("ready {}", emulator.url()));
    output::written()?;
    show_message(&emulator, &configuration, &to, language).await?;
    if !args.once {
        line(what_next(&emulator, kept.as_deref(), language));
        shutdown.wait().await;
    }
    shutdown.end(emulator).await;
    Ok(0)
}

fn number(text: &str, language: Language) -> Result<PhoneNumber, (String, String)> {
    let say = |text: Text| language.pick(&text.en, &text.zh).to_owned();
    PhoneNumber::parse(text, &Reading::default())
        .map_err(|error| (say(error.cause()), say(error.cure())))
}

/// Asks a person; without one, the sample number.
fn ask(language: Language) -> PhoneNumber {
    let is_person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let answered = if is_person {
        ask_person(&mut std::io::stdin().lock(), language)
    } else {
        None
    };
    answered.unwrap_or_else(|| number(SAMPLE_NUMBER, language).expect("the sample number is one"))
}

/// Asks until there is a number; an empty answer is none. An answer that is not
/// UTF-8 is an answer, and a wrong one.
fn ask_person(answers: &mut impl BufRead, language: Language) -> Option<PhoneNumber> {
    let question = language.pick(
        "Phone number (any; nothing is really sent)",
        "手机号（任意，不会真的发送）",
    );
    loop {
        line(format_args!("{} [{SAMPLE_NUMBER}]", paint(BOLD, question)));
        let mut answer = Vec::new();
        let read = answers.read_until(b'\n', &mut answer);
        let answer = String::from_utf8_lossy(&answer);
        if !matches!(read, Ok(1..)) || answer.trim().is_empty() {
            return None;
        }
        match number(&answer, language) {
            Ok(number) => return Some(number),
            Err((cause, cure)) => {
                let between = language.pick("; ", "；");
                line(format_args!("{cause}{between}{cure}"));
            }
        }
    }
}

/// On the usual port, so that examples work as they stand; else on a free one.
async fn start() -> Result<Emulator, Fault> {
    let free = (DEFAULT_ADDRESS.ip(), 0).into();
    match emulator::start(Emulator::builder().listen(DEFAULT_ADDRESS)).await {
        Ok(emulator) => Ok(emulator),
        Err(_) => emulator::start(Emulator::builder().listen(free)).await,
    }
}

/// What an operator would write for the account the emulator plays.
fn configuration(emulator: &Emulator) -> String {
    let account = emulator.account();
    let key = account.access_keys.first();
    let codes = json!({
        "china": template(&account, TemplateKind::Verification),
        "overseas": template(&account, TemplateKind::International),
    });
    let usage_types = ["Register", "SignIn", "ForgotPassword", "Generic"];
    let templates: Vec<_> = usage_types
        .iter()
        .map(|usage_type| json!({ "usageType": usage_type, "templateCode": codes }))
        .collect();
    let configuration = json!({
        "accessKeyId": key.map(|key| key.id.as_str()),
        "accessKeySecret": key.map(|key| key.secret.reveal()),
        "signName": account.sign_names.first().map(|sign_name| sign_name.name.as_str()),
        "endpoint": emulator.url(),
        "templates": templates,
    });
    format!("{configuration:#}\n")
}

fn template(account: &Account, kind: TemplateKind) -> Option<&str> {
    let found = account
        .templates
        .iter()
        .find(|template| template.kind == kind);
    found.map(|template| template.code.as_str())
}

fn keep(folder: &Path, configuration: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(CONNECTOR_FILE);
    let write = || {
        std::fs::create_dir_all(folder)?;
        std::fs::write(&path, configuration)
    };
    write().map_err(|error| {
        Fault::bad_input(
            format!(
                "--data: {} cannot be written: {}",
                path.display(),
                error.kind()
            ),
            "name a folder this user may write to",
        )
    })?;
    Ok(path)
}

/// Sends a code as an identity platform would, and shows what arrives.
async fn show_message(
    emulator: &Emulator,
    configuration: &str,
    to: &PhoneNumber,
    language: Language,
) -> anyhow::Result<()> {
    let config = ConnectorConfig::parse(configuration, Format::Json, &NoLookup).into_valid()?;
    let connector = Connector::from_config(config, SystemSource::shared())?;
    let code = send::random_code(&SystemSource);
    let outcome = connector
        .send_draft(Draft::of_code(to.e164(), "SignIn", &code))
        .await;
    if let Outcome::Refused(refusal) = &outcome {
        let fault = Fault::failed(refusal.cause.to_string(), refusal.cure.to_string());
        return Err(fault).context("the demo's message was refused");
    }
    let messages = emulator.messages_to(&to.e164());
    let message = messages.first().ok_or_else(|| {
        Fault::failed(
            "the message did not arrive in the inbox",
            "please report this",
        )
    })?;
    let sent = language.pick("SignIn code sent to", "登录验证码已发送至");
    line(format_args!("\n{} {}\n", paint(GOOD, sent), to.masked()));
    let is_drawing = phone::is_drawn(is_rich(), output::columns());
    line(phone::draw(&message.text, &to.masked(), is_drawing));
    Ok(())
}

fn what_next(emulator: &Emulator, kept: Option<&Path>, language: Language) -> String {
    let pick = |english, chinese| language.pick(english, chinese);
    let again = kept.map(|path| {
        format!(
            "sesame send --config {} --to '+86 139 0013 9000' --type SignIn",
            path.display()
        )
    });
    let rows = [
        (
            pick("inbox", "收件箱"),
            paint(INFO, format_args!("{}/_emulator/", emulator.url())),
        ),
        (pick("send another", "再发一条"), again.unwrap_or_default()),
    ];
    let end = pick("Ctrl-C ends the demo.", "按 Ctrl-C 结束。");
    format!("\n{}\n\n{}", table(&rows), paint(DIM, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_again_after_an_answer_that_is_no_text() {
        let answered = |mut bytes: &[u8]| ask_person(&mut bytes, Language::English);
        let answer = answered(b"\xff\xb0\xa2\n12\n13900001234\n").expect("a number");
        assert_eq!(answer.e164(), "+8613900001234");
        assert_eq!(answered(b"\n13900001234\n"), None);
        assert_eq!(answered(b""), None);
    }
}
