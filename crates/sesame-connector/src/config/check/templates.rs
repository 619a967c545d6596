//! Signatures, templates, and whether they serve what must be served.

use super::reader::{Field, Reader, Table};
use super::text::Sort;
use crate::config::node::Value;
use crate::config::problem::{Level, Place, ProblemId};
use crate::config::{ProviderKind, SignNames, Template, TemplateCodes};
use crate::template::{SignName, TemplateCode, TemplateRegion};
use crate::usage::UsageType;

const TEMPLATE_KEYS: &[&str] = &[
    "templateCode",
    "usageType",
    "type",
    "signName",
    "signNames",
    "variables",
    "text",
];

/// Far more than there are usage types, with room for many that stand twice.
const MOST_TEMPLATES: usize = 1024;

/// Far more than a text has room for.
const MOST_VARIABLES: usize = 64;

/// What is put around a signature in a text, by Aliyun.
const BRACKETS: [char; 6] = ['【', '】', '[', ']', '［', '］'];

impl Reader<'_> {
    /// The signatures of the whole configuration, or of one template.
    pub(super) fn sign_names(&mut self, table: &Table<'_>) -> SignNames {
        let both = table
            .field("signName")
            .and_then(|field| self.sign_name(&field));
        let mut names = SignNames {
            both,
            china: None,
            overseas: None,
        };
        let regional = table.field("signNames");
        if let Some(table) = regional.and_then(|field| self.table(&field, &["china", "overseas"])) {
            names.china = table
                .field("china")
                .and_then(|field| self.sign_name(&field));
            names.overseas = table
                .field("overseas")
                .and_then(|field| self.sign_name(&field));
            self.check_overseas(&table);
        }
        names
    }

    fn sign_name(&mut self, field: &Field<'_>) -> Option<SignName> {
        let name = self.string(field, Sort::Plain)?;
        if !name.contains(BRACKETS) {
            return Some(SignName::new(name));
        }
        let bare: String = name.chars().filter(|c| !BRACKETS.contains(c)).collect();
        let message = "there are brackets around the signature; Aliyun adds 【】 itself";
        let cure = format!("write {} without brackets", field.quoted(&bare));
        self.report(ProblemId::SignNameBrackets, &field.place, message, cure);
        Some(SignName::new(bare))
    }

    /// `None` where one of them cannot be used at all.
    pub(super) fn templates(
        &mut self,
        root: &Table<'_>,
        shared: &SignNames,
    ) -> Option<Vec<Template>> {
        let Some(field) = root.field("templates") else {
            let cure = "add templates, a list of {templateCode, usageType}";
            self.missing(root, "templates", cure);
            return None;
        };
        let elements = self.list(&field, MOST_TEMPLATES)?;
        let mut templates: Vec<(Place, Option<Template>)> = Vec::new();
        let mut seen: Vec<UsageType> = Vec::new();
        for element in &elements {
            let template = self.template(element, &mut seen);
            templates.push((element.place.clone(), template));
        }
        self.check_served(&field.place, &seen);
        let signed = self.check_signed(root, shared, &templates);
        let templates: Option<Vec<Template>> = templates.into_iter().map(|(_, t)| t).collect();
        templates.filter(|_| signed)
    }

    fn template(&mut self, element: &Field<'_>, seen: &mut Vec<UsageType>) -> Option<Template> {
        let table = self.table(element, TEMPLATE_KEYS)?;
        if let Some(kind) = table.field("type")
            && !matches!(kind.value, Value::Number(_))
        {
            self.wrong_type(&kind, "a number");
        }
        let text = self.text(&table);
        let usage_type = self.usage_type(&table, seen);
        let codes = match self.provider {
            ProviderKind::AliyunIntl => self.china_code(&table, usage_type.as_ref()),
            _ => self.template_codes(&table, usage_type.as_ref()),
        };
        let sign_names = self.sign_names(&table);
        let variables = self.variables(&table);
        Some(Template {
            usage_type: usage_type?,
            codes: codes?,
            sign_names,
            variables,
            text,
        })
    }

    /// The international API sends templates in the mainland alone, and texts
    /// elsewhere; one of the two must be there.
    fn china_code(
        &mut self,
        table: &Table<'_>,
        usage_type: Option<&UsageType>,
    ) -> Option<TemplateCodes> {
        let has_text = table.has("text");
        if !table.has("templateCode") {
            if !has_text {
                let cure = r#"add text, such as "Your code is ${code}.""#;
                self.missing(table, "text", cure);
                return None;
            }
            return Some(TemplateCodes::ByRegion {
                china: None,
                overseas: None,
            });
        }
        let china = match self.template_codes(table, usage_type)? {
            TemplateCodes::Everywhere(code) => Some(code),
            TemplateCodes::ByRegion { china, overseas } => {
                if overseas.is_some() {
                    let place = table.place_of("templateCode");
                    let message = "the international API sends no templates outside the mainland";
                    let cure = "write text in the place of \"overseas\"";
                    self.report(ProblemId::OtherProvidersKey, &place, message, cure);
                }
                china
            }
        };
        if !has_text {
            let message = "there is no text, so numbers outside the mainland are refused";
            let cure = "add text, if such numbers are to be served";
            self.left_out(
                ProblemId::TemplateOneRegion,
                &table.place_of("text"),
                TemplateRegion::Overseas,
                usage_type.cloned().into_iter().collect(),
                [message, cure],
            );
        }
        Some(TemplateCodes::ByRegion {
            china,
            overseas: None,
        })
    }

    fn usage_type(&mut self, table: &Table<'_>, seen: &mut Vec<UsageType>) -> Option<UsageType> {
        let name = self.required(table, "usageType", Sort::Plain)?;
        let usage_type = UsageType::from(name.as_str());
        let field = table.field("usageType")?;
        // Brackets were named as a placeholder already.
        if !usage_type.is_known() && !name.is_empty() && !name.contains('<') {
            self.report_unknown_usage(&name, &field);
        }
        if seen.contains(&usage_type) {
            let message = format!(
                "there is a template for {} already, which is used",
                field.quoted(&name)
            );
            let cure = "remove one of the two, or give it another usageType";
            self.report(ProblemId::UsageTypeDuplicate, &field.place, message, cure);
        } else {
            seen.push(usage_type.clone());
        }
        Some(usage_type)
    }

    fn report_unknown_usage(&mut self, name: &str, field: &Field<'_>) {
        let cure = match UsageType::suggest(name) {
            Some(meant) => format!("did you mean {meant}?"),
            None => {
                let known: Vec<&str> = UsageType::KNOWN.iter().map(UsageType::as_str).collect();
                format!("write one of {}", known.join(", "))
            }
        };
        let message = format!("the usage type {} is not known", field.quoted(name));
        self.report(ProblemId::UsageTypeUnknown, &field.place, message, cure);
    }

    fn check_served(&mut self, place: &Place, seen: &[UsageType]) {
        let unserved: Vec<&str> = UsageType::REQUIRED
            .iter()
            .filter(|required| {
                !required
                    .fallbacks()
                    .iter()
                    .any(|usage| seen.contains(usage))
            })
            .map(UsageType::as_str)
            .collect();
        if !unserved.is_empty() {
            let message = format!("no template serves {}", unserved.join(", "));
            let cure = "add a template for each, or one for Generic, which serves all";
            self.report(ProblemId::UsageTypeNotServed, place, message, cure);
        }
    }

    fn template_codes(
        &mut self,
        table: &Table<'_>,
        usage_type: Option<&UsageType>,
    ) -> Option<TemplateCodes> {
        let Some(field) = table.field("templateCode") else {
            self.missing(
                table,
                "templateCode",
                "add templateCode, such as \"SMS_123456789\"",
            );
            return None;
        };
        let by_region = matches!(field.value, Value::Table(entries)
            if !entries.iter().any(|entry| matches!(entry.key.as_str(), "env" | "file")));
        if !by_region {
            return self.template_code(&field).map(TemplateCodes::Everywhere);
        }
        let codes = self.table(&field, &["china", "overseas"])?;
        let china = codes
            .field("china")
            .and_then(|field| self.template_code(&field));
        let overseas = codes
            .field("overseas")
            .and_then(|field| self.template_code(&field));
        self.check_overseas(&codes);
        if self.provider != ProviderKind::AliyunIntl {
            self.check_regions(&codes, usage_type);
        }
        (china.is_some() || overseas.is_some())
            .then_some(TemplateCodes::ByRegion { china, overseas })
    }

    /// What is for numbers abroad, where the provider serves the mainland alone.
    fn check_overseas(&mut self, table: &Table<'_>) {
        let is_for_china = self.provider == ProviderKind::AliyunPnvs;
        if let Some(field) = table.field("overseas").filter(|_| is_for_china) {
            let message = "PNVS sends to numbers of the mainland alone, so this is never used";
            let cure = "remove it, or move it to where the provider aliyun-sms stands";
            self.report(ProblemId::OtherProvidersKey, &field.place, message, cure);
        }
    }

    fn check_regions(&mut self, codes: &Table<'_>, usage_type: Option<&UsageType>) {
        use TemplateRegion::{China, Overseas};
        let is_for_china = self.provider == ProviderKind::AliyunPnvs;
        let (absent, region, whose) = match (codes.has("china"), codes.has("overseas")) {
            (true, true) => return,
            (true, false) if is_for_china => return,
            (true, false) => ("overseas", Overseas, "outside the mainland"),
            (false, true) => ("china", China, "of the mainland"),
            (false, false) => {
                let cure =
                    r#"write {"china": "SMS_…", "overseas": "SMS_…"}, or one code as a string"#;
                return self.missing(codes, "china", cure);
            }
        };
        let message = format!("there is no {absent} template, so numbers {whose} are refused");
        let cure = format!("add {absent}, if such numbers are to be served");
        self.left_out(
            ProblemId::TemplateOneRegion,
            &codes.place_of(absent),
            region,
            usage_type.cloned().into_iter().collect(),
            [&message, &cure],
        );
    }

    fn template_code(&mut self, field: &Field<'_>) -> Option<TemplateCode> {
        let code = self.string(field, Sort::Plain)?;
        let is_text = code.contains(['{', '$', '，', '。', '：']);
        if is_text {
            let message = "this is the text of a template; its code is wanted";
            let cure = "write the code that the console shows beside the template, SMS_ and digits";
            self.report(ProblemId::TemplateCodeIsText, &field.place, message, cure);
        } else if !code.is_empty()
            && !code.contains('<')
            && !TemplateCode::looks_right(&code, self.provider)
        {
            let message = match self.provider {
                ProviderKind::AliyunSms | ProviderKind::AliyunIntl => {
                    "a template code is SMS_ and digits"
                }
                ProviderKind::AliyunPnvs => "the code of a gift template is digits, such as 100001",
            };
            let cure = "copy the code that the console shows beside the template";
            self.report(ProblemId::TemplateCodeFormat, &field.place, message, cure);
        }
        Some(TemplateCode::new(code))
    }

    fn variables(&mut self, table: &Table<'_>) -> Vec<String> {
        let usual = match self.provider {
            ProviderKind::AliyunSms | ProviderKind::AliyunIntl => vec!["code".to_owned()],
            // What all gift templates declare.
            ProviderKind::AliyunPnvs => vec!["code".to_owned(), "min".to_owned()],
        };
        let Some(field) = table.field("variables") else {
            return usual;
        };
        let Some(elements) = self.list(&field, MOST_VARIABLES) else {
            return usual;
        };
        let mut variables: Vec<String> = Vec::new();
        for element in &elements {
            let Some(name) = self.variable(element) else {
                continue;
            };
            if variables.contains(&name) {
                let message = format!("the variable {} is listed twice", element.quoted(&name));
                self.report(
                    ProblemId::VariableDuplicate,
                    &element.place,
                    message,
                    "remove one",
                );
            } else {
                variables.push(name);
            }
        }
        if !variables.iter().any(|name| name == "code") {
            let message = "the variables do not include code, so the text will not show it";
            let cure = "add \"code\", unless the template has no such variable";
            self.report(ProblemId::VariablesWithoutCode, &field.place, message, cure);
        }
        variables
    }

    fn variable(&mut self, element: &Field<'_>) -> Option<String> {
        let text = self.string(element, Sort::Plain)?;
        let name = text.trim_matches(['$', '{', '}', ' ']).to_owned();
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let goes_on_well = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if text.is_empty() {
            return None;
        }
        if name != text || !begins_well || !goes_on_well {
            let message = "a variable's name is letters, digits and underscores";
            let cure = "write the bare name, such as code for ${code}";
            self.report(ProblemId::VariableName, &element.place, message, cure);
        }
        (begins_well && goes_on_well).then_some(name)
    }

    /// Each region a template serves needs a signature, from the template or
    /// from the whole. Whether none lacks one that it cannot do without.
    fn check_signed(
        &mut self,
        root: &Table<'_>,
        shared: &SignNames,
        templates: &[(Place, Option<Template>)],
    ) -> bool {
        let read = templates
            .iter()
            .filter_map(|(place, template)| Some((place, template.as_ref()?)));
        let lacks: Vec<(&Place, &Template, Option<Lack>)> = read
            .map(|(place, template)| (place, template, lack(template, shared, self.provider)))
            .collect();
        // A signName of the wrong type was named as such already.
        let is_named = root.has("signName");
        let is_common = lacks.windows(2).all(|pair| pair[0].2 == pair[1].2);
        let told = if is_common { 1 } else { lacks.len() };
        for &(place, template, lack) in lacks.iter().take(told).filter(|_| !is_named) {
            let Some(lack) = lack else {
                continue;
            };
            if is_common {
                let all = lacks.iter().map(|(_, template, _)| *template).collect();
                self.report_lack(lack, &root.place_of(lack.key), all);
            } else {
                let path = format!("{}.{}", place.path, lack.key);
                self.report_lack(lack, &Place { path, at: place.at }, vec![template]);
            }
        }
        let needed = |lack: Option<Lack>| lack.is_some_and(|lack| lack.id.level() == Level::Error);
        !lacks.iter().any(|&(_, _, lack)| needed(lack))
    }

    fn report_lack(&mut self, lack: Lack, place: &Place, concerned: Vec<&Template>) {
        let (id, key, message) = (lack.id, lack.key, lack.message);
        let cure = format!(
            "add {key}, an approved signature without brackets; beside templates it is for all of them"
        );
        match lack.region {
            // An error stays one, whatever else serves those numbers.
            Some(region) if id.level() == Level::Warning => {
                let each = concerned.into_iter();
                let usage_types = each.map(|template| template.usage_type.clone()).collect();
                self.left_out(id, place, region, usage_types, [message, &cure]);
            }
            _ => self.report(id, place, message, cure),
        }
    }
}

