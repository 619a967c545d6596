use sesame_connector::Reading;

use super::*;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).expect("a time")
}

fn record() -> NumberRecord {
    let number = PhoneNumber::parse("+8613800138000", &Reading::default());
    let mut record = NumberRecord::new(&number.expect("a number"));
    record.verifications.push(Entry {
        nonce: [1; 12],
        app: "web".to_owned(),
        session: Some([2; 16]),
        usage_type: "SignIn".to_owned(),
        key_id: "k".to_owned(),
        digits: 6,
        created_at: at(0),
        expires_at: at(600),
        attempts: 5,
        failed: 1,
        state: EntryState::Pending,
        out_id: "out".to_owned(),
    });
    record.push_send(Sent {
        out_id: "out".to_owned(),
        at: at(0),
        verification: Some([1; 12]),
        ip: None,
        would_refuse: false,
    });
    record.failures.push(at(5));
    record.consecutive = 1;
    record.hold = Some(Hold {
        since: at(0),
        until: at(60),
    });
    record
}

#[test]
fn records_read_back() {
    let record = record();
    assert_eq!(NumberRecord::decode(&record.encode()), Ok(record));
}

#[test]
fn another_format_is_no_damage_and_damage_no_panic() {
    let mut bytes = record().encode();
    bytes[0] = 2;
    assert_eq!(NumberRecord::decode(&bytes), Err(Unreadable::Format(2)));
    bytes[0] = FORMAT;
    for length in 0..bytes.len() {
        assert_eq!(
            NumberRecord::decode(&bytes[..length]),
            Err(Unreadable::Damaged)
        );
    }
}

#[test]
fn what_is_too_old_goes() {
    let mut record = record();
    record.tidy(at(60));
    assert_eq!(record.hold, None);
    record.tidy(at(3600 + 5));
    assert_eq!((record.failures.len(), record.consecutive), (0, 1));
    assert_eq!(record.verifications.len(), 1);
    record.tidy(at(600 + 3600));
    assert_eq!(record.verifications.len(), 0);
    assert_eq!(record.sends.len(), 1);
    record.tidy(at(86_400));
    assert_eq!(record.sends.len(), 0);
}

#[test]
fn a_clock_put_back_lengthens_nothing_and_frees_nothing() {
    let mut record = record();
    let year_before = at(-365 * 86_400);
    assert!(record.tidy(year_before));
    assert!(!record.tidy(year_before));
    let entry = &record.verifications[0];
    assert_eq!(entry.created_at, year_before);
    assert_eq!(entry.expires_at, year_before + secs(600));
    assert_eq!(record.sends[0].at, year_before);
    assert_eq!(record.failures, [year_before]);
    assert_eq!(record.consecutive, 1);
    let hold = record.hold.as_ref().expect("it lasts");
    assert_eq!(hold.until, year_before + secs(60));
}

#[test]
fn a_record_lives_as_long_as_anything_in_it() {
    let mut record = record();
    assert_eq!(record.expires_at(at(5)), at(5) + FAILURES_KEPT);
    record.consecutive = 0;
    assert_eq!(record.expires_at(at(5)), at(86_400));
    record.sends.clear();
    assert_eq!(record.expires_at(at(5)), at(600 + 3600));
}

#[test]
fn messages_do_not_grow_without_bound() {
    let mut record = record();
    for second in 0..1000 {
        record.push_send(Sent {
            out_id: second.to_string(),
            at: at(second),
            verification: None,
            ip: None,
            would_refuse: false,
        });
    }
    assert_eq!(record.sends.len(), MOST_SENDS);
    assert_eq!(record.sends[MOST_SENDS - 1].out_id, "999");
}

#[test]
fn a_record_prints_no_number() {
    assert!(!format!("{:?}", record()).contains("13800138000"));
}
