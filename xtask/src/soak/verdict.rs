//! What the clients were told, what stands in the journal and what lies in the
//! emulator's inbox: do they fit together, and was every limit kept?

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::Hash;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::book::{Book, Told};
use super::load;
use crate::http::Client;
use crate::site::Site;

/// The policy of the soak, once more: limits are not asked of the server.
const WINDOWS: [(usize, i64); 3] = [(2, 8), (5, 60), (10, 86_400)];
const PER_ADDRESS: i64 = 10;
const PER_PREFIX: usize = 10;
const ATTEMPTS: u64 = 5;
const FAILED_PER_NUMBER: usize = 10;

/// How many seconds until every message that arrived is known to have arrived:
/// a server that is killed while it asks leaves its rows for a minute.
const FOUND_WITHIN: u32 = 200;
/// The same until nothing is in doubt any more.
const SETTLED_WITHIN: u32 = 1_000;

/// A message on a phone.
struct Arrived {
    out_id: String,
    to: String,
    code: String,
    sent_at: i64,
}

/// A row of the journal.
struct Row {
    outcome: String,
    created_at: i64,
    verification: Option<String>,
    is_confirmed: bool,
    delivery: Option<String>,
}

/// Both sides, when everything is over.
pub(crate) struct Seen {
    inbox: Vec<Arrived>,
    rows: HashMap<String, Row>,
    /// Rows that the list had twice.
    doubled: Vec<String>,
}

/// Messages that nobody knows the end of yet.
#[derive(Default)]
pub(crate) struct Doubts {
    sending: BTreeSet<String>,
    unknown: BTreeSet<String>,
    has_to_be_empty: bool,
    /// How often was asked, once a second, until it was so.
    asked: u32,
}

/// Waits until every message that arrived is known to have arrived; `to_the_end`
/// until those that did not are given up too.
pub(crate) fn settle(site: &Site, key: &str, to_the_end: bool) -> Result<Doubts> {
    let limit = if to_the_end {
        SETTLED_WITHIN
    } else {
        FOUND_WITHIN
    };
    let mut doubts = Doubts::default();
    for asked in 1..=limit {
        let list = |outcome| -> Result<BTreeSet<String>> {
            let rows = listed(site, key, &format!("&outcome={outcome}"))?;
            let ids = rows.iter().filter_map(|row| row["out_id"].as_str());
            Ok(ids.map(str::to_owned).collect())
        };
        // Those that were given up are listed among the unknown too.
        let given_up = list("finally_unknown")?;
        doubts = Doubts {
            sending: list("sending")?,
            unknown: &list("unknown")? - &given_up,
            has_to_be_empty: to_the_end,
            asked,
        };
        let inbox = arrived(site)?;
        let is_found = inbox.iter().all(|it| !doubts.unknown.contains(&it.out_id));
        let is_known = doubts.sending.is_empty() && is_found;
        if is_known && (!to_the_end || doubts.unknown.is_empty()) {
            break;
        }
        thread::sleep(Duration::from_secs(1));
    }
    Ok(doubts)
}

impl Seen {
    pub(crate) fn read(site: &Site, key: &str) -> Result<Self> {
        let inbox = arrived(site)?;
        let (mut rows, mut doubled) = (HashMap::new(), Vec::new());
        for row in listed(site, key, "")? {
            let out_id = text(&row, "out_id")?;
            let read = Row {
                outcome: text(&row, "outcome")?,
                created_at: time(&row, "created_at")?,
                verification: row["verification_id"].as_str().map(str::to_owned),
                is_confirmed: !row["confirmed_at"].is_null(),
                delivery: row["delivery"].as_str().map(str::to_owned),
            };
            if rows.insert(out_id.clone(), read).is_some() {
                doubled.push(out_id);
            }
        }
        Ok(Self {
            inbox,
            rows,
            doubled,
        })
    }

    /// The messages that arrived and have a row, with it.
    fn both(&self) -> impl Iterator<Item = (&Arrived, &Row)> {
        let rows = |arrived: &&Arrived| self.rows.get(&arrived.out_id);
        self.inbox
            .iter()
            .filter_map(move |arrived| Some((arrived, rows(&arrived)?)))
    }
}