/// What a lack of signatures is.
#[derive(Clone, Copy, PartialEq)]
struct Lack {
    /// The rule that it breaks.
    id: ProblemId,
    /// Whose numbers are not served; all, where none is named.
    region: Option<TemplateRegion>,
    /// The key to add.
    key: &'static str,
    /// What is wrong.
    message: &'static str,
}

/// What a template lacks to be signed wherever it goes. A plain code does not
/// say where it is to go, so there one of the two regions is enough.
fn lack(template: &Template, shared: &SignNames, provider: ProviderKind) -> Option<Lack> {
    let (china, overseas, for_one) = match &template.codes {
        TemplateCodes::Everywhere(_) => (true, true, ProblemId::SignNameOneRegion),
        TemplateCodes::ByRegion { china, overseas } => {
            (china.is_some(), overseas.is_some(), ProblemId::MissingField)
        }
    };
    let own = &template.sign_names;
    let is_unsigned =
        |pick: fn(&SignNames) -> Option<&SignName>| pick(own).or_else(|| pick(shared)).is_none();
    let china = china && is_unsigned(SignNames::for_china);
    let is_for_all = provider != ProviderKind::AliyunPnvs;
    let overseas = is_for_all && overseas && is_unsigned(SignNames::for_overseas);
    let has_any = [own, shared]
        .into_iter()
        .any(|names| *names != SignNames::default());
    match (china, overseas) {
        (false, false) => None,
        (true, false) if has_any => Some(Lack {
            id: for_one,
            region: Some(TemplateRegion::China),
            key: "signNames.china",
            message: "there is no china signature, so numbers of the mainland are refused",
        }),
        (false, true) if has_any => Some(Lack {
            id: for_one,
            region: Some(TemplateRegion::Overseas),
            key: "signNames.overseas",
            message: "there is no overseas signature, so numbers outside the mainland are refused",
        }),
        _ => Some(Lack {
            id: ProblemId::MissingField,
            region: None,
            key: "signName",
            message: "signName is missing",
        }),
    }
}
