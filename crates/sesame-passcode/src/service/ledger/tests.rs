use super::*;

fn place(hour: i64, limit: LimitName, subject: &str, number: u32) -> Place {
    Place {
        hour,
        ruling: Ruling::Refused,
        limit,
        app: "web".to_owned(),
        kind: Some(Kind {
            usage_type: "SignIn".to_owned(),
            country: "CN".to_owned(),
            subject: Subject {
                shown: subject.to_owned(),
                open: "CN".to_owned(),
            },
        }),
        number: Some(Number {
            index: u128::from(number).to_be_bytes(),
            masked: String::new(),
        }),
    }
}

fn once(secs: i64) -> Waiting {
    let at = Timestamp::from_second(secs).expect("a time");
    Waiting {
        at,
        last_at: at,
        count: 1,
        reason: secs.to_string(),
        until: at,
    }
}

fn all(ledger: &Ledger) -> Vec<(Place, Waiting)> {
    let mut all = Vec::new();
    loop {
        let taken = ledger.take();
        if taken.is_empty() {
            return all;
        }
        all.extend(taken);
    }
}

#[test]
fn a_flood_is_a_bounded_number_of_rows_and_every_message_is_in_one() {
    let ledger = Ledger::default();
    let mut noted = 0;
    for number in 0..30_000 {
        // One prefix, many prefixes, and single numbers' own limits.
        for (limit, subject) in [
            (LimitName::PrefixPerHour, "one".to_owned()),
            (LimitName::PrefixPerDay, number.to_string()),
            (LimitName::NumberPerHour, number.to_string()),
        ] {
            ledger.note(place(7, limit, &subject, number), once(number.into()));
            noted += 1;
        }
    }
    let rows = all(&ledger);
    assert!(rows.len() <= 2 * MOST_ROWS + 3, "{}", rows.len());
    assert_eq!(rows.iter().map(|(_, row)| row.count).sum::<i64>(), noted);
    let of_one = |limit| move |row: &&(Place, Waiting)| row.0.limit == limit;
    let one: Vec<_> = rows
        .iter()
        .filter(of_one(LimitName::PrefixPerHour))
        .collect();
    assert_eq!(one.len(), 21, "twenty numbers, and the others");
    // What comes again in the same hour is in the same rows.
    ledger.note(place(7, LimitName::PrefixPerHour, "one", 3), once(9));
    ledger.note(place(7, LimitName::PrefixPerHour, "one", 29_000), once(9));
    let again = all(&ledger);
    assert!(
        again
            .iter()
            .all(|(place, _)| rows.iter().any(|row| row.0 == *place))
    );
    assert_eq!(again.len(), 2);
    // The next hour begins anew.
    ledger.note(place(8, LimitName::PrefixPerHour, "one", 29_000), once(9));
    assert!(all(&ledger)[0].0.number.is_some());
}

#[test]
fn what_could_not_be_written_is_not_lost() {
    let ledger = Ledger::default();
    let of = |number| place(1, LimitName::IpPerHour, "x", number);
    ledger.note(of(1), once(5));
    let taken = ledger.take();
    ledger.note(of(1), once(3));
    ledger.put_back(taken);
    let rows = all(&ledger);
    assert_eq!(rows.len(), 1);
    let row = &rows[0].1;
    assert_eq!(
        (row.count, row.at.as_second(), row.last_at.as_second()),
        (2, 3, 5)
    );
    assert_eq!(row.reason, "5");
}
