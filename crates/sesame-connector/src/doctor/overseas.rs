//! What numbers outside the mainland get, as a whole and country by country.
//! Pure.

use super::check::{Check, CheckId, Level};
use super::links;
use super::plan::Plan;
use crate::config::{ConnectorConfig, ProviderKind};
use crate::phone::Region;
use crate::template::text::{render, segments, variables};
use crate::template::{Destination, MessageText, Route, TemplateRegion, route_by_either};
use crate::text::{Text, printable};
use crate::usage::UsageType;

/// The kind of a template, by its code, where Aliyun has told.
pub(super) type Kinds<'a> = &'a dyn Fn(&str) -> Option<i64>;

/// Of a template that is for the mainland alone.
const DOMESTIC: i64 = 0;

/// The configuration and its fallback.
fn both(config: &ConnectorConfig) -> impl Iterator<Item = &ConnectorConfig> {
    [Some(config), config.fallback.as_deref()]
        .into_iter()
        .flatten()
}

/// A text that is sent outside the mainland, and from whom.
fn text_of(config: &ConnectorConfig) -> Option<(&MessageText, &ConnectorConfig)> {
    let sends_texts = |config: &&ConnectorConfig| config.provider == ProviderKind::AliyunIntl;
    both(config).filter(sends_texts).find_map(|config| {
        let mut texts = config.templates.iter().filter_map(|t| t.text.as_ref());
        Some((texts.next()?, config))
    })
}

/// What numbers outside the mainland get.
pub(super) fn whole(config: &ConnectorConfig, plan: &Plan) -> Check {
    let codes: Vec<String> = plan.overseas().map(|used| printable(&used.code)).collect();
    let text = text_of(config);
    let country = config.reading.default_country;
    let abroad = country.filter(|country| *country != Region::CN);
    match (abroad, codes.is_empty(), text) {
        (Some(country), true, None) => Check::failure(
            CheckId::Overseas,
            &country.to_string(),
            Text::made(
                format!("defaultCountry is {country}, and no template serves numbers outside the mainland"),
                format!("defaultCountry 为 {country}，但没有模板用于中国内地以外的号码"),
            ),
            Text::fixed(
                "write templateCode as {\"china\": …, \"overseas\": …} with an approved international template, or change defaultCountry",
                "请将 templateCode 写成 {\"china\": …, \"overseas\": …} 并填写已通过审核的国际/港澳台模板，或修改 defaultCountry",
            ),
        )
        .at(links::OVERVIEW),
        (_, true, None) => Check::ok(
            CheckId::Overseas,
            "overseas",
            Text::fixed(
                "no template stands as \"overseas\": only mainland numbers are served",
                "没有 \"overseas\" 模板：仅服务中国内地号码",
            ),
        ),
        (_, true, Some((text, sender))) => {
            let told = told_text(text, sender);
            let message = Text::made(
                format!("every country code but +86 gets {}, +1 included", told.en),
                format!("除 +86 外的所有国家和地区（含 +1）使用{}", told.zh),
            );
            Check::ok(CheckId::Overseas, "overseas", message)
        }
        (_, false, _) => {
            let codes = codes.join(", ");
            let message = Text::made(
                format!("every country code but +86 gets {codes}, +1 included"),
                format!("除 +86 外的所有国家和地区（含 +1）使用 {codes}"),
            );
            Check::ok(CheckId::Overseas, "overseas", message)
        }
    }
}

fn told_text(text: &MessageText, sender: &ConnectorConfig) -> Text {
    let most = text.all().map(|(_, text)| filled(text));
    let most = most.map(|text| segments(&text)).max_by_key(|s| s.count);
    let (count, encoding) = most.map_or((1, String::new()), |s| (s.count, s.encoding.to_string()));
    let plural = if count == 1 { "" } else { "s" };
    let (from_en, from_zh) = match &sender.sender_id {
        Some(id) => (
            format!(", from {}", printable(id)),
            format!("，发送方 {}", printable(id)),
        ),
        None => (String::new(), String::new()),
    };
    Text::made(
        format!("a text of {count} segment{plural} ({encoding}){from_en}"),
        format!("自定义文本（{encoding}，{count} 条计费{from_zh}）"),
    )
}

