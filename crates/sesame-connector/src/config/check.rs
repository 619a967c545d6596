//! The rules of a configuration. Each broken one becomes a problem with its
//! place; all are found in one go.
//!
//! A new key: read it here (or in the file of its part), name it in `KEYS`, and
//! give what can be wrong with it an id in `problem.rs`.

mod credentials;
mod gap;
mod reader;
mod templates;
mod text;
mod texts;

use std::time::Duration;

use aliyun_sms::Endpoint;

use super::lookup::Lookup;
use super::node::{Entry, Node, Value};
use super::problem::{Found, Place, ProblemId};
use super::{ConnectorConfig, DEFAULT_TIMEOUT, ProviderKind};
use crate::phone::{Reading, Region};
use crate::suggest;
use reader::{Field, Reader, Table};
use text::Sort;

const KEYS: &[&str] = &[
    "accessKeyId",
    "accessKeySecret",
    "securityToken",
    "nextAccessKeyId",
    "nextAccessKeySecret",
    "credentials",
    "signName",
    "signNames",
    "senderId",
    "templates",
    "strictPhoneRegionNumberCheck",
    "defaultCountry",
    "endpoint",
    "region",
    "timeoutMs",
    "provider",
    "fallback",
];

/// Where a server's configuration says which connector is its own.
const CONNECTOR: &str = "connector";

/// What a fallback has of its own.
const FALLBACK_KEYS: &[&str] = &[
    "provider",
    "signName",
    "signNames",
    "senderId",
    "templates",
    "endpoint",
    "region",
];

/// The whole configuration, where everything it needs is there, and whatever is
/// wrong with it.
pub(super) fn check(root: &Node, lookup: &dyn Lookup) -> (Option<ConnectorConfig>, Vec<Found>) {
    let mut reader = Reader {
        lookup,
        found: Vec::new(),
        gaps: Vec::new(),
        provider: ProviderKind::default(),
    };
    let config = reader.config(&Field::root(root));
    if let Some(config) = &config {
        reader.close_gaps(config);
    }
    (config, reader.found)
}

