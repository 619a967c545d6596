//! `sesame setup`: guides a new operator from an Aliyun account to a working
//! configuration, and goes on where it was left.
//!
//! To add a step: a variant in `setup/step.rs` with its title, and a function
//! for it in `guide.rs`. Whatever is answered is kept at once
//! (`setup/progress.rs`), so that a step can begin anew at any of its questions.

mod access_key;
mod check;
mod console;
mod file;
mod gift;
mod guide;

mod progress;
mod review;
mod sign_name;
mod step;
mod templates;
mod terminal;
mod test_message;

use std::fs::{File, TryLockError};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use aliyun_sms::{Endpoint, SystemSource};
use clap::ValueEnum;
use sesame_server::private_file;

use self::guide::{Guide, Stop};
use self::progress::Kept;
use self::step::Step;
use self::terminal::Terminal;
use crate::fault::Fault;
use crate::output::{self, Language};
use crate::signals::{Shutdown, hang_up};

/// Left before the end; what was entered is kept.
const EXIT_LEFT: u8 = 1;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame setup
  sesame setup --config connector.json --lang zh
  sesame setup --endpoint http://127.0.0.1:8086     # tries it all on `sesame emulator`

It asks questions, so it needs a terminal. Ctrl-C leaves at any time, and the
same command goes on from there: what was entered is kept beside the
configuration, in <FILE>.setup.json, the secret too, for nobody else to read.
docs/setup.md tells more. Exit codes: 0 done, 1 left before the end, 2 bad
arguments or no terminal.")]
pub(crate) struct Args {
    /// The connector configuration to write, JSON.
    #[arg(long, value_name = "FILE", default_value = "connector.json")]
    config: PathBuf,
    /// Asks there in the place of Aliyun, and writes that into the
    /// configuration.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// The language of the questions; else that of the environment.
    #[arg(long, value_name = "LANG")]
    lang: Option<Lang>,
    /// Forgets how far an earlier run had come.
    #[arg(long)]
    restart: bool,
    /// Lists the steps, and asks nothing.
    #[arg(long)]
    steps: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    En,
    Zh,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<u8> {
    let language = match args.lang {
        Some(Lang::En) => Language::English,
        Some(Lang::Zh) => Language::Chinese,
        None => Language::of_environment(),
    };
    if args.steps {
        for step in Step::ALL {
            output::line(format_args!("{:<13} {}", step.id(), step.title(language)));
        }
        return Ok(0);
    }
    let endpoint = args.endpoint.as_deref().map(endpoint).transpose()?;
    check_place(&args.config)?;
    check_terminal(language)?;
    let _held = hold(&args.config)?;
    let kept = Kept::beside(&args.config);
    if args.restart {
        kept.forget().map_err(|error| kept.unwritable(&error))?;
    }
    let earlier = kept.read()?;
    let is_new = earlier.is_none();
    let mut progress = earlier.unwrap_or_default();
    if endpoint.is_some() {
        progress.endpoint = endpoint;
    }
    // What cannot be kept is better known before anything is typed.
    kept.write(&progress)
        .map_err(|error| kept.unwritable(&error))?;
    let mut interrupted = Shutdown::listen()?;
    let mut guide = Guide {
        terminal: Terminal { language },
        config: args.config.clone(),
        kept,
        progress,
        source: SystemSource::shared(),
        has_confirmed: false,
    };
    let ended = tokio::select! {
        biased;
        () = hang_up() => Err(Stop::Left),
        () = interrupted.wait() => {
            output::line("");
            Err(Stop::Left)
        }
        ended = guide.run(is_new) => ended,
    };
    match ended {
        Ok(()) => Ok(0),
        Err(Stop::Broken(error)) => Err(error),
        Err(Stop::Left | Stop::Back) => {
            guide.say_how_to_go_on();
            Ok(EXIT_LEFT)
        }
    }
}

fn endpoint(text: &str) -> Result<String, Fault> {
    let endpoint = Endpoint::parse(text).map_err(|error| {
        let sentence = error.to_string();
        let usual = "write one such as https://dysmsapi.aliyuncs.com";
        let (message, cure) = sentence.split_once("; ").unwrap_or((&sentence, usual));
        Fault::bad_input(format!("--endpoint: {message}"), cure)
    })?;
    Ok(endpoint.to_string())
}

/// A file that can be a configuration of ours, in a folder that is there.
fn check_place(config: &Path) -> Result<(), Fault> {
    let shown = config.display();
    let is_toml = config.extension().is_some_and(|ending| ending == "toml");
    if is_toml {
        return Err(Fault::bad_input(
            format!("{shown} would be TOML, and this writes JSON"),
            "name a file such as connector.json; the server's TOML can name it as its connector",
        ));
    }
    if config.is_dir() || config.file_name().is_none() {
        return Err(Fault::bad_input(
            format!("{shown} is a directory"),
            "name the file in it that is to be written, such as connector.json",
        ));
    }
    match private_file::folder_of(config) {
        Some(folder) if !folder.is_dir() => Err(Fault::bad_input(
            format!("there is no folder {}", folder.display()),
            "make it first, or name another",
        )),
        _ => Ok(()),
    }
}

fn check_terminal(language: Language) -> Result<(), Fault> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Fault::bad_input(
        language.pick(
            "this asks questions, and there is no terminal to ask them on",
            "本命令需要提问，但没有可用的终端",
        ),
        language.pick(
            "run it in a terminal; without one, write a configuration after examples/connector.json, \
             then `sesame config check FILE` and `sesame doctor --config FILE` say what is wrong with it",
            "请在终端中运行；如没有终端，请参照 examples/connector.json 编写配置文件，\
             再用 `sesame config check FILE` 和 `sesame doctor --config FILE` 检查",
        ),
    ))
}

/// Nobody else sets up in the same folder meanwhile: two would apply twice. A
/// folder that cannot be locked is no reason to stop.
fn hold(config: &Path) -> Result<Option<File>, Fault> {
    let folder = private_file::folder_of(config).unwrap_or(Path::new("."));
    let Ok(folder) = File::open(folder) else {
        return Ok(None);
    };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(Fault::failed(
            "another `sesame setup` is at work in the same folder",
            "go on there, or end it first",
        )),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}
