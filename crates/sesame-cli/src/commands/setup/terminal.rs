//! Asking people questions, a line at a time: works on any terminal, by screen
//! reader, and without colours.

use std::io::{self, BufRead as _, Read as _};

use secrecy::SecretString;
use sesame_connector::setup::{clean, half_width};

use super::guide::Stop;
use crate::output::{self, BOLD, DIM, INFO, Language, char_width, paint, printable, width};

/// No answer is longer.
const LONGEST: u64 = 64 * 1024;
/// Nobody reads wider lines well.
const WIDEST: usize = 100;
const NARROWEST: usize = 20;

/// The terminal, and the language spoken on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    pub(super) language: Language,
}

impl Terminal {
    pub(super) fn pick<'t>(self, english: &'t str, chinese: &'t str) -> &'t str {
        self.language.pick(english, chinese)
    }

    /// A paragraph, in the language spoken.
    pub(super) fn say(self, english: &str, chinese: &str) {
        self.print("", self.pick(english, chinese));
    }

    /// One point of a list, or an address, on lines of their own.
    pub(super) fn point(self, english: &str, chinese: &str) {
        self.print("  - ", self.pick(english, chinese));
    }

    /// Where to go in the console.
    pub(super) fn link(self, address: &str) {
        output::line(format_args!("    {}", paint(INFO, address)));
    }

    fn print(self, start: &str, text: &str) {
        for line in wrap(start, &printable(text)) {
            output::line(line);
        }
    }

    pub(super) fn heading(self, text: &str) {
        output::line(format_args!("\n{}", paint(BOLD, text)));
    }

    /// What is going on, in the place of what was before; empty at its end. Only
    /// where the terminal takes it away again.
    pub(super) fn progress(self, text: &str) {
        if shows_progress() {
            output::progress(text);
        }
    }

    /// Asks until there is an answer; Enter takes the usual one, if there is one.
    pub(super) async fn ask(self, question: &str, usual: Option<&str>) -> Result<String, Stop> {
        let shown = usual.map(|usual| format!(" [{}]", printable(usual)));
        let question = format!("{question}{}", shown.unwrap_or_default());
        loop {
            let answer = self.ask_if_any(&question).await?;
            if let Some(answer) = answer.or_else(|| usual.map(str::to_owned)) {
                return Ok(answer);
            }
        }
    }

    /// Asks for what need not be answered: Enter gives none.
    pub(super) async fn ask_if_any(self, question: &str) -> Result<Option<String>, Stop> {
        loop {
            prompt(question);
            let answer = clean(&read().await?);
            if !answer.contains(char::is_control) {
                return Ok(Some(answer).filter(|answer| !answer.is_empty()));
            }
            self.say(
                "There is a control character in it, perhaps of an arrow key. Please type it again.",
                "输入中含有控制字符（可能来自方向键），请重新输入。",
            );
        }
    }

    /// Asks for what is not to be seen. Empty where nothing was typed.
    pub(super) async fn ask_hidden(self, question: &str) -> Result<SecretString, Stop> {
        // Before the question shows: whoever types at once is not to be shown.
        let silence = Silence::begin()?;
        prompt(question);
        let typed = read().await;
        drop(silence);
        Ok(SecretString::from(clean(&typed?)))
    }

    /// Lets one of several be chosen by its number, and tells its index.
    pub(super) async fn choose(self, options: &[String], usual: usize) -> Result<usize, Stop> {
        for (at, option) in options.iter().enumerate() {
            self.print(&format!("  {}) ", at + 1), option);
        }
        loop {
            let usual = (usual + 1).to_string();
            let question = self.pick("Number", "请输入序号");
            let answer = half_width(&self.ask(question, Some(&usual)).await?);
            let number = answer.trim_end_matches([')', '.']).parse::<usize>();
            match number {
                Ok(number) if (1..=options.len()).contains(&number) => return Ok(number - 1),
                _ => self.say(
                    &format!("Please type a number from 1 to {}.", options.len()),
                    &format!("请输入 1 到 {} 之间的序号。", options.len()),
                ),
            }
        }
    }

