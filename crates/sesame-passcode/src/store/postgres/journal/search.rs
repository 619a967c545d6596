//! Which messages are asked for, in PostgreSQL.

use jiff::Timestamp;
use sesame_connector::OutId;
use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use super::super::time::Time;
use super::{COLUMNS, Postgres, count, get, row, unreadable};
use crate::journal::{Lead, Reported, Row, Search};
use crate::store::StoreResult;

/// A question in SQL, and what is bound to it.
pub(super) struct Question {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Question {
    /// In a condition, `?` stands for what is given to it.
    pub(super) fn also(&mut self, condition: &str, given: Vec<Box<dyn ToSql + Sync + Send>>) {
        self.sql.push_str(" AND ");
        let mut parts = condition.split('?');
        self.sql.push_str(parts.next().unwrap_or_default());
        for (part, value) in parts.zip(given) {
            self.values.push(value);
            self.sql.push_str(&format!("${}{part}", self.values.len()));
        }
    }

    pub(super) fn ends_with(&mut self, ending: &str, value: usize) {
        self.values.push(Box::new(count(value)));
        let at = self.values.len();
        self.sql.push_str(&format!(
            " ORDER BY created_at DESC, out_id DESC {ending} ${at}"
        ));
    }

    /// Newest first, by a time and an id.
    pub(super) fn newest_by(&mut self, at_and_id: &str, limit: usize) {
        let order = at_and_id.replace(',', " DESC,");
        self.values.push(Box::new(count(limit)));
        let at = self.values.len();
        self.sql
            .push_str(&format!(" ORDER BY {order} DESC LIMIT ${at}"));
    }

    /// The filter that rows are found by, and between which places.
    pub(super) fn led(select: &str, search: &Search) -> Self {
        let mut this = Self {
            sql: format!("SELECT {select} FROM sesame_messages WHERE true"),
            values: Vec::new(),
        };
        match (search.lead(), search.number_index, &search.app) {
            (Lead::Number, Some(index), _) => {
                this.also("number_index = ?", vec![Box::new(index.to_vec())]);
            }
            // Word for word what the index of it says.
            (Lead::Failed, _, _) => this.also("NOT report_delivered", Vec::new()),
            (Lead::State(state), _, _) => this.also(
                "state = ? AND state <> 'accepted'",
                vec![Box::new(state.as_str())],
            ),
            (Lead::App, _, Some(app)) => this.also("app = ?", vec![Box::new(app.clone())]),
            _ => {}
        }
        if let Some(from) = search.from {
            this.also("created_at >= ?", vec![Box::new(Time(from))]);
        }
        if let Some(until) = search.until {
            this.also("created_at < ?", vec![Box::new(Time(until))]);
        }
        for (compared, place) in [("<", &search.after), (">=", &search.back_to)] {
            if let Some((time, out_id)) = place {
                this.also(
                    &format!("(created_at, out_id) {compared} (?, ?)"),
                    vec![Box::new(Time(*time)), Box::new(out_id.as_str().to_owned())],
                );
            }
        }
        this
    }

    pub(super) async fn ask(&self, store: &Postgres) -> StoreResult<Vec<Columns>> {
        let values: Vec<&(dyn ToSql + Sync)> = self
            .values
            .iter()
            .map(|value| &**value as &(dyn ToSql + Sync))
            .collect();
        store.query(&self.sql, &values).await
    }
}

pub(super) async fn searched(store: &Postgres, search: &Search) -> StoreResult<Vec<Row>> {
    let mut question = Question::led(COLUMNS, search);
    let lead = search.lead();
    if let Some(app) = search.app.as_ref().filter(|_| lead != Lead::App) {
        question.also("app = ?", vec![Box::new(app.clone())]);
    }
    if !search.states.is_empty() && !matches!(lead, Lead::State(_)) {
        let names: Vec<_> = search.states.iter().map(|state| state.as_str()).collect();
        question.also("state = ANY(?)", vec![Box::new(names)]);
    }
    if let Some(usage_type) = &search.usage_type {
        question.also("usage_type = ?", vec![Box::new(usage_type.clone())]);
    }
    match search.delivery {
        Some(Reported::Delivered) => question.also("report_delivered", Vec::new()),
        Some(Reported::Failed) if lead != Lead::Failed => {
            question.also("NOT report_delivered", Vec::new());
        }
        Some(Reported::Waiting) => {
            question.also(
                "report_delivered IS NULL AND state = 'accepted'",
                Vec::new(),
            );
        }
        Some(Reported::Failed) | None => {}
    }
    question.ends_with("LIMIT", search.limit);
    question.ask(store).await?.iter().map(row).collect()
}

pub(super) async fn reach(
    store: &Postgres,
    search: &Search,
    how_far: usize,
) -> StoreResult<Option<(Timestamp, OutId)>> {
    let mut question = Question::led("created_at, out_id", search);
    question.ends_with("LIMIT 1 OFFSET", how_far.saturating_sub(1));
    let rows = question.ask(store).await?;
    let place = |columns: &Columns| {
        let out_id = OutId::parse(get(columns, 1)?).map_err(|_| unreadable("out_id"))?;
        Ok((get::<Time>(columns, 0)?.0, out_id))
    };
    rows.first().map(place).transpose()
}
