//! Traces for a collector: what it gets, what it never gets, and that nobody
//! minds when it is away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread;

use aliyun_sms::{Source as _, SystemSource};
use jiff::SignedDuration;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};

use crate::serve::{REPORT_SECRET, ask, ask_with, code, folder, new_key, start};
use crate::shows::shows;
use crate::support::{Running, run, sesame};

const NUMBER: &str = "+8613800138000";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const COLLECTOR_KEY: &str = "collector-key-of-tests";

/// Head and body.
type Request = (String, Vec<u8>);

/// A collector that keeps what it is sent.
#[derive(Clone)]
struct Collector {
    url: String,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let collector = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            got: Arc::default(),
        };
        let listening = collector.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let listening = listening.clone();
                thread::spawn(move || while listening.take(&stream).is_some() {});
            }
        });
        collector
    }

    fn take(&self, mut stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().expect("a length"))
        });
        let mut body = vec![0; length.expect("a length")];
        reader.read_exact(&mut body).ok()?;
        self.got.lock().expect("no panic").push((head, body));
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
    }

    fn exports(&self) -> Vec<ExportTraceServiceRequest> {
        let got = self.got.lock().expect("no panic");
        let bodies = got.iter().map(|(_, body)| body.as_slice());
        let read = |body| ExportTraceServiceRequest::decode(body).expect("an export");
        bodies.map(read).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let resources = self.exports().into_iter().flat_map(|e| e.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let pair = attributes.iter().find(|pair| pair.key == key)?;
    match pair.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        other => panic!("{other:?}"),
    }
}

fn one<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(found.len(), 1, "{name} in {names:?}");
    found[0]
}

fn since(then: jiff::Timestamp) -> SignedDuration {
    SystemSource.now().duration_since(then)
}

fn end(server: &mut Running) {
    server.terminate();
    let status = server.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

/// Starts a verification; gives the path to check its code at.
fn begin(server: &Running, key: &str, headers: &str) -> String {
    let body = json!({ "to": NUMBER, "type": "SignIn" });
    let url = &server.url;
    let (status, started) = ask_with(url, "POST", "/v1/verifications", key, headers, &body);
    assert_eq!(status, 201, "{started}");
    let id = started["id"].as_str().expect("an id");
    format!("/v1/verifications/{id}/check")
}

fn traced(server: &str) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: free=text-of-{server}\r\n")
}

#[test]
fn a_verification_is_a_part_of_its_callers_trace_and_tells_no_secret() {
    let (collector, emulator) = (Collector::start(), Running::emulator());
    let (folder, config) = folder(&emulator.url, "");
    let (key, log) = (new_key(&config, &[]), folder.path("log"));
    let mut command = sesame();
    command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
    command
        .env("SESAME_LOG", "trace")
        .env("SESAME__OTLP__ENDPOINT", &collector.url)
        .env("SESAME__OTLP__SERVICE_NAME", "sesame-of-tests")
        .env(
            "SESAME__OTLP__HEADERS",
            "{ authorization = { env = \"TEST_COLLECTOR_KEY\" } }",
        )
        .env("TEST_COLLECTOR_KEY", COLLECTOR_KEY);
    let mut server = Running::start(command.stderr(std::fs::File::create(&log).expect("a file")));
    let check = begin(&server, &key, &traced("caller"));
    let code = code(&emulator, NUMBER);
    let body = json!({ "code": code });
    let (_, checked) = ask_with(&server.url, "POST", &check, &key, &traced("caller"), &body);
    let token = checked["token"].as_str().expect("a token").to_owned();
    for path in [
        "/v1/messages?to=%2B8613800138000",
        "/v1/messages/13800138000",
        "/13800138000",
    ] {
        ask(&server.url, "GET", path, &key, &Value::Null);
    }
    let reports = format!("/reports/aliyun/{REPORT_SECRET}");
    let report = json!([{ "phone_number": "13800138000", "success": true, "out_id": "x" }]);
    assert_eq!(ask(&server.url, "POST", &reports, "", &report).0, 200);
    end(&mut server);
    its_shape(&collector);
    let log = std::fs::read_to_string(log).expect("a log");
    let exports = collector.exports();
    let (bytes, text) = (bytes(&collector), format!("{exports:?}"));
    let secret = key.splitn(3, '_').nth(2).expect("a secret");
    let id = check.split('/').nth(3).expect("an id");
    for hidden in [
        "13800138000",
        "8000",
        "127.0.0.1",
        "testsecret",
        REPORT_SECRET,
        COLLECTOR_KEY,
        secret,
        "text-of-caller",
        &token,
        &code,
        id,
    ] {
        let is_hidden = !shows(&text, hidden) && !shows(&bytes, hidden);
        assert!(is_hidden, "{hidden} stands in a trace");
    }
    for hidden in ["13800138000", COLLECTOR_KEY, "text-of-caller", &code] {
        assert!(!shows(&log, hidden), "{hidden} stands in the log");
    }
}

