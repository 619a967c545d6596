//! INI files, as Python's `configparser` reads them, since that is what
//! Alibaba's library uses: `=` or `:`, names in any case, lines set in further
//! than their entry go on with it, and entries of `[DEFAULT]` hold everywhere.

use std::collections::BTreeMap;

/// Whose entries every section inherits.
const INHERITED: &str = "DEFAULT";

type Entries = BTreeMap<String, String>;

/// The sections of a file.
#[derive(Default)]
pub(super) struct Ini(BTreeMap<String, Entries>);

/// One section with what it inherits.
pub(super) struct Section<'a> {
    own: &'a Entries,
    inherited: Option<&'a Entries>,
}

impl Ini {
    /// # Errors
    /// The line and what is wrong there, without its content.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::default();
        let text = text.trim_start_matches('\u{feff}');
        for (index, line) in text.lines().enumerate() {
            reader
                .line(line)
                .map_err(|what| format!("line {}: {what}", index + 1))?;
        }
        Ok(reader.ini)
    }

    pub(super) fn section(&self, name: &str) -> Option<Section<'_>> {
        if name == INHERITED {
            return None;
        }
        Some(Section {
            own: self.0.get(name)?,
            inherited: self.0.get(INHERITED),
        })
    }
}

impl Section<'_> {
    /// An entry's value without a comment behind it; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let inherited = || self.inherited.and_then(|entries| entries.get(name));
        let value = self.own.get(name).or_else(inherited)?;
        let value = value.split_once('#').map_or(value.as_str(), |(v, _)| v);
        Some(value.trim()).filter(|value| !value.is_empty())
    }
}

#[derive(Default)]
struct Reader {
    ini: Ini,
    section: Option<String>,
    /// Name of the entry a line set in further would go on with.
    entry: Option<String>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if indent > self.indent && self.entry.is_some() {
            self.go_on(text);
            return Ok(());
        }
        self.indent = indent;
        match text
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'))
        {
            Some((name, _)) => self.open(name.trim()),
            None => self.set(text),
        }
    }

    fn open(&mut self, name: &str) -> Result<(), &'static str> {
        let is_new = !self.ini.0.contains_key(name);
        if !is_new && name != INHERITED {
            return Err("the section is there twice");
        }
        self.ini.0.entry(name.to_owned()).or_default();
        self.section = Some(name.to_owned());
        self.entry = None;
        Ok(())
    }

    fn set(&mut self, text: &str) -> Result<(), &'static str> {
        let (name, value) = text
            .split_once(['=', ':'])
            .ok_or("neither [section] nor name = value")?;
        let name = name.trim().to_ascii_lowercase();
        let entries = self
            .entries()
            .ok_or("an entry before the first [section]")?;
        if entries
            .insert(name.clone(), value.trim().to_owned())
            .is_some()
        {
            return Err("the entry is there twice");
        }
        self.entry = Some(name);
        Ok(())
    }

    fn go_on(&mut self, text: &str) {
        let name = self.entry.clone().unwrap_or_default();
        if let Some(value) = self.entries().and_then(|entries| entries.get_mut(&name)) {
            value.push('\n');
            value.push_str(text);
        }
    }

    fn entries(&mut self) -> Option<&mut Entries> {
        self.ini.0.get_mut(self.section.as_ref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_configparser_reads() {
        let text = "\u{feff}; a comment\n[DEFAULT]\nregion : cn-hangzhou\n\n[ one ]\r\n\
                    Type=access_key # not a certificate\nempty =\narn = acs:ram::1:role/r\n\
                    policy = {\n  \"a\": 1\n  }\n[two]\n  a = 1\n  b = 2\n# end";
        let ini = Ini::parse(text).expect("an INI file");
        let one = ini.section("one").expect("a section");
        assert_eq!(one.get("type"), Some("access_key"));
        assert_eq!(one.get("empty"), None);
        assert_eq!(one.get("arn"), Some("acs:ram::1:role/r"));
        assert_eq!(one.get("policy"), Some("{\n\"a\": 1\n}"));
        assert_eq!(one.get("region"), Some("cn-hangzhou"));
        let two = ini.section("two").expect("a section");
        assert_eq!((two.get("a"), two.get("b")), (Some("1"), Some("2")));
        assert!(ini.section("three").is_none());
    }

    #[test]
    fn names_the_line_and_not_its_content() {
        for (text, says) in [
            ("secret = x", "line 1: an entry before the first [section]"),
            ("[a]\nsecret", "line 2: neither [section] nor name = value"),
            ("[a]\nb=1\nB=2", "line 3: the entry is there twice"),
            ("[a]\n[a]", "line 2: the section is there twice"),
        ] {
            assert_eq!(Ini::parse(text).err().as_deref(), Some(says));
        }
    }
}