    /// Yes or no.
    pub(super) async fn confirm(self, question: &str, usual: bool) -> Result<bool, Stop> {
        loop {
            let letter = if usual { "y" } else { "n" };
            let question = format!("{question} (y/n)");
            let answer = half_width(&self.ask(&question, Some(letter)).await?);
            match answer.to_lowercase().as_str() {
                "y" | "yes" | "是" | "好" => return Ok(true),
                "n" | "no" | "否" | "不" => return Ok(false),
                _ => self.say("Please type y or n.", "请输入 y 或 n。"),
            }
        }
    }

    /// Waits for Enter; whatever is typed before it does not matter.
    pub(super) async fn wait_for_enter(self) -> Result<(), Stop> {
        prompt(self.pick("Enter when done", "完成后请按回车"));
        read().await.map(drop)
    }
}

/// Whether a line can be written over.
pub(super) fn shows_progress() -> bool {
    output::is_terminal_on_stderr() && output::is_rich_on_stderr()
}

/// Every question ends so.
fn prompt(question: &str) {
    output::part_of_line(format_args!(
        "{} {} ",
        paint(BOLD, question),
        paint(DIM, ">")
    ));
}

/// One line. Its end, or the terminal's, is that of the set-up too.
async fn read() -> Result<String, Stop> {
    let bytes = tokio::task::spawn_blocking(read_line).await;
    let bytes = bytes.ok().and_then(Result::ok).unwrap_or_default();
    if bytes.is_empty() {
        output::line("");
        return Err(Stop::Left);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn read_line() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut stdin = io::stdin().lock().take(LONGEST);
    stdin.read_until(b'\n', &mut bytes)?;
    Ok(bytes)
}

/// While it lives, the terminal does not show what is typed.
#[cfg(unix)]
struct Silence {
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Silence {
    fn begin() -> Result<Self, Stop> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let stdin = io::stdin();
        let cannot = |_| Stop::from(cannot_hide());
        let before = tcgetattr(&stdin).map_err(cannot)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // The end of the line still shows.
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(cannot)?;
        Ok(Self { before })
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
struct Silence;

#[cfg(not(unix))]
impl Silence {
    fn begin() -> Result<Self, Stop> {
        Err(cannot_hide().into())
    }
}

fn cannot_hide() -> crate::fault::Fault {
    crate::fault::Fault::failed(
        "this terminal cannot hide what is typed",
        "write the configuration by hand after examples/connector.json",
    )
}

/// Lines that fit the terminal; those after the first stand as far in as the
/// first one's text. A word that is longer than a line stays whole, since it is
/// an address to copy.
fn wrap(start: &str, text: &str) -> Vec<String> {
    let columns = output::columns().unwrap_or(80).clamp(NARROWEST, WIDEST);
    let indent = " ".repeat(width(start));
    let room = columns.saturating_sub(width(start)).max(NARROWEST / 2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in pieces(paragraph) {
            let is_full = width(&line) + width(word.trim_end()) > room;
            if is_full && !line.trim().is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    let placed = lines.iter().enumerate().map(|(at, line)| {
        let before = if at == 0 { start } else { &indent };
        format!("{before}{}", line.trim_end())
    });
    placed.collect()
}

/// Words with the space behind them; Chinese may break behind every character.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let is_wide = char_width(character) == 2;
        // A line does not begin with a closing sign, nor end with an opening one.
        let closes = |c: char| " ，。；：、）】”！？".contains(c);
        let opens = "（【“".contains(character);
        let is_wide = is_wide || next.is_some_and(|c| char_width(c) == 2);
        let breaks = character == ' ' || is_wide && !opens && !next.is_some_and(closes);
        if breaks {
            pieces.push(&text[start..end]);
            start = end;
        }
    }
    pieces.push(&text[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words() {
        let text = "one two three ".repeat(20);
        for line in wrap("  - ", &text) {
            assert!(width(&line) <= WIDEST, "{line}");
            assert!(
                line.starts_with("  - ") || line.starts_with("    "),
                "{line:?}"
            );
        }
        let chinese = wrap("", &"请在控制台（网页）申请签名，并等待审核。".repeat(10));
        assert!(chinese.len() > 1);
        assert!(chinese.iter().all(|line| !line.starts_with(['，', '。'])));
        assert!(chinese.iter().all(|line| !line.ends_with('（')));
        let whole: String = chinese.concat();
        assert_eq!(whole, "请在控制台（网页）申请签名，并等待审核。".repeat(10));
    }
}
