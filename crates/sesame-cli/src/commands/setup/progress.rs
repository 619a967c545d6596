//! How far the set-up has come, kept beside the configuration: every answer at
//! once, so that neither Ctrl-C nor a lost machine takes one away.
//!
//! The file holds the secret as long as the configuration does not exist; only
//! its owner may read it, and it goes when the set-up is done.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use sesame_connector::config::Problem;
use sesame_connector::template::TemplateRegion;
use sesame_server::private_file;

use super::step::Step;
use crate::fault::Fault;

/// No progress is larger.
const LARGEST: u64 = 1024 * 1024;
const VERSION: u32 = 1;

/// All answers so far.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Progress {
    version: u32,
    /// The steps that are over.
    pub(super) done: Vec<Step>,
    /// Where to ask, if not at Aliyun.
    pub(super) endpoint: Option<String>,
    /// `"default"` for the provider chain, or the key's id.
    pub(super) key_id: Option<Given>,
    pub(super) key_secret: Option<Given>,
    /// The signature; none yet, or none at all where gifts are used alone.
    pub(super) sign_name: Option<String>,
    /// What is said of a signature that is applied for.
    pub(super) sign_draft: SignDraft,
    /// PNVS in the signature's place, or behind it.
    pub(super) gift: Option<Gift>,
    /// Whether gifts are used alone.
    pub(super) gift_alone: bool,
    /// Whether one text serves all usage types.
    pub(super) one_text: Option<bool>,
    /// Whether numbers outside the mainland are served.
    pub(super) overseas: Option<bool>,
    /// The templates, one for each purpose.
    pub(super) templates: Vec<Slot>,
    /// The test message that was sent, or was about to be.
    pub(super) test: Option<Test>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            version: VERSION,
            done: Vec::new(),
            endpoint: None,
            key_id: None,
            key_secret: None,
            sign_name: None,
            sign_draft: SignDraft::default(),
            gift: None,
            gift_alone: false,
            one_text: None,
            overseas: None,
            templates: Vec::new(),
            test: None,
        }
    }
}

/// What is said of a signature that is applied for. What was answered is
/// offered again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SignDraft {
    pub(super) name: Option<String>,
    pub(super) source: Option<u8>,
    pub(super) qualification: Option<u64>,
    /// The app's filing or the trademark.
    pub(super) record: Option<u64>,
    pub(super) purpose: Option<String>,
    /// Whether the operator has said that it is to be applied for.
    pub(super) confirmed: bool,
}

/// A signature and a template of PNVS.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Gift {
    pub(super) sign_name: String,
    pub(super) template: String,
}

/// What one template is for, and which it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    /// In Logto's words.
    pub(super) usage_type: String,
    pub(super) overseas: bool,
    /// Its code, once there is one.
    #[serde(default)]
    pub(super) code: Option<String>,
    /// The text that is applied for.
    #[serde(default)]
    pub(super) text: Option<String>,
    /// Whether the operator has said that it is to be applied for.
    #[serde(default)]
    pub(super) confirmed: bool,
}

impl Slot {
    pub(super) fn region(&self) -> TemplateRegion {
        if self.overseas {
            TemplateRegion::Overseas
        } else {
            TemplateRegion::China
        }
    }
}

/// A test message.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    /// E.164; needed to ask what became of it.
    pub(super) to: String,
    pub(super) out_id: String,
    pub(super) sent_at: jiff::Timestamp,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Test")
            .field("out_id", &self.out_id)
            .finish_non_exhaustive()
    }
}

/// A value, or where it comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Given {
    Elsewhere(Elsewhere),
    Here(Hidden),
}

/// As configurations write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Elsewhere {
    Env(String),
    File(String),
}

