//! What every store has to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::{after, micros, random, start};
use crate::store::{Addition, Key, Record, Store, Swap, Version};

/// A store under test.
type Tested = Arc<dyn Store>;

/// A key that no other check and no other run uses.
fn fresh(name: &str) -> Key {
    Key::new(format!("t:{name}:{:016x}", random()))
}

fn record(version: u64, value: &[u8], expires_at: Timestamp) -> Record {
    Record {
        version: Version(version),
        value: value.to_vec(),
        expires_at,
    }
}

fn add(key: &Key, amount: i64, ends_at: Timestamp) -> Addition {
    Addition {
        key: key.clone(),
        amount,
        ends_at,
    }
}

/// A swap succeeds over what it expects, and tells what is there otherwise.
pub async fn a_swap_needs_the_version_that_is_there(store: Tested) {
    let (key, now) = (fresh("swap"), start());
    let first = record(1, b"first", after(600));
    let second = record(2, b"second", after(700));
    assert_eq!(store.get(&key, now).await.unwrap(), None);
    let swap = store.swap(&key, Some(Version(9)), &first, now).await;
    assert_eq!(swap.unwrap(), Swap::Conflict(None), "nothing was there");
    assert_eq!(store.get(&key, now).await.unwrap(), None);
    let swap = store.swap(&key, None, &first, now).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    assert_eq!(store.get(&key, now).await.unwrap(), Some(first.clone()));
    for wrong in [None, Some(Version(2)), Some(Version(0))] {
        let other = record(3, b"other", after(600));
        let swap = store.swap(&key, wrong, &other, now).await.unwrap();
        assert_eq!(swap, Swap::Conflict(Some(first.clone())), "{wrong:?}");
    }
    let swap = store.swap(&key, Some(Version(1)), &second, now).await;
    assert_eq!(swap.unwrap(), Swap::Done);
    assert_eq!(store.get(&key, now).await.unwrap(), Some(second));
}

/// Whoever got no answer asks again, and is not told of a conflict with
/// themselves.
pub async fn a_swap_may_be_repeated(store: Tested) {
    let (key, now) = (fresh("again"), start());
    let first = record(1, b"first", after(600));
    let second = record(2, b"second", after(600));
    for _ in 0..3 {
        let swap = store.swap(&key, None, &first, now).await.unwrap();
        assert_eq!(swap, Swap::Done);
    }
    for _ in 0..3 {
        let swap = store.swap(&key, Some(Version(1)), &second, now).await;
        assert_eq!(swap.unwrap(), Swap::Done);
    }
    let swap = store.swap(&key, None, &first, now).await.unwrap();
    assert_eq!(swap, Swap::Conflict(Some(second)));
}

/// Of many who swap the same version, one wins, and all others see its record.
pub async fn one_of_many_swaps_wins(store: Tested) {
    let (key, now) = (fresh("race"), start());
    let mut expected = None;
    for round in 0..8 {
        let mut racers = JoinSet::new();
        for racer in 0..24 {
            let (store, key) = (Arc::clone(&store), key.clone());
            racers.spawn(async move {
                let version = 1 + round * 100 + racer;
                let new = record(version, &version.to_be_bytes(), after(600));
                let swap = store.swap(&key, expected, &new, now).await.unwrap();
                (new, swap)
            });
        }
        let ends = racers.join_all().await;
        let won: Vec<&Record> = ends
            .iter()
            .filter(|(_, swap)| *swap == Swap::Done)
            .map(|(new, _)| new)
            .collect();
        assert_eq!(won.len(), 1, "round {round}");
        let told = Swap::Conflict(Some(won[0].clone()));
        assert!(
            ends.iter()
                .all(|(_, swap)| *swap == Swap::Done || *swap == told),
            "round {round}"
        );
        assert_eq!(store.get(&key, now).await.unwrap().as_ref(), Some(won[0]));
        expected = Some(won[0].version);
    }
}

