//! When kept credentials are fetched anew, under a moved clock.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aliyun_sms::credentials::{Cached, CredentialsError, ProvideCredentials, Provided};
use aliyun_sms::{Credentials, Source};
use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Default)]
struct Clock(AtomicI64);

impl Clock {
    fn advance(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Source for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Gives a new key that lives so many seconds.
    Give(i64),
    /// Gives a key that does not expire, always the same.
    GiveFixed,
    Fail,
    Hang,
    Panic,
}

#[derive(Debug)]
struct Fetched {
    clock: Arc<Clock>,
    act: Mutex<Act>,
    count: AtomicUsize,
}

impl Fetched {
    fn does(&self, act: Act) {
        *self.act.lock().expect("not poisoned") = act;
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl ProvideCredentials for Fetched {
    fn provide(&self) -> Provided<'_, Arc<Credentials>> {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let act = *self.act.lock().expect("not poisoned");
        Box::pin(async move {
            tokio::task::yield_now().await;
            let key = |id: String| Credentials::new(id, "s3cr3t");
            match act {
                Act::Give(secs) => {
                    let end = self.clock.now() + SignedDuration::from_secs(secs);
                    let key = key(format!("key-{count}")).with_security_token("s3cr3t");
                    Ok(Arc::new(key.expiring_at(end)))
                }
                Act::GiveFixed => Ok(Arc::new(key("fixed".to_owned()))),
                Act::Fail => Err(CredentialsError::Failed {
                    provider: "test".to_owned(),
                    reason: "no".to_owned(),
                    is_transient: true,
                }),
                Act::Hang => std::future::pending().await,
                Act::Panic => panic!("on purpose"),
            }
        })
    }
}

struct Setting {
    clock: Arc<Clock>,
    fetched: Arc<Fetched>,
    cached: Cached,
}

fn setting(act: Act) -> Setting {
    let clock = Arc::new(Clock::default());
    let fetched = Arc::new(Fetched {
        clock: clock.clone(),
        act: Mutex::new(act),
        count: AtomicUsize::new(0),
    });
    let cached = Cached::new(fetched.clone(), clock.clone());
    Setting {
        clock,
        fetched,
        cached,
    }
}

impl Setting {
    async fn id(&self) -> Option<String> {
        let provided = self.cached.provide().await;
        provided.ok().map(|c| c.access_key_id().to_owned())
    }
}

#[tokio::test]
async fn refreshes_a_quarter_of_an_hour_before_the_end() {
    let t = setting(Act::Give(3600));
    assert_eq!(t.id().await.as_deref(), Some("key-1"));
    t.clock.advance(44 * 60 + 59);
    assert_eq!(t.id().await.as_deref(), Some("key-1"));
    t.clock.advance(1);
    assert_eq!(t.id().await.as_deref(), Some("key-2"));
}

#[tokio::test]
async fn refreshes_short_lived_ones_in_their_last_fifth() {
    for life in [900, 100, 5] {
        let t = setting(Act::Give(life));
        t.id().await;
        t.clock.advance(life * 4 / 5 - 1);
        assert_eq!(t.id().await.as_deref(), Some("key-1"), "{life}");
        t.clock.advance(1);
        assert_eq!(t.id().await.as_deref(), Some("key-2"), "{life}");
    }
}

#[tokio::test]
async fn keeps_a_key_that_does_not_expire() {
    let t = setting(Act::GiveFixed);
    t.id().await;
    t.clock.advance(1_000_000_000);
    assert_eq!(t.id().await.as_deref(), Some("fixed"));
    assert_eq!(t.fetched.count(), 1);
}

#[tokio::test]
async fn uses_the_old_ones_while_the_refresh_fails() {
    let t = setting(Act::Give(3600));
    t.id().await;
    t.fetched.does(Act::Fail);
    t.clock.advance(46 * 60);
    for _ in 0..3 {
        assert_eq!(t.id().await.as_deref(), Some("key-1"));
    }
    assert_eq!(t.fetched.count(), 2, "one try, then a pause");
    t.clock.advance(60);
    assert_eq!(t.id().await.as_deref(), Some("key-1"));
    assert_eq!(t.fetched.count(), 3);
    t.clock.advance(20 * 60);
    assert_eq!(t.id().await, None, "they have expired");
    t.fetched.does(Act::Give(3600));
    assert_eq!(
        t.id().await.as_deref(),
        Some("key-5"),
        "no pause without any"
    );
}

/// Counts what is logged as a warning.
#[derive(Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, about: &tracing::Metadata<'_>) -> bool {
        *about.level() == tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn warns_once_for_each_streak_of_failures() {
    let warnings = Warnings::default();
    let _guard = tracing::subscriber::set_default(warnings.clone());
    let t = setting(Act::Give(3600));
    for streak in 1..=2 {
        t.fetched.does(Act::Give(3600));
        t.id().await;
        t.fetched.does(Act::Fail);
        t.clock.advance(46 * 60);
        for _ in 0..5 {
            t.id().await;
            t.clock.advance(60);
        }
        assert_eq!(warnings.0.load(Ordering::SeqCst), streak);
    }
}

#[tokio::test]
async fn does_not_wait_long_for_what_it_can_do_without() {
    let t = setting(Act::Give(3600));
    t.id().await;
    t.fetched.does(Act::Hang);
    t.clock.advance(46 * 60);
    let asked = tokio::time::timeout(Duration::from_secs(5), t.id()).await;
    assert_eq!(asked.expect("in time").as_deref(), Some("key-1"));
    let old = t.cached.provide().await.expect("the old ones");
    let replaced = tokio::time::timeout(Duration::from_secs(5), t.cached.replace(&old)).await;
    assert!(replaced.expect("in time").expect("no failure").is_none());
    assert_eq!(t.fetched.count(), 2);
}

#[tokio::test]
async fn fifty_callers_fetch_once_at_the_start_and_at_a_refresh() {
    let t = setting(Act::Give(3600));
    for round in 1..=2 {
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let cached = t.cached.clone();
                tokio::spawn(async move { cached.provide().await.expect("credentials") })
            })
            .collect();
        for caller in callers {
            let id = caller.await.expect("a task").access_key_id().to_owned();
            assert_eq!(id, format!("key-{round}"));
        }
        assert_eq!(t.fetched.count(), round);
        t.clock.advance(50 * 60);
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_take_the_fetch_with_it() {
    let t = setting(Act::Give(3600));
    let mut asking = t.cached.provide();
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asking.as_mut().poll(&mut waker).is_pending());
    drop(asking);
    assert_eq!(t.id().await.as_deref(), Some("key-1"));
    assert_eq!(t.fetched.count(), 1);
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure_and_not_the_end() {
    let t = setting(Act::Panic);
    let error = t.cached.provide().await.expect_err("it broke off");
    assert!(error.is_transient());
    t.fetched.does(Act::Give(3600));
    assert_eq!(t.id().await.as_deref(), Some("key-2"));
}

#[tokio::test]
async fn outlives_the_runtime_of_a_fetch() {
    let t = setting(Act::Hang);
    let cached = t.cached.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async move {
            let _ = tokio::time::timeout(Duration::from_millis(50), cached.provide()).await;
        });
    })
    .join()
    .expect("a thread");
    t.fetched.does(Act::Give(3600));
    assert_eq!(t.id().await.as_deref(), Some("key-2"));
}

