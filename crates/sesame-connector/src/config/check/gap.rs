//! A region that a template, or a signature, leaves out: no problem where
//! something else of the configuration serves it.

use super::reader::Reader;
use crate::config::ConnectorConfig;
use crate::config::problem::{Place, ProblemId};
use crate::template::{Destination, TemplateRegion, route_by_either};
use crate::usage::UsageType;

/// What is left out, and which problem was reported of it.
pub(super) struct Gap {
    /// The problem's place among those that were found.
    problem: usize,
    region: TemplateRegion,
    /// Of none, where none could be read.
    usage_types: Vec<UsageType>,
}

impl Gap {
    fn is_served(&self, config: &ConnectorConfig) -> bool {
        let to = Destination::in_region(self.region);
        let is_served = |usage_type| route_by_either(config, usage_type, to).is_ok();
        !self.usage_types.is_empty() && self.usage_types.iter().all(is_served)
    }
}

impl Reader<'_> {
    /// Reports that a region is left out, until the whole is known.
    pub(super) fn left_out(
        &mut self,
        id: ProblemId,
        place: &Place,
        region: TemplateRegion,
        usage_types: Vec<UsageType>,
        [message, cure]: [&str; 2],
    ) {
        self.gaps.push(Gap {
            problem: self.found.len(),
            region,
            usage_types,
        });
        self.report(id, place, message, cure);
    }

    /// Takes back what the whole or its fallback serves after all.
    pub(super) fn close_gaps(&mut self, config: &ConnectorConfig) {
        let served = self.gaps.iter().filter(|gap| gap.is_served(config));
        // The last first, so that the places of the others stay as they are.
        let places: Vec<usize> = served.map(|gap| gap.problem).collect();
        for place in places.into_iter().rev() {
            self.found.remove(place);
        }
        self.gaps.clear();
    }
}
