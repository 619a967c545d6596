//! Writing answers: JSON or XML, with the headers Aliyun sends.

use aliyun_sms::Source;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::actions::Product;
use super::refusal::Refusal;
use super::xml;
use crate::clock::http_date;

/// The fields of an answer, in order.
pub(crate) type Fields = Vec<(&'static str, Value)>;

const JSON: &str = "application/json;charset=utf-8";
const XML: &str = "text/xml;charset=utf-8";

/// What every answer to a request needs.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    /// As asked, port included.
    pub(crate) host: String,
    pub(crate) is_xml: bool,
    /// Whose form the answer has.
    pub(crate) product: Product,
    pub(crate) action: String,
    pub(crate) now: Timestamp,
}

impl Context {
    pub(crate) fn response(&self, result: Result<Fields, Refusal>) -> Response<Body> {
        match result {
            Ok(fields) => {
                let fields = self.accepted(fields);
                self.write(200, &self.root(), &fields, &[])
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn root(&self) -> String {
        format!("{}Response", self.action)
    }

    fn accepted(&self, fields: Fields) -> Fields {
        let code = match self.product {
            Product::Billing => "200",
            _ => "OK",
        };
        let mut all = self.outcome(code, accepted_words(self.product));
        if matches!(self.product, Product::Pns | Product::Billing) {
            all.push(("Success", true.into()));
        }
        all.extend(fields);
        all
    }

    /// What became of the call, in the names the product has for it.
    fn outcome(&self, code: &str, words: &str) -> Fields {
        let (code_name, words_name) = match self.product {
            Product::Globe => ("ResponseCode", "ResponseDescription"),
            Product::Sms | Product::Pns | Product::Base | Product::Billing => ("Code", "Message"),
        };
        vec![
            (words_name, words.into()),
            ("RequestId", self.request_id.as_str().into()),
            (code_name, code.into()),
        ]
    }

    fn refused(&self, refusal: &Refusal) -> Response<Body> {
        let is_product = refusal.status == 200;
        let (root, mut fields) = if is_product {
            (self.root(), self.refused_by_product(refusal))
        } else {
            ("Error".to_owned(), self.refused_by_gateway(refusal))
        };
        if let Some(detail) = &refusal.detail {
            fields.push(("AccessDeniedDetail", detail.clone()));
        }
        self.write(refusal.status, &root, &fields, &refusal.headers)
    }

    fn refused_by_product(&self, refusal: &Refusal) -> Fields {
        let mut fields = self.outcome(&refusal.code, &refusal.message);
        if self.product == Product::Pns {
            fields.push(("Success", false.into()));
        }
        fields
    }

    /// The gateway's bodies say where to look further, the products' do not.
    fn refused_by_gateway(&self, refusal: &Refusal) -> Fields {
        vec![
            ("RequestId", self.request_id.as_str().into()),
            ("Message", refusal.message.as_ref().into()),
            ("Recommend", self.recommend(&refusal.code).into()),
            ("HostId", self.host.as_str().into()),
            ("Code", refusal.code.as_ref().into()),
        ]
    }

    fn recommend(&self, code: &str) -> String {
        let product = if self.host.starts_with("dypnsapi") {
            Product::Pns.name()
        } else {
            self.product.name()
        };
        let request_id = &self.request_id;
        format!(
            "https://api.aliyun.com/troubleshoot?q={code}&product={product}&requestId={request_id}"
        )
    }

    fn write(
        &self,
        status: u16,
        root: &str,
        fields: &Fields,
        headers: &[(String, String)],
    ) -> Response<Body> {
        let (kind, body) = if self.is_xml {
            (XML, xml::document(root, fields))
        } else {
            (JSON, object(fields))
        };
        let mut response = self.empty(status);
        *response.body_mut() = body.into();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        add_headers(&mut response, headers);
        response
    }

    /// The headers that come with every answer.
    pub(crate) fn empty(&self, status: u16) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(header::DATE, value(&http_date(self.now)));
        headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        headers.insert(
            "access-control-expose-headers",
            HeaderValue::from_static("*"),
        );
        headers.insert("keep-alive", HeaderValue::from_static("timeout=25"));
        headers.insert("x-acs-request-id", value(&self.request_id));
        headers.insert("x-acs-trace-id", value(&self.trace_id));
        response
    }
}

fn accepted_words(product: Product) -> &'static str {
    match product {
        Product::Globe => "The SMS Send Request was accepted",
        Product::Sms | Product::Pns | Product::Base => "OK",
        Product::Billing => "success",
    }
}

/// Replaces what is there.
pub(crate) fn add_headers(response: &mut Response<Body>, headers: &[(String, String)]) {
    for (name, text) in headers {
        if let Ok(name) = HeaderName::try_from(name.as_str()) {
            response.headers_mut().insert(name, value(text));
        }
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn object(fields: &Fields) -> String {
    let mut text = String::with_capacity(256);
    text.push('{');
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(name);
        text.push_str("\":");
        text.push_str(&value.to_string());
    }
    text.push('}');
    text
}

/// An upper-case UUID.
pub(crate) fn request_id(source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let digits = hex(&bytes, b"0123456789ABCDEF");
    format!(
        "{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

/// 32 hexadecimal digits.
pub(crate) fn trace_id(source: &dyn Source) -> String {
    let mut bytes = [0; 16];
    source.fill(&mut bytes);
    hex(&bytes, b"0123456789abcdef")
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> String {
    bytes
        .iter()
        .flat_map(|byte| {
            [
                digits[usize::from(byte >> 4)],
                digits[usize::from(byte & 15)],
            ]
        })
        .map(char::from)
        .collect()
}

/// Its usual fields; which of them come for SMS is not known.
pub(crate) fn access_denied_detail(action: &str) -> Value {
    json!({
        "AuthAction": action,
        "AuthPrincipalType": "SubUser",
        "AuthPrincipalOwnerId": "1000000000000000",
        "AuthPrincipalDisplayName": "200000000000000000",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
        "EncodedDiagnosticMessage": "",
    })
}

pub(crate) fn redirect(to: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_static(to));
    response
}
