//! Messages of a journal from before there were tallies, and what they come to.

use jiff::Timestamp;
use sesame_connector::OutId;
use sesame_passcode::journal::{
    Ask, Consumed, Counts, Journal, Progress, Receipted, Span, Tallied, TallyQuery,
};

/// Id, number, country, hour, state, report, whether confirmed.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    i64,
    &'static str,
    Option<bool>,
    bool,
);

pub(crate) const ROWS: &[Row] = &[
    (
        "a",
        "+86 138****8000",
        "CN",
        490_000,
        "accepted",
        Some(true),
        true,
    ),
    (
        "b",
        "+86 138****8001",
        "CN",
        490_000,
        "accepted",
        Some(false),
        false,
    ),
    (
        "c",
        "+86 130****8002",
        "CN",
        490_000,
        "refused",
        None,
        false,
    ),
    (
        "d",
        "+86 171****8003",
        "CN",
        490_030,
        "unknown",
        None,
        false,
    ),
    (
        "e",
        "+86 192****8004",
        "CN",
        490_030,
        "finally_unknown",
        None,
        false,
    ),
    (
        "f",
        "+852 685****36",
        "HK",
        490_030,
        "accepted",
        None,
        false,
    ),
    (
        "g",
        "+86 199****8005",
        "CN",
        490_031,
        "sending",
        None,
        false,
    ),
];

/// They are counted, and a late report of one changes its count.
pub(crate) async fn assert_counted(journal: &dyn Journal) {
    let of = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
    let one = |hour, country: &str, carrier: &str, columns: [i64; 6]| {
        let [accepted, refused, unknown, delivered, failed, confirmed] = columns;
        Tallied {
            start: of(hour),
            country: country.to_owned(),
            carrier: carrier.to_owned(),
            counts: Counts {
                accepted,
                refused,
                unknown,
                delivered,
                failed,
                confirmed,
            },
        }
    };
    let hours = TallyQuery {
        span: Span::Hour,
        from: of(0),
        until: of(500_000),
        app: None,
    };
    let read = async |query: &TallyQuery| {
        let read = journal.tallies(query).await.unwrap();
        let some = read.into_iter().filter(|one| !one.counts.is_zero());
        some.collect::<Vec<_>>()
    };
    assert_eq!(
        read(&hours).await,
        [
            one(490_000, "CN", "mobile", [2, 0, 0, 1, 1, 1]),
            one(490_000, "CN", "unicom", [0, 1, 0, 0, 0, 0]),
            one(490_030, "CN", "broadnet", [0, 0, 1, 0, 0, 0]),
            one(490_030, "CN", "virtual", [0, 0, 1, 0, 0, 0]),
            one(490_030, "HK", "", [1, 0, 0, 0, 0, 0]),
        ]
    );
    // News of what stands there are counted where it was counted.
    let found = Progress::reported(Receipted {
        delivered: true,
        code: None,
        reported_at: None,
    });
    for id in ["d", "f", "g"] {
        let id = OutId::parse(id).unwrap();
        let told = journal.advance(&id, &found, Ask::Never, of(490_040)).await;
        assert!(told.unwrap().is_some());
    }
    let consumed = journal.consume("v-g", None, of(490_041)).await;
    assert_eq!(consumed.unwrap(), Consumed::First);
    let days = TallyQuery {
        span: Span::Day,
        ..hours
    };
    let [first, second] = [490_000_i64, 490_030].map(|hour| hour / 24 * 24);
    assert_eq!(
        read(&days).await,
        [
            one(first, "CN", "mobile", [2, 0, 0, 1, 1, 1]),
            one(first, "CN", "unicom", [0, 1, 0, 0, 0, 0]),
            one(second, "CN", "broadnet", [0, 0, 1, 0, 0, 0]),
            one(second, "CN", "telecom", [1, 0, 0, 1, 0, 1]),
            one(second, "CN", "virtual", [1, 0, 0, 1, 0, 0]),
            one(second, "HK", "", [1, 0, 0, 1, 0, 0]),
        ]
    );
}
