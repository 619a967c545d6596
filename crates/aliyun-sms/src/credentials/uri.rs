//! The address in `ALIBABA_CLOUD_CREDENTIALS_URI`, behind which some other
//! program hands out temporary credentials.

use http::Uri;
use http::uri::{Authority, PathAndQuery};

use super::Credentials;
use super::answer;
use super::context::{self, Context, TIMEOUT};
use super::lack::Lack;

const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const PROVIDER: &str = "credential_uri";

/// Fetches the credentials. Reasons name the host alone: path and query may
/// hold a secret of their own.
pub(super) async fn fetch(context: &Context) -> Result<Credentials, Lack> {
    let text = context
        .environment
        .get(VARIABLE)
        .ok_or_else(|| Lack::lasting(format!("{VARIABLE} is not set")))?;
    let uri = parse(text).ok_or_else(|| {
        Lack::lasting(format!(
            "{VARIABLE} is not an address such as http://host/path"
        ))
    })?;
    let host = uri.host().unwrap_or_default().to_owned();
    let answer = context.ask(context::get(uri), TIMEOUT).await?;
    let credentials = answer::from_service(&answer).map_err(|lack| lack.after(&host))?;
    Ok(credentials.provided_by(PROVIDER))
}

/// An HTTP address without what stands before an `@`, which is never sent.
fn parse(text: &str) -> Option<Uri> {
    let mut parts = text.parse::<Uri>().ok()?.into_parts();
    if !matches!(parts.scheme.as_ref()?.as_str(), "http" | "https") {
        return None;
    }
    let authority = parts.authority?;
    let address = authority.as_str().rsplit('@').next()?;
    parts.authority = Some(address.parse::<Authority>().ok()?);
    let path = parts.path_and_query;
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Uri::from_parts(parts)
        .ok()
        .filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_http_addresses_only() {
        for (text, parsed) in [
            ("http://creds.test/creds", Some("http://creds.test/creds")),
            ("https://creds.test", Some("https://creds.test/")),
            ("http://me:pw@[::1]:80/c?t=1", Some("http://[::1]:80/c?t=1")),
            ("creds.test/creds", None),
            ("/creds", None),
            ("file:///etc/creds", None),
            ("http://", None),
        ] {
            assert_eq!(
                parse(text).map(|uri| uri.to_string()).as_deref(),
                parsed,
                "{text}"
            );
        }
    }
}
