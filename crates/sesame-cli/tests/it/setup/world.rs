//! An emulated account, an operator who knows all answers, and what is to come
//! of it.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use aliyun_sms::SystemSource;
use serde_json::{Value, json};
use sesame_connector::ConnectorConfig;
use sesame_connector::config::NoLookup;
use sesame_connector::setup::Account;

use super::terminal::{Break, Next, Session};
use crate::support::{Folder, Running};

pub(super) const KEY_ID: &str = "LTAI5tSetupSetupSetup001";
pub(super) const KEY_SECRET: &str = "aSecretThatNobodyIsToSee123456";
pub(super) const SIGN: &str = "芝麻科技";
pub(super) const NUMBER: &str = "13800138000";
pub(super) const WAITING: [&str; 2] = ["Waiting. Ctrl-C leaves", "正在等待审核结果"];

/// No run asks more.
const MOST: usize = 200;

/// An emulator with an account, and a folder to set up in.
pub(super) struct World {
    pub(super) emulator: Running,
    pub(super) folder: Folder,
    pub(super) columns: u16,
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) arguments: Vec<String>,
    /// Everything any session has shown.
    pub(super) transcript: String,
    pub(super) raw: String,
}

/// One answer for another, once: what was shown just before (or, behind `? `, the
/// question), and what is said to it, mostly an option of the list.
pub(super) type Otherwise = Vec<(&'static str, &'static str)>;

impl World {
    /// An account with nothing in it.
    pub(super) fn new() -> Self {
        Self::with(json!({ "sign_names": [], "templates": [] }))
    }

    pub(super) fn with(mut account: Value) -> Self {
        let emulator = Running::emulator();
        if account.get("access_keys").is_none() {
            account["access_keys"] = json!([{ "id": KEY_ID, "secret": KEY_SECRET }]);
        }
        emulator.post("/_emulator/account", &account.to_string());
        Self {
            emulator,
            folder: Folder::new(),
            columns: 100,
            variables: Vec::new(),
            arguments: Vec::new(),
            transcript: String::new(),
            raw: String::new(),
        }
    }

    pub(super) fn config_path(&self) -> String {
        crate::support::text(&self.folder.path("connector.json"))
    }

    pub(super) fn start(&self) -> Session {
        let url = self.emulator.url.clone();
        self.start_at(&url)
    }

    pub(super) fn start_at(&self, url: &str) -> Session {
        self.start_with(&["--endpoint", url])
    }

    pub(super) fn start_with(&self, more: &[&str]) -> Session {
        let mut arguments: Vec<String> = ["setup", "--config", &self.config_path()]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        arguments.extend(self.arguments.iter().cloned());
        Session::start(&arguments, &self.variables, self.columns)
    }

    /// Keeps what a session has shown.
    pub(super) fn keep(&mut self, session: &Session) {
        self.transcript.push_str(&session.text);
        self.raw.push_str(&session.raw);
    }

    /// One run to its end, with these answers where the usual ones do not do.
    /// Tells the exit code.
    pub(super) fn run(&mut self, mut otherwise: Otherwise) -> Option<i32> {
        let mut session = self.start();
        let code = self.go_on(&mut session, &mut otherwise);
        self.keep(&session);
        assert!(
            otherwise.is_empty(),
            "not asked: {otherwise:?}\n{}",
            session.text
        );
        code
    }

    pub(super) fn go_on(&self, session: &mut Session, otherwise: &mut Otherwise) -> Option<i32> {
        for _ in 0..MOST {
            match session.next(&WAITING) {
                Next::Asks(question, shown) => {
                    session.answer(&answer(&question, &shown, otherwise));
                }
                Next::Shows(_) => self.approve(),
                Next::Ended(code) => return code,
            }
        }
        panic!("no end:\n{}", session.text);
    }

    /// A run with the usual answers that has come to a question.
    pub(super) fn until_question(&self, awaited: &str) -> Session {
        let mut session = self.start();
        for _ in 0..MOST {
            match session.next(&WAITING) {
                Next::Asks(question, _) if question.starts_with(awaited) => return session,
                Next::Asks(question, shown) => {
                    session.answer(&answer(&question, &shown, &mut Vec::new()));
                }
                Next::Shows(_) => self.approve(),
                Next::Ended(code) => panic!("{code:?}\n{}", session.text),
            }
        }
        panic!("never asked:\n{}", session.text);
    }

