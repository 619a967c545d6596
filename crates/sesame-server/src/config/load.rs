//! File and environment to configuration.

use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use sesame_connector::config::SystemLookup;
use toml::{Table, Value};

use super::check;
use super::document;
use super::problem::{ConfigProblem, ConfigProblems, Severity};
use super::variable::{self, Variable};
use super::{Config, Secret};
use crate::wire::Fault;

/// No configuration is larger.
const LARGEST: usize = 1024 * 1024;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// All of it, secrets looked up, paths relative to where the file lies.
    pub config: Config,
    /// What is probably not meant.
    pub warnings: Vec<ConfigProblem>,
    /// The connector's configuration, checked.
    pub connector: sesame_connector::ConnectorConfig,
}

/// Reads a file, and the environment over it.
///
/// # Errors
/// With everything that is wrong.
pub fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigProblems> {
    let mut loader = Loader::new(path, environment);
    let loaded = loader.load();
    let ((config, connector), warnings) = loader.end(loaded)?;
    Ok(Loaded {
        config,
        warnings,
        connector,
    })
}

/// What a command needs of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Where the journal is.
    Journal,
    /// Where the server's own keys come from, and where its stores are.
    Keys,
}

impl Part {
    fn has(self, path: &str) -> bool {
        match self {
            Self::Journal => path == "store.journal",
            Self::Keys => path.starts_with("store.") || path.starts_with("keys."),
        }
    }
}

/// Reads all of a file as [`load`] does, and looks up and checks only what is
/// needed of it: the secrets of the rest may be where the server runs alone,
/// and stay unknown.
///
/// # Errors
/// With everything that is wrong with that part, or with the file's shape.
pub fn load_part(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    part: Part,
) -> Result<Config, ConfigProblems> {
    let mut loader = Loader::new(path, environment);
    let loaded = loader.load_part(part);
    loader.end(loaded).map(|(config, _)| config)
}

/// Collects what is wrong on the way.
pub(super) struct Loader {
    pub(super) file: PathBuf,
    pub(super) text: String,
    overrides: Vec<Variable>,
    problems: Vec<ConfigProblem>,
    /// Where secrets stand that are not known.
    unknown: Vec<String>,
}

impl Loader {
    fn new(path: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            file: path.to_owned(),
            text: String::new(),
            overrides: Variable::of(environment),
            problems: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn load(&mut self) -> Option<(Config, sesame_connector::ConnectorConfig)> {
        let mut config = self.shape()?;
        self.resolve(&mut config, |_| true);
        let connector = check::check(self, &config);
        Some((config, connector?))
    }

    fn load_part(&mut self, part: Part) -> Option<Config> {
        let mut config = self.shape()?;
        self.resolve(&mut config, |path| part.has(path));
        check::check_part(self, &config, part);
        Some(config)
    }

    /// All of it, but for what secrets refer to.
    fn shape(&mut self) -> Option<Config> {
        self.read()?;
        let mut table = self.parse()?;
        self.overlay(&mut table)?;
        let mut config = self.deserialize(table)?;
        self.place_paths(&mut config);
        Some(config)
    }

    /// What was loaded, and the warnings.
    fn end<T>(self, loaded: Option<T>) -> Result<(T, Vec<ConfigProblem>), ConfigProblems> {
        let is_error = |problem: &ConfigProblem| problem.severity == Severity::Error;
        match loaded {
            Some(loaded) if !self.problems.iter().any(is_error) => Ok((loaded, self.problems)),
            _ => Err(ConfigProblems {
                file: self.file,
                problems: self.problems,
            }),
        }
    }

    /// Notes what is wrong with the value under `path`, unless there is none:
    /// that was told already.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
        cure: impl Into<String>,
    ) {
        let holds = |unknown: &String| {
            let rest = unknown.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        };
        if self.unknown.iter().any(holds) {
            return;
        }
        let (origin, place) = self.origin(path);
        self.problems.push(ConfigProblem {
            severity,
            origin,
            place,
            path: path.to_owned(),
            message: message.into(),
            cure: cure.into(),
        });
    }

