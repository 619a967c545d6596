//! What every journal has to do. Each check gets an empty one.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use sesame_connector::OutId;
use tokio::task::JoinSet;

pub use super::figures::*;
use super::{after, micros, start};
use crate::journal::{
    ApiKeyRow, Ask, Consumed, Decision, Journal, Progress, Receipted, Row, Search, SeenReport,
    State,
};

pub use super::verdicts::*;

/// A journal under test.
pub(super) type Tested = Arc<dyn Journal>;

pub(super) fn out_id(text: &str) -> OutId {
    OutId::parse(text).unwrap()
}

/// A row with as little as there can be.
pub(super) fn row(id: &str, created_at: Timestamp) -> Row {
    Row {
        out_id: out_id(id),
        verification: None,
        app: "web".to_owned(),
        usage_type: "SignIn".to_owned(),
        number: vec![1, 2, 3],
        number_index: [7; 16],
        masked: "+86 138****8000".to_owned(),
        country: "CN".to_owned(),
        carrier: "mobile".to_owned(),
        provider: "aliyun-sms".to_owned(),
        created_at,
        progress: Progress::SENDING,
        confirmed_at: None,
        ask_at: None,
    }
}

/// A row in which everything stands.
fn full_row(id: &str) -> Row {
    Row {
        verification: Some("v-Ωß".to_owned()),
        app: "网站 'app'; --".to_owned(),
        usage_type: "注册".to_owned(),
        number: (0..=255).collect(),
        number_index: [255; 16],
        country: "001".to_owned(),
        carrier: String::new(),
        progress: Progress {
            state: State::Refused,
            code: Some("isv.业务限流\\\"'".to_owned()),
            request_id: Some("R-1".to_owned()),
            biz_id: Some("B-1".to_owned()),
            ended_at: Some(after(1) + micros(1)),
            report: Some(receipted(
                false,
                Some("UNDELIVERED"),
                Some(after(2) + micros(999)),
            )),
        },
        confirmed_at: Some(after(3) + micros(3)),
        ask_at: Some(after(4) + micros(4)),
        ..row(id, start())
    }
}

pub(super) fn receipted(
    delivered: bool,
    code: Option<&str>,
    reported_at: Option<Timestamp>,
) -> Receipted {
    Receipted {
        delivered,
        code: code.map(str::to_owned),
        reported_at,
    }
}

pub(super) fn news(state: State, code: Option<&str>, ended: i64) -> Progress {
    Progress {
        state,
        code: code.map(str::to_owned),
        ended_at: Some(after(ended)),
        ..Progress::SENDING
    }
}

/// Pieces of news of one message, some of them at odds with each other.
fn all_news() -> Vec<Progress> {
    vec![
        Progress::SENDING,
        news(State::Unknown, Some("timeout"), 1),
        news(State::FinallyUnknown, None, 600),
        news(State::Refused, Some("isv.LIMIT"), 2),
        Progress {
            request_id: Some("R-2".to_owned()),
            biz_id: Some("B-2".to_owned()),
            ..news(State::Accepted, None, 3)
        },
        Progress::reported(receipted(false, Some("失败"), Some(after(4)))),
        Progress::reported(receipted(true, Some("DELIVERED"), Some(after(5)))),
        Progress::reported(receipted(true, Some("DELIVERED"), None)),
    ]
}

fn merged(all: &[Progress]) -> Progress {
    all.iter()
        .fold(Progress::SENDING, |known, news| known.merge(news))
}

pub(super) fn search() -> Search {
    Search {
        limit: 100,
        ..Search::default()
    }
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.out_id.as_str()).collect()
}

pub(super) async fn found(journal: &Tested, search: Search) -> Vec<String> {
    let rows = journal.search(&search).await.unwrap();
    ids(&rows).into_iter().map(str::to_owned).collect()
}

