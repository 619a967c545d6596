//! The client against a server that misbehaves: what is sent how often, and
//! what each answer is taken for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aliyun_sms::credentials::Rotating;
use aliyun_sms::sign::SignatureVersion;
use aliyun_sms::sign::received::{Found, Request, decode_form};
use aliyun_sms::wire::{
    CheckSmsVerifyCode, GetSmsSign, GetSmsTemplate, QueryMessage, QuerySendDetails,
    QuerySmsSignList, QuerySmsTemplateList, SendBatchSms, SendMessageToGlobe, SendSms,
    SendSmsVerifyCode, SendStatus,
};
use aliyun_sms::{
    Client, ClientBuilder, Credentials, Disposition, Endpoint, Error, Source, Transport, Unsent,
};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "testsecret";

/// What the server does with the request of one connection.
#[derive(Clone)]
enum Act {
    Answer(Vec<u8>),
    Hang,
    Close,
}

/// One request as it came.
#[derive(Clone, Debug)]
struct Seen {
    head: String,
    body: String,
}

impl Seen {
    fn headers(&self) -> Vec<(String, String)> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        lines
            .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
            .collect()
    }

    fn header(&self, name: &str) -> String {
        let found = self
            .headers()
            .into_iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value).unwrap_or_default()
    }

    fn target(&self) -> &str {
        self.head.split(' ').nth(1).expect("a request line")
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pairs = decode_form(self.body.as_bytes());
        pairs
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
    }
}

/// A server on a free port that goes through a list of acts, the last of them
/// again and again.
struct Server {
    url: String,
    seen: Arc<std::sync::Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (log, next) = (seen.clone(), Arc::new(AtomicUsize::new(0)));
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = connections.clone();
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                accepted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, acts.clone(), next.clone(), log.clone()));
            }
        });
        Self {
            url,
            seen,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn client(&self) -> ClientBuilder {
        client(&self.url)
    }
}