/// Counting by get and swap, by many at once, misses nothing.
pub async fn no_update_is_lost(store: Tested) {
    let (key, now) = (fresh("count"), start());
    let mut counters = JoinSet::new();
    for _ in 0..8 {
        let (store, key) = (Arc::clone(&store), key.clone());
        counters.spawn(async move {
            for _ in 0..10 {
                loop {
                    let there = store.get(&key, now).await.unwrap();
                    let count = there.as_ref().map_or(0, |there| there.value[0]);
                    let new = record(random(), &[count + 1], after(600));
                    let expected = there.map(|there| there.version);
                    let swap = store.swap(&key, expected, &new, now).await.unwrap();
                    if swap == Swap::Done {
                        break;
                    }
                }
            }
        });
    }
    counters.join_all().await;
    let there = store.get(&key, now).await.unwrap().unwrap();
    assert_eq!(there.value, [80]);
}

/// A record is there until its time, by the clock of whoever asks, and not
/// from then on.
pub async fn a_record_expires_by_the_given_time(store: Tested) {
    let (key, now) = (fresh("end"), start());
    let end = after(600);
    let first = record(1, b"first", end);
    store.swap(&key, None, &first, now).await.unwrap();
    let last = end - micros(1);
    assert_eq!(store.get(&key, last).await.unwrap(), Some(first.clone()));
    assert_eq!(store.get(&key, end).await.unwrap(), None);
    assert_eq!(store.get(&key, after(601)).await.unwrap(), None);
    // A clock that goes back finds it again.
    assert_eq!(store.get(&key, now).await.unwrap(), Some(first.clone()));
    let second = record(2, b"second", after(1200));
    let swap = store.swap(&key, None, &second, last).await.unwrap();
    assert_eq!(swap, Swap::Conflict(Some(first)), "not yet over");
    let swap = store.swap(&key, Some(Version(1)), &second, end).await;
    assert_eq!(swap.unwrap(), Swap::Conflict(None), "over");
    let swap = store.swap(&key, None, &second, end).await.unwrap();
    assert_eq!(swap, Swap::Done);
    assert_eq!(store.get(&key, end).await.unwrap(), Some(second));
}

/// What expired and was made anew is not taken for the old one.
pub async fn a_record_that_came_back_is_another(store: Tested) {
    let key = fresh("back");
    let first = record(1, b"first", after(10));
    let second = record(2, b"second", after(600));
    store.swap(&key, None, &first, start()).await.unwrap();
    let swap = store.swap(&key, None, &second, after(10)).await.unwrap();
    assert_eq!(swap, Swap::Done);
    let third = record(3, b"third", after(600));
    let swap = store.swap(&key, Some(Version(1)), &third, after(10)).await;
    assert_eq!(swap.unwrap(), Swap::Conflict(Some(second)));
}

/// A new record that has already expired takes the place of the old one, and is
/// not given.
pub async fn a_swap_that_is_over_at_once_leaves_nothing(store: Tested) {
    let (key, now) = (fresh("over"), start());
    let first = record(1, b"first", after(600));
    store.swap(&key, None, &first, now).await.unwrap();
    for end in [now, now - micros(1)] {
        let gone = record(2, b"gone", end);
        let swap = store.swap(&key, Some(Version(1)), &gone, now).await;
        assert_eq!(swap.unwrap(), Swap::Done);
        assert_eq!(store.get(&key, now).await.unwrap(), None);
        let swap = store.swap(&key, None, &first, now).await.unwrap();
        assert_eq!(swap, Swap::Done);
    }
}

/// Ends are kept exactly.
pub async fn times_are_kept_to_the_microsecond(store: Tested) {
    let now = start();
    for offset in [1, 999, 1_000, 1_001, 86_400_000_001] {
        let key = fresh("time");
        let first = record(1, b"", after(60) + micros(offset));
        store.swap(&key, None, &first, now).await.unwrap();
        assert_eq!(store.get(&key, now).await.unwrap(), Some(first));
    }
    let (key, end) = (fresh("last"), Timestamp::MAX);
    let last = record(1, b"", end);
    store.swap(&key, None, &last, now).await.unwrap();
    let there = store.get(&key, now).await.unwrap().unwrap();
    assert_eq!(there.expires_at.as_microsecond(), end.as_microsecond());
}

/// Versions are 64 bits of anything.
pub async fn any_version_will_do(store: Tested) {
    let (key, now) = (fresh("version"), start());
    let mut expected = None;
    for version in [0, u64::MAX, 1 << 63, (1 << 63) - 1, (1 << 53) + 1, 1] {
        let new = record(version, b"", after(600));
        let swap = store.swap(&key, expected, &new, now).await.unwrap();
        assert_eq!(swap, Swap::Done, "{version}");
        assert_eq!(store.get(&key, now).await.unwrap(), Some(new));
        expected = Some(Version(version));
    }
}

