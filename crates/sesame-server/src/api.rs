//! The HTTP API: handlers that parse, call and answer. Rules live left of here.
//!
//! A new operation is a function in `api/` with its `utoipa::path`, and a line
//! in [`routes`]; OpenAPI is generated from both.

mod answers;
mod document;
mod health;
mod messages;
mod numbers;
mod reports;
mod tokens;
mod verifications;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::any;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Book, Guard, Scope, authenticate};
use crate::console::{self, Console};
use crate::error::{Code, Problem};
use crate::front::{Front, Places, pass, take_place};
use crate::hooks::{self, Hooks};
use crate::idempotency::replay;
use crate::replies::Replies;
use crate::state::App;
use crate::wire::{BodyLimits, read};

pub use document::openapi;

/// What stands around the handlers.
pub(crate) struct Around {
    pub(crate) book: Arc<Book>,
    pub(crate) replies: Replies,
    pub(crate) bodies: BodyLimits,
    pub(crate) places: Places,
    pub(crate) front: Front,
    pub(crate) hooks: Hooks,
}

/// The API on one address; with metrics and the console, unless they have one
/// of their own.
pub(crate) fn router(app: &Arc<App>, around: &Around, console: Option<&Arc<Console>>) -> Router {
    let guarded = |routes: OpenApiRouter<Arc<App>>, scope| {
        let guard = Guard {
            book: Arc::clone(&around.book),
            source: Arc::clone(&app.source),
            scope,
        };
        // The last one is the first that a request meets.
        let (router, _) = routes.split_for_parts();
        router
            .route_layer(from_fn_with_state(around.replies.clone(), replay))
            .route_layer(from_fn_with_state(around.bodies, read))
            .route_layer(from_fn_with_state(around.places.clone(), take_place))
            .route_layer(from_fn_with_state(guard, authenticate))
    };
    let (open, _) = open().split_for_parts();
    let mut router = open
        .route_layer(from_fn_with_state(around.places.clone(), take_place))
        .merge(alive().split_for_parts().0)
        .merge(guarded(verify(), Scope::Verify))
        .merge(guarded(send(), Scope::Send))
        .merge(guarded(listed(), Scope::Read))
        .merge(guarded(operated(), Scope::Admin));
    router = router.merge(hooked(&around.hooks));
    if console.is_some() {
        router = router.merge(measured().split_for_parts().0);
    }
    around_all(router, app, around, console)
}

/// The console, metrics, and whether the server lives, on an address of their
/// own.
pub(crate) fn admin_router(app: &Arc<App>, around: &Around, console: &Arc<Console>) -> Router {
    let routes = measured().merge(alive());
    around_all(routes.split_for_parts().0, app, around, Some(console))
}

fn around_all(
    router: Router<Arc<App>>,
    app: &Arc<App>,
    around: &Around,
    console: Option<&Arc<Console>>,
) -> Router {
    let mut router = router.with_state(Arc::clone(app));
    if let Some(console) = console {
        let pages = console::router(console, around.bodies, &around.places);
        router = router.merge(pages);
    }
    let router = router
        .fallback(|| async { nothing_here().into_response() })
        .method_not_allowed_fallback(|| async { wrong_method().into_response() })
        .layer(from_fn_with_state(around.front.clone(), pass));
    match console {
        Some(console) => router.layer(from_fn_with_state(Arc::clone(console), console::dress)),
        None => router,
    }
}

/// Platforms, each in its own words: nothing for the document of the API. They
/// take their places themselves, since each has to hear in its own words too
/// that there is none.
fn hooked(hooks: &Hooks) -> Router<Arc<App>> {
    Router::new()
        .route("/hooks/{name}", any(hooks::receive))
        .route("/hooks/{name}/", any(hooks::receive))
        .route("/hooks/{name}/{*rest}", any(hooks::receive))
        .with_state(hooks.clone())
}

/// Every operation there is.
fn routes() -> OpenApiRouter<Arc<App>> {
    verify()
        .merge(send())
        .merge(listed())
        .merge(operated())
        .merge(open())
        .merge(alive())
        .merge(measured())
}

fn verify() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(verifications::start))
        .routes(routes!(verifications::show, verifications::cancel))
        .routes(routes!(verifications::check))
}

fn send() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(messages::send))
}

fn listed() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(messages::list))
        .routes(routes!(messages::show))
}

fn operated() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(numbers::lift))
}

fn open() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(reports::push))
        .routes(routes!(tokens::jwks))
        .routes(routes!(document::serve))
}

/// What is answered however much there is to do, like [`measured`].
fn alive() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
}

fn measured() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(health::metrics))
}

fn nothing_here() -> Problem {
    Problem::new(
        Code::NotFound,
        "there is no such address; /openapi.json lists them",
    )
}

fn wrong_method() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "this address takes other methods; the Allow header lists them",
    )
}
