//! Servers that are not Aliyun: each answers every connection in one way.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A listening stub. Its thread ends with the test process.
pub(crate) struct Stub {
    pub(crate) url: String,
    sends: Arc<AtomicUsize>,
}

impl Stub {
    /// Reads whole requests and answers each with `answer`, then closes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |mut stream, _| {
            let _ = stream.write_all(&answer);
        })
    }

    /// Reads whole requests and never answers.
    pub(crate) fn hanging() -> Self {
        Self::start(|stream, _| {
            thread::sleep(Duration::from_secs(60));
            drop(stream);
        })
    }

    /// Reads whole requests and closes.
    pub(crate) fn closing() -> Self {
        Self::start(|stream, _| drop(stream))
    }

    fn start(answer: impl Fn(TcpStream, Vec<u8>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let sends = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (sends.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counter, answer) = (counter.clone(), answer.clone());
                thread::spawn(move || {
                    let mut stream = stream;
                    let request = read_request(&mut stream);
                    if String::from_utf8_lossy(&request).contains("SendSms") {
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                    answer(stream, request);
                });
            }
        });
        Self { url, sends }
    }

    /// How often something was asked to be sent.
    pub(crate) fn sends(&self) -> usize {
        self.sends.load(Ordering::SeqCst)
    }
}

fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return request;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return request,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A whole HTTP answer.
pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A port that nobody listens on.
pub(crate) fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    format!("http://{address}")
}
