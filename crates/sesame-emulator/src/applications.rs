//! How many templates and signatures were applied for today.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::beijing_day;

/// Counts of one calendar day.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    day: Option<Date>,
    templates: u32,
    sign_names: u32,
}

impl Applications {
    /// Counts an application for a template, or says that there were too many.
    pub(crate) fn count_template(&mut self, most: u32, now: Timestamp) -> bool {
        self.begin_day(now);
        count(&mut self.templates, most)
    }

    /// Counts an application for a signature, or says that there were too many.
    pub(crate) fn count_sign_name(&mut self, most: u32, now: Timestamp) -> bool {
        self.begin_day(now);
        count(&mut self.sign_names, most)
    }

    fn begin_day(&mut self, now: Timestamp) {
        let today = Some(beijing_day(now));
        if self.day != today {
            *self = Self {
                day: today,
                ..Self::default()
            };
        }
    }
}

fn count(so_far: &mut u32, most: u32) -> bool {
    let has_room = *so_far < most;
    *so_far += u32::from(has_room);
    has_room
}
