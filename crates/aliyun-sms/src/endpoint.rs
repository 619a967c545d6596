//! Where the requests go.

use std::fmt;
use std::str::FromStr;

use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use thiserror::Error;

use crate::wire::Api;

const REGION_IDS: [&str; 33] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "cn-beijing",
    "cn-chengdu",
    "cn-fuzhou",
    "cn-guangzhou",
    "cn-hangzhou",
    "cn-hangzhou-finance",
    "cn-heyuan",
    "cn-hongkong",
    "cn-huhehaote",
    "cn-nanjing",
    "cn-qingdao",
    "cn-shanghai",
    "cn-shanghai-finance-1",
    "cn-shenzhen",
    "cn-shenzhen-finance-1",
    "cn-wuhan-lr",
    "cn-wulanchabu",
    "cn-zhangjiakou",
    "eu-central-1",
    "eu-west-1",
    "me-central-1",
    "me-east-1",
    "us-east-1",
    "us-west-1",
];

/// The address of an API, `https://dysmsapi.aliyuncs.com` and the like.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    uri: Uri,
    /// Kept, because every request carries it.
    host_header: HeaderValue,
}

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Nothing there.
    #[error(
        "the endpoint is empty; leave it out, or write one such as https://dysmsapi.aliyuncs.com"
    )]
    Empty,
    /// Not a URL, nor a host name.
    #[error("the endpoint is not a URL; write one such as https://dysmsapi.aliyuncs.com")]
    NotAUrl,
    /// Neither `http` nor `https`.
    #[error("the endpoint starts with neither http:// nor https://")]
    Scheme,
    /// More than a host and a port.
    #[error("the endpoint has {0}; write only scheme, host and port")]
    Extra(&'static str),
}

impl Endpoint {
    /// Reads `https://host[:port]`, `http://host[:port]`, or a host name alone,
    /// as Alibaba's own SDKs take it (then `https`).
    ///
    /// # Errors
    /// Anything else, a path and a query included: Aliyun's RPC signatures
    /// cover the path `/` and no other.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        // The parser passes over it without a word.
        if text.contains('#') {
            return Err(EndpointError::Extra("a fragment"));
        }
        let full = if text.contains("://") {
            text.to_owned()
        } else if looks_like_host(text) {
            format!("https://{text}")
        } else {
            return Err(EndpointError::NotAUrl);
        };
        Self::from_uri(Uri::from_str(&full).map_err(|_| EndpointError::NotAUrl)?)
    }

    fn from_uri(uri: Uri) -> Result<Self, EndpointError> {
        let scheme = uri.scheme().ok_or(EndpointError::NotAUrl)?;
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err(EndpointError::Scheme);
        }
        let authority = uri.authority().ok_or(EndpointError::NotAUrl)?;
        if authority.as_str().contains('@') {
            return Err(EndpointError::Extra("a user name"));
        }
        // `port()` is silent about digits that are no port.
        let has_port = authority.as_str().len() > authority.host().len();
        let is_port_bad = has_port && authority.port_u16().is_none_or(|port| port == 0);
        if authority.host().is_empty() || is_port_bad {
            return Err(EndpointError::NotAUrl);
        }
        if uri.path() != "/" {
            return Err(EndpointError::Extra("a path"));
        }
        if uri.query().is_some() {
            return Err(EndpointError::Extra("a query"));
        }
        Self::of_uri(uri).ok_or(EndpointError::NotAUrl)
    }

    fn of_uri(uri: Uri) -> Option<Self> {
        let host_header = HeaderValue::from_str(host_header(&uri)).ok()?;
        Some(Self { uri, host_header })
    }

    /// Aliyun's own endpoint of an API in a region. Where the SDKs' table and
    /// the endpoint page disagree, the SDKs' table wins, as it is what runs.
    pub fn of_region(api: Api, region: &str) -> Self {
        let host = match (api, region) {
            (Api::Pns, _) => "dypnsapi.aliyuncs.com".to_owned(),
            (Api::Billing, _) => "business.aliyuncs.com".to_owned(),
            (_, "cn-beijing") => "dysmsapi-proxy.cn-beijing.aliyuncs.com".to_owned(),
            (_, "cn-hongkong") => "dysmsapi-xman.cn-hongkong.aliyuncs.com".to_owned(),
            (_, "ap-southeast-1" | "ap-southeast-5" | "eu-central-1" | "us-east-1") => {
                format!("dysmsapi.{region}.aliyuncs.com")
            }
            // The endpoint page serves these from Singapore.
            (_, region) if is_served_from_singapore(region) => {
                "dysmsapi.ap-southeast-1.aliyuncs.com".to_owned()
            }
            _ => "dysmsapi.aliyuncs.com".to_owned(),
        };
        let uri = Uri::builder()
            .scheme(Scheme::HTTPS)
            .authority(host)
            .path_and_query("/")
            .build()
            .ok();
        uri.and_then(Self::of_uri)
            .expect("a host name from the table above")
    }

    /// Whether `region` is one of Aliyun's region ids by its form
    /// (`cn-hangzhou`, `ap-southeast-1`).
    pub fn is_region(region: &str) -> bool {
        let parts: Vec<&str> = region.split('-').collect();
        (2..=4).contains(&parts.len())
            && parts.iter().all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            })
            && parts[0].bytes().all(|b| b.is_ascii_lowercase())
    }

    /// Aliyun's regions, as far as they are known here; it may have new ones.
    pub fn region_ids() -> &'static [&'static str] {
        &REGION_IDS
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Host and port as they travel in `Host`; the default port is left out.
    pub fn host_header(&self) -> &str {
        self.host_header.to_str().unwrap_or_default()
    }

    pub(crate) fn host_value(&self) -> &HeaderValue {
        &self.host_header
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Whether it is reached by TLS.
    pub fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }
}

