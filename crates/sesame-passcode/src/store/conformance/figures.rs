//! What every journal counts and lists beside its rows.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sesame_connector::OutId;
use tokio::task::JoinSet;

use super::messages::{Tested, found, news, out_id, receipted, row, search};
use super::{after, start};
use crate::journal::{
    Ask, Block, Consumed, Counts, Progress, Reported, Row, Search, Span, State, Tallied, TallyQuery,
};

fn hours(count: i64) -> Timestamp {
    start() + SignedDuration::from_hours(count)
}

fn all_of(span: Span) -> TallyQuery {
    TallyQuery {
        span,
        from: hours(-100),
        until: hours(100),
        app: None,
    }
}

async fn tallies(journal: &Tested, query: &TallyQuery) -> Vec<Tallied> {
    let read = journal.tallies(query).await.unwrap();
    // A row of noughts says the same as none.
    let some = read.into_iter().filter(|one| !one.counts.is_zero());
    some.collect()
}

async fn sum(journal: &Tested, query: &TallyQuery) -> Counts {
    let read = tallies(journal, query).await;
    read.iter()
        .fold(Counts::default(), |sum, one| sum + one.counts)
}

/// Filters that no index answers look no further back than they may.
pub async fn a_search_reaches_as_far_as_it_may(journal: Tested) {
    let states = [State::Accepted, State::Refused];
    for at in 0..20_usize {
        let written = Row {
            usage_type: ["SignIn", "Register"][usize::from(at == 3)].to_owned(),
            app: ["web", "app"][at % 2].to_owned(),
            progress: Progress {
                state: states[at % 2],
                ..Progress::SENDING
            },
            ..row(&format!("m{at:02}"), after(at as i64 / 2))
        };
        journal.open(&written).await.unwrap();
    }
    let failed = Progress::reported(receipted(false, Some("X"), None));
    let delivered = Progress::reported(receipted(true, None, None));
    for (id, report) in [("m00", &failed), ("m18", &failed), ("m16", &delivered)] {
        let id = out_id(id);
        let told = journal.advance(&id, report, Ask::Never, after(99));
        told.await.unwrap();
    }
    let registers = Search {
        usage_type: Some("Register".to_owned()),
        ..search()
    };
    assert_eq!(found(&journal, registers.clone()).await, ["m03"]);
    let reach = |search: Search, far| {
        let journal = &journal;
        async move { journal.reach(&search, far).await.unwrap() }
    };
    let place = |at: i64, id: &str| Some((after(at), out_id(id)));
    assert_eq!(reach(registers.clone(), 5).await, place(7, "m15"));
    assert_eq!(reach(registers.clone(), 20).await, place(0, "m00"));
    assert_eq!(reach(registers.clone(), 21).await, None);
    let bounded = |far: Option<(Timestamp, OutId)>| Search {
        back_to: far,
        ..registers.clone()
    };
    assert_eq!(found(&journal, bounded(place(1, "m03"))).await, ["m03"]);
    assert_eq!(found(&journal, bounded(place(2, "m04"))).await, [""; 0]);
    // From where the last one ended.
    let on = Search {
        after: place(7, "m15"),
        ..registers.clone()
    };
    assert_eq!(reach(on, 5).await, place(5, "m10"));
    // By what leads it.
    let of = |app: &str| Search {
        app: Some(app.to_owned()),
        ..registers.clone()
    };
    assert_eq!(reach(of("app"), 2).await, place(8, "m17"));
    let refused = Search {
        states: vec![State::Refused],
        ..of("web")
    };
    assert_eq!(reach(refused.clone(), 3).await, place(7, "m15"));
    assert_eq!(found(&journal, refused).await, [""; 0]);
    for (delivery, expected) in [
        (Reported::Failed, &["m18", "m00"][..]),
        (Reported::Delivered, &["m16"]),
        (
            Reported::Waiting,
            &["m14", "m12", "m10", "m08", "m06", "m04", "m02"],
        ),
    ] {
        let reported = Search {
            delivery: Some(delivery),
            ..search()
        };
        assert_eq!(found(&journal, reported.clone()).await, expected);
        let web = Search {
            app: Some("web".to_owned()),
            ..reported.clone()
        };
        assert_eq!(found(&journal, web).await, expected);
        let at_app = Search {
            app: Some("app".to_owned()),
            ..reported
        };
        assert_eq!(found(&journal, at_app).await, [""; 0]);
    }
}