impl Reader<'_> {
    fn config(&mut self, root: &Field<'_>) -> Option<ConnectorConfig> {
        let Value::Table(entries) = root.value else {
            let message = format!(
                "the configuration must be an object, and is {}",
                root.value.kind()
            );
            let cure = "put everything into one pair of braces { }";
            self.report(ProblemId::RootNotObject, &root.place, message, cure);
            return None;
        };
        if let Some(entry) = of_a_server(entries) {
            self.report_server(entry);
            return None;
        }
        let root = self.table(root, KEYS)?;
        let provider = self.provider(&root);
        self.provider = provider;
        let credentials = self.credentials(&root);
        let sign_names = self.sign_names(&root);
        let sender_id = self.sender_id(&root);
        let templates = self.templates(&root, &sign_names);
        let reading = self.reading(&root);
        let endpoint = self.endpoint(&root);
        let region = self.region(&root);
        let timeout = self.timeout(&root);
        if root.has("endpoint") && endpoint.is_none() {
            return None;
        }
        let mut config = ConnectorConfig {
            provider,
            credentials: credentials?,
            sign_names,
            sender_id,
            templates: templates?,
            reading,
            endpoint,
            region,
            timeout,
            fallback: None,
        };
        if let Some(field) = root.field("fallback") {
            config.fallback = self.fallback(&field, &config).map(Box::new);
        }
        Some(config)
    }

    fn report_server(&mut self, entry: &Entry) {
        let field = Field {
            place: Place {
                path: entry.key.clone(),
                at: entry.at,
            },
            value: &entry.node.value,
        };
        let message = "this is a server's configuration, not its connector's";
        let cure = match (entry.key.as_str(), field.value) {
            (CONNECTOR, Value::Text(path)) => {
                format!("name its connector's file: {}", field.quoted(path))
            }
            (CONNECTOR, _) => {
                "put what stands in [connector] into a file, and name that".to_owned()
            }
            _ => "name its connector's file".to_owned(),
        };
        self.report(ProblemId::ServerConfiguration, &field.place, message, cure);
    }

    /// What is not its own it has of the whole.
    fn fallback(&mut self, field: &Field<'_>, whole: &ConnectorConfig) -> Option<ConnectorConfig> {
        let table = self.table(field, FALLBACK_KEYS)?;
        if !table.has("provider") {
            self.missing(&table, "provider", "add provider, such as \"aliyun-pnvs\"");
            return None;
        }
        let provider = self.provider(&table);
        if provider == whole.provider {
            let message = "the fallback sends by the same provider as the whole";
            let cure = "name the other one, or remove the fallback";
            let place = table.place_of("provider");
            self.report(ProblemId::FallbackSameProvider, &place, message, cure);
        }
        self.provider = provider;
        let sign_names = self.sign_names(&table);
        let sender_id = self.sender_id(&table);
        let templates = self.templates(&table, &sign_names);
        let endpoint = self.endpoint(&table);
        let region = self.region(&table);
        if table.has("endpoint") && endpoint.is_none() {
            return None;
        }
        Some(ConnectorConfig {
            provider,
            sign_names,
            sender_id,
            templates: templates?,
            endpoint: endpoint.or_else(|| whole.endpoint.clone()),
            region: region.or_else(|| whole.region.clone()),
            ..whole.clone()
        })
    }

    fn provider(&mut self, root: &Table<'_>) -> ProviderKind {
        let Some((name, field)) = self.name(root, "provider") else {
            return ProviderKind::default();
        };
        if let Some(kind) = ProviderKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
        {
            return kind;
        }
        let message = format!("the provider {} is not known", field.quoted(&name));
        let known = ProviderKind::ALL.map(ProviderKind::as_str);
        let meant = suggest::nearest(&name, known).unwrap_or("aliyun-sms");
        let cure = format!("write \"{meant}\", or leave the key out");
        self.report(ProblemId::ProviderUnknown, &field.place, message, cure);
        ProviderKind::default()
    }

    /// What stands at a key that may be absent, and where.
    fn name<'n>(&mut self, root: &Table<'n>, key: &str) -> Option<(String, Field<'n>)> {
        let name = self.optional(root, key, Sort::Plain)?;
        Some((name, root.field(key)?))
    }

    fn reading(&mut self, root: &Table<'_>) -> Reading {
        let strict = self.boolean(root, "strictPhoneRegionNumberCheck");
        let reading = Reading {
            default_country: self.default_country(root),
            strict: strict.unwrap_or(false),
        };
        if reading.strict && reading.default_country.is_some() {
            let message =
                "strictPhoneRegionNumberCheck refuses the numbers that defaultCountry is for";
            let cure = "remove one of the two";
            let field = root.field("defaultCountry");
            let place = field.map_or_else(|| root.place_of("defaultCountry"), |field| field.place);
            self.report(ProblemId::StrictAgainstDefault, &place, message, cure);
        }
        reading
    }

    fn default_country(&mut self, root: &Table<'_>) -> Option<Region> {
        let (name, field) = self.name(root, "defaultCountry")?;
        let region = Region::parse(&name);
        if region.is_none() && !name.contains('<') {
            let message = format!(
                "{} is not the code of a country with phones",
                field.quoted(&name)
            );
            let cure = format!(
                "write two ISO letters, such as \"{}\"",
                meant_country(&name)
            );
            self.report(
                ProblemId::DefaultCountryUnknown,
                &field.place,
                message,
                cure,
            );
        }
        region
    }

    fn endpoint(&mut self, root: &Table<'_>) -> Option<Endpoint> {
        let (text, Field { place, .. }) = self.name(root, "endpoint")?;
        match Endpoint::parse(&text) {
            Ok(endpoint) => {
                if !endpoint.is_tls() && !is_this_machine(endpoint.host()) {
                    let message = "codes and phone numbers go to this endpoint unencrypted";
                    let cure = "write https:// in front, unless the way there is private";
                    self.report(ProblemId::EndpointInsecure, &place, message, cure);
                }
                Some(endpoint)
            }
            Err(error) => {
                // Its sentence holds cause and cure, and nothing of the value.
                let whole = error.to_string();
                let cure = "write one such as https://dysmsapi.aliyuncs.com, or leave the key out";
                let (message, cure) = whole.split_once("; ").unwrap_or((&whole, cure));
                self.report(ProblemId::EndpointInvalid, &place, message, cure);
                None
            }
        }
    }

    fn region(&mut self, root: &Table<'_>) -> Option<String> {
        let (region, field) = self.name(root, "region")?;
        let known = Endpoint::region_ids().iter().copied();
        if known.clone().any(|id| id == region) {
            return Some(region);
        }
        let is_region = Endpoint::is_region(&region);
        let id = if is_region {
            ProblemId::RegionUnknown
        } else {
            ProblemId::RegionInvalid
        };
        let message = format!("{} is no region that is known here", field.quoted(&region));
        let cure = match suggest::nearest(&region, known) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "write a region id such as cn-hangzhou or ap-southeast-1, or leave the key out"
                .to_owned(),
        };
        self.report(id, &field.place, message, cure);
        is_region.then_some(region)
    }

    fn timeout(&mut self, root: &Table<'_>) -> Duration {
        let Some(field) = root.field("timeoutMs") else {
            return DEFAULT_TIMEOUT;
        };
        let Value::Number(number) = field.value else {
            self.wrong_type(&field, "a number");
            return DEFAULT_TIMEOUT;
        };
        match number.parse::<f64>() {
            Ok(millis) if millis.fract() == 0.0 && (100.0..=120_000.0).contains(&millis) => {
                Duration::from_secs_f64(millis / 1000.0)
            }
            _ => {
                let message = "this is no whole number from 100 to 120000";
                let cure = "write the milliseconds one send may take in all, 8000 if in doubt";
                self.report(ProblemId::TimeoutRange, &field.place, message, cure);
                DEFAULT_TIMEOUT
            }
        }
    }
}

/// What tells that this is the configuration of a server, if it is.
fn of_a_server(entries: &[Entry]) -> Option<&Entry> {
    let find = |keys: [&str; 3]| {
        let mut keys = keys.into_iter();
        keys.find_map(|key| entries.iter().find(|entry| entry.key == key))
    };
    let is_connector = find(["templates", "accessKeyId", "credentials"]).is_some();
    find([CONNECTOR, "listen", "data_dir"]).filter(|_| !is_connector)
}

/// The letters of the country somebody wrote by its calling code or name.
fn meant_country(name: &str) -> String {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let by_code = digits.parse::<u16>().ok().and_then(|code| {
        // The main country of a code: `US` for 1, `GB` for 44.
        let main = ["CN", "HK", "MO", "TW", "US", "GB", "RU", "IT", "AU"];
        main.iter()
            .filter_map(|letters| Region::parse(letters))
            .chain(Region::all())
            .find(|region| region.country_code() == code)
    });
    let by_name = match name.to_lowercase().as_str() {
        "usa" | "america" | "united states" => Region::parse("US"),
        "uk" | "gbr" | "england" => Region::parse("GB"),
        "hkg" | "hong kong" | "香港" => Region::parse("HK"),
        _ => None,
    };
    by_code.or(by_name).unwrap_or(Region::CN).to_string()
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