/// Everything that was written comes back, text of any script and microseconds
/// included.
pub async fn a_row_comes_back_whole(journal: Tested) {
    for written in [row("bare", start()), full_row("full_-1")] {
        journal.open(&written).await.unwrap();
        let there = journal.message(&written.out_id).await.unwrap();
        assert_eq!(there, Some(written));
    }
    assert_eq!(journal.message(&out_id("other")).await.unwrap(), None);
    assert_eq!(journal.message(&out_id("BARE")).await.unwrap(), None);
}

/// A row that is there stays as it is.
pub async fn opening_again_changes_nothing(journal: Tested) {
    let first = row("one", start());
    journal.open(&first).await.unwrap();
    journal.open(&full_row("one")).await.unwrap();
    let there = journal.message(&first.out_id).await.unwrap();
    assert_eq!(there, Some(first));
    assert_eq!(found(&journal, search()).await, ["one"]);
}

/// News are merged as the rule says, whatever comes first and how often.
pub async fn news_in_any_order_give_the_same(journal: Tested) {
    let all = all_news();
    for turn in 0..all.len() {
        let written = row(&format!("m{turn}"), start());
        journal.open(&written).await.unwrap();
        let mut order = all.clone();
        order.rotate_left(turn);
        if turn % 2 == 1 {
            order.reverse();
        }
        let mut so_far = Progress::SENDING;
        for piece in order.iter().chain(&order[..3]) {
            so_far = so_far.merge(piece);
            let told = journal
                .advance(&written.out_id, piece, Ask::Keep, after(9))
                .await
                .unwrap();
            let expected = Row {
                progress: so_far.clone(),
                ..written.clone()
            };
            assert_eq!(told, Some(expected.clone()), "turn {turn}");
            let there = journal.message(&written.out_id).await.unwrap();
            assert_eq!(there, Some(expected), "turn {turn}");
        }
        assert_eq!(so_far, merged(&all), "turn {turn}");
    }
}

/// Of news that come at the same time none is lost.
pub async fn news_at_the_same_time_are_all_taken(journal: Tested) {
    for turn in 0..4 {
        let written = row(&format!("m{turn}"), start());
        journal.open(&written).await.unwrap();
        let mut tellers = JoinSet::new();
        for piece in all_news().into_iter().chain(all_news()) {
            let (journal, id) = (Arc::clone(&journal), written.out_id.clone());
            tellers.spawn(async move {
                let told = journal.advance(&id, &piece, Ask::Keep, after(9)).await;
                assert!(told.unwrap().is_some());
            });
        }
        tellers.join_all().await;
        let there = journal.message(&written.out_id).await.unwrap().unwrap();
        assert_eq!(there.progress, merged(&all_news()));
        let reports = journal.reports(&written.out_id).await.unwrap();
        assert_eq!(reports.len(), 3, "{reports:?}");
    }
}

/// News of a message nobody sent are not kept.
pub async fn news_of_no_message_give_nothing(journal: Tested) {
    let nobody = out_id("nobody");
    for piece in all_news() {
        let told = journal.advance(&nobody, &piece, Ask::At(start()), start());
        assert_eq!(told.await.unwrap(), None);
    }
    assert_eq!(journal.message(&nobody).await.unwrap(), None);
    assert_eq!(journal.reports(&nobody).await.unwrap(), []);
    assert_eq!(found(&journal, search()).await, [""; 0]);
}

/// Every report that differs is kept once, in the order they came.
pub async fn reports_are_kept_once_each(journal: Tested) {
    let (one, other) = (row("one", start()), row("other", start()));
    journal.open(&one).await.unwrap();
    journal.open(&other).await.unwrap();
    let reports = [
        receipted(true, None, None),
        receipted(false, None, None),
        receipted(false, Some(""), None),
        receipted(false, Some("状态"), Some(after(1))),
        receipted(false, Some("状态"), Some(after(2))),
    ];
    let mut expected = Vec::new();
    for (report, secs) in reports.iter().zip(10..) {
        for repeat in 0..3 {
            let piece = Progress::reported(report.clone());
            let now = after(secs + repeat * 100);
            journal
                .advance(&one.out_id, &piece, Ask::Keep, now)
                .await
                .unwrap();
        }
        expected.push(SeenReport {
            seen_at: after(secs),
            report: report.clone(),
        });
    }
    assert_eq!(journal.reports(&one.out_id).await.unwrap(), expected);
    assert_eq!(journal.reports(&other.out_id).await.unwrap(), []);
}