    /// Runs, broken off wherever `breaks` says so, until it is through. `breaks`
    /// is told the step, and the question or text that was just shown.
    pub(super) fn run_with_breaks(
        &mut self,
        mut breaks: impl FnMut(&str, &str) -> Option<Break>,
    ) -> usize {
        let titles = super::steps();
        let headings: Vec<String> = titles
            .iter()
            .enumerate()
            .map(|(at, (_, title))| format!("[{}/{}] {title}", at + 1, titles.len()))
            .collect();
        for sessions in 1.. {
            assert!(sessions < MOST, "no end:\n{}", self.transcript);
            let mut session = self.start();
            let ended = self.until_break(&mut session, &titles, &headings, &mut breaks);
            self.keep(&session);
            match ended {
                Some(0) => return sessions,
                Some(1) | None => {}
                other => panic!("{other:?}\n{}", session.text),
            }
        }
        unreachable!()
    }

    fn until_break(
        &self,
        session: &mut Session,
        titles: &[(String, String)],
        headings: &[String],
        breaks: &mut impl FnMut(&str, &str) -> Option<Break>,
    ) -> Option<i32> {
        let mut looked_for: Vec<&str> = headings.iter().map(String::as_str).collect();
        looked_for.extend(WAITING);
        looked_for.push("waiting for the delivery report");
        let mut step = String::new();
        loop {
            let (point, shown, asks) = match session.next(&looked_for) {
                Next::Ended(code) => return code,
                Next::Shows(text) => (text, String::new(), false),
                Next::Asks(question, shown) => (question, shown, true),
            };
            if let Some(at) = headings.iter().position(|heading| *heading == point) {
                step.clone_from(&titles[at].0);
            }
            if let Some(how) = breaks(&step, &point) {
                let code = session.break_off(how);
                let expected = if how == Break::Kill { None } else { Some(1) };
                // What was at its end anyway may get there first.
                assert!(
                    code == expected || code == Some(0),
                    "{how:?} {code:?}\n{}",
                    session.text
                );
                return code;
            }
            if asks {
                session.answer(&answer(&point, &shown, &mut Vec::new()));
            } else if WAITING.contains(&point.as_str()) {
                self.approve();
            }
        }
    }

    /// Everything under review is approved.
    pub(super) fn approve(&self) {
        for (_, code) in self.templates() {
            self.review_template(&code, &json!({ "status": "approved" }));
        }
        for name in self.sign_names() {
            self.review_sign_name(&name, &json!({ "status": "approved" }));
        }
    }

    pub(super) fn review_sign_name(&self, name: &str, change: &Value) {
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/_emulator/sign_names/{name}");
        self.emulator.post(&path, &change.to_string());
    }

    pub(super) fn review_template(&self, code: &str, change: &Value) {
        let path = format!("/_emulator/templates/{code}");
        self.emulator.post(&path, &change.to_string());
    }

    /// The account's own view of itself.
    fn ask<T>(&self, question: impl AsyncFnOnce(Account) -> T) -> T {
        let config = json!({
            "accessKeyId": KEY_ID, "accessKeySecret": KEY_SECRET, "signName": SIGN,
            "endpoint": self.emulator.url,
            "templates": [{ "usageType": "Generic", "templateCode": "SMS_0" }],
        });
        let config = ConnectorConfig::from_value(&config, &NoLookup);
        let config = config.config.expect("a configuration");
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        runtime.block_on(async {
            let account = Account::new(&config, SystemSource::shared()).expect("TLS");
            question(account).await
        })
    }

    /// Text and code of each.
    pub(super) fn templates(&self) -> Vec<(String, String)> {
        let held = self.ask(async |account| account.templates().await.expect("an answer"));
        held.into_iter()
            .map(|held| (held.content, held.code))
            .collect()
    }

    pub(super) fn sign_names(&self) -> Vec<String> {
        let held = self.ask(async |account| account.sign_names().await.expect("an answer"));
        held.into_iter().map(|held| held.name).collect()
    }