/// Values of any bytes, none and many.
pub async fn large_values_come_back_whole(store: Tested) {
    let (key, now) = (fresh("large"), start());
    let mut expected = None;
    for (version, size) in (1..).zip([0, 1, 256, 70_000, 1 << 20]) {
        let value: Vec<u8> = (0..size).map(|at: usize| at.to_le_bytes()[0]).collect();
        let new = record(version, &value, after(600));
        let swap = store.swap(&key, expected, &new, now).await.unwrap();
        assert_eq!(swap, Swap::Done, "{size} bytes");
        assert_eq!(store.get(&key, now).await.unwrap(), Some(new));
        expected = Some(Version(version));
    }
}

/// Keys are taken as they are: nothing in them means anything.
pub async fn odd_keys_are_told_apart(store: Tested) {
    let (now, base) = (start(), fresh("odd"));
    let long = "k".repeat(150);
    let odd = [
        "a", "A", "a ", " a", "%", "_", "*", "?", "'", "''", "\"", "\\", "\\x", ";--", "{a}",
        "{b}a", "a:b", "a::b", "$1", "NULL", "0", "00", &long,
    ];
    for (version, name) in (1..).zip(odd) {
        let key = Key::new(format!("{}:{name}", base.as_str()));
        let new = record(version, name.as_bytes(), after(600));
        let swap = store.swap(&key, None, &new, now).await.unwrap();
        assert_eq!(swap, Swap::Done, "{name}");
        let one = [add(&Key::new(format!("c{}", key.as_str())), 1, after(600))];
        assert_eq!(store.add(&one, now).await.unwrap(), [1], "{name}");
    }
    for (version, name) in (1..).zip(odd) {
        let key = Key::new(format!("{}:{name}", base.as_str()));
        let there = store.get(&key, now).await.unwrap();
        assert_eq!(there, Some(record(version, name.as_bytes(), after(600))));
    }
}

/// Work on different keys at the same time stays apart.
pub async fn many_keys_do_not_meet(store: Tested) {
    let (now, base) = (start(), fresh("many"));
    let mut writers = JoinSet::new();
    for at in 0..200_u64 {
        let store = Arc::clone(&store);
        let key = Key::new(format!("{}:{at}", base.as_str()));
        writers.spawn(async move {
            let new = record(at, &at.to_be_bytes(), after(600));
            let swap = store.swap(&key, None, &new, now).await.unwrap();
            assert_eq!(swap, Swap::Done);
            let total = store.add(&[add(&key, 5, after(600))], now).await.unwrap();
            assert_eq!(total, [5], "a counter and a record of one name");
            assert_eq!(store.get(&key, now).await.unwrap(), Some(new));
        });
    }
    writers.join_all().await;
}

/// Totals come in the order of the additions, each after the one before.
pub async fn counters_add_up(store: Tested) {
    let (a, b, now, end) = (fresh("a"), fresh("b"), start(), after(3600));
    assert_eq!(store.add(&[], now).await.unwrap(), [0; 0]);
    let both = [add(&a, 1, end), add(&b, 10, end)];
    assert_eq!(store.add(&both, now).await.unwrap(), [1, 10]);
    let other = [add(&b, 5, end), add(&a, 2, end)];
    assert_eq!(store.add(&other, now).await.unwrap(), [15, 3]);
    let twice = [add(&a, 1, end), add(&b, -5, end), add(&a, 1, end)];
    assert_eq!(store.add(&twice, now).await.unwrap(), [4, 10, 5]);
    let large = [add(&a, 1 << 50, end)];
    assert_eq!(store.add(&large, now).await.unwrap(), [5 + (1 << 50)]);
    let more = [add(&a, 1, end)];
    assert_eq!(store.add(&more, now).await.unwrap(), [6 + (1 << 50)]);
}

/// Giving back more than there is gives nought, and the next begins there.
pub async fn counters_never_go_below_nought(store: Tested) {
    let (key, now, end) = (fresh("low"), start(), after(3600));
    assert_eq!(store.add(&[add(&key, -3, end)], now).await.unwrap(), [0]);
    assert_eq!(store.add(&[add(&key, 2, end)], now).await.unwrap(), [2]);
    assert_eq!(store.add(&[add(&key, -5, end)], now).await.unwrap(), [0]);
    let both = [add(&key, -1, end), add(&key, 4, end), add(&key, -4, end)];
    assert_eq!(store.add(&both, now).await.unwrap(), [0, 4, 0]);
}