/// Whoever brings news says when to ask next.
pub async fn the_time_to_ask_is_set_and_cleared(journal: Tested) {
    let written = Row {
        ask_at: Some(after(60)),
        ..row("one", start())
    };
    journal.open(&written).await.unwrap();
    let piece = news(State::Unknown, None, 1);
    for (ask, expected) in [
        (Ask::Keep, Some(after(60))),
        (Ask::At(after(90)), Some(after(90))),
        (Ask::Keep, Some(after(90))),
        (Ask::At(after(30)), Some(after(30))),
        (Ask::Never, None),
        (Ask::Keep, None),
        (Ask::At(after(5)), Some(after(5))),
    ] {
        let told = journal
            .advance(&written.out_id, &piece, ask, after(2))
            .await;
        assert_eq!(told.unwrap().unwrap().ask_at, expected, "{ask:?}");
        let there = journal.message(&written.out_id).await.unwrap().unwrap();
        assert_eq!(there.ask_at, expected, "{ask:?}");
    }
}

/// Each filter by itself, and some together.
pub async fn a_search_finds_by_every_filter(journal: Tested) {
    let with = |id: &str, secs, app: &str, index: u8, state| Row {
        app: app.to_owned(),
        number_index: [index; 16],
        progress: Progress {
            state,
            ..Progress::SENDING
        },
        ..row(id, after(secs))
    };
    for written in [
        with("a", 1, "web", 1, State::Accepted),
        with("b", 2, "web", 2, State::Refused),
        with("c", 3, "应用", 1, State::Unknown),
        with("d", 4, "应用", 2, State::FinallyUnknown),
        with("e", 5, "应用", 1, State::Accepted),
        with("f", 6, "WEB", 1, State::Sending),
    ] {
        journal.open(&written).await.unwrap();
    }
    let all = found(&journal, search()).await;
    assert_eq!(all, ["f", "e", "d", "c", "b", "a"], "newest first");
    let app = |app: &str| Search {
        app: Some(app.to_owned()),
        ..search()
    };
    assert_eq!(found(&journal, app("web")).await, ["b", "a"]);
    assert_eq!(found(&journal, app("应用")).await, ["e", "d", "c"]);
    assert_eq!(found(&journal, app("%")).await, [""; 0]);
    let number = Search {
        number_index: Some([1; 16]),
        ..search()
    };
    assert_eq!(found(&journal, number.clone()).await, ["f", "e", "c", "a"]);
    for (state, expected) in [
        (State::Accepted, &["e", "a"][..]),
        (State::Refused, &["b"]),
        (State::Unknown, &["c"]),
        (State::FinallyUnknown, &["d"]),
        (State::Sending, &["f"]),
    ] {
        let states = vec![state];
        assert_eq!(
            found(&journal, Search { states, ..search() }).await,
            expected
        );
    }
    let between = Search {
        from: Some(after(2)),
        until: Some(after(5)),
        ..search()
    };
    assert_eq!(found(&journal, between.clone()).await, ["d", "c", "b"]);
    let together = Search {
        app: Some("应用".to_owned()),
        number_index: Some([1; 16]),
        states: vec![State::Unknown, State::FinallyUnknown],
        ..between
    };
    assert_eq!(found(&journal, together).await, ["c"]);
    let first = Search { limit: 2, ..number };
    assert_eq!(found(&journal, first).await, ["f", "e"]);
    let none = Search {
        limit: 0,
        ..search()
    };
    assert_eq!(found(&journal, none).await, [""; 0]);
}

