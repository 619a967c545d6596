//! `sesame`: phone sign-in over Aliyun SMS that can be trusted, and tried
//! without an account.
//!
//! A command is a file in `commands/`: an `Args` with its flags and a `run`.

mod commands;
mod fault;
mod input;
mod logging;
mod mask;
mod output;
mod signals;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgAction, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use commands::{
    completions, config, demo, doctor, emulator, hook, key, keys, number, send, serve, setup, sign,
};

/// Phone sign-in over Aliyun SMS that can be trusted, and tried without an
/// account.
#[derive(Debug, Parser)]
#[command(
    name = "sesame",
    version,
    after_help = "Examples:\n  sesame demo                    everything at once, no account needed\n  sesame emulator                Aliyun's side of the wire on 127.0.0.1:8086\n  sesame setup                   from an Aliyun account to a configuration, step by step\n  sesame serve --config FILE     the server, for real\n  sesame config check FILE       is this configuration right?\n\n`sesame help COMMAND` shows a command's own examples."
)]
struct Cli {
    /// Colours: on a terminal, always or never (NO_COLOR counts too).
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Says more on standard error: -v, -vv or -vvv. SESAME_LOG goes before it.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sends a code to a phone on this machine and shows it: no account needed.
    Demo(demo::Args),
    /// The server: two HTTP calls verify a phone.
    Serve(serve::Args),
    /// Identity platforms: tries out what they are to call.
    Hook(hook::Args),
    /// API keys: who may call the server.
    Key(key::Args),
    /// The server's own keys: codes, tokens, stored numbers.
    Keys(keys::Args),
    /// What an operator does for a single number.
    Number(number::Args),
    /// Aliyun's side of the wire, with an inbox page.
    Emulator(emulator::Args),
    /// Sends one message.
    Send(send::Args),
    /// Guides from an Aliyun account to a working configuration.
    Setup(setup::Args),
    /// Says what will fail before the first SMS, and the cure.
    Doctor(doctor::Args),
    /// Works with configuration files.
    Config(config::Args),
    Sign(sign::Args),
    /// Prints the completions of a shell.
    Completions(completions::Args),
}

fn main() -> ExitCode {
    colour(colour_asked_for());
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    colour(cli.color);
    match cli.command {
        // A server logs as its configuration says, which is to be read first.
        Command::Serve(_) => {}
        Command::Setup(_) => logging::start_if_asked_for(cli.verbose),
        _ => logging::start(cli.verbose),
    }
    let result = run(&cli.command, cli.verbose);
    end(result.unwrap_or_else(|error| fault::report(&error)))
}

fn run(command: &Command, verbosity: u8) -> anyhow::Result<u8> {
    match command {
        Command::Demo(args) => wait_for(demo::run(args)),
        Command::Serve(args) => wait_for(serve::run(args, verbosity)),
        Command::Hook(args) => wait_for(hook::run(args)),
        Command::Key(args) => wait_for(key::run(args)),
        Command::Keys(args) => keys::run(args),
        Command::Number(args) => wait_for(number::run(args)),
        Command::Emulator(args) => wait_for(emulator::run(args)),
        Command::Send(args) => wait_for(async { Ok(send::run(args).await) }),
        Command::Setup(args) => wait_for(setup::run(args)),
        Command::Doctor(args) => wait_for(doctor::run(args, verbosity)),
        Command::Config(args) => Ok(config::run(args)),
        Command::Sign(args) => sign::run(args),
        Command::Completions(args) => Ok(completions::run(args)),
    }
}

/// The exit code. Where what was printed got lost, that is told, and is no
/// success.
fn end(exit_code: u8) -> ExitCode {
    let written = output::written().map_err(anyhow::Error::from);
    let lost = written.map_or_else(|error| fault::report(&error), |()| 0);
    ExitCode::from(if exit_code == 0 { lost } else { exit_code })
}

/// Runs a command that waits for the network.
fn wait_for(work: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Runtime::new().context("this machine gives no threads")?;
    let result = runtime.block_on(work);
    // What still runs then is nobody's concern any more.
    runtime.shutdown_background();
    result
}

/// What was typed behind the program's name.
fn arguments() -> Vec<String> {
    let arguments = std::env::args_os().skip(1);
    arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect()
}

fn parse() -> Result<Cli, clap::Error> {
    let matches = Cli::command().color(colour_asked_for()).try_get_matches()?;
    Cli::from_arg_matches(&matches)
}

/// Help and errors about arguments are printed before there are arguments, so
/// this one is looked for by hand.
fn colour_asked_for() -> ColorChoice {
    let arguments = arguments();
    let separate = arguments
        .windows(2)
        .filter(|pair| pair[0] == "--color")
        .map(|pair| pair[1].as_str());
    let joined = arguments
        .iter()
        .filter_map(|argument| argument.strip_prefix("--color="));
    separate
        .chain(joined)
        .find_map(|value| value.parse().ok())
        .unwrap_or_default()
}

fn colour(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::AlwaysAnsi,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Prints help, or what is wrong with the arguments. An argument that is not
/// understood may be a code or a phone number in the wrong place, so what looks
/// like one is not repeated.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        output::line(error.render().ansi().to_string().trim_end());
        return end(0);
    }
    let typed = arguments();
    let text = mask::typed_numbers(error.render().ansi().to_string().trim_end(), &typed);
    if wants_json_of_send(&typed) {
        let plain = mask::typed_numbers(&error.render().to_string(), &typed);
        let first = plain.split("\n\n").next().unwrap_or_default();
        send::refused_arguments(first.trim_start_matches("error: "));
    }
    output::error_line(text);
    ExitCode::from(fault::EXIT_BAD_INPUT)
}

/// `sesame send --json` answers with one object even to arguments that make no
/// sense.
fn wants_json_of_send(typed: &[String]) -> bool {
    let mut arguments = typed.iter();
    arguments.any(|argument| argument == "send") && arguments.any(|argument| argument == "--json")
}
