//! The configuration is written, and nothing is overwritten unasked.

use std::io;
use std::path::{Path, PathBuf};

use sesame_server::private_file;

use super::guide::{Guide, Stop};
use crate::fault::Fault;
use crate::output::table;

/// Nobody has more older ones lying about.
const MOST_OLDER: u32 = 1000;
/// More of them lead in a circle.
const MOST_LINKS: usize = 40;

impl Guide {
    pub(super) async fn file(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        self.summarize();
        let text = serde_json::to_string_pretty(&self.progress.config()).map_err(io::Error::from);
        let text = text.map_err(|error| self.not_written(&error))? + "\n";
        let shown = self.config.display().to_string();
        match std::fs::read(&self.config) {
            // Written before the progress could be.
            Ok(bytes) if bytes == text.as_bytes() => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let question = match t.language {
                    crate::output::Language::English => format!("Write {shown}?"),
                    crate::output::Language::Chinese => format!("写入 {shown}？"),
                };
                if !t.confirm(&question, true).await? {
                    return Err(Stop::Left);
                }
            }
            older => self.replace_older(older.ok()).await?,
        }
        let file = behind_links(&self.config).map_err(|error| self.not_written(&error))?;
        let temporary = private_file::beside(&file, ".tmp");
        private_file::replace(&file, &temporary, text.as_bytes())
            .map_err(|error| self.not_written(&error))?;
        t.say(
            &format!("{shown} is written; only you may read it."),
            &format!("已写入 {shown}，仅您本人可读。"),
        );
        Ok(())
    }

    /// What it will say, without the key.
    fn summarize(&self) {
        let t = self.terminal;
        let progress = &self.progress;
        let mut rows = Vec::new();
        if let Some(endpoint) = &progress.endpoint {
            rows.push(("endpoint", endpoint.clone()));
        }
        if let Some(name) = progress.sign_name.as_ref().filter(|_| !progress.gift_alone) {
            rows.push((t.pick("signature", "签名"), name.clone()));
            for slot in &progress.templates {
                let code = slot.code.as_deref().unwrap_or_default();
                rows.push((
                    t.pick("template", "模板"),
                    format!("{code}  {}", self.purpose(slot)),
                ));
            }
        }
        if let Some(gift) = &progress.gift {
            rows.push(("PNVS", format!("{} {}", gift.sign_name, gift.template)));
        }
        crate::output::line(table(&rows));
    }

    /// Asks before an older file goes; a copy of it stays.
    async fn replace_older(&self, older: Option<Vec<u8>>) -> Result<(), Stop> {
        let t = self.terminal;
        let shown = self.config.display();
        t.say(
            &format!("{shown} is there already, and says something else."),
            &format!("{shown} 已存在，且内容不同。"),
        );
        let Some(older) = older else {
            return Err(Fault::failed(
                format!("{shown} cannot be read, and so not be kept as a copy"),
                "change its permissions, or name another file with --config",
            )
            .into());
        };
        let copy = self.free_name(&older);
        let copied = copy.display();
        let options = [
            match t.language {
                crate::output::Language::English => {
                    format!("replace it, and keep the older one as {copied}")
                }
                crate::output::Language::Chinese => {
                    format!("替换它，旧文件保留为 {copied}")
                }
            },
            t.pick("leave it, and come back later", "保留不动，稍后再来")
                .to_owned(),
        ];
        if t.choose(&options, 1).await? != 0 {
            return Err(Stop::Left);
        }
        let temporary = private_file::beside(&copy, ".tmp");
        private_file::replace(&copy, &temporary, &older)
            .map_err(|error| self.not_written(&error))?;
        Ok(())
    }

    /// A name that no file has, or only a copy of the same.
    fn free_name(&self, older: &[u8]) -> PathBuf {
        let named = |number: u32| match number {
            0 => private_file::beside(&self.config, ".old"),
            number => private_file::beside(&self.config, &format!(".old{number}")),
        };
        let is_free = |path: &PathBuf| {
            let is_there = Path::try_exists(path).unwrap_or(true);
            !is_there || std::fs::read(path).is_ok_and(|bytes| bytes == older)
        };
        let mut names = (0..MOST_OLDER).map(named);
        names.find(is_free).unwrap_or_else(|| named(MOST_OLDER))
    }

    fn not_written(&self, error: &io::Error) -> Fault {
        Fault::failed(
            format!(
                "{} cannot be written: {}",
                self.config.display(),
                error.kind()
            ),
            "give yourself the right to write there, and run the same command again; nothing is lost",
        )
    }
}

/// The file that a link leads to, whether it is there or not: what takes its
/// place is to leave the link.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut file = path.to_owned();
    for _ in 0..MOST_LINKS {
        if !file.is_symlink() {
            return Ok(file);
        }
        let target = std::fs::read_link(&file)?;
        // Relative to the folder that the link lies in.
        file = file.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::ErrorKind::Other.into())
}