/// Pages follow each other without a gap and without a repeat, also where many
/// rows have the same time and new ones come meanwhile.
pub async fn pages_hold_every_row_once(journal: Tested) {
    // Ids sort by their bytes, and not as a language would.
    let names: Vec<String> = (0..24)
        .map(|at| format!("{}{at}", ["a", "B", "-", "_"][at % 4]))
        .collect();
    for (at, name) in (0..).zip(&names) {
        journal.open(&row(name, after(at / 6))).await.unwrap();
    }
    let mut seen: Vec<(Timestamp, String)> = Vec::new();
    let mut after_row = None;
    for page in 0.. {
        let rows = journal
            .search(&Search {
                after: after_row.clone(),
                limit: 5,
                ..search()
            })
            .await
            .unwrap();
        let Some(last) = rows.last() else { break };
        after_row = Some((last.created_at, last.out_id.clone()));
        seen.extend(
            rows.iter()
                .map(|r| (r.created_at, r.out_id.as_str().to_owned())),
        );
        let newer = format!("newer{page}");
        journal.open(&row(&newer, after(100 + page))).await.unwrap();
    }
    let mut expected: Vec<(Timestamp, String)> = (0..)
        .zip(names)
        .map(|(at, name)| (after(at / 6), name))
        .collect();
    expected.sort();
    expected.reverse();
    assert_eq!(seen, expected);
}

/// Rows whose time has come are given, the longest waiting first, and then not
/// until their lease has ended.
pub async fn due_rows_are_leased(journal: Tested) {
    for (id, ask) in [
        ("c", Some(3)),
        ("a", Some(1)),
        ("b", Some(2)),
        ("n", None),
        ("d", Some(60)),
    ] {
        let ask_at = ask.map(after);
        let written = Row {
            ask_at,
            ..row(id, start())
        };
        journal.open(&written).await.unwrap();
    }
    assert_eq!(journal.claim(9, start(), after(99)).await.unwrap(), []);
    let lease = after(33);
    let first = journal.claim(2, after(3), lease).await.unwrap();
    assert_eq!(ids(&first), ["a", "b"]);
    assert!(first.iter().all(|row| row.ask_at == Some(lease)));
    let there = journal.message(&out_id("a")).await.unwrap();
    assert_eq!(there.as_ref(), first.first());
    let rest = journal.claim(9, after(3), lease).await.unwrap();
    assert_eq!(ids(&rest), ["c"]);
    assert_eq!(journal.claim(9, after(3), lease).await.unwrap(), []);
    assert_eq!(
        journal
            .claim(9, lease - micros(1), after(99))
            .await
            .unwrap(),
        []
    );
    // Whoever had `b` has finished; the others have not been heard of.
    let piece = news(State::Accepted, None, 5);
    let b = out_id("b");
    let told = journal.advance(&b, &piece, Ask::Never, after(5)).await;
    told.unwrap();
    let again = journal.claim(9, lease, after(99)).await.unwrap();
    assert_eq!(ids(&again), ["a", "c"]);
}

/// Many who claim at the same time share the rows between them.
pub async fn a_row_is_leased_to_one(journal: Tested) {
    for at in 0..60 {
        let written = Row {
            ask_at: Some(after(at)),
            ..row(&format!("m{at}"), start())
        };
        journal.open(&written).await.unwrap();
    }
    let mut claimers = JoinSet::new();
    for _ in 0..8 {
        let journal = Arc::clone(&journal);
        claimers.spawn(async move {
            let mut mine = Vec::new();
            // One more round after an empty one: rows may have been in others'
            // hands only for a moment.
            let mut empty = 0;
            while empty < 3 {
                let rows = journal.claim(7, after(100), after(200)).await.unwrap();
                empty += usize::from(rows.is_empty());
                mine.extend(rows.into_iter().map(|row| row.out_id.as_str().to_owned()));
            }
            mine
        });
    }
    let all: Vec<String> = claimers.join_all().await.concat();
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), different.len()), (60, 60));
}

