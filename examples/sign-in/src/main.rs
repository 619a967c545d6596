//! The app as a program of its own; `sesame demo` runs the same.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use sign_in::Settings;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let settings = Settings {
        sesame_url: needed("SESAME_URL")?,
        api_key: needed("SESAME_API_KEY")?,
        issuer: needed("SESAME_ISSUER")?,
        audience: needed("SESAME_AUDIENCE")?,
        // Behind TLS, which everything but a try-out needs.
        is_https: std::env::var("HTTPS").is_ok_and(|value| value == "1"),
        framed_by: None,
        now: Arc::new(system_time),
    };
    let listener = tokio::net::TcpListener::bind(&listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    println!("ready http://{}", listener.local_addr()?);
    sign_in::serve(listener, settings).await
}

fn needed(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("set {name}; README.md says to what"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an app has a clock of its own; the demo gives it another"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}