    /// The configuration, with the templates' texts in the place of their codes,
    /// and without the emulator's address.
    pub(super) fn written(&self) -> Value {
        let text = std::fs::read_to_string(self.config_path()).expect("a configuration");
        let texts: BTreeMap<String, String> = self
            .templates()
            .into_iter()
            .map(|(text, code)| (code, text))
            .collect();
        let mut text = text.replace(&self.emulator.url, "URL");
        for (code, content) in texts {
            text = text.replace(&code, &content);
        }
        serde_json::from_str(&text).expect("JSON")
    }

    /// What holds at the end of every run that sent its test message.
    pub(super) fn check_end(&self) {
        self.check_end_with(1);
    }

    /// What holds at the end of every run, however it went.
    pub(super) fn check_end_with(&self, messages: usize) {
        let is_told = self.raw.contains(KEY_SECRET);
        assert!(!is_told, "{}", self.transcript);
        let files: HashSet<String> = std::fs::read_dir(self.folder.dir.path())
            .expect("a folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| !name.starts_with("connector.json.old"))
            .collect();
        assert_eq!(files, HashSet::from(["connector.json".to_owned()]));
        assert_eq!(mode(Path::new(&self.config_path())), 0o600);
        assert_eq!(
            self.emulator.messages(NUMBER).len(),
            messages,
            "{}",
            self.transcript
        );
    }

    /// What was applied for, each once.
    pub(super) fn check_applications(&self, many: usize) {
        assert_eq!(self.sign_names(), [SIGN]);
        let templates = self.templates();
        let texts: HashSet<&String> = templates.iter().map(|(text, _)| text).collect();
        assert_eq!(
            (templates.len(), texts.len()),
            (many, many),
            "{templates:?}"
        );
    }
}

pub(super) fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path).expect("a file");
    metadata.permissions().mode() & 0o777
}

/// What an operator who wants everything answers.
pub(super) fn answer(question: &str, shown: &str, otherwise: &mut Otherwise) -> String {
    let is_meant = |(asked, _): &(&str, &str)| match asked.strip_prefix("? ") {
        Some(asked) => question.contains(asked),
        None => shown.contains(asked),
    };
    if let Some(at) = otherwise.iter().position(is_meant) {
        let (_, said) = otherwise.remove(at);
        return option(shown, said).unwrap_or_else(|| said.to_owned());
    }
    const WISHES: [&str; 12] = [
        "apply for a new one, here",
        "在此申请新",
        "the enterprise's",
        "企事业单位",
        "one each for Register",
        "注册、登录、找回密码各一个",
        "wait here",
        "在此等待",
        "try again",
        "check again",
        "look again",
        "重试",
    ];
    let asks = |names: &[&str]| names.iter().any(|name| question.starts_with(name));
    if asks(&["Number [", "请输入序号"]) {
        let mut wishes = WISHES.iter();
        return wishes
            .find_map(|wish| option(shown, wish))
            .unwrap_or_default();
    }
    if asks(&["AccessKey ID"]) {
        KEY_ID.to_owned()
    } else if asks(&["AccessKey Secret"]) {
        KEY_SECRET.to_owned()
    } else if asks(&["Signature", "签名名称"]) {
        SIGN.to_owned()
    } else if asks(&["Qualification number", "资质 ID"]) {
        "20000123".to_owned()
    } else if asks(&["Also numbers outside", "是否也发送到"]) {
        "y".to_owned()
    } else if asks(&["Phone number", "接收号码"]) {
        NUMBER.to_owned()
    } else {
        String::new()
    }
}

/// The number of the option that says this, in the last list shown.
fn option(shown: &str, wish: &str) -> Option<String> {
    let lines: Vec<&str> = shown.lines().collect();
    let start = lines.iter().rposition(|line| line.starts_with("  1) "))?;
    let mut number = None;
    for line in &lines[start..] {
        if let Some((before, _)) = line.trim_start().split_once(") ")
            && before.bytes().all(|byte| byte.is_ascii_digit())
        {
            number = Some(before.to_owned());
        }
        if line.contains(wish) {
            return number;
        }
    }
    None
}
