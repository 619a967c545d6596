//! Running the binary, and the emulator beside it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SECRET: &str = "testsecret";

/// The binary, deaf to the environment it is tested in.
pub(crate) fn sesame() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("sesame"));
    for name in [
        "SESAME_LOG",
        "RUST_LOG",
        "NO_COLOR",
        "LC_ALL",
        "LC_MESSAGES",
        "LANG",
    ] {
        command.env_remove(name);
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.stdin(Stdio::null());
    command
}

/// What a run said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code, not a signal"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

pub(crate) fn run(arguments: &[&str]) -> Said {
    Said::of(&sesame().args(arguments).output().expect("the binary runs"))
}

pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Said {
    let mut child = sesame()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Whoever stops reading early breaks the pipe, which is no failure here.
    let _ = stdin.write_all(input);
    drop(stdin);
    Said::of(&child.wait_with_output().expect("it ends"))
}

/// A long-running command, ended when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Running {
    /// Starts it and waits for its `ready` line.
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let url = String::new();
        let mut running = Self { child, url };
        running.url = running.next_url();
        running
    }

    /// What the next `ready` line says.
    #[expect(
        clippy::unbuffered_bytes,
        reason = "what follows the line stays in the pipe"
    )]
    pub(crate) fn next_url(&mut self) -> String {
        let stdout = self.child.stdout.as_mut().expect("a pipe");
        let mut line = String::new();
        for byte in stdout.bytes() {
            match byte.expect("readable") {
                b'\n' => break,
                byte => line.push(char::from(byte)),
            }
        }
        let url = line
            .strip_prefix("ready ")
            .unwrap_or_else(|| panic!("not ready: {line}"));
        url.to_owned()
    }

    pub(crate) fn emulator() -> Self {
        Self::start(
            sesame()
                .args(["emulator", "--listen", "127.0.0.1:0"])
                .stderr(Stdio::null()),
        )
    }

    /// Asks the emulator's test control.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.http("GET", path, "");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    pub(crate) fn post(&self, path: &str, body: &str) {
        self.http("POST", path, body);
    }

    fn http(&self, method: &str, path: &str, body: &str) -> String {
        let host = self.url.strip_prefix("http://").expect("plain HTTP");
        let mut stream = TcpStream::connect(host).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it reads");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        let _ = reader.read_line(&mut line);
        assert!(line.contains(" 20"), "{method} {path}: {line}");
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("UTF-8");
        rest.split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .expect("a body")
    }

    /// The messages to a number, newest first.
    pub(crate) fn messages(&self, to: &str) -> Vec<Value> {
        let list = self.get(&format!("/_emulator/messages?to={to}"));
        let list = list.get("messages").cloned().unwrap_or(list);
        list.as_array().expect("a list").clone()
    }

    /// Sends SIGTERM, as a service manager does.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill")
            .args([signal, &pid])
            .status()
            .expect("kill runs");
        assert!(status.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder for one test, with a configuration in it.
pub(crate) struct Folder {
    pub(crate) dir: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("writable");
        text(&path)
    }

    /// A configuration that serves every number, with more keys at its end.
    pub(crate) fn connector(&self, more: &str) -> String {
        let text = format!(
            r#"{{
  "accessKeyId": "testid",
  "accessKeySecret": "{SECRET}",
  "signName": "阿里云短信测试",
  "templates": [
    {{ "usageType": "Generic", "templateCode": {{ "china": "SMS_154950909", "overseas": "SMS_154950910" }} }},
  ],
  {more}
}}"#
        );
        self.write("connector.json", text)
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