fn arrived(site: &Site) -> Result<Vec<Arrived>> {
    let read = |message: &Value| {
        Ok(Arrived {
            out_id: text(message, "out_id")?,
            to: text(message, "to")?,
            code: code(message).context("a message without a code")?,
            sent_at: time(message, "sent_at")?,
        })
    };
    site.inbox()?.iter().map(read).collect()
}

/// All pages.
fn listed(site: &Site, key: &str, filter: &str) -> Result<Vec<Value>> {
    let mut client = Client::new(&site.urls[0]);
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/messages?limit=200{filter}{cursor}");
        let page = client.get(&path, Some(key))?;
        rows.extend(
            page["items"]
                .as_array()
                .context("no items")?
                .iter()
                .cloned(),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(rows),
        }
    }
}

/// The code in a message of the inbox.
pub(crate) fn code(message: &Value) -> Option<String> {
    Some(message["template_param"]["code"].as_str()?.to_owned())
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().map(str::to_owned);
    text.with_context(|| format!("{name} is no text"))
}

fn time(value: &Value, name: &str) -> Result<i64> {
    let text = text(value, name)?;
    micros(&text).with_context(|| format!("{name} is no time: {text}"))
}

/// Unix time in microseconds of `2026-03-01T12:34:56.789Z`.
fn micros(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let numbers = |text: &str, sign| -> Option<[i64; 3]> {
        let numbers: Option<Vec<i64>> = text.split(sign).map(|part| part.parse().ok()).collect();
        numbers?.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hours, minutes, seconds] = numbers(clock, ':')?;
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    // Years that begin in March end with the leap day.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)
}

/// What does not hold, each with its evidence; numbers are masked.
pub(crate) fn violations(book: &Book, seen: &Seen, doubts: &Doubts) -> Vec<String> {
    let mut found = book.violations.clone();
    once(seen, &mut found);
    accounted(book, seen, &mut found);
    settled(seen, doubts, &mut found);
    within_windows(seen, &mut found);
    within_counters(seen, &mut found);
    same_code(seen, &mut found);
    for (id, told) in &book.verifications {
        checked(id, told, &mut found);
    }
    failed_per_number(book, &mut found);
    confirmed(book, seen, &mut found);
    found
}

/// No message twice: neither on a phone, nor in the journal, nor a caller's own
/// code that was asked for once.
fn once(seen: &Seen, found: &mut Vec<String>) {
    for out_id in repeated(seen.inbox.iter().map(|arrived| &arrived.out_id)) {
        found.push(format!("message {out_id} arrived more than once"));
    }
    for out_id in &seen.doubled {
        found.push(format!("message {out_id} stands in the journal twice"));
    }
    let own = seen.both().filter(|(_, row)| row.verification.is_none());
    let codes = own.map(|(arrived, _)| (&arrived.to, &arrived.code));
    for (to, code) in repeated(codes) {
        let ids: Vec<_> = seen
            .inbox
            .iter()
            .filter(|arrived| arrived.code == *code && arrived.to == *to)
            .map(|arrived| &arrived.out_id)
            .collect();
        found.push(format!(
            "one Idempotency-Key sent several messages: {ids:?}"
        ));
    }
}

fn repeated<T: Hash + Eq + Copy>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = HashSet::new();
    items.filter(|item| !known.insert(*item)).collect()
}

/// What arrived is in the journal as accepted and nothing else is; what clients
/// were told is so.
fn accounted(book: &Book, seen: &Seen, found: &mut Vec<String>) {
    let inbox: HashSet<&String> = seen.inbox.iter().map(|arrived| &arrived.out_id).collect();
    for out_id in &inbox {
        match seen.rows.get(*out_id) {
            None => found.push(format!(
                "message {out_id} arrived and is not in the journal"
            )),
            Some(row) if row.outcome != "accepted" => found.push(format!(
                "message {out_id} arrived and is in the journal as {}",
                row.outcome
            )),
            Some(_) => {}
        }
    }
    for (out_id, row) in &seen.rows {
        if row.outcome == "accepted" && !inbox.contains(out_id) {
            found.push(format!("message {out_id} is accepted and never arrived"));
        }
        if row.delivery.as_deref() == Some("failed") {
            found.push(format!("message {out_id} was delivered and is failed"));
        }
    }
    for (out_id, told) in &book.outcomes {
        let row = seen.rows.get(out_id).map(|row| row.outcome.as_str());
        let arrived = inbox.contains(out_id);
        let holds = match told.as_str() {
            "accepted" => arrived && row == Some("accepted"),
            // Refused by ourselves, it has no row.
            "refused" => !arrived && row.is_none_or(|row| row == "refused"),
            _ => row.is_some(),
        };
        if !holds {
            found.push(format!(
                "message {out_id} was told {told}, is {row:?} in the journal, arrived: {arrived}"
            ));
        }
    }
}

