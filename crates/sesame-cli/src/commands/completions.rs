//! `sesame completions`: what a shell needs to complete our arguments.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::output;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  sesame completions bash > ~/.local/share/bash-completion/completions/sesame
  sesame completions zsh > ~/.zfunc/_sesame
  sesame completions fish > ~/.config/fish/completions/sesame.fish")]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "sesame", &mut text);
    output::line(String::from_utf8_lossy(&text).trim_end());
    0
}
