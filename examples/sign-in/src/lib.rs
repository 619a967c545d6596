//! An app whose users sign in by phone. See the README beside it.

mod app;
mod page;
mod sesame;
mod sessions;
mod words;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::net::TcpListener;

/// What the app must be told.
#[derive(Clone)]
pub struct Settings {
    /// Where Sesame is, such as `http://127.0.0.1:8080`.
    pub sesame_url: String,
    /// A key with the scope `verify`.
    pub api_key: String,
    /// What a token must say in `iss`.
    pub issuer: String,
    /// What a token must say in `aud`.
    pub audience: String,
    /// Whether browsers reach the app by `https`.
    pub is_https: bool,
    /// The origin of a page that may show the app in a frame; the demo's.
    pub framed_by: Option<String>,
    /// The time.
    pub now: Clock,
}

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("sesame_url", &self.sesame_url)
            .finish_non_exhaustive()
    }
}

/// Answers on this socket until it is dropped.
///
/// # Errors
/// The settings cannot be used, or the socket broke.
pub async fn serve(listener: TcpListener, settings: Settings) -> anyhow::Result<()> {
    let router = app::router(settings)?;
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, router).await?)
}
