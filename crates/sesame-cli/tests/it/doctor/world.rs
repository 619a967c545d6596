//! A healthy account and configuration, to be made wrong in one place.

use std::any::Any;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Folder, Running, SECRET, Said, sesame};

pub(super) const SIGN: &str = "阿里云短信测试";
pub(super) const CHINA: &str = "SMS_154950909";
pub(super) const OVERSEAS: &str = "SMS_154950910";

/// What one run of the doctor meets.
pub(super) struct World {
    pub(super) account: Value,
    pub(super) connector: Value,
    /// In the place of the connector's JSON.
    pub(super) text: Option<String>,
    /// In the place of the file.
    pub(super) path: Option<String>,
    /// In the place of the emulator.
    pub(super) endpoint: Option<String>,
    pub(super) clock_secs: i64,
    pub(super) faults: Vec<Value>,
    pub(super) variables: Vec<(&'static str, String)>,
    pub(super) arguments: Vec<String>,
    pub(super) folder: Folder,
    /// Servers that must not end before the doctor.
    pub(super) kept: Vec<Box<dyn Any>>,
}

impl World {
    pub(super) fn healthy() -> Self {
        let folder = Folder::new();
        Self {
            account: account(),
            connector: json!({
                "accessKeyId": "testid",
                "accessKeySecret": SECRET,
                "signName": SIGN,
                "templates": [
                    { "usageType": "Generic", "templateCode": { "china": CHINA, "overseas": OVERSEAS } },
                ],
            }),
            text: None,
            path: None,
            endpoint: None,
            clock_secs: 0,
            faults: Vec::new(),
            variables: Vec::new(),
            arguments: Vec::new(),
            folder,
            kept: Vec::new(),
        }
    }

    /// Puts a value at a place of the account, `/sign_names/0/status`.
    pub(super) fn account(&mut self, pointer: &str, value: Value) {
        put(&mut self.account, pointer, value);
    }

    /// The same in the connector's configuration.
    pub(super) fn config(&mut self, pointer: &str, value: Value) {
        put(&mut self.connector, pointer, value);
    }

    /// A key of the signature in use.
    pub(super) fn sign(&mut self, key: &str, value: Value) {
        self.account(&format!("/sign_names/0/{key}"), value);
    }

    /// A key of the template for the mainland.
    pub(super) fn template(&mut self, key: &str, value: Value) {
        self.account(&format!("/templates/0/{key}"), value);
    }

    /// A key of the template for elsewhere.
    pub(super) fn overseas(&mut self, key: &str, value: Value) {
        self.account(&format!("/templates/1/{key}"), value);
    }

    /// Leaves out the template for elsewhere; one for the mainland stays.
    pub(super) fn mainland_only(&mut self) {
        self.config("/templates/0/templateCode", json!(CHINA));
    }

    /// All the key may do.
    pub(super) fn permissions(&mut self, names: &[&str]) {
        self.account("/access_keys/0/permissions", json!(names));
    }

    /// A stranger in the place of Aliyun.
    pub(super) fn answered_by(&mut self, url: &str, server: impl Any) {
        self.endpoint = Some(url.to_owned());
        self.kept.push(Box::new(server));
    }

    pub(super) fn variable(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.push((name, value.into()));
    }

    pub(super) fn country(&mut self, letters: &str) {
        self.arguments
            .extend(["--country".to_owned(), letters.to_owned()]);
    }

    pub(super) fn send(&mut self, number: &str) {
        self.arguments
            .extend(["--send".to_owned(), number.to_owned()]);
    }

    /// What the doctor says of it.
    pub(super) fn examine(&self, emulator: &Running) -> Said {
        let output = self.doctor(emulator).arg("--json").output();
        Said::of(&output.expect("the binary runs"))
    }

    /// The doctor, ready to run, and an emulator that plays this world.
    pub(super) fn doctor(&self, emulator: &Running) -> std::process::Command {
        emulator.post("/_emulator/reset", "");
        emulator.post("/_emulator/account", &self.account.to_string());
        if self.clock_secs != 0 {
            let moved = json!({ "advance_secs": self.clock_secs });
            emulator.post("/_emulator/clock", &moved.to_string());
        }
        for fault in &self.faults {
            emulator.post("/_emulator/faults", &fault.to_string());
        }
        let text = self.text.clone();
        let text = text.unwrap_or_else(|| self.connector.to_string());
        let config = self.folder.write("connector.json", text);
        let config = self.path.clone().unwrap_or(config);
        let endpoint = self.endpoint.as_deref().unwrap_or(&emulator.url);
        let mut command = sesame();
        for name in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "SSL_CERT_FILE"] {
            command.env_remove(name);
        }
        command
            .args(["doctor", "--config", &config])
            .args(["--endpoint", endpoint])
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn put(tree: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a path");
    let parent = tree
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{pointer}"));
    match parent {
        Value::Array(list) => {
            let at: usize = key.parse().expect("a place in a list");
            if at == list.len() {
                list.push(value);
            } else {
                list[at] = value;
            }
        }
        Value::Object(object) => {
            object.insert(key.to_owned(), value);
        }
        other => panic!("{pointer}: {other}"),
    }
}

fn account() -> Value {
    json!({
        "access_keys": [{ "id": "testid", "secret": SECRET }],
        "sign_names": [
            { "name": SIGN, "kind": "verification" },
            { "name": "芝麻开门", "kind": "general" },
            { "name": "芝麻测试", "kind": "verification", "tag": "test" },
        ],
        "templates": [
            { "code": CHINA, "kind": "verification", "content": "您的验证码为：${code}，请勿泄露于他人！" },
            { "code": OVERSEAS, "kind": "international", "content": "Your verification code is ${code}." },
            { "code": "SMS_154950911", "kind": "verification", "tag": "test", "content": "测试验证码：${code}" },
        ],
    })
}

/// An emulator that speaks TLS with a certificate, and that certificate's file.
pub(super) fn with_tls(folder: &Folder, params: rcgen::CertificateParams) -> (Running, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let cert = params.self_signed(&key).expect("a certificate");
    let cert = folder.write("cert.pem", cert.pem());
    let key = folder.write("key.pem", key.serialize_pem());
    let mut command = sesame();
    command.args(["emulator", "--listen", "127.0.0.1:0"]);
    command.args(["--tls-cert", &cert, "--tls-key", &key]);
    let emulator = Running::start(command.stderr(Stdio::null()));
    (emulator, cert)
}
