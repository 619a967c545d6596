//! A client for HTTP/1.1, as small as the tests of running servers need it: one
//! request after the other over one connection, nothing sent twice by itself.

use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than any server of ours lets anybody wait.
const PATIENCE: Duration = Duration::from_secs(40);

/// Talks to one server.
pub(crate) struct Client {
    host: String,
    connection: Option<BufReader<TcpStream>>,
}

/// What is asked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// An API key.
    pub(crate) key: Option<&'a str>,
    pub(crate) idempotency_key: Option<&'a str>,
    pub(crate) body: Option<&'a Value>,
}

/// What came back, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Client {
    /// For `http://host:port`.
    pub(crate) fn new(url: &str) -> Self {
        Self {
            host: url.trim_start_matches("http://").to_owned(),
            connection: None,
        }
    }

    /// Asks once.
    ///
    /// # Errors
    /// Where the connection broke at any point: then nobody knows whether the
    /// request was carried out.
    pub(crate) fn ask(&mut self, request: Request<'_>) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.host)?,
        };
        connection
            .get_mut()
            .write_all(&written(&request, &self.host))?;
        let (answer, stays) = read(&mut connection)?;
        self.connection = stays.then_some(connection);
        Ok(answer)
    }

    /// The JSON at a path.
    pub(crate) fn get(&mut self, path: &str, key: Option<&str>) -> io::Result<Value> {
        let method = "GET";
        let answer = self.ask(Request {
            method,
            path,
            key,
            ..Request::default()
        })?;
        match answer.status {
            200 => Ok(answer.json()),
            status => Err(Error::other(format!("{path} answered {status}"))),
        }
    }
}

fn connect(host: &str) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// In one piece, so that it goes out in one packet.
fn written(request: &Request<'_>, host: &str) -> Vec<u8> {
    let Request { method, path, .. } = request;
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    if let Some(key) = request.key {
        text += &format!("Authorization: Bearer {key}\r\n");
    }
    if let Some(key) = request.idempotency_key {
        text += &format!("Idempotency-Key: {key}\r\n");
    }
    let body = request.body.map(Value::to_string).unwrap_or_default();
    if request.body.is_some() {
        text += "Content-Type: application/json\r\n";
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    text.into_bytes()
}

/// An answer, and whether another may follow on the same connection.
fn read(connection: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
    let (mut length, mut stays) = (None, true);
    loop {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<u64>().ok(),
            "connection" => stays = !value.trim().eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            let read = connection.by_ref().take(length).read_to_end(&mut body)?;
            if read as u64 != length {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        // Neither has a body.
        None if matches!(status, 204 | 304) => {}
        None => return Err(Error::other("an answer without a length")),
    }
    Ok((Answer { status, body }, stays))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers the connections it gets with these bytes, one each.
    fn serve(answers: &'static [&'static str]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1000]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        client
    }

    fn get(client: &mut Client) -> io::Result<Answer> {
        client.ask(Request {
            method: "GET",
            path: "/",
            ..Request::default()
        })
    }

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let mut client = serve(&[
            "HTTP/1.1 201 Created\r\ncontent-length: 3\r\n\r\n{} rest",
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        ]);
        let answer = get(&mut client).unwrap();
        assert_eq!((answer.status, &answer.body[..]), (201, &b"{} "[..]));
        client.connection = None;
        assert_eq!(get(&mut client).unwrap().status, 204);
        assert!(client.connection.is_none());
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        let mut client = serve(&[
            "",
            "HTTP/1.1 200",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        ]);
        for _ in 0..3 {
            assert!(get(&mut client).is_err());
        }
        assert!(get(&mut client).is_err(), "nobody listens any more");
    }
}
