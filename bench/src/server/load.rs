//! Clients of a server: each starts a verification and checks its code.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustix::time::ClockId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::subjects::seconds;

/// Where the codes of all servers arrive.
#[derive(Clone)]
pub(crate) struct Phone {
    pub(crate) address: String,
    codes: Arc<Mutex<HashMap<String, String>>>,
    /// Every number of a run is another.
    next: Arc<AtomicU64>,
}

impl Phone {
    pub(crate) fn new() -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let phone = Self {
            address: socket.local_addr()?.to_string(),
            codes: Arc::default(),
            next: Arc::new(AtomicU64::new(0)),
        };
        let codes = phone.codes.clone();
        // It waits in a thread, and for no other task.
        std::thread::spawn(move || {
            let mut bytes = [0; 200];
            while let Ok(read) = socket.recv(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
                if let Some((out_id, code)) = text.split_once(' ') {
                    let mut codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
                    codes.insert(out_id.to_owned(), code.to_owned());
                }
            }
        });
        Ok(phone)
    }

    /// The code was on its way before the answer was.
    async fn code(&self, out_id: &str) -> Result<String> {
        for tries in 0..10_000 {
            let found = {
                let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
                codes.remove(out_id)
            };
            if let Some(code) = found {
                return Ok(code);
            }
            if tries < 100 {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        bail!("a code did not arrive")
    }
}

/// A server as its clients know it.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) phone: Phone,
    http: Client<HttpConnector, Full<Bytes>>,
}

impl Server {
    pub(crate) fn new(url: &str, key: &str, phone: Phone) -> Self {
        Self {
            url: url.to_owned(),
            key: key.to_owned(),
            phone,
            http: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// So many pairs, so many at a time; gives how long each check took, in
    /// microseconds.
    pub(crate) async fn pairs(&self, count: usize, in_flight: usize) -> Result<Vec<f64>> {
        let mut clients = JoinSet::new();
        for client in 0..in_flight {
            let (this, share) = (self.clone(), (count + client) / in_flight);
            clients.spawn(async move {
                let mut took = Vec::with_capacity(share);
                for _ in 0..share {
                    took.push(this.pair().await?);
                }
                anyhow::Ok(took)
            });
        }
        let mut all = Vec::with_capacity(count);
        while let Some(took) = clients.join_next().await {
            all.extend(took??);
        }
        Ok(all)
    }

    async fn pair(&self) -> Result<f64> {
        let at = self.phone.next.fetch_add(1, Ordering::Relaxed);
        let to = format!("+86139{at:08}");
        let ip = format!("10.{}.{}.{}", at >> 18 & 255, at >> 10 & 255, at >> 2 & 255);
        let body = json!({ "to": to, "type": "SignIn", "ip": ip });
        let started = self.post("/v1/verifications", &body).await?;
        let id = started["id"]
            .as_str()
            .with_context(|| started.to_string())?;
        let out_id = started["message"]["out_id"].as_str().context("out-id")?;
        let body = json!({ "code": self.phone.code(out_id).await? });
        let path = format!("/v1/verifications/{id}/check");
        let began = seconds(ClockId::Monotonic);
        let checked = self.post(&path, &body).await?;
        let took = seconds(ClockId::Monotonic) - began;
        ensure!(checked["valid"] == Value::Bool(true), "{checked}");
        Ok(took * 1e6)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.url))
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))?;
        let answer = self.http.request(request).await?;
        let bytes = answer.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&bytes)?)
    }
}