async fn serve(
    mut stream: TcpStream,
    acts: Vec<Act>,
    next: Arc<AtomicUsize>,
    log: Arc<std::sync::Mutex<Vec<Seen>>>,
) {
    while let Some(seen) = read_request(&mut stream).await {
        log.lock().expect("not poisoned").push(seen);
        let at = next.fetch_add(1, Ordering::SeqCst).min(acts.len() - 1);
        match &acts[at] {
            Act::Answer(bytes) => {
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
            }
            Act::Hang => std::future::pending().await,
            Act::Close => return,
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")
                        .map(|v| v.trim().parse().expect("a number"))
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(Seen {
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

fn answer_with(status: &str, headers: &str, body: &str) -> Act {
    Act::Answer(
        format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

fn json(status: &str, body: &str) -> Act {
    answer_with(
        status,
        "Content-Type: application/json;charset=utf-8\r\n",
        body,
    )
}

fn accepted() -> Act {
    json(
        "200 OK",
        r#"{"Code":"OK","Message":"OK","RequestId":"R-1","BizId":"9^0","Extra":{"a":1}}"#,
    )
}

fn code(status: &str, code: &str) -> Act {
    json(
        status,
        &format!(
            r#"{{"Code":"{code}","Message":"m SECRET-ECHO","RequestId":"R-2","HostId":"h","Recommend":"u"}}"#
        ),
    )
}

fn client(url: &str) -> ClientBuilder {
    Client::builder(Credentials::new("testid", SECRET))
        .endpoint(Endpoint::parse(url).expect("a URL"))
        .environment_proxy(false)
        .timeout(Duration::from_millis(1500))
}

fn sms() -> SendSms {
    SendSms {
        phone_numbers: "13800138000".to_owned(),
        sign_name: "阿里云短信测试".to_owned(),
        template_code: "SMS_154950909".to_owned(),
        template_param: Some(r#"{"code":"735102"}"#.to_owned()),
        out_id: Some("out-1".to_owned()),
        ..SendSms::default()
    }
}

async fn refused_as(acts: Vec<Act>) -> (Error, usize) {
    let server = Server::start(acts).await;
    let error = server
        .client()
        .build()
        .expect("a client")
        .send_sms(&sms())
        .await;
    (error.expect_err("no reply"), server.seen().len())
}

#[tokio::test]
async fn clients_with_keys_of_their_own_share_connections() {
    let transport = Transport::new().expect("a transport");
    let server = Server::start(vec![accepted(), accepted()]).await;
    for id in ["testid", "another"] {
        let client = Client::builder(Credentials::new(id, SECRET))
            .endpoint(Endpoint::parse(&server.url).expect("a URL"))
            .transport(&transport)
            .build()
            .expect("a client");
        client.send_sms(&sms()).await.expect("accepted");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn parameters_travel_in_the_body_and_the_signature_is_right() {
    for version in [SignatureVersion::Acs3, SignatureVersion::RpcV1] {
        for token in [None, Some("CAIS+pub/lic==token%2B&next=1 2")] {
            let server = Server::start(vec![accepted()]).await;
            let mut credentials = Credentials::new("testid", SECRET);
            if let Some(token) = token {
                credentials = credentials.with_security_token(token);
            }
            let client = Client::builder(credentials)
                .endpoint(Endpoint::parse(&server.url).unwrap())
                .environment_proxy(false)
                .signature(version)
                .build()
                .unwrap();
            let reply = client.send_sms(&sms()).await.expect("accepted");
            assert_eq!(reply.biz_id.as_deref(), Some("9^0"));
            assert_eq!(reply.request_id.as_deref(), Some("R-1"));

            let seen = server.seen().remove(0);
            assert_eq!(seen.target(), "/");
            assert_eq!(
                seen.parameter("SignName").as_deref(),
                Some("阿里云短信测试")
            );
            let headers = seen.headers();
            let request = Request {
                method: "POST",
                target: "/",
                headers: &headers,
                body: seen.body.as_bytes(),
            };
            let parameters = request.parameters();
            let (stages, found) = match request.found(&parameters) {
                Found::Acs3(found) => {
                    assert!(request.unsigned_headers(&found.signed_headers).is_empty());
                    (
                        request.acs3(&parameters, &found.signed_headers, SECRET),
                        found.signature,
                    )
                }
                Found::RpcV1 { signature, .. } => (request.rpc_v1(&parameters, SECRET), signature),
                other => panic!("no signature: {other:?}"),
            };
            assert_eq!(stages.version, version);
            assert_eq!(stages.signature, found);
        }
    }
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(vec![accepted()]).await;
    let client = server.client().build().unwrap();
    for _ in 0..5 {
        client.send_sms(&sms()).await.expect("accepted");
    }
    let nonces: std::collections::HashSet<String> = server
        .seen()
        .iter()
        .map(|seen| seen.header("x-acs-signature-nonce"))
        .collect();
    assert_eq!(nonces.len(), 5);
}

#[tokio::test]
async fn sparse_and_rich_answers_are_accepted_alike() {
    for body in [
        r#"{"Code":"OK"}"#,
        r#"{"Code":"OK","RequestId":null,"BizId":null}"#,
        r#"{"Message":"OK","RequestId":"R","Code":"OK","BizId":"1^0","New":[1,{"x":null}],"Recommend":"u","HostId":"h"}"#,
        "\n {\"Code\":\"OK\"} ",
        "\u{feff}{\"Code\":\"OK\"}",
        r#"{"Code":"OK","BizId":900,"RequestId":1,"Message":{}}"#,
        r#"{"Code":"OK","BizId":[1],"RequestId":{"a":[]},"Message":["x"]}"#,
    ] {
        let server = Server::start(vec![json("200 OK", body)]).await;
        server
            .client()
            .build()
            .unwrap()
            .send_sms(&sms())
            .await
            .expect(body);
    }
}

#[tokio::test]
async fn refusals_are_told_from_doubts_and_sent_once() {
    use Disposition::{Refused, Unknown};
    for (act, disposition) in [
        (code("200 OK", "isv.BUSINESS_LIMIT_CONTROL"), Refused),
        (code("200 OK", "isv.AMOUNT_NOT_ENOUGH"), Refused),
        (code("200 OK", "isv.NEVER_SEEN_BEFORE"), Refused),
        (code("400 Bad Request", "SignatureDoesNotMatch"), Refused),
        (
            code("404 Not Found", "InvalidAccessKeyId.NotFound"),
            Refused,
        ),
        (code("403 Forbidden", "NoPermission"), Refused),
        (code("400 Bad Request", "Throttling.User"), Refused),
        (
            code("503 Service Unavailable", "Throttling.Never.Seen"),
            Refused,
        ),
        (code("400 Bad Request", "SignatureNonceUsed"), Refused),
        (code("400 Bad Request", "Never.Seen"), Refused),
        (code("200 OK", "isp.SYSTEM_ERROR"), Unknown),
        (code("200 OK", "isp.NEVER_SEEN_BEFORE"), Unknown),
        (code("503 Service Unavailable", "ServiceTimeout"), Unknown),
        (code("500 Internal Server Error", "InternalError"), Unknown),
        (code("502 Bad Gateway", "Never.Seen"), Unknown),
        (
            answer_with(
                "502 Bad Gateway",
                "Content-Type: text/html\r\n",
                "<html>502</html>",
            ),
            Unknown,
        ),
        (
            answer_with("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
            Unknown,
        ),
        (
            answer_with("200 OK", "Content-Encoding: gzip\r\n", "\u{1f}zip"),
            Unknown,
        ),
        (json("200 OK", r#"{"Code":"O"#), Unknown),
        (json("200 OK", "{}"), Unknown),
        (json("200 OK", r#"{"Code":""}"#), Unknown),
        (
            json("500 Internal Server Error", r#"{"Code":"OK"}"#),
            Unknown,
        ),
        (json("200 OK", "[]"), Unknown),
        (json("200 OK", r#"["OK"]"#), Unknown),
        (json("200 OK", r#"{"Code":{"a":1}}"#), Unknown),
        (code("400 Bad Request", "InternalError.Timeout"), Unknown),
        (
            code("400 Bad Request", "ServiceUnavailable.Timeout"),
            Unknown,
        ),
        (code("408 Request Timeout", "RequestTimeout"), Unknown),
        (code("200 OK", "isv.SYSTEM_ERROR"), Unknown),
        (
            code("200 OK", "isv.X PhoneNumbers=13912345678&code=735102"),
            Unknown,
        ),
        (json("200 OK", ""), Unknown),
        (
            Act::Answer(
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Code\":\"OK\"}".to_vec(),
            ),
            Unknown,
        ),
        (Act::Answer(b"garbage\r\n\r\n".to_vec()), Unknown),
        (Act::Close, Unknown),
        (Act::Hang, Unknown),
    ] {
        let what = match &act {
            Act::Answer(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Act::Hang => "hang".to_owned(),
            Act::Close => "close".to_owned(),
        };
        let (error, sent) = refused_as(vec![act]).await;
        assert_eq!(error.disposition(), disposition, "{what}: {error:?}");
        assert_eq!(sent, 1, "{what}");
        let told = format!("{error} {error:?}");
        assert!(
            !told.contains("SECRET-ECHO") && !told.contains("735102"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn ten_megabytes_are_not_read() {
    let body = format!(r#"{{"Code":"OK","Pad":"{}"}}"#, "x".repeat(10 << 20));
    let (error, sent) = refused_as(vec![json("200 OK", &body)]).await;
    assert_eq!(error.disposition(), Disposition::Unknown);
    assert!(error.to_string().contains("more than 1 MiB"), "{error}");
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn nobody_there_is_certainly_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url)
        .build()
        .unwrap()
        .send_sms(&sms())
        .await
        .unwrap_err();
    assert_eq!(error.disposition(), Disposition::NotSent);
    assert!(
        matches!(error, Error::Unsent(Unsent::Connect { .. })),
        "{error:?}"
    );

    let error = client("https://name.invalid")
        .build()
        .unwrap()
        .send_sms(&sms())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Unsent(Unsent::Dns { .. })),
        "{error:?}"
    );

    // A plain server is no TLS server.
    let server = Server::start(vec![accepted()]).await;
    let error = client(&server.url.replace("http:", "https:"))
        .build()
        .unwrap()
        .send_sms(&sms())
        .await
        .unwrap_err();
    assert_eq!(error.disposition(), Disposition::NotSent, "{error:?}");
}

#[tokio::test]
async fn a_hung_connect_is_certainly_not_sent() {
    // A TLS server that never answers the handshake.
    let server = Server::start(vec![Act::Hang]).await;
    let builder =
        client(&server.url.replace("http:", "https:")).connect_timeout(Duration::from_millis(100));
    let error = builder.build().unwrap().send_sms(&sms()).await.unwrap_err();
    assert!(
        matches!(error, Error::Unsent(Unsent::ConnectTimeout { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn limits_tell_how_long() {
    let limited = json(
        "200 OK",
        r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发小时级流控Permits:5","RequestId":"R"}"#,
    );
    let (error, _) = refused_as(vec![limited]).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    let throttled = answer_with(
        "429 Too Many Requests",
        "x-acs-retry-after: 1500\r\n",
        r#"{"Code":"Throttling.User"}"#,
    );
    let (error, _) = refused_as(vec![throttled]).await;
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
    assert!(error.is_transient());
    let (error, _) = refused_as(vec![code("503 Service Unavailable", "Throttling.User")]).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    let absurd = answer_with(
        "429 Too Many Requests",
        "x-acs-retry-after: 18446744073709551615\r\n",
        r#"{"Code":"Throttling.User"}"#,
    );
    let (error, _) = refused_as(vec![absurd]).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
}

#[tokio::test]
async fn a_call_that_may_have_been_taken_is_not_made_again_whatever_its_code_is_about() {
    let date = "Date: Tue, 02 Jan 2024 03:04:05 GMT\r\n";
    for act in [
        code("500 Internal Server Error", "SecurityTokenServiceFailure"),
        code("200 OK", "isp.SecurityToken"),
        code("503 Service Unavailable", "InvalidAccessKeyId.X"),
        answer_with(
            "503 Service Unavailable",
            date,
            r#"{"Code":"InvalidTimeStamp.Foo"}"#,
        ),
    ] {
        let server = Server::start(vec![act, accepted()]).await;
        let keys = Rotating::new(Credentials::new("old", "s1"), Credentials::new("new", "s2"));
        let client = Client::builder_with(Arc::new(keys))
            .endpoint(Endpoint::parse(&server.url).expect("a URL"))
            .environment_proxy(false)
            .build()
            .expect("a client");
        let error = client.send_sms(&sms()).await.expect_err("no reply");
        assert_eq!(error.disposition(), Disposition::Unknown, "{error}");
        assert_eq!(server.seen().len(), 1, "{error}");
    }
}

#[tokio::test]
async fn what_is_no_id_does_not_come_along() {
    let act = json(
        "200 OK",
        r#"{"Code":"isv.AMOUNT_NOT_ENOUGH","RequestId":"13912345678 735102\n"}"#,
    );
    let (error, _) = refused_as(vec![act]).await;
    assert_eq!(error.request_id(), None);
}

#[tokio::test]
async fn xml_errors_are_read() {
    let xml = answer_with(
        "404 Not Found",
        "Content-Type: text/xml;charset=utf-8\r\n",
        "<?xml version='1.0'?><Error><RequestId>R-9</RequestId><HostId>h</HostId><Code>InvalidAccessKeyId.NotFound</Code><Message>m</Message></Error>",
    );
    let (error, _) = refused_as(vec![xml]).await;
    assert_eq!(error.disposition(), Disposition::Refused);
    assert_eq!(error.request_id(), Some("R-9"));
}

#[derive(Debug)]
struct Off(Timestamp);

impl Source for Off {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn fill(&self, bytes: &mut [u8]) {
        aliyun_sms::SystemSource.fill(bytes);
    }
}

fn expired(date: &str) -> Act {
    answer_with(
        "400 Bad Request",
        &format!("Date: {date}\r\n"),
        r#"{"Code":"InvalidTimeStamp.Expired","RequestId":"R"}"#,
    )
}

#[tokio::test]
async fn a_clock_an_hour_off_is_corrected_by_the_date_header() {
    let server = Server::start(vec![expired("Tue, 02 Jan 2024 03:04:05 GMT"), accepted()]).await;
    let source = Arc::new(Off("2024-01-02T02:04:05Z".parse().unwrap()));
    let client = server.client().source(source).build().unwrap();
    client
        .send_sms(&sms())
        .await
        .expect("accepted the second time");
    client.send_sms(&sms()).await.expect("accepted at once");
    let dates: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.header("x-acs-date"))
        .collect();
    assert_eq!(
        dates,
        [
            "2024-01-02T02:04:05Z",
            "2024-01-02T03:04:05Z",
            "2024-01-02T03:04:05Z"
        ]
    );
}

/// Refuses whatever is signed with another time than its own.
#[tokio::test]
async fn a_wrong_clock_is_corrected_for_all_calls_under_way() {
    let url = clock_server().await;
    let source = Arc::new(Off("2024-01-02T02:04:05Z".parse().expect("a time")));
    let client = client(&url).source(source).build().expect("a client");
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        sends.spawn(async move { client.send_sms(&sms()).await });
    }
    while let Some(sent) = sends.join_next().await {
        sent.expect("no panic").expect("accepted in the end");
    }
    assert_eq!(client.clock_behind().as_secs(), 3600);
}

async fn clock_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                while let Some(seen) = read_request(&mut stream).await {
                    // Long enough that the calls overlap.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let is_right = seen.header("x-acs-date") == "2024-01-02T03:04:05Z";
                    let act = if is_right {
                        accepted()
                    } else {
                        expired("Tue, 02 Jan 2024 03:04:05 GMT")
                    };
                    let Act::Answer(bytes) = act else { return };
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn an_absurd_date_corrects_nothing() {
    let server = Server::start(vec![expired("Thu, 30 Dec 9999 22:00:00 GMT")]).await;
    let client = server.client().build().expect("a client");
    for _ in 0..2 {
        let error = client.send_sms(&sms()).await.expect_err("refused");
        assert_eq!(error.disposition(), Disposition::Refused);
    }
    assert_eq!(server.seen().len(), 2);
    assert_eq!(client.clock_behind().as_secs(), 0);
}

#[derive(Debug)]
struct Hangs;

impl aliyun_sms::credentials::ProvideCredentials for Hangs {
    fn provide(&self) -> aliyun_sms::credentials::Provided<'_, Arc<Credentials>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn credentials_that_hang_are_told_from_a_network_that_does() {
    let client = Client::builder_with(Arc::new(Hangs))
        .timeout(Duration::from_millis(100))
        .build()
        .expect("a client");
    let error = client.send_sms(&sms()).await.expect_err("no key");
    assert!(matches!(error, Error::Credentials(_)), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(error.disposition(), Disposition::NotSent);
}

#[tokio::test]
async fn a_right_clock_is_not_corrected() {
    let server = Server::start(vec![expired("Tue, 02 Jan 2024 03:04:05 GMT")]).await;
    let source = Arc::new(Off("2024-01-02T03:04:00Z".parse().unwrap()));
    let error = server
        .client()
        .source(source)
        .build()
        .unwrap()
        .send_sms(&sms())
        .await
        .unwrap_err();
    assert_eq!(error.disposition(), Disposition::Refused);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_key_gives_way_to_the_next() {
    let server = Server::start(vec![
        code("400 Bad Request", "InvalidAccessKeyId.Inactive"),
        accepted(),
    ])
    .await;
    let keys = Rotating::new(Credentials::new("old", "s1"), Credentials::new("new", "s2"));
    let client = Client::builder_with(Arc::new(keys))
        .endpoint(Endpoint::parse(&server.url).unwrap())
        .environment_proxy(false)
        .build()
        .unwrap();
    client
        .send_sms(&sms())
        .await
        .expect("accepted under the next key");
    client
        .send_sms(&sms())
        .await
        .expect("accepted under the next key");
    let keys: Vec<bool> = server
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").contains("Credential=new,"))
        .collect();
    assert_eq!(keys, [false, true, true]);
}

#[tokio::test]
async fn the_same_bytes_go_again_only_when_asked_for_and_only_ok_proves_anything() {
    let (_, sent) = refused_as(vec![Act::Close, accepted()]).await;
    assert_eq!(sent, 1);

    for (second, is_accepted) in [
        (accepted(), true),
        (code("400 Bad Request", "SignatureNonceUsed"), false),
        (code("200 OK", "isv.BUSINESS_LIMIT_CONTROL"), false),
        (Act::Close, false),
    ] {
        for first in [Act::Close, Act::Hang] {
            let server = Server::start(vec![first, second.clone()]).await;
            let client = server
                .client()
                .resend_same_bytes(true)
                .timeout(Duration::from_millis(600))
                .build()
                .unwrap();
            let result = client.send_sms(&sms()).await;
            let seen = server.seen();
            assert_eq!(seen.len(), 2);
            assert_eq!(
                (&seen[0].head, &seen[0].body),
                (&seen[1].head, &seen[1].body)
            );
            match result {
                Ok(_) => assert!(is_accepted),
                Err(error) => {
                    assert!(!is_accepted);
                    assert_eq!(error.disposition(), Disposition::Unknown, "{error:?}");
                }
            }
        }
    }
}

async fn one(body: &str) -> (Server, Client) {
    let server = Server::start(vec![json("200 OK", body)]).await;
    let client = server.client().build().expect("a client");
    (server, client)
}

#[tokio::test]
async fn batches_go_as_lists_of_one_length() {
    let (server, client) = one(r#"{"Code":"OK","BizId":"7^0"}"#).await;
    let message = |phone: &str, code: &str| aliyun_sms::wire::BatchMessage {
        phone_number: phone.to_owned(),
        sign_name: "签名".to_owned(),
        template_param: vec![("code".to_owned(), code.to_owned())],
    };
    let batch = SendBatchSms {
        messages: vec![
            message("13800138000", "1234"),
            message("13800138001", "5678"),
        ],
        template_code: "SMS_1".to_owned(),
        out_id: None,
    };
    client.send_batch_sms(&batch).await.expect("accepted");
    let seen = server.seen().remove(0);
    assert_eq!(
        seen.parameter("PhoneNumberJson").as_deref(),
        Some(r#"["13800138000","13800138001"]"#)
    );
    assert_eq!(
        seen.parameter("SignNameJson").as_deref(),
        Some(r#"["签名","签名"]"#)
    );
    assert_eq!(
        seen.parameter("TemplateParamJson").as_deref(),
        Some(r#"[{"code":"1234"},{"code":"5678"}]"#)
    );
    assert!(!format!("{batch:?}").contains("1234"));
}

#[tokio::test]
async fn details_are_read_without_the_text() {
    for total in ["2", "\"2\""] {
        let (server, client) = one(&format!(
            r#"{{"Code":"OK","RequestId":"R","TotalCount":{total},"SmsSendDetailDTOs":{{"SmsSendDetailDTO":[
            {{"PhoneNum":"13800138000","SendStatus":3,"ErrCode":"DELIVERED","OutId":"out-1","Content":"【签名】735102","TemplateCode":"SMS_1","SendDate":"2024-01-02 11:04:05","ReceiveDate":"2024-01-02 11:04:06"}},
            {{"PhoneNum":"13800138000","SendStatus":"1","ErrCode":"","OutId":"","Content":"c"}}]}}}}"#
        ))
        .await;
        let query = QuerySendDetails {
            phone_number: "13800138000".to_owned(),
            send_date: aliyun_sms::wire::beijing_date("2024-01-01T16:00:00Z".parse().unwrap()),
            page_size: 50,
            current_page: 1,
            biz_id: Some("9^0".to_owned()),
        };
        let reply = client.query_send_details(&query).await.expect("an answer");
        assert_eq!(
            server.seen()[0].parameter("SendDate").as_deref(),
            Some("20240102")
        );
        assert_eq!(reply.total_count, Some(2));
        assert_eq!(reply.details()[0].send_status, SendStatus::Delivered);
        assert_eq!(reply.details()[1].send_status, SendStatus::Waiting);
        assert_eq!(reply.details()[1].out_id, None);
        let told = format!("{reply:?}");
        assert!(
            !told.contains("735102") && !told.contains("13800138000"),
            "{told}"
        );
    }
    // One odd entry, one alone, one without its status: none hides the others.
    for list in [
        r#"[7,{"PhoneNum":13800138000,"OutId":"out-1"}]"#,
        r#"{"PhoneNum":"13800138000","SendStatus":"x","OutId":"out-1"}"#,
    ] {
        let (_server, client) = one(&format!(
            r#"{{"Code":"OK","TotalCount":1.0,"SmsSendDetailDTOs":{{"SmsSendDetailDTO":{list}}}}}"#
        ))
        .await;
        let reply = client
            .query_send_details(&any_query())
            .await
            .expect("an answer");
        assert_eq!(reply.total_count, Some(1));
        assert_eq!(reply.details().len(), 1, "{list}");
        assert_eq!(reply.details()[0].phone_num, "13800138000");
        assert_eq!(reply.details()[0].send_status, SendStatus::Other);
    }
    let (_server, client) =
        one(r#"{"Code":"OK","TotalCount":0,"SmsSendDetailDTOs":{"SmsSendDetailDTO":[]}}"#).await;
    let reply = client.query_send_details(&any_query()).await;
    assert!(reply.expect("an answer").details().is_empty());
}

fn any_query() -> QuerySendDetails {
    QuerySendDetails {
        phone_number: "13800138000".to_owned(),
        send_date: jiff::civil::date(2024, 1, 2),
        page_size: 50,
        current_page: 1,
        biz_id: None,
    }
}

#[tokio::test]
async fn signatures_and_templates_are_read_in_both_spellings() {
    let (_server, client) = one(r#"{"Code":"OK","TotalCount":"1","SmsTemplateList":[{"TemplateCode":"SMS_1","TemplateContent":"${code}","TemplateType":2,"OuterTemplateType":0,"AuditStatus":"AUDIT_SATE_CANCEL","Reason":{"RejectInfo":"no","RejectDate":"2024-01-02 00:00:00"}}]}"#).await;
    let reply = client
        .query_sms_template_list(&QuerySmsTemplateList {
            page_index: 1,
            page_size: 50,
        })
        .await
        .unwrap();
    assert_eq!(reply.sms_template_list[0].outer_template_type, Some(0));

    let (_server, client) = one(r#"{"Code":"OK","TemplateCode":"SMS_1","TemplateStatus":"1","TemplateType":"0","TemplateTag":2,"VariableAttribute":"{\"code\":\"numberCaptcha\"}","AuditInfo":{"RejectInfo":""}}"#).await;
    let reply = client
        .get_sms_template(&GetSmsTemplate {
            template_code: "SMS_1".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(
        (
            reply.template_status,
            reply.template_type,
            reply.template_tag
        ),
        (Some(1), Some(0), Some(2))
    );

    let (_server, client) = one(r#"{"Code":"OK","TotalCount":1,"SmsSignList":[{"SignName":"签名","AuditStatus":"AUDIT_STATE_PASS","BusinessType":"验证码类型"}]}"#).await;
    let reply = client
        .query_sms_sign_list(&QuerySmsSignList {
            page_index: 1,
            page_size: 10,
        })
        .await
        .unwrap();
    assert_eq!(reply.sms_sign_list[0].business_type, "验证码类型");

    let (_server, client) = one(r#"{"Code":"OK","SignName":"签名","SignStatus":1,"SignTag":"3","SignIspRegisterDetailList":[{"OperatorCode":"mobile","RegisterStatus":-2}]}"#).await;
    let reply = client
        .get_sms_sign(&GetSmsSign {
            sign_name: "签名".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(
        reply.sign_isp_register_detail_list[0].register_status,
        Some(-2)
    );
    assert_eq!(reply.sign_tag, Some(3));
}

#[tokio::test]
async fn a_wrong_code_is_an_answer_in_both_forms() {
    let check = CheckSmsVerifyCode {
        phone_number: "13800138000".to_owned(),
        verify_code: "735102".to_owned(),
        scheme_name: None,
        out_id: None,
    };
    for (act, passed) in [
        (
            json(
                "200 OK",
                r#"{"Code":"OK","Success":true,"Model":{"VerifyResult":"PASS"}}"#,
            ),
            true,
        ),
        (
            json(
                "200 OK",
                r#"{"Code":"OK","Success":true,"Model":{"VerifyResult":"UNKNOWN"}}"#,
            ),
            false,
        ),
        (json("200 OK", r#"{"Code":"OK"}"#), false),
        (code("400 Bad Request", "isv.ValidateFail"), false),
    ] {
        let server = Server::start(vec![act]).await;
        let reply = server
            .client()
            .build()
            .unwrap()
            .check_sms_verify_code(&check)
            .await
            .expect("an answer");
        assert_eq!(reply.passed(), passed);
    }
    let (server, client) =
        one(r#"{"Code":"OK","Model":{"BizId":"1^0","VerifyCode":"735102"}}"#).await;
    let send = SendSmsVerifyCode {
        phone_number: "13800138000".to_owned(),
        template_param: r###"{"code":"##code##"}"###.to_owned(),
        return_verify_code: true,
        valid_time_secs: Some(300),
        ..SendSmsVerifyCode::default()
    };
    let reply = client.send_sms_verify_code(&send).await.expect("accepted");
    assert_eq!(
        server.seen()[0].parameter("ReturnVerifyCode").as_deref(),
        Some("true")
    );
    assert!(reply.verify_code().is_some());
    assert!(!format!("{reply:?}{send:?}{check:?}").contains("735102"));
}

#[tokio::test]
async fn the_international_api_answers_in_its_own_words() {
    let send = SendMessageToGlobe {
        to: "85260000000".to_owned(),
        message: "735102 is your code".to_owned(),
        ..SendMessageToGlobe::default()
    };
    let (server, client) = one(r#"{"ResponseCode":"OK","ResponseDescription":"OK","RequestId":"R","MessageId":"77","Segments":"1"}"#).await;
    let reply = client.send_message_to_globe(&send).await.expect("accepted");
    assert_eq!(
        (reply.message_id.as_deref(), reply.segments),
        (Some("77"), Some(1))
    );
    assert_eq!(server.seen()[0].header("x-acs-version"), "2018-05-01");

    let (_server, client) =
        one(r#"{"ResponseCode":"MOBILE_NUMBER_ILLEGAL","ResponseDescription":"x"}"#).await;
    let error = client.send_message_to_globe(&send).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::Refused);

    let (_server, client) = one(r#"{"ResponseCode":"OK","Status":"1","ErrorCode":"DELIVERED","Message":"735102 is your code"}"#).await;
    let reply = client
        .query_message(&QueryMessage {
            message_id: "77".to_owned(),
        })
        .await
        .unwrap();
    assert!(!format!("{reply:?}{send:?}").contains("735102"));
}

#[tokio::test]
async fn nothing_secret_is_printed() {
    let server = Server::start(vec![code("400 Bad Request", "SignatureDoesNotMatch")]).await;
    let credentials = Credentials::new("testid", SECRET).with_security_token("the-token");
    let builder = Client::builder(credentials.clone())
        .endpoint(Endpoint::parse(&server.url).unwrap())
        .environment_proxy(false);
    let told = format!("{builder:?} {credentials:?}");
    let client = builder.build().unwrap();
    let error = client.send_sms(&sms()).await.unwrap_err();
    let told = format!("{told} {client:?} {error:?} {error} {:?}", sms());
    for secret in [SECRET, "the-token", "13800138000", "735102"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}
