//! Every line of the checklist that the emulator is held to has a test that names
//! it: `b1_c1_…` is of lines B1 and C1. Those of L (test control) and M (what it
//! must not do) have no numbers.

use std::collections::BTreeSet;
use std::path::Path;

/// The sections, and how many lines each has.
const LINES: [(char, usize); 11] = [
    ('a', 12),
    ('b', 9),
    ('c', 11),
    ('d', 11),
    ('e', 18),
    ('f', 9),
    ('g', 8),
    ('h', 8),
    ('i', 9),
    ('j', 4),
    ('k', 7),
];

/// What of L and M is tested, in the order of the checklist.
const UNNUMBERED: [&str; 13] = [
    "l_messages_to_a_number_in_any_notation",
    "l_the_clock_is_set_moved_and_runs_on",
    "l_the_account_is_replaced",
    "l_codes_come_in_the_body_of_their_status",
    "l_slow_accepts_at_once_and_answers_late",
    "l_timeout_never_answers_and_accepts_nothing",
    "l_html_and_garbage",
    "l_reset_accepts_nothing_and_reset_after_accept_does",
    "l_reset_forgets_all_but_the_account",
    "m_nothing_prints_a_secret",
    "m_debug_prints_no_code_and_no_number",
    "m_only_loopback_unless_allowed",
    "m_other_peoples_pages_are_refused",
];

/// The names of all tests here.
fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the tests") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("text");
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line != "#[test]" && !line.starts_with("#[tokio::test") {
                continue;
            }
            let function = lines.find(|line| line.contains("fn ")).unwrap_or_default();
            let name = function.split("fn ").nth(1).unwrap_or_default();
            names.insert(name.split('(').next().unwrap_or_default().to_owned());
        }
    }
    names
}

#[test]
fn every_line_of_the_checklist_has_a_test_that_names_it() {
    let names = names();
    let is_line = |part: &&str| {
        let (section, number) = part.split_at(1.min(part.len()));
        section.bytes().all(|b| b.is_ascii_lowercase()) && number.parse::<usize>().is_ok()
    };
    let named: BTreeSet<String> = names
        .iter()
        .flat_map(|name| name.split('_').take_while(is_line))
        .map(str::to_owned)
        .collect();
    let lines = LINES
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |line| format!("{section}{line}")));
    let mut lacking: Vec<String> = lines.filter(|line| !named.contains(line)).collect();
    let unnumbered = UNNUMBERED.iter().filter(|name| !names.contains(**name));
    lacking.extend(unnumbered.map(|name| (*name).to_owned()));
    assert_eq!(lacking, Vec::<String>::new());
}