fn bytes(collector: &Collector) -> String {
    let got = collector.got.lock().expect("no panic");
    let bodies = got.iter().map(|(_, body)| String::from_utf8_lossy(body));
    bodies.collect()
}

fn its_shape(collector: &Collector) {
    for (head, _) in collector.got.lock().expect("no panic").iter() {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(COLLECTOR_KEY), "{head}");
    }
    for resource in collector
        .exports()
        .into_iter()
        .flat_map(|e| e.resource_spans)
    {
        let attributes = resource.resource.expect("a resource").attributes;
        let name = attribute(&attributes, "service.name");
        assert_eq!(name.as_deref(), Some("sesame-of-tests"));
    }
    let spans = collector.spans();
    for (request, child, outcome) in [
        ("POST /v1/verifications", "start", "accepted"),
        ("POST /v1/verifications/{id}/check", "check", "approved"),
    ] {
        let request = one(&spans, request);
        assert_eq!(hex(&request.trace_id), TRACE);
        assert_eq!(hex(&request.parent_span_id), PARENT);
        assert_eq!(request.kind, 2, "a server");
        let child = one(&spans, child);
        assert_eq!(child.parent_span_id, request.span_id);
        let said = attribute(&child.attributes, "outcome");
        assert_eq!(said.as_deref(), Some(outcome));
    }
    let send = one(&spans, "send");
    assert_eq!(send.parent_span_id, one(&spans, "start").span_id);
    for (key, value) in [
        ("message.region", "CN"),
        ("message.outcome", "accepted"),
        ("provider", "aliyun-sms"),
    ] {
        let said = attribute(&send.attributes, key);
        assert_eq!(said.as_deref(), Some(value), "{key}");
    }
    assert!(attribute(&send.attributes, "message.out_id").is_some());
    let consumed = one(&spans, "journal consume");
    assert_eq!(consumed.parent_span_id, one(&spans, "check").span_id);
    let system = attribute(&consumed.attributes, "db.system.name");
    assert_eq!(system.as_deref(), Some("sqlite"));
    // Others begin traces of their own.
    let pushed = one(&spans, "POST /reports/aliyun/{secret}");
    assert!(pushed.parent_span_id.is_empty() && hex(&pushed.trace_id) != TRACE);
    let status = attribute(&pushed.attributes, "http.response.status_code");
    assert_eq!(status.as_deref(), Some("200"));
    // Nor is work in the background a trace.
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
    assert!(
        roots.clone().all(|span| span.kind == 2),
        "{:?}",
        roots.collect::<Vec<_>>()
    );
}

