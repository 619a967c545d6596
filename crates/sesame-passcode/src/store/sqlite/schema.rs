//! The tables of a SQLite file, and how an older file gets them.
//!
//! To change them, append a step to [`STEPS`]; never touch one that was released.

use rusqlite::Connection;

/// Step `n` brings schema `n` to `n + 1`.
const STEPS: &[&str] = &[FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH];

/// The schema this program works with.
pub(super) const KNOWN: u32 = STEPS.len() as u32;

/// Times are microseconds of Unix time. What is looked up by a random key and
/// is small lies in the index itself (`WITHOUT ROWID`).
const FIRST: &str = "
CREATE TABLE records (
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_end ON records (expires_at);

CREATE TABLE counters (
  key TEXT PRIMARY KEY,
  total INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_by_end ON counters (ends_at);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  out_id TEXT NOT NULL UNIQUE,
  verification TEXT,
  app TEXT NOT NULL,
  usage_type TEXT NOT NULL,
  number BLOB NOT NULL,
  number_index BLOB NOT NULL,
  masked TEXT NOT NULL,
  country TEXT NOT NULL,
  provider TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  code TEXT,
  request_id TEXT,
  biz_id TEXT,
  ended_at INTEGER,
  report_delivered INTEGER,
  report_code TEXT,
  report_at INTEGER,
  confirmed_at INTEGER,
  ask_at INTEGER
) STRICT;
CREATE INDEX messages_by_time ON messages (created_at, out_id);
CREATE INDEX messages_by_app ON messages (app, created_at, out_id);
CREATE INDEX messages_by_number ON messages (number_index, created_at, out_id);
CREATE INDEX messages_by_verification ON messages (verification) WHERE verification IS NOT NULL;
CREATE INDEX messages_to_ask ON messages (ask_at) WHERE ask_at IS NOT NULL;
-- Most messages are accepted, and whoever looks for those finds them by time.
CREATE INDEX messages_by_state ON messages (state, created_at, out_id) WHERE state <> 'accepted';

CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  message INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  code TEXT,
  reported_at INTEGER
) STRICT;
CREATE INDEX reports_by_message ON reports (message);

