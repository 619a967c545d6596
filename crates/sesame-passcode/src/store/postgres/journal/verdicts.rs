//! What limits decided, in PostgreSQL.

use tokio_postgres::Row as Columns;

use super::super::time::Time;
use super::search::Question;
use super::{Postgres, fixed, get, text, unreadable};
use crate::journal::{Ruling, Verdict, VerdictSearch};
use crate::store::StoreResult;

const COLUMNS: &str = "id, at, last_at, count, ruling, limit_name, app, usage_type, country, \
    number_index, masked, subject, sealed, reason, until";

/// All in one statement, always in the same order, so that no two servers wait
/// for each other.
pub(super) async fn write(store: &Postgres, verdicts: &[Verdict]) -> StoreResult<()> {
    let mut verdicts: Vec<&Verdict> = verdicts.iter().collect();
    verdicts.sort_by(|one, other| one.id.cmp(&other.id));
    let sql = format!(
        "INSERT INTO sesame_verdicts AS v ({COLUMNS}) SELECT * FROM unnest($1::text[], \
         $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[], $7::text[], \
         $8::text[], $9::text[], $10::bytea[], $11::text[], $12::text[], $13::bytea[], \
         $14::text[], $15::timestamptz[]) \
         ON CONFLICT (id) DO UPDATE SET at = least(v.at, excluded.at), \
         reason = CASE WHEN excluded.last_at >= v.last_at THEN excluded.reason ELSE v.reason END, \
         sealed = CASE WHEN excluded.last_at >= v.last_at THEN excluded.sealed ELSE v.sealed END, \
         last_at = greatest(v.last_at, excluded.last_at), count = v.count + excluded.count, \
         until = greatest(v.until, excluded.until)"
    );
    fn each<'a, T>(verdicts: &[&'a Verdict], of: impl Fn(&'a Verdict) -> T) -> Vec<T> {
        verdicts.iter().map(|verdict| of(verdict)).collect()
    }
    let index = |verdict: &Verdict| verdict.number_index.map(|index| index.to_vec());
    store
        .execute(
            &sql,
            &[
                &each(&verdicts, |verdict| verdict.id.as_str()),
                &each(&verdicts, |verdict| Time(verdict.at)),
                &each(&verdicts, |verdict| Time(verdict.last_at)),
                &each(&verdicts, |verdict| verdict.count),
                &each(&verdicts, |verdict| verdict.ruling.as_str()),
                &each(&verdicts, |verdict| verdict.limit.as_str()),
                &each(&verdicts, |verdict| verdict.app.as_str()),
                &each(&verdicts, |verdict| text(Some(&verdict.usage_type))),
                &each(&verdicts, |verdict| verdict.country.as_str()),
                &each(&verdicts, index),
                &each(&verdicts, |verdict| verdict.masked.as_str()),
                &each(&verdicts, |verdict| verdict.subject.as_str()),
                &each(&verdicts, |verdict| verdict.sealed.as_slice()),
                &each(&verdicts, |verdict| verdict.reason.as_str()),
                &each(&verdicts, |verdict| Time(verdict.until)),
            ],
        )
        .await
        .map(|_| ())
}

pub(super) async fn read(store: &Postgres, search: &VerdictSearch) -> StoreResult<Vec<Verdict>> {
    let mut question = Question {
        sql: format!("SELECT {COLUMNS} FROM sesame_verdicts WHERE true"),
        values: Vec::new(),
    };
    if let Some((at, id)) = &search.after {
        question.also(
            "(at, id) < (?, ?)",
            vec![Box::new(Time(*at)), Box::new(id.clone())],
        );
    }
    if let Some(index) = search.number_index {
        question.also("number_index = ?", vec![Box::new(index.to_vec())]);
    }
    if let Some(limit) = &search.limit_name {
        question.also("limit_name = ?", vec![Box::new(limit.clone())]);
    }
    if let Some(ruling) = search.ruling {
        question.also("ruling = ?", vec![Box::new(ruling.as_str())]);
    }
    question.newest_by("at, id", search.limit);
    question.ask(store).await?.iter().map(verdict).collect()
}

fn verdict(columns: &Columns) -> StoreResult<Verdict> {
    let about: Option<&[u8]> = get(columns, 9)?;
    Ok(Verdict {
        id: get(columns, 0)?,
        at: get::<Time>(columns, 1)?.0,
        last_at: get::<Time>(columns, 2)?.0,
        count: get(columns, 3)?,
        ruling: Ruling::named(get(columns, 4)?).ok_or_else(|| unreadable("ruling"))?,
        limit: get(columns, 5)?,
        app: get(columns, 6)?,
        usage_type: get(columns, 7)?,
        country: get(columns, 8)?,
        number_index: about.map(|_| fixed(columns, 9)).transpose()?,
        masked: get(columns, 10)?,
        subject: get(columns, 11)?,
        sealed: get(columns, 12)?,
        reason: get(columns, 13)?,
        until: get::<Time>(columns, 14)?.0,
    })
}
