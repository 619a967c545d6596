//! What every store and every journal has to do, as tests that run over any of
//! them.
//!
//! A store passes when all of [`records`] pass, a journal when all of
//! [`messages`] do, and a pair of them with the rules on top when all of
//! [`rules`] do; [`conformance_tests!`](crate::conformance_tests) makes a test
//! of each. To ask more of them all, write a function there and list its
//! name in the macro.

#![expect(
    clippy::unwrap_used,
    reason = "a check says that it failed by a panic, as tests do"
)]

mod figures;
pub mod messages;
pub mod records;
pub mod rules;
mod verdicts;
mod world;

use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::{SignedDuration, Timestamp};

/// Makes a test of every check. An expression, which each test evaluates anew,
/// gives the store or the journal in an `Arc` (for [`rules`], a pair of both),
/// and with it whatever has to live as long. A journal has to be empty. An
/// attribute, such as `#[ignore]`, goes to each of the tests.
#[macro_export]
macro_rules! conformance_tests {
    (records: $name:ident, $make:expr $(, #[$mark:meta])?) => {
        $crate::conformance_tests!(@each $name, $make, [$(#[$mark])?], records, [
            a_swap_needs_the_version_that_is_there
            a_swap_may_be_repeated
            one_of_many_swaps_wins
            no_update_is_lost
            a_record_expires_by_the_given_time
            a_record_that_came_back_is_another
            a_swap_that_is_over_at_once_leaves_nothing
            times_are_kept_to_the_microsecond
            any_version_will_do
            large_values_come_back_whole
            odd_keys_are_told_apart
            many_keys_do_not_meet
            counters_add_up
            counters_never_go_below_nought
            counters_end_with_their_window
            an_addition_of_nought_reads
            parallel_additions_are_exact
            purging_leaves_what_lives
            a_store_that_is_there_answers
        ]);
    };
    (messages: $name:ident, $make:expr $(, #[$mark:meta])?) => {
        $crate::conformance_tests!(@each $name, $make, [$(#[$mark])?], messages, [
            a_row_comes_back_whole
            opening_again_changes_nothing
            news_in_any_order_give_the_same
            news_at_the_same_time_are_all_taken
            news_of_no_message_give_nothing
            reports_are_kept_once_each
            the_time_to_ask_is_set_and_cleared
            a_search_finds_by_every_filter
            pages_hold_every_row_once
            a_search_reaches_as_far_as_it_may
            tallies_follow_the_rows
            tallies_count_what_comes_at_the_same_time
            blocks_are_listed_while_they_last
            due_rows_are_leased
            a_row_is_leased_to_one
            a_code_that_came_back_is_told_of_once
            a_code_that_came_back_is_leased_to_one
            a_verification_is_consumed_once
            one_of_many_consumes
            old_rows_are_pruned
            keys_are_written_and_changed
            decisions_come_newest_first
            verdicts_of_one_id_add_up
            verdicts_that_come_at_the_same_time_are_all_counted
            verdicts_are_found_by_every_filter
            old_verdicts_are_pruned
            a_mark_stays_as_it_was_made
            a_journal_that_is_there_answers
        ]);
    };
    (rules: $name:ident, $make:expr $(, #[$mark:meta])?) => {
        $crate::conformance_tests!(@each $name, $make, [$(#[$mark])?], rules, [
            no_more_guesses_than_attempts
            one_of_many_right_codes_is_approved
            no_more_messages_than_the_windows_allow
            no_more_messages_than_an_address_may_have
            a_start_that_dies_loses_nothing
            a_check_that_dies_gives_nothing_away
        ]);
    };
    (@each $name:ident, $make:expr, $mark:tt, $suite:ident, [$($check:ident)*]) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $($crate::conformance_tests!(@one $make, $mark, $suite, $check);)*
        }
    };
    (@one $make:expr, [$(#[$mark:meta])?], $suite:ident, $check:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        $(#[$mark])?
        async fn $check() {
            let (tested, _kept) = $make;
            $crate::store::conformance::$suite::$check(tested).await;
        }
    };
}

/// A point in time for all checks, which is not now.
fn start() -> Timestamp {
    "2026-03-01T12:00:00.123456Z".parse().unwrap()
}

/// Some seconds after the start.
fn after(secs: i64) -> Timestamp {
    start() + SignedDuration::from_secs(secs)
}

fn micros(count: i64) -> SignedDuration {
    SignedDuration::from_micros(count)
}

/// Differs at each call, also between two runs against the same server.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
