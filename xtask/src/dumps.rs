//! What lies in the databases and in a log at its fullest, after a server has
//! been used: no code, no key, no token, no whole phone number, in no form.
//!
//! Databases are read as the bytes of their files, write-ahead logs included, so
//! nothing that was ever written is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, Client, Request};
use crate::services::Services;
use crate::site::{ACCESS_KEY_SECRET, Plan, REPORT_SECRET, Site};
use crate::soak::code;
use crate::workspace::Workspace;

/// Long codes: six digits would be found among those of any time.
const POLICY: &str = "
[policy]
digits = 10
number = [{ messages = 2, secs = 60 }]
ip_per_hour = 100
[log]
level = \"trace\"
";
/// Where the services of this test have their data, below `target`.
const SERVICES: &str = "services-dumps";
/// For what is written behind an answer's back.
const PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let mut services = Services::in_folder(workspace, SERVICES)?;
    let postgres = services.postgres(workspace, "postgres")?;
    // Servers with keys of their own have a journal of their own.
    let journal = services.postgres(workspace, "journal")?;
    let valkey = services.valkey(workspace, "valkey")?;
    let mut problems = Vec::new();
    for (name, records, journal, databases) in [
        ("sqlite", "sqlite", "sqlite", &[][..]),
        ("postgres", &postgres, &postgres, &["postgres"]),
        ("valkey", &valkey, &journal, &["valkey", "journal"]),
    ] {
        let site = Site::new(
            workspace,
            &Plan {
                name: &format!("dumps/{name}"),
                servers: 1,
                records,
                journal,
                more: POLICY,
            },
        )?;
        let server = site.start(0, "trace")?;
        let used = used(&site)?;
        drop(server);
        let services = workspace.target.join(SERVICES);
        let mut places = vec![("the log", site.log(0))];
        match databases {
            [] => places.push(("the database", site.folder.join("data"))),
            names => places.extend(names.iter().map(|name| (*name, services.join(name)))),
        }
        for (what, path) in places {
            let bytes = all_bytes(&path)?;
            // Else the search proves nothing.
            let is_there = !used.known.found_in(&bytes).is_empty();
            ensure!(
                is_there,
                "nothing of what was done stands in {what} of {name}"
            );
            let found = used.secrets.found_in(&bytes);
            println!(
                "{name:<10}{what:<14}{:>9} kB, {} found",
                bytes.len() / 1000,
                found.len()
            );
            problems.extend(
                found
                    .iter()
                    .map(|secret| format!("{secret} in {what} of {name}")),
            );
        }
        println!(
            "{name:<10}{} secrets in {} forms were looked for",
            used.secrets.0.len(),
            used.secrets.forms()
        );
    }
    if !problems.is_empty() {
        bail!("there is {}", problems.join(", "));
    }
    Ok(())
}

/// What a server was used for.
struct Used {
    secrets: Secrets,
    /// What has to be there: out-ids in logs and journals, and in stores of
    /// records, which hold nothing that can be read, how their keys begin.
    known: Secrets,
}

/// Uses a server in every way there is.
fn used(site: &Site) -> Result<Used> {
    let (key, other) = (site.api_key()?, site.api_key()?);
    let mut user = User {
        client: Client::new(&site.urls[0]),
        key: key.clone(),
        secrets: Secrets::default(),
        count: 0,
    };
    for key in [&key, &other] {
        user.secrets.add("an API key", key);
        let secret = key
            .splitn(3, '_')
            .nth(2)
            .context("an API key has three parts")?;
        user.secrets.add("an API key", secret);
    }
    user.secrets.add("the access key secret", ACCESS_KEY_SECRET);
    user.secrets.add("the secret of the reports", REPORT_SECRET);
    let keys = fs::read_to_string(site.folder.join("keys.json"))?;
    for secret in long_texts(&serde_json::from_str(&keys)?) {
        user.secrets.add("a key of the server", &secret);
    }
    for at in 0..12 {
        user.verifies(site, at)?;
    }
    user.sends_own()?;
    user.errs(site)?;
    thread::sleep(PAUSE);
    let mut known = Secrets::default();
    known.add("a record", "idem:");
    let inbox = site.inbox()?;
    ensure!(inbox.len() > 12, "only {} messages arrived", inbox.len());
    for message in inbox {
        let code = code(&message).context("a message without a code")?;
        user.secrets.add("a code", &code);
        known.add(
            "a message",
            message["out_id"].as_str().context("an out-id")?,
        );
    }
    Ok(Used {
        secrets: user.secrets,
        known,
    })
}

struct User {
    client: Client,
    key: String,
    secrets: Secrets,
    count: u64,
}

