//! What limits decided.

use std::sync::Arc;

use super::messages::Tested;
use super::{after, micros};
use crate::journal::{Ruling, Verdict, VerdictSearch};

fn verdict(id: &str, secs: i64) -> Verdict {
    Verdict {
        id: id.to_owned(),
        at: after(secs) + micros(1),
        last_at: after(secs) + micros(1),
        count: 1,
        ruling: Ruling::Refused,
        limit: "prefix_per_hour".to_owned(),
        app: "网站 'web'".to_owned(),
        usage_type: "SignIn".to_owned(),
        country: "CN".to_owned(),
        number_index: None,
        masked: String::new(),
        subject: "CN".to_owned(),
        sealed: vec![0, 255, b'\''],
        reason: "unconfirmed=21 base=20".to_owned(),
        until: after(secs + 60),
    }
}

fn all() -> VerdictSearch {
    VerdictSearch {
        limit: 100,
        ..VerdictSearch::default()
    }
}

/// A row begins at the earliest time, ends at the latest, counts all, and says
/// what was said last, in whichever order it is told.
pub async fn verdicts_of_one_id_add_up(journal: Tested) {
    journal.rule(&[]).await.unwrap();
    assert_eq!(journal.verdicts(&all()).await.unwrap(), []);
    let number = Verdict {
        number_index: Some([7; 16]),
        masked: "+86 138****8000".to_owned(),
        ruling: Ruling::WouldRefuse,
        ..verdict("one", 5)
    };
    let one = std::slice::from_ref(&number);
    journal.rule(one).await.unwrap();
    assert_eq!(journal.verdicts(&all()).await.unwrap(), one);
    let later = Verdict {
        last_at: after(9),
        count: 40_000,
        reason: "later".to_owned(),
        sealed: vec![9],
        until: after(70),
        ..number.clone()
    };
    let earlier = Verdict {
        at: after(2),
        last_at: after(3),
        count: 3,
        reason: "earlier".to_owned(),
        until: after(65),
        ..number.clone()
    };
    journal
        .rule(&[later.clone(), verdict("other", 1)])
        .await
        .unwrap();
    journal.rule(&[earlier]).await.unwrap();
    let together = Verdict {
        at: after(2),
        count: 40_004,
        ..later
    };
    let found = journal.verdicts(&all()).await.unwrap();
    assert_eq!(found, [together, verdict("other", 1)]);
}

/// None is lost among servers that write the same rows.
pub async fn verdicts_that_come_at_the_same_time_are_all_counted(journal: Tested) {
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut rows: Vec<_> = (0..20)
                        .map(|id| verdict(&format!("v{id:02}"), id))
                        .collect();
                    if writer % 2 == 0 {
                        rows.reverse();
                    }
                    journal.rule(&rows).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let found = journal.verdicts(&all()).await.unwrap();
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|row| row.count == 80), "{found:?}");
}

/// By number, limit and decision, together and page by page.
pub async fn verdicts_are_found_by_every_filter(journal: Tested) {
    let mut rows = Vec::new();
    for at in 0..24 {
        let number = (at % 3 == 0).then_some([3; 16]);
        rows.push(Verdict {
            number_index: number,
            limit: ["ip_per_hour", "country_denied"][usize::from(at % 2 == 0)].to_owned(),
            ruling: Ruling::ALL[usize::from(at % 4 < 2)],
            // Two at a time have the same time.
            ..verdict(&format!("v{at:02}"), at / 2)
        });
    }
    journal.rule(&rows).await.unwrap();
    rows.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    for number_index in [None, Some([3; 16]), Some([4; 16])] {
        for limit_name in [None, Some("ip_per_hour"), Some("none")] {
            for ruling in [None, Some(Ruling::Refused), Some(Ruling::WouldRefuse)] {
                let mut search = VerdictSearch {
                    number_index,
                    limit_name: limit_name.map(str::to_owned),
                    ruling,
                    after: None,
                    limit: 5,
                };
                let is_asked = |row: &&Verdict| {
                    (number_index.is_none() || row.number_index == number_index)
                        && limit_name.is_none_or(|limit| row.limit == limit)
                        && ruling.is_none_or(|ruling| row.ruling == ruling)
                };
                let asked: Vec<_> = rows.iter().filter(is_asked).cloned().collect();
                let mut found = Vec::new();
                loop {
                    let page = journal.verdicts(&search).await.unwrap();
                    assert!(page.len() <= 5);
                    let Some(last) = page.last() else { break };
                    search.after = Some((last.at, last.id.clone()));
                    found.extend(page);
                }
                assert_eq!(found, asked, "{search:?}");
            }
        }
    }
}

/// They are kept as long as messages.
pub async fn old_verdicts_are_pruned(journal: Tested) {
    let rows: Vec<_> = (0..10).map(|at| verdict(&format!("v{at}"), at)).collect();
    journal.rule(&rows).await.unwrap();
    assert_eq!(journal.prune(after(7), 4).await.unwrap(), 4);
    assert_eq!(journal.prune(after(7), 4).await.unwrap(), 3);
    let left: Vec<_> = journal.verdicts(&all()).await.unwrap();
    let left: Vec<_> = left.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(left, ["v9", "v8", "v7"]);
}
