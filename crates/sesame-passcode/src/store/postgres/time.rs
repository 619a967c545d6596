//! A time in a `timestamptz`, to the microsecond.

use std::error::Error;

use bytes::BytesMut;
use jiff::Timestamp;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// Where PostgreSQL counts from: 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// A [`Timestamp`] on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Timestamp);

impl ToSql for Time {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let micros = self.0.as_microsecond() - EPOCH;
        micros.to_sql(kind, out)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Time {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let micros = i64::from_sql(kind, raw)?.saturating_add(EPOCH);
        Ok(Self(crate::store::time_of(micros)?))
    }

    accepts!(TIMESTAMPTZ);
}