/// Rows that are written, news of them and consumptions are counted once, at
/// the hour and the day they began in.
pub async fn tallies_follow_the_rows(journal: Tested) {
    let with = |id: &str, at, country: &str, carrier: &str, app: &str| Row {
        country: country.to_owned(),
        carrier: carrier.to_owned(),
        app: app.to_owned(),
        verification: Some(format!("v-{id}")),
        ..row(id, at)
    };
    let rows = [
        with("a", start(), "CN", "mobile", "web"),
        with("b", start(), "CN", "unicom", "web"),
        with("c", hours(1), "CN", "mobile", "应用"),
        with("d", hours(13), "HK", "", "web"),
    ];
    for written in rows.iter().chain(&rows) {
        journal.open(written).await.unwrap();
    }
    assert_eq!(tallies(&journal, &all_of(Span::Hour)).await, []);
    let tell = |id: &'static str, told: Progress| {
        let journal = &journal;
        async move {
            let told = journal
                .advance(&out_id(id), &told, Ask::Never, after(9))
                .await;
            told.unwrap().unwrap()
        }
    };
    for _ in 0..2 {
        tell("a", news(State::Accepted, None, 1)).await;
        tell("b", news(State::Unknown, None, 1)).await;
        tell("c", news(State::Refused, Some("isv.X"), 1)).await;
        tell("d", news(State::Accepted, None, 1)).await;
    }
    let expected = Counts {
        accepted: 2,
        refused: 1,
        unknown: 1,
        ..Counts::default()
    };
    for span in Span::ALL {
        assert_eq!(sum(&journal, &all_of(span)).await, expected, "{span:?}");
    }
    // What was in doubt is found, what arrived late had failed before, and one
    // is confirmed twice.
    tell("b", news(State::Accepted, None, 2)).await;
    tell("a", Progress::reported(receipted(false, Some("X"), None))).await;
    tell(
        "a",
        Progress::reported(receipted(true, None, Some(after(3)))),
    )
    .await;
    tell("d", Progress::reported(receipted(false, Some("X"), None))).await;
    for verification in ["v-a", "v-a", "v-none"] {
        journal.consume(verification, None, after(5)).await.unwrap();
    }
    let of = |accepted, refused, delivered, failed, confirmed| Counts {
        accepted,
        refused,
        unknown: 0,
        delivered,
        failed,
        confirmed,
    };
    let tallied = |start, country: &str, carrier: &str, counts| Tallied {
        start,
        country: country.to_owned(),
        carrier: carrier.to_owned(),
        counts,
    };
    let hour = |at| Span::Hour.start(hours(at));
    assert_eq!(
        tallies(&journal, &all_of(Span::Hour)).await,
        [
            tallied(hour(0), "CN", "mobile", of(1, 0, 1, 0, 1)),
            tallied(hour(0), "CN", "unicom", of(1, 0, 0, 0, 0)),
            tallied(hour(1), "CN", "mobile", of(0, 1, 0, 0, 0)),
            tallied(hour(13), "HK", "", of(1, 0, 0, 1, 0)),
        ]
    );
    let day = |at| Span::Day.start(hours(at));
    assert_ne!(day(0), day(13));
    let web = TallyQuery {
        app: Some("web".to_owned()),
        ..all_of(Span::Day)
    };
    assert_eq!(
        tallies(&journal, &web).await,
        [
            tallied(day(0), "CN", "mobile", of(1, 0, 1, 0, 1)),
            tallied(day(0), "CN", "unicom", of(1, 0, 0, 0, 0)),
            tallied(day(13), "HK", "", of(1, 0, 0, 1, 0)),
        ]
    );
    let first_hour = TallyQuery {
        from: hour(0),
        until: hour(1),
        ..all_of(Span::Hour)
    };
    assert_eq!(sum(&journal, &first_hour).await, of(2, 0, 1, 0, 1));
    // What is written with its end is counted as that.
    let ended = Row {
        progress: news(State::Refused, Some("x"), 1),
        ..with("e", start(), "CN", "mobile", "web")
    };
    journal.open(&ended).await.unwrap();
    journal.open(&ended).await.unwrap();
    assert_eq!(sum(&journal, &first_hour).await, of(2, 1, 1, 0, 1));
}