CREATE TABLE consumptions (
  verification TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consumptions_by_time ON consumptions (at);

CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  app TEXT NOT NULL,
  scopes TEXT NOT NULL,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  ends_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  number_index BLOB,
  detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_by_time ON decisions (at, id);
";

const SECOND: &str = "
CREATE TABLE marks (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Tallies, blocks, and the carrier of a number. Old messages are counted once;
/// their carrier is read from the digits that are shown. It is written down only
/// where a row may still change: to write all of them would take minutes.
const THIRD: &str = "
ALTER TABLE messages ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
CREATE INDEX messages_failed ON messages (created_at, out_id) WHERE report_delivered = 0;

CREATE TABLE blocks (
  id TEXT PRIMARY KEY,
  limit_name TEXT NOT NULL,
  subject TEXT NOT NULL,
  sealed BLOB NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_by_end ON blocks (until, id);

CREATE TABLE tallies (
  span INTEGER NOT NULL,
  start INTEGER NOT NULL,
  app TEXT NOT NULL,
  country TEXT NOT NULL,
  carrier TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  confirmed INTEGER NOT NULL,
  PRIMARY KEY (span, start, app, country, carrier)
) STRICT, WITHOUT ROWID;

CREATE TEMP TABLE counted AS SELECT created_at - created_at % 3600000000 AS hour, app, country,
  CASE WHEN country <> 'CN' THEN ''
    WHEN substr(masked, 5, 3) IN ('134', '135', '136', '137', '138', '139', '147', '148', '150', '151', '152', '157',
      '158', '159', '172', '178', '182', '183', '184', '187', '188', '195', '197', '198') THEN 'mobile'
    WHEN substr(masked, 5, 3) IN ('130', '131', '132', '145', '146', '155', '156', '166', '175', '176', '185', '186', '196') THEN 'unicom'
    WHEN substr(masked, 5, 3) IN ('133', '149', '153', '173', '174', '177', '180', '181', '189', '190', '191', '193', '199') THEN 'telecom'
    WHEN substr(masked, 5, 3) IN ('192') THEN 'broadnet'
    WHEN substr(masked, 5, 3) IN ('162', '165', '167', '170', '171') THEN 'virtual'
    ELSE '' END AS carrier,
  sum(state = 'accepted') AS accepted, sum(state = 'refused') AS refused,
  sum(state IN ('unknown', 'finally_unknown')) AS unknown,
  sum(state <> 'sending' AND report_delivered IS 1) AS delivered,
  sum(state <> 'sending' AND report_delivered IS 0) AS failed,
  sum(confirmed_at IS NOT NULL) AS confirmed
  FROM messages GROUP BY 1, 2, 3, 4;
INSERT INTO tallies SELECT 1, hour, app, country, carrier, accepted, refused, unknown, delivered,
  failed, confirmed FROM counted;
INSERT INTO tallies SELECT 0, hour - hour % 86400000000, app, country, carrier, sum(accepted),
  sum(refused), sum(unknown), sum(delivered), sum(failed), sum(confirmed)
  FROM counted GROUP BY 2, 3, 4, 5;
DROP TABLE counted;

UPDATE messages SET carrier = CASE WHEN country <> 'CN' THEN ''
    WHEN substr(masked, 5, 3) IN ('134', '135', '136', '137', '138', '139', '147', '148', '150', '151', '152', '157',
      '158', '159', '172', '178', '182', '183', '184', '187', '188', '195', '197', '198') THEN 'mobile'
    WHEN substr(masked, 5, 3) IN ('130', '131', '132', '145', '146', '155', '156', '166', '175', '176', '185', '186', '196') THEN 'unicom'
    WHEN substr(masked, 5, 3) IN ('133', '149', '153', '173', '174', '177', '180', '181', '189', '190', '191', '193', '199') THEN 'telecom'
    WHEN substr(masked, 5, 3) IN ('192') THEN 'broadnet'
    WHEN substr(masked, 5, 3) IN ('162', '165', '167', '170', '171') THEN 'virtual'
    ELSE '' END
  WHERE created_at > (SELECT max(created_at) - 259200000000 FROM messages);
";

/// Which request used a verification up: it is told again what it was told.
const FOURTH: &str = "
ALTER TABLE consumptions ADD COLUMN request BLOB;
";

/// What limits decided.
const FIFTH: &str = "
CREATE TABLE verdicts (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  count INTEGER NOT NULL,
  ruling TEXT NOT NULL,
  limit_name TEXT NOT NULL,
  app TEXT NOT NULL,
  usage_type TEXT NOT NULL,
  country TEXT NOT NULL,
  number_index BLOB,
  masked TEXT NOT NULL,
  subject TEXT NOT NULL,
  sealed BLOB NOT NULL,
  reason TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX verdicts_by_time ON verdicts (at, id);
CREATE INDEX verdicts_by_limit ON verdicts (limit_name, at, id);
CREATE INDEX verdicts_by_number ON verdicts (number_index, at, id) WHERE number_index IS NOT NULL;
CREATE INDEX verdicts_by_ruling ON verdicts (ruling, at, id);
CREATE INDEX verdicts_by_both ON verdicts (limit_name, ruling, at, id);
";

/// Messages whose provider is to be told that their code came back, and when.
const SIXTH: &str = "
CREATE TABLE conversions (
  message INTEGER PRIMARY KEY,
  due INTEGER NOT NULL
) STRICT;
CREATE INDEX conversions_by_time ON conversions (due);
";

/// Which schema a file has; 0 for an empty one.
pub(super) fn found(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file up to date, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Somebody else may have been quicker.
    let found = found(&transaction)? as usize;
    for step in STEPS.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    if found < STEPS.len() {
        transaction.pragma_update(None, "user_version", KNOWN)?;
    }
    transaction.commit()
}