/// A text with values as long as most are.
fn filled(text: &str) -> String {
    let values: Vec<(String, String)> = variables(text)
        .into_iter()
        .map(|name| (name, "123456".to_owned()))
        .collect();
    render(text, &values)
}

/// One line for each country. What the lines of `checks` say of its template
/// already is left to them.
pub(super) fn by_country(
    config: &ConnectorConfig,
    countries: &[Region],
    kinds: Kinds<'_>,
    checks: &[Check],
) -> Vec<Check> {
    let each = countries
        .iter()
        .filter_map(|country| one(config, *country, kinds, checks));
    each.collect()
}

fn one(
    config: &ConnectorConfig,
    country: Region,
    kinds: Kinds<'_>,
    checks: &[Check],
) -> Option<Check> {
    let to = Destination {
        region: if country == Region::CN {
            TemplateRegion::China
        } else {
            TemplateRegion::Overseas
        },
        country_code: country.country_code(),
    };
    let subject = format!("{country} +{}", to.country_code);
    let mut ways: Vec<Route> = Vec::new();
    for usage_type in &UsageType::REQUIRED {
        match route_by_either(config, usage_type, to) {
            Ok(route) if ways.contains(&route) => {}
            Ok(route) => ways.push(route),
            Err(error) => {
                let check = Check::failure(CheckId::Country, &subject, error.cause(), error.cure());
                return Some(check.at(links::OVERVIEW));
            }
        }
    }
    let is_named = |route: &Route| {
        let code = printable(route.template_code.as_str());
        let is_it = |check: &&Check| check.subject == code && check.level != Level::Ok;
        checks.iter().any(|check| is_it(&check))
    };
    if ways.iter().any(is_named) {
        return None;
    }
    let domestic = |route: &&Route| {
        to.region == TemplateRegion::Overseas
            && kinds(route.template_code.as_str()) == Some(DOMESTIC)
    };
    if let Some(route) = ways.iter().find(domestic) {
        return Some(for_the_mainland_only(&subject, route));
    }
    let mut told: Vec<Text> = Vec::new();
    for route in &ways {
        let text = told_way(config, route);
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let joined = |pick: fn(&Text) -> &str| told.iter().map(pick).collect::<Vec<_>>().join(", ");
    let (en, zh) = (joined(|text| &text.en), joined(|text| &text.zh));
    let message = Text::made(format!("gets {en}"), format!("使用{zh}"));
    Some(Check::ok(CheckId::Country, &subject, message))
}

fn told_way(config: &ConnectorConfig, route: &Route) -> Text {
    let sender = both(config).find(|config| config.provider == ProviderKind::AliyunIntl);
    match (&route.text, sender) {
        (Some(text), Some(sender)) => told_text(text, sender),
        _ => {
            let code = printable(route.template_code.as_str());
            Text::made(code.clone(), format!(" {code} "))
        }
    }
}

fn for_the_mainland_only(subject: &str, route: &Route) -> Check {
    let code = printable(route.template_code.as_str());
    Check::failure(
        CheckId::Country,
        subject,
        Text::made(
            format!("{code} is a domestic template, so Aliyun refuses numbers from here"),
            format!("{code} 是国内模板，该国家或地区的号码会被阿里云拒绝"),
        ),
        Text::fixed(
            "write templateCode as {\"china\": …, \"overseas\": …}, with an approved international template as overseas",
            "请将 templateCode 写成 {\"china\": …, \"overseas\": …}，其中 overseas 填写已通过审核的国际/港澳台模板",
        ),
    )
    .at(links::TEMPLATES)
}