/// A text that `Debug` does not tell.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Hidden(pub(super) SecretString);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl Given {
    pub(super) fn here(text: String) -> Self {
        Self::Here(Hidden(SecretString::from(text)))
    }

    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self, Self::Here(hidden) if hidden.0.expose_secret() == text)
    }

    fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Progress {
    pub(super) fn is_done(&self, step: Step) -> bool {
        self.done.contains(&step)
    }

    /// Does a step, and whatever hangs on it, over again.
    pub(super) fn undo(&mut self, step: Step) {
        self.done.retain(|done| done.number() < step.number());
    }

    /// Everything from the signature on is asked again.
    pub(super) fn choose_anew(&mut self) {
        self.undo(Step::SignName);
        *self = Self {
            done: std::mem::take(&mut self.done),
            endpoint: self.endpoint.take(),
            key_id: self.key_id.take(),
            key_secret: self.key_secret.take(),
            ..Self::default()
        };
    }

    /// A signature of the account's own, in the place of a gift that stood alone.
    pub(super) fn use_sign_name(&mut self, name: String) {
        if self.gift_alone {
            self.gift_alone = false;
            self.gift = None;
        }
        self.sign_name = Some(name);
    }

    /// The configuration as far as it is known. What is not yet known stands as
    /// something that a check of the key passes over.
    pub(super) fn config(&self) -> Value {
        let mut config = json!({});
        match &self.key_id {
            Some(id) if id.is(CHAIN) => config["credentials"] = CHAIN.into(),
            id => {
                let value = |given: &Option<Given>| given.as_ref().map(Given::json);
                config["accessKeyId"] = value(id).unwrap_or_default();
                config["accessKeySecret"] = value(&self.key_secret).unwrap_or_default();
            }
        }
        if let Some(endpoint) = &self.endpoint {
            config["endpoint"] = endpoint.as_str().into();
        }
        match &self.gift {
            Some(gift) if self.gift_alone => {
                for (key, value) in gift.config() {
                    config[key] = value;
                }
            }
            gift => {
                config["signName"] = self.sign_name.as_deref().unwrap_or("-").into();
                config["templates"] = self.templates_config();
                if let Some(gift) = gift {
                    config["fallback"] = Value::Object(gift.config());
                }
            }
        }
        config
    }

    fn templates_config(&self) -> Value {
        let code = |usage_type: Option<&str>, overseas: bool| {
            let is_it = |slot: &&Slot| {
                slot.overseas == overseas && usage_type.is_none_or(|name| slot.usage_type == name)
            };
            self.templates.iter().find(is_it)?.code.clone()
        };
        let of_china = self.templates.iter().filter(|slot| !slot.overseas);
        let templates: Vec<Value> = of_china
            .map(|slot| {
                let china = slot.code.as_deref().unwrap_or("SMS_0");
                let codes = match code(None, true) {
                    Some(overseas) => json!({ "china": china, "overseas": overseas }),
                    None => china.into(),
                };
                json!({ "usageType": slot.usage_type, "templateCode": codes })
            })
            .collect();
        if templates.is_empty() {
            return json!([{ "usageType": "Generic", "templateCode": "SMS_0" }]);
        }
        templates.into()
    }
}

/// The id that stands for the provider chain.
pub(super) const CHAIN: &str = "default";

impl Gift {
    fn config(&self) -> serde_json::Map<String, Value> {
        let template = json!({ "usageType": "Generic", "templateCode": self.template });
        serde_json::Map::from_iter([
            ("provider".to_owned(), "aliyun-pnvs".into()),
            ("signName".to_owned(), self.sign_name.as_str().into()),
            ("templates".to_owned(), json!([template])),
        ])
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
}

impl Kept {
    pub(super) fn beside(config: &Path) -> Self {
        let path = private_file::beside(config, ".setup.json");
        Self { path }
    }

    /// One name for it, so that what an interrupted writing left is found again.
    fn temporary(&self) -> PathBuf {
        private_file::beside(&self.path, ".tmp")
    }

    pub(super) fn read(&self) -> Result<Option<Progress>, Fault> {
        let shown = self.path.display();
        if !self.path.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let text = crate::input::read(&self.path, LARGEST)?;
        let unusable = |what: String| {
            Fault::bad_input(
                what,
                format!(
                    "`sesame setup --restart` begins anew and deletes {shown}; it may hold your AccessKey, so move it away first if you need that"
                ),
            )
        };
        // What serde says may quote a value.
        let progress: Progress = serde_json::from_str(&text).map_err(|error| {
            unusable(format!(
                "{shown}:{}:{}: this is not what an earlier run of `sesame setup` wrote",
                error.line(),
                error.column()
            ))
        })?;
        if progress.version != VERSION {
            return Err(unusable(format!(
                "{shown} was written by another version of `sesame setup`"
            )));
        }
        Ok(Some(progress))
    }

    /// What is said of an answer in it that no run can have written.
    pub(super) fn spoilt(&self, problem: &Problem) -> Fault {
        let shown = self.path.display();
        Fault::bad_input(
            format!("{shown}: {}: {}", problem.path, problem.message),
            format!(
                "{}; change it there, or begin anew with --restart",
                problem.cure
            ),
        )
    }

    pub(super) fn write(&self, progress: &Progress) -> io::Result<()> {
        let text = serde_json::to_string_pretty(progress)?;
        private_file::replace(&self.path, &self.temporary(), text.as_bytes())
    }

    pub(super) fn forget(&self) -> io::Result<()> {
        for path in [self.temporary(), self.path.clone()] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn unwritable(&self, error: &io::Error) -> Fault {
        Fault::failed(
            format!(
                "{} cannot be written: {}",
                self.path.display(),
                error.kind()
            ),
            "what is entered is kept there; give yourself the right to write into the folder, or name a configuration in another",
        )
    }
}