    /// Notes something that was found elsewhere.
    pub(super) fn push(&mut self, problem: ConfigProblem) {
        self.problems.push(problem);
    }

    /// Where a value comes from.
    pub(super) fn origin(&self, path: &str) -> (String, Option<(usize, usize)>) {
        if let Some(variable) = self.variable_of(path) {
            return (variable.name.clone(), None);
        }
        let place = document::find(&self.text, path).map(|at| document::position(&self.text, at));
        (self.file.display().to_string(), place)
    }

    /// The variable that what stands under `path` comes from, if one does.
    pub(super) fn variable_of(&self, path: &str) -> Option<&Variable> {
        let find = |is: fn(&Variable, &str) -> bool| self.overrides.iter().find(|v| is(v, path));
        find(Variable::sets).or_else(|| find(Variable::makes))
    }

    fn at(&mut self, at: Option<usize>, path: String, message: String, cure: &str) {
        let place = at.map(|at| document::position(&self.text, at));
        self.problems.push(ConfigProblem {
            severity: Severity::Error,
            origin: self.file.display().to_string(),
            place,
            path,
            message,
            cure: cure.to_owned(),
        });
    }

    fn read(&mut self) -> Option<()> {
        let bytes = match std::fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("the file cannot be read: {}", error.kind());
                self.at(
                    None,
                    String::new(),
                    message,
                    "check the path and its permissions; sesame.example.toml shows what to write",
                );
                return None;
            }
        };
        if bytes.len() > LARGEST {
            let message = "the file is larger than 1 MiB, and so no configuration";
            self.at(None, String::new(), message.to_owned(), "check the path");
            return None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
                Some(())
            }
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                self.text = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let message = "the file is not UTF-8".to_owned();
                self.at(Some(valid), String::new(), message, "save it as UTF-8");
                None
            }
        }
    }

    /// The file's text as a table; wrong values are found while they still
    /// have a place.
    fn parse(&mut self) -> Option<Table> {
        let text = self.text.clone();
        let (_, errors) = toml::de::DeTable::parse_recoverable(&text);
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            let message = format!("this is not TOML: {}", error.message());
            let cure = "check quotes, brackets and equals signs around this place";
            self.at(Some(at), String::new(), message, cure);
        }
        if !errors.is_empty() {
            return None;
        }
        if let Err(error) = toml::from_str::<Config>(&text) {
            let at = error.span().map(|span| span.start);
            let fault = Fault::read(error.message());
            let path = at
                .map(|at| document::path_at(&text, at))
                .unwrap_or_default();
            let path = match &fault {
                // The message names it.
                Fault::Unknown { .. } => String::new(),
                _ => path,
            };
            self.at(at, path, fault.to_string(), cure(&fault));
            return None;
        }
        toml::from_str(&text).ok()
    }

    /// Puts the environment over the file.
    fn overlay(&mut self, table: &mut Table) -> Option<()> {
        let before = self.problems.len();
        for index in 0..self.overrides.len() {
            let Variable { name, text, .. } = self.overrides[index].clone();
            let steps = variable::steps(&name, table);
            if steps.iter().any(String::is_empty) {
                self.variable(&name, "this names no key", "write SESAME__SECTION__KEY");
                continue;
            }
            if let Some(earlier) = self.overrides.iter().find(|other| other.steps == steps) {
                let message = format!("{} names the same key", crate::wire::shown(&earlier.name));
                self.variable(&name, &message, "unset one of the two");
                continue;
            }
            if let [first, _, ..] = &steps[..]
                && first == "connector"
                && table.get(first).is_some_and(Value::is_str)
            {
                let message =
                    "the connector's keys are in a file of its own, where no variable changes them";
                let cure = "write { \"env\": \"NAME\" } for the key's value in that file, or its keys under [connector] instead of the file's name";
                self.variable(&name, message, cure);
                continue;
            }
            let there = variable::there(&steps, table);
            if let Err(fault) = set(table, &steps, &text) {
                self.variable(&name, &fault.to_string(), cure(&fault));
            }
            self.overrides[index].steps = steps;
            self.overrides[index].there = there;
        }
        (self.problems.len() == before).then_some(())
    }

    fn variable(&mut self, name: &str, message: &str, cure: &str) {
        self.problems.push(ConfigProblem {
            severity: Severity::Error,
            origin: crate::wire::shown(name),
            place: None,
            path: String::new(),
            message: message.to_owned(),
            cure: cure.to_owned(),
        });
    }

    fn deserialize(&mut self, table: Table) -> Option<Config> {
        match Config::deserialize(Value::Table(table)) {
            Ok(config) => Some(config),
            Err(error) => {
                let fault = Fault::read(error.message());
                self.at(None, String::new(), fault.to_string(), cure(&fault));
                None
            }
        }
    }

    fn resolve(&mut self, config: &mut Config, is_needed: impl Fn(&str) -> bool) {
        let lookup = SystemLookup::beside(&self.file);
        let secrets = config.secrets().into_iter();
        for (path, secret) in secrets.filter(|(path, _)| is_needed(path)) {
            if let Err((message, cure)) = secret.resolve(&lookup) {
                self.report(Severity::Error, &path, message, cure);
                self.unknown.push(path);
            }
        }
    }

    /// Paths are relative to the file they stand in.
    fn place_paths(&self, config: &mut Config) {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let place = |path: &mut PathBuf| *path = folder.join(&*path);
        place(&mut config.data_dir);
        if let super::ConnectorSetting::File(path) = &mut config.connector {
            place(path);
        }
        let files = [
            &mut config.keys.file,
            &mut config.tls.cert,
            &mut config.tls.key,
        ];
        files.into_iter().flatten().for_each(place);
    }
}