#[test]
fn nothing_is_sent_unless_it_was_asked_for() {
    let (collector, emulator) = (Collector::start(), Running::emulator());
    let (_folder, config) = folder(&emulator.url, "");
    let key = new_key(&config, &[]);
    // What other programs take for it does not count.
    let mut command = sesame();
    command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let mut server = Running::start(command.stderr(Stdio::null()));
    begin(&server, &key, &traced("caller"));
    end(&mut server);
    assert_eq!(collector.got.lock().expect("no panic").len(), 0);
    // Of a share of nought, only what the caller wants kept.
    let mut command = sesame();
    command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
    command
        .env("SESAME__OTLP__ENDPOINT", format!("{}/", collector.url))
        .env("SESAME__OTLP__SAMPLE_RATIO", "0");
    let mut server = Running::start(command.stderr(Stdio::null()));
    ask(&server.url, "GET", "/v1/messages", &key, &Value::Null);
    ask_with(
        &server.url,
        "GET",
        "/livez",
        &key,
        &traced("caller"),
        &Value::Null,
    );
    let broken = "traceparent: 00-nonsense-01\r\n";
    ask_with(&server.url, "GET", "/readyz", &key, broken, &Value::Null);
    end(&mut server);
    let names: Vec<String> = collector
        .spans()
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, ["GET /livez"]);
}

#[test]
fn a_collector_that_is_away_or_hangs_costs_a_warning() {
    let emulator = Running::emulator();
    // It takes connections and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let hanging = format!("http://{}", hanging.local_addr().expect("an address"));
    for endpoint in ["http://127.0.0.1:9", &hanging] {
        let (folder, config) = folder(&emulator.url, "");
        emulator.post("/_emulator/reset", "");
        let (key, log) = (new_key(&config, &[]), folder.path("log"));
        let mut command = sesame();
        command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]);
        command
            .env("SESAME__OTLP__ENDPOINT", endpoint)
            .env("SESAME__OTLP__TIMEOUT_SECS", "1")
            .env("SESAME__OTLP__SHUTDOWN_SECS", "1");
        let stderr = std::fs::File::create(&log).expect("a file");
        let mut server = Running::start(command.stderr(stderr));
        let check = begin(&server, &key, "");
        let body = json!({ "code": code(&emulator, NUMBER) });
        let (_, checked) = ask(&server.url, "POST", &check, &key, &body);
        assert_eq!(checked["status"], "approved", "{checked}");
        // Over several batches, each of which is lost.
        let mut slowest = SignedDuration::ZERO;
        let first = SystemSource.now();
        while since(first).as_secs() < 4 {
            let began = SystemSource.now();
            let (status, _) = ask(&server.url, "GET", "/livez", "", &Value::Null);
            assert_eq!(status, 200);
            slowest = slowest.max(since(began));
        }
        assert!(slowest.as_millis() < 900, "{slowest:?}");
        let began = SystemSource.now();
        end(&mut server);
        assert!(since(began).as_secs() < 5, "{:?}", since(began));
        let log = std::fs::read_to_string(log).expect("a log");
        let warnings = log.matches("traces do not reach the collector").count();
        assert_eq!(warnings, 1, "{log}");
    }
}

#[test]
fn what_is_wrong_with_it_is_told() {
    let (folder, config) = folder("http://127.0.0.1:9", "");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    for (wrong, part) in [
        (
            "endpoint = \"localhost:4318\"",
            "otlp.endpoint: this is no address of a collector",
        ),
        ("endpoint = \"http://user:word@127.0.0.1\"", "otlp.endpoint"),
        (
            "sample_ratio = 1.5",
            "otlp.sample_ratio: this must be between 0 and 1",
        ),
        ("service_name = \" \"", "otlp.service_name"),
        (
            "timeout_secs = 0",
            "otlp.timeout_secs: this must be between 1 and 60",
        ),
        (
            "headers = { authorization = { env = \"NO_SUCH_ONE\" } }",
            "otlp.headers.authorization: the environment variable",
        ),
        ("headers = { \"a b\" = \"c\" }", "this is no header"),
        ("protocol = \"grpc\"", "protocol means nothing here"),
    ] {
        let file = folder.write("wrong.toml", format!("{text}[otlp]\n{wrong}\n"));
        let said = run(&["serve", "--config", &file]);
        assert_eq!(said.code, 2, "{wrong}: {said:?}");
        assert!(said.err.contains(part), "{wrong}: {}", said.err);
        assert!(!said.err.contains("word@"), "{said:?}");
    }
    // Without a collector there is nothing that could be wrong later.
    drop(start(&config));
}