fn host_header(uri: &Uri) -> &str {
    let authority = uri.authority().map_or("", Authority::as_str);
    let default = if uri.scheme() == Some(&Scheme::HTTPS) {
        ":443"
    } else {
        ":80"
    };
    authority.strip_suffix(default).unwrap_or(authority)
}

fn is_served_from_singapore(region: &str) -> bool {
    ["eu-", "us-", "ap-", "me-"]
        .iter()
        .any(|prefix| region.starts_with(prefix))
}

fn looks_like_host(text: &str) -> bool {
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    host.chars().all(allowed) && (text.contains('.') || text.contains(':')) && !host.is_empty()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or("https");
        write!(f, "{scheme}://{}", self.host_header())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_urls_and_host_names() {
        for (text, shown) in [
            (
                "https://dysmsapi.aliyuncs.com",
                "https://dysmsapi.aliyuncs.com",
            ),
            ("dysmsapi.aliyuncs.com", "https://dysmsapi.aliyuncs.com"),
            ("http://127.0.0.1:8086/", "http://127.0.0.1:8086"),
            ("http://[::1]:8086", "http://[::1]:8086"),
            ("https://example.com:443", "https://example.com"),
            ("localhost:8086", "https://localhost:8086"),
        ] {
            assert_eq!(Endpoint::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn refuses_the_rest_with_the_reason() {
        for (text, error) in [
            ("", EndpointError::Empty),
            ("not a url", EndpointError::NotAUrl),
            ("nonsense", EndpointError::NotAUrl),
            ("ftp://example.com", EndpointError::Scheme),
            ("https://", EndpointError::NotAUrl),
            ("https://example.com:", EndpointError::NotAUrl),
            ("https://example.com:99999", EndpointError::NotAUrl),
            ("https://example.com/sms", EndpointError::Extra("a path")),
            ("https://example.com/?a=b", EndpointError::Extra("a query")),
            (
                "https://me@example.com",
                EndpointError::Extra("a user name"),
            ),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
    }
}