/// None of those that come at once is lost or counted twice.
pub async fn tallies_count_what_comes_at_the_same_time(journal: Tested) {
    let mut senders = JoinSet::new();
    for at in 0..40 {
        let journal = Arc::clone(&journal);
        senders.spawn(async move {
            let id = format!("m{at}");
            let verification = format!("v{}", at / 2);
            let written = Row {
                verification: Some(verification.clone()),
                ..row(&id, hours(at % 3))
            };
            journal.open(&written).await.unwrap();
            let id = out_id(&id);
            let accepted = news(State::Accepted, None, 1);
            let delivered = Progress::reported(receipted(true, None, Some(after(2))));
            let (one, other) = tokio::join!(
                journal.advance(&id, &accepted, Ask::Never, after(9)),
                journal.advance(&id, &delivered, Ask::Never, after(9)),
            );
            assert!(one.unwrap().is_some() && other.unwrap().is_some());
            verification
        });
    }
    let verifications = senders.join_all().await;
    let mut consumers = JoinSet::new();
    for verification in verifications {
        let journal = Arc::clone(&journal);
        consumers.spawn(async move {
            let consumed = journal.consume(&verification, None, after(9)).await;
            consumed.unwrap() == Consumed::First
        });
    }
    let firsts = consumers
        .join_all()
        .await
        .into_iter()
        .filter(|first| *first);
    assert_eq!(firsts.count(), 20);
    let expected = Counts {
        accepted: 40,
        delivered: 40,
        confirmed: 40,
        ..Counts::default()
    };
    for span in Span::ALL {
        assert_eq!(sum(&journal, &all_of(span)).await, expected, "{span:?}");
    }
}

/// What holds is listed, the longest first, until it ends or is lifted.
pub async fn blocks_are_listed_while_they_last(journal: Tested) {
    let block = |id: &str, since, until| Block {
        id: id.to_owned(),
        limit: "number_locked".to_owned(),
        subject: "+86 138****8000 '锁'".to_owned(),
        sealed: vec![0, 255, 7],
        since: after(since),
        until,
    };
    let written = [
        block("a", 1, after(60)),
        block("B", 2, after(60)),
        block("c", 3, Block::LASTING),
        block("d", 4, after(30)),
    ];
    for one in &written {
        journal.block(one).await.unwrap();
    }
    let [a, b, c, d] = written;
    let list = |now, limit, behind: Option<(Timestamp, String)>| {
        let journal = &journal;
        async move { journal.blocks(now, limit, behind.as_ref()).await.unwrap() }
    };
    let all = [c.clone(), a.clone(), b.clone(), d];
    assert_eq!(list(after(9), 9, None).await, all);
    assert_eq!(list(after(30), 9, None).await, all[..3], "one has ended");
    let mut seen = Vec::new();
    let mut last = None;
    while let [one] = &list(after(9), 1, last.clone()).await[..] {
        last = Some((one.until, one.id.clone()));
        seen.push(one.clone());
    }
    assert_eq!(seen, all);
    // One that goes on is since then; one that had ended begins anew.
    journal.block(&block("a", 20, after(90))).await.unwrap();
    journal.block(&block("d", 40, after(95))).await.unwrap();
    let now = list(after(50), 9, None).await;
    let a = block("a", 1, after(90));
    assert_eq!(now, [c.clone(), block("d", 40, after(95)), a, b.clone()]);
    assert_eq!(journal.unblock("c").await.unwrap(), Some(c));
    assert_eq!(journal.unblock("c").await.unwrap(), None);
    assert_eq!(list(after(92), 9, None).await.len(), 1);
    journal.prune(after(91), 100).await.unwrap();
    assert_eq!(list(after(1), 9, None).await.len(), 1);
}