/// A counter begins anew when its window has ended.
pub async fn counters_end_with_their_window(store: Tested) {
    let (key, now, end) = (fresh("window"), start(), after(60));
    assert_eq!(store.add(&[add(&key, 7, end)], now).await.unwrap(), [7]);
    let last = end - micros(1);
    assert_eq!(store.add(&[add(&key, 1, end)], last).await.unwrap(), [8]);
    let next = after(120);
    assert_eq!(store.add(&[add(&key, 1, next)], end).await.unwrap(), [1]);
    assert_eq!(store.add(&[add(&key, 1, next)], end).await.unwrap(), [2]);
}

/// An addition of nought tells the total and leaves no trace.
pub async fn an_addition_of_nought_reads(store: Tested) {
    let (key, now, end) = (fresh("read"), start(), after(60));
    let read = |end| [add(&key, 0, end)];
    assert_eq!(store.add(&read(end), now).await.unwrap(), [0]);
    assert_eq!(store.add(&[add(&key, 7, end)], now).await.unwrap(), [7]);
    assert_eq!(store.add(&read(after(600)), now).await.unwrap(), [7]);
    assert_eq!(store.add(&read(after(600)), end).await.unwrap(), [0]);
    let mixed = [add(&key, 0, end), add(&key, 1, end), add(&key, 0, end)];
    assert_eq!(store.add(&mixed, now).await.unwrap(), [7, 8, 8]);
}

/// Nothing is lost between many who add to the same counters, in different
/// orders, and every total is met once.
pub async fn parallel_additions_are_exact(store: Tested) {
    let (now, end) = (start(), after(3600));
    let keys = [fresh("x"), fresh("y"), fresh("z")];
    let mut adders = JoinSet::new();
    for adder in 0..12 {
        let (store, keys) = (Arc::clone(&store), keys.clone());
        adders.spawn(async move {
            let mut seen = Vec::new();
            for round in 0..10 {
                let mut all: Vec<Addition> = keys.iter().map(|key| add(key, 1, end)).collect();
                all.rotate_left((adder + round) % 3);
                let totals = store.add(&all, now).await.unwrap();
                let at = all.iter().position(|one| one.key == keys[0]).unwrap();
                seen.push(totals[at]);
            }
            seen
        });
    }
    let seen: Vec<i64> = adders.join_all().await.concat();
    let different: BTreeSet<i64> = seen.iter().copied().collect();
    assert_eq!(different, (1..=120).collect(), "every total once");
    let reads = keys.each_ref().map(|key| add(key, 0, end));
    assert_eq!(store.add(&reads, now).await.unwrap(), [120, 120, 120]);
}

/// Purging drops what has ended, not more than it is told, and nothing else.
pub async fn purging_leaves_what_lives(store: Tested) {
    let now = start();
    let (lives, counts) = (fresh("lives"), fresh("counts"));
    let living = record(1, b"lives", after(7200));
    store.swap(&lives, None, &living, now).await.unwrap();
    let count = [add(&counts, 3, after(7200))];
    store.add(&count, now).await.unwrap();
    let gone: Vec<Key> = (0..10).map(|_| fresh("gone")).collect();
    for key in &gone {
        let old = record(1, b"old", after(30));
        store.swap(key, None, &old, now).await.unwrap();
        let old = [add(key, 1, after(30))];
        store.add(&old, now).await.unwrap();
    }
    assert!(store.purge(3, after(60)).await.unwrap() <= 3);
    while store.purge(7, after(60)).await.unwrap() > 0 {}
    let there = store.get(&lives, after(60)).await.unwrap();
    assert_eq!(there, Some(living));
    let read = [add(&counts, 0, after(7200))];
    assert_eq!(store.add(&read, after(60)).await.unwrap(), [3]);
    for key in &gone {
        assert_eq!(store.get(key, after(60)).await.unwrap(), None);
    }
}

/// It says so, and has a name.
pub async fn a_store_that_is_there_answers(store: Tested) {
    store.ping().await.unwrap();
    assert!(!store.name().is_empty());
}