fn settled(seen: &Seen, doubts: &Doubts, found: &mut Vec<String>) {
    for out_id in &doubts.sending {
        found.push(format!("message {out_id} stays as if it were being sent"));
    }
    for Arrived { out_id, .. } in &seen.inbox {
        if doubts.unknown.contains(out_id) {
            found.push(format!("message {out_id} arrived and stays in doubt"));
        }
    }
    if doubts.has_to_be_empty && !doubts.unknown.is_empty() {
        let count = doubts.unknown.len();
        found.push(format!(
            "{count} messages stay in doubt: {:?}",
            doubts.unknown
        ));
    }
}

/// The limits of a number hold for every span of time, by the times at which its
/// messages were counted; and none arrived before it was counted.
fn within_windows(seen: &Seen, found: &mut Vec<String>) {
    let mut by_number: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (arrived, row) in seen.both() {
        by_number
            .entry(&arrived.to)
            .or_default()
            .push(row.created_at);
        // Times in the journal are cut to milliseconds, those of the inbox are not.
        if arrived.sent_at < row.created_at {
            found.push(format!(
                "message {} arrived before it was sent",
                arrived.out_id
            ));
        }
    }
    for (number, mut times) in by_number {
        times.sort_unstable();
        for (messages, secs) in WINDOWS {
            let spans = times.windows(messages + 1);
            let shortest = spans.map(|span| span[messages] - span[0]).min();
            if let Some(span) = shortest.filter(|span| *span < secs * 1_000_000) {
                found.push(format!(
                    "{} got {} messages in {} ms, where {messages} are allowed in {secs} s",
                    masked(number),
                    messages + 1,
                    span / 1000
                ));
            }
        }
    }
}

/// The counters of addresses and prefixes.
fn within_counters(seen: &Seen, found: &mut Vec<String>) {
    const HOUR: i64 = 3_600 * 1_000_000;
    let confirmed: HashSet<&String> = seen
        .rows
        .values()
        .filter(|row| row.is_confirmed)
        .filter_map(|row| row.verification.as_ref())
        .collect();
    // A confirmed code makes room for one that is not.
    let mut by_address: BTreeMap<(String, i64), i64> = BTreeMap::new();
    let mut by_prefix: BTreeMap<&str, usize> = BTreeMap::new();
    for (arrived, row) in seen.both() {
        let index = index(&arrived.to).unwrap_or(0);
        let hour = row.created_at / HOUR;
        let verification = row.verification.as_ref();
        let is_confirmed = verification.is_some_and(|id| confirmed.contains(id));
        let open = by_address.entry((load::address(index), hour)).or_default();
        *open += if is_confirmed { -1 } else { 1 };
        if verification.is_some() && !is_confirmed {
            *by_prefix.entry(load::prefix(&arrived.to)).or_default() += 1;
        }
    }
    for ((address, _), count) in by_address {
        if count > PER_ADDRESS {
            found.push(format!(
                "{address} had {count} more codes open than confirmed in an hour"
            ));
        }
    }
    for (prefix, count) in by_prefix {
        if count > PER_PREFIX {
            let prefix = &prefix[..prefix.len() - 2];
            found.push(format!("a prefix of {prefix}** has {count} codes open"));
        }
    }
}

/// The other way round than [`load::number`].
fn index(number: &str) -> Option<u64> {
    let digits = number.strip_prefix("+86138")?;
    let tens: u64 = digits.get(..4)?.parse().ok()?;
    let ones: u64 = digits.get(4..5)?.parse().ok()?;
    Some(tens * 10 + ones)
}