/// Codes that came back wait for their provider to be told: those of messages to
/// numbers outside the mainland, each for one server at a time, until it is done.
pub async fn a_code_that_came_back_is_told_of_once(journal: Tested) {
    let overseas = |id: &str, verification: &str, country: &str| Row {
        verification: Some(verification.to_owned()),
        country: country.to_owned(),
        ..row(id, start())
    };
    for (id, verification, country) in [
        ("a", "v-1", "HK"),
        ("b", "v-1", "HK"),
        ("c", "v-2", "CN"),
        ("d", "v-3", "US"),
        ("e", "v-4", "US"),
    ] {
        let row = overseas(id, verification, country);
        journal.open(&row).await.unwrap();
    }
    let claim = async |now: i64, limit: usize| -> Vec<String> {
        let lease = after(now + 60);
        let rows = journal.claim_conversions(limit, after(now), lease).await;
        let mut ids: Vec<String> = rows
            .unwrap()
            .iter()
            .map(|row| row.out_id.to_string())
            .collect();
        ids.sort();
        ids
    };
    assert!(claim(0, 10).await.is_empty());
    for (verification, at) in [("v-1", 1), ("v-2", 1), ("v-3", 5), ("v-1", 9)] {
        journal
            .consume(verification, None, after(at))
            .await
            .unwrap();
    }
    assert_eq!(claim(2, 10).await, ["a", "b"]);
    assert!(claim(3, 10).await.is_empty());
    assert_eq!(claim(5, 10).await, ["d"]);
    let rows = journal.message(&out_id("d")).await.unwrap().unwrap();
    assert_eq!(rows.confirmed_at, Some(after(5)));
    // Done, later again, and left behind by who took it.
    journal.converted(&out_id("a"), None).await.unwrap();
    journal
        .converted(&out_id("a"), Some(after(7)))
        .await
        .unwrap();
    journal
        .converted(&out_id("b"), Some(after(20)))
        .await
        .unwrap();
    journal.converted(&out_id("nobody"), None).await.unwrap();
    assert!(claim(19, 10).await.is_empty());
    assert_eq!(claim(20, 10).await, ["b"]);
    assert_eq!(claim(65, 10).await, ["d"]);
    assert_eq!(claim(300, 1).await.len(), 1);
    assert_eq!(claim(300, 10).await.len(), 1);
    journal.converted(&out_id("d"), None).await.unwrap();
    // What is pruned is told of no more.
    journal.prune(after(10), 100).await.unwrap();
    assert!(claim(900, 10).await.is_empty());
}

/// Many servers look at once, and each message is one server's.
pub async fn a_code_that_came_back_is_leased_to_one(journal: Tested) {
    const MESSAGES: usize = 40;
    for index in 0..MESSAGES {
        let row = Row {
            verification: Some(format!("v-{index}")),
            country: "HK".to_owned(),
            ..row(&format!("m-{index}"), start())
        };
        journal.open(&row).await.unwrap();
        journal
            .consume(&format!("v-{index}"), None, after(1))
            .await
            .unwrap();
    }
    let mut claims = JoinSet::new();
    for _ in 0..16 {
        let journal = Arc::clone(&journal);
        claims.spawn(async move {
            let rows = journal.claim_conversions(5, after(2), after(60)).await;
            rows.unwrap()
        });
    }
    let mut seen = BTreeSet::new();
    while let Some(rows) = claims.join_next().await {
        for row in rows.unwrap() {
            assert!(seen.insert(row.out_id.clone()), "{} twice", row.out_id);
        }
    }
    loop {
        let rows = journal
            .claim_conversions(5, after(2), after(60))
            .await
            .unwrap();
        if rows.is_empty() {
            break;
        }
        seen.extend(rows.into_iter().map(|row| row.out_id));
    }
    assert_eq!(seen.len(), MESSAGES);
}

