//! What a configuration will send: which templates, under which signatures, to
//! which numbers. Pure.

use crate::config::{ConnectorConfig, SignNames, Template, TemplateCodes};
use crate::template::{SignName, TemplateCode, TemplateRegion};

/// A template of the account, and what it is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TemplateUse {
    pub(super) code: String,
    /// Whether mainland numbers get it.
    pub(super) china: bool,
    /// Whether it stands as `overseas`.
    pub(super) overseas: bool,
    /// The variables that are sent, as each place that names it declares them.
    pub(super) variables: Vec<Vec<String>>,
    /// The signatures it goes out under.
    pub(super) sign_names: Vec<String>,
    /// Where in `templates` it stands.
    pub(super) places: Vec<usize>,
}

/// A signature of the account, and what it is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignNameUse {
    pub(super) name: String,
    /// Whether mainland numbers get it, whose carriers want it filed.
    pub(super) china: bool,
    /// The templates that go out under it.
    pub(super) templates: Vec<String>,
}

/// All of both, in the order of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) templates: Vec<TemplateUse>,
    pub(super) sign_names: Vec<SignNameUse>,
}

impl Plan {
    pub(super) fn of(config: &ConnectorConfig) -> Self {
        let mut plan = Self::default();
        for (place, template) in config.templates.iter().enumerate() {
            for (region, code) in codes(template) {
                let name = sign_name(region, &template.sign_names, &config.sign_names);
                plan.add(place, template, region, code, name);
            }
        }
        plan
    }

    fn add(
        &mut self,
        place: usize,
        template: &Template,
        region: TemplateRegion,
        code: &TemplateCode,
        sign_name: Option<&SignName>,
    ) {
        let is_china = region == TemplateRegion::China;
        let found = find_or_push(
            &mut self.templates,
            |used| used.code == code.as_str(),
            || TemplateUse {
                code: code.as_str().to_owned(),
                china: false,
                overseas: false,
                variables: Vec::new(),
                sign_names: Vec::new(),
                places: Vec::new(),
            },
        );
        found.china |= is_china;
        found.overseas |= !is_china;
        push_new(&mut found.variables, &template.variables);
        push_new(&mut found.places, &place);
        let Some(name) = sign_name.map(SignName::as_str) else {
            return;
        };
        push_new(&mut found.sign_names, &name.to_owned());
        let signed = find_or_push(
            &mut self.sign_names,
            |used| used.name == name,
            || SignNameUse {
                name: name.to_owned(),
                china: false,
                templates: Vec::new(),
            },
        );
        signed.china |= is_china;
        push_new(&mut signed.templates, &code.as_str().to_owned());
    }

    /// Whether anything is meant for numbers outside the mainland.
    pub(super) fn overseas(&self) -> impl Iterator<Item = &TemplateUse> {
        self.templates.iter().filter(|used| used.overseas)
    }
}

/// A code without a region is meant for the mainland first; what it can be sent
/// to elsewhere depends on its kind.
fn codes(template: &Template) -> Vec<(TemplateRegion, &TemplateCode)> {
    let codes = match &template.codes {
        TemplateCodes::Everywhere(code) => [(TemplateRegion::China, Some(code)); 1].to_vec(),
        TemplateCodes::ByRegion { china, overseas } => vec![
            (TemplateRegion::China, china.as_ref()),
            (TemplateRegion::Overseas, overseas.as_ref()),
        ],
    };
    let there = codes
        .into_iter()
        .filter_map(|(region, code)| Some((region, code?)));
    there
        .filter(|(_, code)| !code.as_str().is_empty())
        .collect()
}

fn sign_name<'c>(
    region: TemplateRegion,
    own: &'c SignNames,
    shared: &'c SignNames,
) -> Option<&'c SignName> {
    let name = match region {
        TemplateRegion::China => own.for_china().or(shared.for_china()),
        TemplateRegion::Overseas => own.for_overseas().or(shared.for_overseas()),
    };
    name.filter(|name| !name.as_str().is_empty())
}

fn find_or_push<T>(
    list: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
) -> &mut T {
    let at = list.iter().position(is_it).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    });
    &mut list[at]
}

fn push_new<T: Clone + PartialEq>(list: &mut Vec<T>, entry: &T) {
    if !list.contains(entry) {
        list.push(entry.clone());
    }
}
