//! `sesame demo`: an app that people sign in to, the server it asks, the phone
//! that gets the codes, and what happened in between; without an account. The
//! first thing a newcomer runs.

mod journey;
mod page;
mod phone;
mod site;

use std::io::{BufRead, IsTerminal as _};
use std::path::PathBuf;

use sesame_connector::{PhoneNumber, Reading, Text};
use sesame_passcode::{Start, StartError};

use self::site::Site;
use crate::fault::Fault;
use crate::output::{self, BOLD, DIM, GOOD, INFO, Language, is_rich, line, paint, table};
use crate::signals::Shutdown;

/// Where nobody can be asked.
const SAMPLE_NUMBER: &str = "+86 139 0000 1234";
/// After this time the same number may be sent to again.
const PAUSE_SECS: i64 = 61;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame demo
  sesame demo --to '+852 6832 6366'
  sesame demo --once > message.txt

Nothing leaves this machine: the code goes to the emulator's inbox. Prints
`ready <url>` for each of its addresses: the demo's page first, then the app,
the server, and the emulator.
Exit codes: 0 shown, 1 could not be shown, 2 bad arguments.")]
pub(crate) struct Args {
    /// The number to send to; asked for on a terminal, else a sample number.
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// Ends after the message, instead of leaving the pages open.
    #[arg(long)]
    once: bool,
    /// Keeps the demo's configuration and data in this folder, to go on with.
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
    let site = Site::start(args.data.as_deref(), &to).await?;
    for url in site.urls() {
        line(format_args!("ready {url}"));
    }
    output::written()?;
    show_message(&site, &to, language).await?;
    if !args.once {
        line(what_next(&site, language));
        shutdown.wait().await;
    }
    site.end(shutdown).await;
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

/// Sends a code as the app would, and shows what arrives. The clock then goes
/// on, so that the same number can be used in the page at once.
async fn show_message(site: &Site, to: &PhoneNumber, language: Language) -> anyhow::Result<()> {
    start(site, to).await?;
    let messages = site.emulator.messages_to(&to.e164());
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
    site.emulator.advance_secs(PAUSE_SECS)?;
    Ok(())
}

/// Where kept data say that the number has to wait, the demo's clock goes on.
async fn start(site: &Site, to: &PhoneNumber) -> anyhow::Result<()> {
    let request = || Start {
        app: site::APP.to_owned(),
        to: to.e164(),
        usage_type: "SignIn".to_owned(),
        ..Start::default()
    };
    let passcodes = site.server.passcodes();
    let mut started = passcodes.start(request()).await;
    if let Err(StartError::Limited(limited)) = &started
        && let Some(secs) = limited.retry_after_secs()
    {
        site.emulator
            .advance_secs(i64::try_from(secs).unwrap_or(PAUSE_SECS) + 1)?;
        started = passcodes.start(request()).await;
    }
    match started {
        Ok(_) => Ok(()),
        Err(StartError::Refused(refusal)) => {
            let fault = Fault::failed(refusal.cause.to_string(), refusal.cure.to_string());
            Err(anyhow::Error::from(fault).context("the demo's message was refused"))
        }
        Err(error) => {
            let cure = "try another number, or a fresh folder with --data";
            let fault = Fault::failed(error.to_string(), cure);
            Err(anyhow::Error::from(fault).context("the demo's message was not sent"))
        }
    }
}

fn what_next(site: &Site, language: Language) -> String {
    let pick = |english, chinese| language.pick(english, chinese);
    let again = site.kept().map(|folder| {
        format!(
            "sesame send --config {} --to '+86 139 0013 9000' --type SignIn",
            folder.join(site::CONNECTOR_FILE).display()
        )
    });
    let link = |url: &str| paint(INFO, url);
    let inbox = format!("{}/_emulator/", site.emulator.url());
    let key = pick("sign in there with", "登录密钥");
    let rows = [
        (pick("open", "打开"), link(&site.page_url)),
        (pick("console", "控制台"), link(site.server_url())),
        (key, site.admin_key.clone()),
        (pick("inbox", "收件箱"), link(&inbox)),
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