/// The first who consumes a verification is told so, and its messages are
/// marked.
pub async fn a_verification_is_consumed_once(journal: Tested) {
    let of = |id: &str, verification: &str| Row {
        verification: Some(verification.to_owned()),
        ..row(id, start())
    };
    for written in [
        of("a", "v1"),
        of("b", "v1"),
        of("c", "v2"),
        row("d", start()),
    ] {
        journal.open(&written).await.unwrap();
    }
    for (id, by, at, expected) in [
        ("v1", Some([1; 12]), 1, Consumed::First),
        ("v1", None, 2, Consumed::Before),
        ("v1", Some([2; 12]), 2, Consumed::Before),
        ("v1", Some([1; 12]), 2, Consumed::Again),
        ("V1", Some([1; 12]), 3, Consumed::First),
        // Without messages, and by nobody who is known.
        ("", None, 3, Consumed::First),
        ("", None, 4, Consumed::Before),
        ("", Some([0; 12]), 4, Consumed::Before),
    ] {
        let told = journal.consume(id, by, after(at)).await.unwrap();
        assert_eq!(told, expected, "{id:?} {by:?}");
    }
    for (id, expected) in [
        ("a", Some(after(1))),
        ("b", Some(after(1))),
        ("c", None),
        ("d", None),
    ] {
        let there = journal.message(&out_id(id)).await.unwrap().unwrap();
        assert_eq!(there.confirmed_at, expected, "{id}");
    }
    // News after that leave it.
    let piece = news(State::Accepted, None, 5);
    let a = out_id("a");
    let told = journal.advance(&a, &piece, Ask::Keep, after(5)).await;
    assert_eq!(told.unwrap().unwrap().confirmed_at, Some(after(1)));
}

/// Of many who consume at the same time, one is the first.
pub async fn one_of_many_consumes(journal: Tested) {
    for round in 0..6 {
        let mut racers = JoinSet::new();
        for _ in 0..24 {
            let journal = Arc::clone(&journal);
            racers.spawn(async move {
                let id = format!("v{round}");
                let consumed = journal.consume(&id, None, start()).await;
                consumed.unwrap() == Consumed::First
            });
        }
        let firsts = racers.join_all().await.into_iter().filter(|first| *first);
        assert_eq!(firsts.count(), 1, "round {round}");
    }
}

/// Rows, reports, decisions and consumptions of long ago go, not more than
/// said; younger ones stay.
pub async fn old_rows_are_pruned(journal: Tested) {
    let report = Progress::reported(receipted(true, None, None));
    for at in 0..10 {
        let written = row(&format!("m{at}"), after(at));
        journal.open(&written).await.unwrap();
        let told = journal.advance(&written.out_id, &report, Ask::Keep, after(at));
        told.await.unwrap();
        let id = format!("v{at}");
        journal.consume(&id, None, after(at)).await.unwrap();
        journal
            .decide(&decision(&format!("d{at}"), after(at)))
            .await
            .unwrap();
    }
    assert_eq!(journal.prune(start(), 100).await.unwrap(), 0);
    let mut dropped = 0;
    loop {
        let now = journal.prune(after(5), 4).await.unwrap();
        assert!(now <= 4);
        dropped += now;
        if now == 0 {
            break;
        }
    }
    assert_eq!(dropped, 15);
    assert_eq!(
        found(&journal, search()).await,
        ["m9", "m8", "m7", "m6", "m5"]
    );
    assert_eq!(journal.decisions(100, None).await.unwrap().len(), 5);
    assert_eq!(journal.reports(&out_id("m4")).await.unwrap(), []);
    assert_eq!(journal.reports(&out_id("m5")).await.unwrap().len(), 1);
    for (id, expected) in [("v5", Consumed::Before), ("v4", Consumed::First)] {
        let told = journal.consume(id, None, after(20)).await.unwrap();
        assert_eq!(told, expected, "{id}");
    }
}