impl User {
    /// A whole number that no other test has.
    fn number(&mut self) -> String {
        self.count += 1;
        let digits = format!(
            "139{:04}{:04}",
            2718 + self.count * 7,
            2818 + self.count * 13
        );
        self.secrets.add("a phone number", &digits);
        format!("+86{digits}")
    }

    fn post(&mut self, path: &str, body: &Value, idempotency_key: Option<&str>) -> Result<Answer> {
        Ok(self.client.ask(Request {
            method: "POST",
            path,
            key: Some(&self.key),
            idempotency_key,
            body: Some(body),
        })?)
    }

    /// Starts, resumes, guesses wrong, checks, each in the end with an
    /// Idempotency-Key, whose answer is kept.
    fn verifies(&mut self, site: &Site, at: u64) -> Result<()> {
        let (to, kept) = (self.number(), format!("start-{at}"));
        let session = format!("session-{at}-of-a-user");
        self.secrets.add("a session", &session);
        let body = json!({ "to": to, "type": "SignIn", "session": session, "ip": "192.0.2.7" });
        let started = self.post("/v1/verifications", &body, Some(&kept))?;
        ensure!(started.status == 201, "{}", started.json());
        self.post("/v1/verifications", &body, Some(&kept))?;
        self.post("/v1/verifications", &body, None)?;
        let path = format!(
            "/v1/verifications/{}",
            started.json()["id"].as_str().context("an id")?
        );
        let check = format!("{path}/check");
        self.post(&check, &json!({ "code": "0000000000" }), None)?;
        let inbox = site.inbox()?;
        let message = inbox
            .iter()
            .find(|message| message["to"] == *to)
            .context("no message came")?;
        let body = json!({ "code": code(message) });
        let checked = self
            .post(&check, &body, Some(&format!("check-{at}")))?
            .json();
        let token = checked["token"]
            .as_str()
            .with_context(|| checked.to_string())?;
        self.secrets.add("a token", token);
        // What is signed is no secret by itself, its signature is.
        let signature = token.rsplit('.').next().unwrap_or_default();
        self.secrets.add("a token", signature);
        self.client.get(&path, Some(&self.key))?;
        let to = to.trim_start_matches('+');
        self.client
            .get(&format!("/v1/messages?to=%2B{to}"), Some(&self.key))?;
        Ok(())
    }

    fn sends_own(&mut self) -> Result<()> {
        let to = self.number();
        let payload = json!({ "code": "2718281828", "name": "not to be sent" });
        let body = json!({ "to": to, "type": "SignIn", "payload": payload });
        let sent = self.post("/v1/messages", &body, Some("own"))?;
        ensure!(sent.status == 200, "{}", sent.json());
        Ok(())
    }

    /// Requests that are refused, and an Aliyun that fails: errors are what a
    /// careless log quotes.
    fn errs(&mut self, site: &Site) -> Result<()> {
        let to = self.number();
        for body in [
            json!({ "to": to, "type": "SignIn", "code": "3141592653" }),
            json!({ "to": format!("{to}00000"), "type": "SignIn" }),
            json!({ "to": [to], "type": "SignIn" }),
            json!({ "to": to, "type": "SignIn", "session": 3_141_592_653_u64 }),
            json!(format!("{to} 3141592653")),
        ] {
            let answer = self.post("/v1/verifications", &body, None)?;
            ensure!(answer.status >= 400, "{}", answer.json());
        }
        self.secrets.add("a code", "3141592653");
        self.client
            .get("/v1/messages?to=3141592653&limit=3", Some(&self.key))
            .ok();
        for fault in [
            json!({ "code": "SignatureDoesNotMatch", "http_status": 400 }),
            json!({ "code": "isv.BUSINESS_LIMIT_CONTROL", "http_status": 200 }),
            json!("reset_after_accept"),
            json!("http_502_html"),
            json!("garbage"),
            json!("timeout"),
        ] {
            site.fault(&json!({ "action": "SendSms", "fault": fault }))?;
            let body = json!({ "to": self.number(), "type": "SignIn" });
            self.post("/v1/verifications", &body, None)?;
        }
        let wrong = Request {
            method: "POST",
            path: "/v1/verifications",
            key: Some("sk_nobody_3141592653"),
            ..Request::default()
        };
        self.client.ask(wrong)?;
        let report = json!([{ "phone_number": &to[3..], "success": true, "out_id": "unknown" }]);
        self.post(&format!("/reports/aliyun/{REPORT_SECRET}"), &report, None)?;
        self.post("/reports/aliyun/3141592653", &report, None)?;
        Ok(())
    }
}