fn masked(number: &str) -> String {
    let (start, end) = (&number[..6], &number[number.len() - 4..]);
    format!("{start}****{end}")
}

/// Every message of a verification has the same code.
fn same_code(seen: &Seen, found: &mut Vec<String>) {
    let mut codes: HashMap<&String, &String> = HashMap::new();
    for (arrived, row) in seen.both() {
        let Some(id) = &row.verification else {
            continue;
        };
        if codes
            .insert(id, &arrived.code)
            .is_some_and(|code| *code != arrived.code)
        {
            found.push(format!("verification {id} had two codes"));
        }
    }
}

/// What was told about one verification.
fn checked(id: &str, told: &Told, found: &mut Vec<String>) {
    if told.tokens.len() > 1 {
        let count = told.tokens.len();
        found.push(format!("verification {id} was approved {count} times"));
    }
    if told.consumed && told.tokens.is_empty() && told.unanswered == 0 {
        found.push(format!(
            "verification {id} is used up, and nobody was told its approval"
        ));
    }
    let mut left = told.attempts_left.clone();
    left.sort_unstable();
    let is_strict = left.windows(2).all(|pair| pair[0] < pair[1]);
    if !is_strict || left.iter().any(|left| !(1..ATTEMPTS).contains(left)) {
        found.push(format!(
            "verification {id} had more attempts than {ATTEMPTS}: left {left:?}"
        ));
    }
}

/// Wrong codes of one number over all its verifications. A run takes less than
/// an hour.
fn failed_per_number(book: &Book, found: &mut Vec<String>) {
    let mut failed: BTreeMap<u64, usize> = BTreeMap::new();
    for told in book.verifications.values() {
        *failed.entry(told.number).or_default() += told.attempts_left.len();
    }
    for (number, failed) in failed {
        if failed > FAILED_PER_NUMBER {
            let number = masked(&load::number(number));
            found.push(format!(
                "{number} had {failed} wrong codes compared in an hour"
            ));
        }
    }
}

/// What was approved is confirmed in the journal.
fn confirmed(book: &Book, seen: &Seen, found: &mut Vec<String>) {
    let confirmed: HashSet<&String> = seen
        .rows
        .values()
        .filter(|row| row.is_confirmed)
        .filter_map(|row| row.verification.as_ref())
        .collect();
    for (id, told) in &book.verifications {
        if !told.tokens.is_empty() && !confirmed.contains(id) {
            found.push(format!(
                "verification {id} was approved, and the journal does not know"
            ));
        }
    }
}