impl Config {
    /// Every secret and its place.
    fn secrets(&mut self) -> Vec<(String, &mut Secret)> {
        let single = [
            ("store.records", Some(&mut self.store.records)),
            ("store.journal", Some(&mut self.store.journal)),
            ("keys.json", self.keys.json.as_mut()),
            ("reports.secret", self.reports.secret.as_mut()),
        ];
        let single = single
            .into_iter()
            .filter_map(|(path, secret)| Some((path.to_owned(), secret?)));
        let headers = self.otlp.headers.iter_mut();
        let headers = headers.map(|(name, secret)| (format!("otlp.headers.{name}"), secret));
        let hooks = self.hooks.iter_mut().flat_map(|(name, hook)| {
            let secrets = hook.secrets.iter_mut().enumerate();
            secrets.map(move |(index, secret)| (format!("hooks.{name}.secrets[{index}]"), secret))
        });
        single.chain(headers).chain(hooks).collect()
    }
}

/// Sets a key to what a variable says: read as TOML if that fits there, else as
/// a plain string.
fn set(table: &mut Table, steps: &[String], text: &str) -> Result<(), Fault> {
    let parsed = toml::from_str::<Table>(&format!("value = {text}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
    let mut first = None;
    for value in parsed.into_iter().chain([Value::String(text.to_owned())]) {
        let mut changed = table.clone();
        put(&mut changed, steps, value);
        match Config::deserialize(Value::Table(changed.clone())) {
            Ok(_) => {
                *table = changed;
                return Ok(());
            }
            Err(error) => {
                first.get_or_insert_with(|| Fault::read(error.message()));
            }
        }
    }
    Err(first.unwrap_or_else(|| Fault::Told("this value is not taken".to_owned())))
}

fn put(table: &mut Table, steps: &[String], value: Value) {
    let [key, rest @ ..] = steps else { return };
    if rest.is_empty() {
        table.insert(key.clone(), value);
        return;
    }
    let inner = table
        .entry(key.clone())
        .or_insert_with(|| Value::Table(Table::new()));
    if !inner.is_table() {
        *inner = Value::Table(Table::new());
    }
    if let Value::Table(inner) = inner {
        put(inner, rest, value);
    }
}

fn cure(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unknown { .. } => "check its spelling; sesame.example.toml lists every key",
        Fault::Missing(_) => "add it; sesame.example.toml shows how",
        Fault::Twice(_) => "keep one of the two",
        Fault::Type { .. } | Fault::Told(_) => "sesame.example.toml shows what is taken here",
    }
}