#[tokio::test]
async fn a_refused_key_forces_one_refresh() {
    let t = setting(Act::Give(3600));
    let first = t.cached.provide().await.expect("credentials");
    let (one, two) = tokio::join!(t.cached.replace(&first), t.cached.replace(&first));
    for other in [one, two] {
        let other = other.expect("no failure").expect("another");
        assert_eq!(other.access_key_id(), "key-2");
    }
    assert_eq!(t.fetched.count(), 2);

    let late = t
        .cached
        .replace(&first)
        .await
        .expect("no failure")
        .expect("another");
    assert_eq!(late.access_key_id(), "key-2", "found done already");

    let soon = t.cached.replace(&late).await.expect("no failure");
    assert!(soon.is_none(), "not twice at once");
    assert_eq!(t.fetched.count(), 2);
    t.clock.advance(6);
    let again = t
        .cached
        .replace(&late)
        .await
        .expect("no failure")
        .expect("another");
    assert_eq!(again.access_key_id(), "key-3");
}

#[tokio::test]
async fn a_refused_key_without_another_stays() {
    let t = setting(Act::GiveFixed);
    let fixed = t.cached.provide().await.expect("credentials");
    assert!(
        t.cached
            .replace(&fixed)
            .await
            .expect("no failure")
            .is_none()
    );
    t.fetched.does(Act::Fail);
    t.clock.advance(60);
    assert!(
        t.cached
            .replace(&fixed)
            .await
            .expect("no failure")
            .is_none()
    );
    assert_eq!(t.id().await.as_deref(), Some("fixed"));
}

#[tokio::test]
async fn credentials_that_come_expired_are_none() {
    let t = setting(Act::Give(0));
    let error = t.cached.provide().await.expect_err("expired");
    assert!(
        error
            .to_string()
            .contains("they expired at 1970-01-01T00:00:00Z"),
        "{error}"
    );
    t.fetched.does(Act::Give(3600));
    t.id().await;
    t.fetched.does(Act::Give(0));
    t.clock.advance(50 * 60);
    assert_eq!(
        t.id().await.as_deref(),
        Some("key-2"),
        "the old ones are better"
    );
}

#[tokio::test]
async fn a_clock_set_back_does_not_stop_the_tries() {
    let t = setting(Act::Give(3600));
    t.clock.advance(1_000_000);
    t.id().await;
    t.fetched.does(Act::Fail);
    t.clock.advance(3000);
    t.id().await;
    t.clock.advance(-10);
    t.fetched.does(Act::Give(3600));
    assert_eq!(t.id().await.as_deref(), Some("key-3"));
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let t = setting(Act::Give(3600));
    t.id().await;
    let shown = format!("{:?}", t.cached);
    assert!(
        shown.contains("key-1") && !shown.contains("s3cr3t"),
        "{shown}"
    );
}