/// Texts that may stand nowhere, and what each is.
#[derive(Default)]
struct Secrets(BTreeMap<String, &'static str>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &str) {
        self.0.insert(secret.to_owned(), what);
    }

    /// What was found, in words. In one pass: there are many forms of many
    /// secrets, and a database is long.
    fn found_in(&self, bytes: &[u8]) -> BTreeSet<&'static str> {
        let mut by_start: Vec<Vec<(Vec<u8>, &'static str)>> = vec![Vec::new(); 1 << 16];
        for (secret, what) in &self.0 {
            for form in forms(secret) {
                by_start[start(&form)].push((form, what));
            }
        }
        let mut found = BTreeSet::new();
        for at in 0..bytes.len() {
            let rest = &bytes[at..];
            let candidates = &by_start[start(rest)];
            let matching = candidates.iter().filter(|(form, _)| rest.starts_with(form));
            found.extend(matching.map(|(_, what)| *what));
        }
        found
    }

    fn forms(&self) -> usize {
        self.0.keys().map(|secret| forms(secret).len()).sum()
    }
}

/// A text as it is, as hexadecimal digits, as Base64 at each of three places, in
/// UTF-16; and the same of the bytes it means, where it is Base64 itself.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut all = vec![secret.encode_utf16().flat_map(u16::to_le_bytes).collect()];
    let meant = from_base64(secret).filter(|bytes| bytes.len() >= 16);
    for bytes in [Some(secret.as_bytes().to_vec()), meant]
        .into_iter()
        .flatten()
    {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push(hex.to_uppercase().into_bytes());
        all.push(hex.into_bytes());
        for skipped in 0..3 {
            let shifted = [vec![0; skipped], bytes.clone()].concat();
            let text = base64(&shifted);
            // The first and last signs depend on what stands beside it.
            let end = shifted.len() * 8 / 6;
            let inner = text.get((skipped * 8).div_ceil(6)..end).unwrap_or_default();
            all.push(inner.replace('+', "-").replace('/', "_").into_bytes());
            all.push(inner.as_bytes().to_vec());
        }
        all.push(bytes);
    }
    all.sort();
    all.dedup();
    all
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let digit = bits >> (18 - 6 * place) & 63;
            text.push(char::from(DIGITS[digit as usize]));
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for sign in text.trim_end_matches('=').bytes() {
        let sign = match sign {
            b'-' => b'+',
            b'_' => b'/',
            sign => sign,
        };
        let digit = DIGITS.iter().position(|digit| *digit == sign)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 255).ok()?);
        }
    }
    Some(bytes)
}

/// The texts of a key file that are long enough to be keys.
fn long_texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.len() >= 40 => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(long_texts).collect(),
        Value::Object(map) => map.values().flat_map(long_texts).collect(),
        _ => Vec::new(),
    }
}

/// The first two bytes.
fn start(bytes: &[u8]) -> usize {
    let at = |place: usize| usize::from(bytes.get(place).copied().unwrap_or(0));
    at(0) << 8 | at(1)
}

/// All files of a folder, one after the other.
fn all_bytes(path: &Path) -> Result<Vec<u8>> {
    let about = || format!("could not read {}", path.display());
    if !path.is_dir() {
        return fs::read(path).with_context(about);
    }
    let mut bytes = Vec::new();
    for entry in fs::read_dir(path).with_context(about)? {
        let path = entry?.path();
        // Not a database: where the server's keys are, if it made them itself.
        if path.file_name().is_some_and(|name| name == "keys.json") {
            continue;
        }
        bytes.extend(all_bytes(&path)?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_written_and_read() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foob", "Zm9vYg"),
        ] {
            assert_eq!(base64(bytes), text);
            assert_eq!(from_base64(text).unwrap(), bytes);
        }
        assert_eq!(from_base64("not base64"), None);
    }

    /// A search that finds nothing proves nothing.
    #[test]
    fn a_secret_is_found_in_every_form() {
        let mut secrets = Secrets::default();
        secrets.add("a number", "13800138000");
        let found = |text: &[u8]| secrets.found_in(text).len();
        assert_eq!(found(b"to: 13800138001"), 0);
        assert_eq!(found(b"to: 13800138000 "), 1);
        for before in ["", "a", "ab", "abc"] {
            let text = base64(format!("{before}13800138000 and more").as_bytes());
            assert_eq!(found(text.as_bytes()), 1, "{text}");
        }
        assert_eq!(found(b"\\x3133383030313338303030"), 1);
        assert_eq!(
            found(
                &"13800138000"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<_>>()
            ),
            1
        );
        let mut keys = Secrets::default();
        let key = [251_u8; 32];
        keys.add("a key", &base64(&key));
        assert_eq!(keys.found_in(&[&b"x"[..], &key].concat()).len(), 1);
    }
}