/// The counts, for people.
pub(crate) fn table(book: &Book, seen: &Seen, doubts: &Doubts, kills: usize) -> String {
    let mut text = String::new();
    let mut line = |what: &str, count: u64| {
        let _ = writeln!(text, "  {what:<44}{count:>8}");
    };
    let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let told = |outcome: &str| {
        size(
            book.outcomes
                .values()
                .filter(|told| *told == outcome)
                .count(),
        )
    };
    let rows = |outcome: &str| {
        size(
            seen.rows
                .values()
                .filter(|row| row.outcome == outcome)
                .count(),
        )
    };
    let verifications = || book.verifications.values();
    line("servers killed", size(kills));
    line("requests answered", book.answers.values().sum());
    line("requests whose connection broke", book.broken);
    line("  asked again with their key: same answer", book.replayed);
    line("messages that arrived", size(seen.inbox.len()));
    line("  told accepted", told("accepted"));
    line("  told unknown", told("unknown"));
    line("messages in the journal: accepted", rows("accepted"));
    line("  refused", rows("refused"));
    line("  never arrived, in doubt or given up", rows("unknown"));
    line("  still asked about", size(doubts.unknown.len()));
    let delivered = |row: &&Row| row.delivery.as_deref() == Some("delivered");
    line("  all this known after seconds", doubts.asked.into());
    line(
        "  with a delivery report",
        size(seen.rows.values().filter(delivered).count()),
    );
    line("verifications told", size(book.verifications.len()));
    line(
        "  approved",
        size(
            verifications()
                .filter(|told| !told.tokens.is_empty())
                .count(),
        ),
    );
    line(
        "  used up, its answer lost",
        size(
            verifications()
                .filter(|told| told.consumed && told.tokens.is_empty())
                .count(),
        ),
    );
    line(
        "wrong codes told",
        verifications()
            .map(|told| size(told.attempts_left.len()))
            .sum(),
    );
    for (limit, count) in &book.limits {
        line(&format!("refused by {limit}"), *count);
    }
    for ((what, status), count) in &book.answers {
        if *status >= 400 && *status != 429 {
            line(&format!("{what} answered {status}"), *count);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(micros("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            micros("2024-02-29T12:34:56.789Z"),
            Some(1_709_210_096_789_000)
        );
        assert_eq!(
            micros("2026-03-01T00:00:00.123456789Z").map(|at| at % 1_000_000),
            Some(123_456)
        );
        assert_eq!(micros("yesterday"), None);
    }

    #[test]
    fn numbers_lead_back_to_their_index() {
        for at in [0, 7, 10, 12_345] {
            assert_eq!(index(&load::number(at)), Some(at));
        }
    }

    fn row(created_at: i64, outcome: &str) -> Row {
        Row {
            outcome: outcome.to_owned(),
            created_at: created_at * 1_000_000,
            verification: None,
            is_confirmed: false,
            delivery: None,
        }
    }

    fn arrived(at: usize, sent_at: i64) -> Arrived {
        Arrived {
            out_id: at.to_string(),
            to: load::number(1),
            code: format!("{at:06}"),
            sent_at: sent_at * 1_000_000,
        }
    }

    fn seen(times: &[i64]) -> Seen {
        let at = |(index, at): (usize, &i64)| (index.to_string(), row(*at, "accepted"));
        Seen {
            inbox: (0..)
                .zip(times)
                .map(|(index, at)| arrived(index, *at))
                .collect(),
            rows: times.iter().enumerate().map(at).collect(),
            doubled: Vec::new(),
        }
    }

    fn found(book: &Book, seen: &Seen) -> Vec<String> {
        violations(book, seen, &Doubts::default())
    }

    #[test]
    fn what_fits_together_is_no_violation() {
        assert_eq!(found(&Book::default(), &seen(&[0, 1, 8, 9])), [""; 0]);
    }

    /// A checker that finds nothing proves nothing.
    #[test]
    fn every_kind_of_violation_is_found() {
        let book = Book::default();
        let too_many = found(&book, &seen(&[0, 1, 7]));
        assert!(
            too_many[0].contains("3 messages in 7000 ms"),
            "{too_many:?}"
        );
        assert!(!too_many[0].contains(&load::number(1)));
        let mut twice = seen(&[0]);
        twice.inbox.push(arrived(0, 0));
        assert!(found(&book, &twice)[0].contains("arrived more than once"));
        let mut lost = seen(&[0]);
        lost.rows.clear();
        assert!(found(&book, &lost)[0].contains("not in the journal"));
        let mut invented = seen(&[0]);
        invented.inbox.clear();
        assert!(found(&book, &invented)[0].contains("never arrived"));
        let mut told = Book::default();
        told.outcomes.insert("9".to_owned(), "accepted".to_owned());
        assert!(found(&told, &seen(&[]))[0].contains("was told accepted"));
        let mut keys = seen(&[0, 20]);
        keys.inbox[1].code = keys.inbox[0].code.clone();
        assert!(found(&book, &keys)[0].contains("one Idempotency-Key"));
        let checks = |told: Told| {
            let mut book = Book::default();
            book.verifications.insert("v".to_owned(), told);
            found(&book, &seen(&[]))
        };
        let tokens = ["a", "b"].map(str::to_owned).into();
        assert!(
            checks(Told {
                tokens,
                ..Told::default()
            })[0]
                .contains("2 times")
        );
        for attempts_left in [vec![4, 3, 3], vec![5]] {
            let told = Told {
                attempts_left,
                ..Told::default()
            };
            assert!(checks(told)[0].contains("more attempts"));
        }
        let told = Told {
            consumed: true,
            ..Told::default()
        };
        assert!(checks(told)[0].contains("nobody was told"));
        let mut doubts = Doubts::default();
        doubts.unknown.insert("0".to_owned());
        assert!(violations(&book, &seen(&[0]), &doubts)[0].contains("stays in doubt"));
    }
}
