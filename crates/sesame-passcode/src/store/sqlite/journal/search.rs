//! Which messages are asked for, in SQLite.

use rusqlite::types::Value;

use super::{COLUMNS, count};
use crate::journal::{Lead, Reported, Search};

/// A question in SQL, and what is bound to it.
pub(super) struct Question {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Question {
    pub(super) fn also(&mut self, condition: &str, given: impl IntoIterator<Item = Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(given);
    }

    /// The filter that rows are found by, and between which places.
    pub(super) fn led(select: &str, search: &Search) -> Self {
        let mut this = Self {
            sql: format!("SELECT {select} FROM messages WHERE true"),
            values: Vec::new(),
        };
        match (search.lead(), search.number_index, &search.app) {
            (Lead::Number, Some(index), _) => {
                this.also("number_index = ?", [index.to_vec().into()]);
            }
            // Word for word what the index of it says.
            (Lead::Failed, _, _) => this.also("report_delivered = 0", []),
            (Lead::State(state), _, _) => this.also(
                "state = ? AND state <> 'accepted'",
                [state.as_str().to_owned().into()],
            ),
            (Lead::App, _, Some(app)) => this.also("app = ?", [app.clone().into()]),
            _ => {}
        }
        if let Some(from) = search.from {
            this.also("created_at >= ?", [from.as_microsecond().into()]);
        }
        if let Some(until) = search.until {
            this.also("created_at < ?", [until.as_microsecond().into()]);
        }
        let places = [("<", &search.after), (">=", &search.back_to)];
        for (compared, place) in places {
            if let Some((time, out_id)) = place {
                this.also(
                    &format!("(created_at, out_id) {compared} (?, ?)"),
                    [
                        time.as_microsecond().into(),
                        out_id.as_str().to_owned().into(),
                    ],
                );
            }
        }
        this
    }
}

/// A search in SQL. A `+` keeps SQLite from looking at other indexes than that
/// of the filter that leads.
pub(super) fn searched(search: &Search) -> Question {
    let mut question = Question::led(COLUMNS, search);
    let lead = search.lead();
    if let Some(app) = search.app.as_ref().filter(|_| lead != Lead::App) {
        question.also("+app = ?", [app.clone().into()]);
    }
    if !search.states.is_empty() && !matches!(lead, Lead::State(_)) {
        let marks = vec!["?"; search.states.len()].join(", ");
        let names = search.states.iter().map(|state| state.as_str().to_owned());
        question.also(&format!("+state IN ({marks})"), names.map(Value::from));
    }
    if let Some(usage_type) = &search.usage_type {
        question.also("+usage_type = ?", [usage_type.clone().into()]);
    }
    match search.delivery {
        Some(Reported::Delivered) => question.also("+report_delivered = 1", []),
        Some(Reported::Failed) if lead != Lead::Failed => {
            question.also("+report_delivered = 0", []);
        }
        Some(Reported::Waiting) => {
            question.also("+report_delivered IS NULL AND +state = 'accepted'", []);
        }
        Some(Reported::Failed) | None => {}
    }
    question
        .sql
        .push_str(" ORDER BY created_at DESC, out_id DESC LIMIT ?");
    question.values.push(count(search.limit).into());
    question
}

/// Where so many rows back lies.
pub(super) fn reaching(search: &Search, how_far: usize) -> Question {
    let mut question = Question::led("created_at, out_id", search);
    question
        .sql
        .push_str(" ORDER BY created_at DESC, out_id DESC LIMIT 1 OFFSET ?");
    let skipped = how_far.saturating_sub(1);
    question.values.push(count(skipped).into());
    question
}