/// An API key is found again, changed by its id, and stays after its end.
pub async fn keys_are_written_and_changed(journal: Tested) {
    let key = |id: &str, secs| ApiKeyRow {
        id: id.to_owned(),
        name: "后台 'key'".to_owned(),
        app: "web".to_owned(),
        scopes: vec!["verify".to_owned(), "read".to_owned()],
        hash: [9; 32],
        created_at: after(secs) + micros(1),
        ends_at: None,
    };
    assert_eq!(journal.keys().await.unwrap(), []);
    let (old, young) = (key("b", 1), key("a", 2));
    let bare = ApiKeyRow {
        scopes: Vec::new(),
        ..key("c", 3)
    };
    for written in [&young, &bare, &old] {
        journal.put_key(written).await.unwrap();
    }
    let all = journal.keys().await.unwrap();
    assert_eq!(
        all,
        [old.clone(), young.clone(), bare.clone()],
        "oldest first"
    );
    let ended = ApiKeyRow {
        name: "other".to_owned(),
        scopes: vec!["admin".to_owned()],
        hash: [0; 32],
        ends_at: Some(after(9) + micros(9)),
        ..old
    };
    journal.put_key(&ended).await.unwrap();
    assert_eq!(journal.keys().await.unwrap(), [ended, young, bare]);
}

fn decision(id: &str, at: Timestamp) -> Decision {
    Decision {
        id: id.to_owned(),
        at,
        actor: "值班".to_owned(),
        action: "number_unlocked".to_owned(),
        subject: "+86 138****8000".to_owned(),
        number_index: Some([3; 16]),
        detail: r#"{"reason":"用户来电 'x'"}"#.to_owned(),
    }
}

/// Decisions come newest first, page by page, each once.
pub async fn decisions_come_newest_first(journal: Tested) {
    assert_eq!(journal.decisions(9, None).await.unwrap(), []);
    let about_nobody = Decision {
        number_index: None,
        detail: "{}".to_owned(),
        ..decision("d1", after(1) + micros(1))
    };
    let others = [
        decision("b", after(2)),
        decision("C", after(2)),
        decision("a", after(3)),
    ];
    for written in others.iter().chain([&about_nobody, &about_nobody]) {
        journal.decide(written).await.unwrap();
    }
    let [b, c, a] = others;
    let all = journal.decisions(9, None).await.unwrap();
    assert_eq!(all, [a, b, c, about_nobody.clone()]);
    let mut seen = Vec::new();
    let mut last = None;
    while let [one] = &journal.decisions(1, last.as_ref()).await.unwrap()[..] {
        last = Some((one.at, one.id.clone()));
        seen.push(one.clone());
    }
    assert_eq!(seen, all);
    let behind = (after(2), "C".to_owned());
    let older = journal.decisions(9, Some(&behind)).await.unwrap();
    assert_eq!(older, [about_nobody]);
}

/// A mark is made once, whoever comes later, and outlives everything.
pub async fn a_mark_stays_as_it_was_made(journal: Tested) {
    assert_eq!(journal.mark("a", None).await.unwrap(), None);
    let first = Some(vec![0, 255, b'\'']);
    assert_eq!(journal.mark("a", first.as_deref()).await.unwrap(), first);
    assert_eq!(journal.mark("a", Some(b"other")).await.unwrap(), first);
    assert_eq!(journal.mark("A", None).await.unwrap(), None, "another");
    assert_eq!(
        journal.mark("b", Some(b"")).await.unwrap(),
        Some(Vec::new())
    );
    journal.prune(Timestamp::MAX, 100).await.unwrap();
    assert_eq!(journal.mark("a", None).await.unwrap(), first);
}

/// It says so, and has a name.
pub async fn a_journal_that_is_there_answers(journal: Tested) {
    journal.ping().await.unwrap();
    assert!(!journal.name().is_empty());
}
