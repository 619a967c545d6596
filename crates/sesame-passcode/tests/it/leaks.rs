//! What is stored, logged and printed holds no code, no key and no whole number.

use std::io::Write;
use std::sync::{Arc, Mutex};

use sesame_passcode::journal::Search;
use sesame_passcode::{Journal, Start};

use crate::shows::shows;
use crate::world::{PHONE, World, start, wrong};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_tells_a_code_a_key_or_a_number() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = World::new();
    let request = Start {
        session: Some("the-session-of-a-user".to_owned()),
        ip: Some([192, 0, 2, 77].into()),
        ..start(PHONE)
    };
    let mut said = format!("{request:?} {:?} {:?}", world.parts, world.passcodes);
    let started = world.passcodes.start(request).await.expect("a start");
    let code = world.phones.code(PHONE);
    let id = started.verification.id.clone();
    let outcomes = [
        world.check(&id, &wrong(&code, 0)).await,
        world.check(&id, &code).await,
    ];
    let limited = world.start(PHONE).await;
    let all = Search {
        limit: 10,
        ..Search::default()
    };
    let rows = world.journal.search(&all).await;
    said += &format!("{started:?} {outcomes:?} {limited:?} {rows:?}");
    said += &String::from_utf8_lossy(&log.0.lock().expect("no panic"));
    for (key, value) in world.store.dump() {
        said += &format!("{} {}", key.as_str(), String::from_utf8_lossy(&value));
    }
    assert!(!shows(&said, &code), "{said}");
    for secret in [
        "13800138000",
        "1380013800",
        "the-session-of-a-user",
        "192.0.2.77",
        "testsecret",
        "c0c0c0",
        "192, 192, 192",
        "23, 23, 23",
    ] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    assert!(said.contains("+86 138****8000"));
}
