//! `sesame sign`: every stage of a request's signature, and why it does not
//! match.

mod case;
mod json;

use std::path::{Path, PathBuf};

use aliyun_sms::client::{Call, Signing, sign_call};
use aliyun_sms::sign::SignatureVersion;
use aliyun_sms::sign::explain::{Explanation, Finding, Key, explain};
use aliyun_sms::sign::received::Request;
use aliyun_sms::{Credentials, Endpoint};
use serde::Serialize;

use self::case::{Case, ToSign, Wire};
use crate::fault::Fault;
use crate::output::{BAD, BOLD, GOOD, INFO, Language, line, paint, printable, table};

/// The two signatures differ.
const EXIT_DIFFERS: u8 = 3;

/// Explains a request's signature, for people who face SignatureDoesNotMatch.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Explains a request's signature, for people who face SignatureDoesNotMatch.

The case is a JSON object with `input` (the key, and what was to be signed) and
`wire` (the request as it was sent: method, target, headers, body). With `wire`,
every stage is recomputed from it, and a difference is explained. Without, it
prints what this program's own client would sign for `input`.

It prints the string to sign, which holds the access key id, the phone number
and the code: that is its purpose. It goes to standard output only, and the
secret is never printed.",
    after_help = "Example, case.json:
  {
    \"input\": { \"access_key_id\": \"testid\", \"access_key_secret\": \"testsecret\" },
    \"wire\": {
      \"method\": \"GET\",
      \"target\": \"/?Action=SendSms&AccessKeyId=testid&Signature=M1nimnLVDwC4j8BLWWtHFnslwXY%3D\",
      \"headers\": [[\"Host\", \"dysmsapi.aliyuncs.com\"]],
      \"body\": \"\"
    }
  }

  sesame sign --input case.json
  sesame sign --input - --json < case.json

Exit codes: 0 matches (or nothing to compare), 2 unreadable case or no
signature in it, 3 does not match. A case has at most 1 MiB."
)]
pub(crate) struct Args {
    /// The case; - reads standard input.
    #[arg(long, value_name = "CASE.json")]
    input: PathBuf,
    /// Prints one JSON object: {algorithm, canonical_request (ACS3) or
    /// canonical_query (RPC), string_to_sign, signature, found_signature,
    /// matches, findings: [{id, message, cure, message_zh, cure_zh}]}. With exit
    /// code 2 all but findings are null.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    let answer = explain_file(&args.input);
    if let (Err(fault), true) = (&answer, args.json) {
        crate::output::json(&no_answer(fault));
    }
    let answer = answer?;
    if args.json {
        crate::output::json(&answer.to_object());
    } else {
        answer.print(Language::of_environment());
    }
    Ok(match answer.is_sent && !answer.explanation.matches {
        true => EXIT_DIFFERS,
        false => 0,
    })
}

/// An explained signature.
struct Answer {
    explanation: Explanation,
    /// Whether it is of a request that was sent, or of what we would send.
    is_sent: bool,
}

fn explain_file(path: &Path) -> Result<Answer, Fault> {
    let text = json::read(path)?;
    let case = Case::parse(&text)?;
    match &case.wire {
        Some(wire) => explain_wire(wire, &case),
        None => explain_own(&case),
    }
}

fn explain_wire(wire: &Wire, case: &Case) -> Result<Answer, Fault> {
    let request = Request {
        method: &wire.method,
        target: &wire.target,
        headers: &wire.headers,
        body: &wire.body,
    };
    let key = Key {
        id: case.access_key_id.as_deref(),
        secret: &case.access_key_secret,
    };
    let explanation = explain(&request, &key, &case.intent).map_err(|unsigned| {
        Fault::bad_input(
            unsigned.to_string(),
            "give the request exactly as it was sent; if it was sent like this, the client signed nothing: look for an option that makes calls anonymous",
        )
    })?;
    Ok(Answer {
        explanation,
        is_sent: true,
    })
}

/// Signs as our client does, then looks at it from the other side.
fn explain_own(case: &Case) -> Result<Answer, Fault> {
    let to_sign = case.to_sign()?;
    let wire = sign(&to_sign)?;
    let answer = explain_wire(&wire, case)?;
    Ok(Answer {
        is_sent: false,
        ..answer
    })
}

fn sign(to_sign: &ToSign<'_>) -> Result<Wire, Fault> {
    let endpoint = Endpoint::parse(to_sign.endpoint)
        .map_err(|error| Fault::bad_input(format!("input.host: {error}"), ""))?;
    let mut credentials = Credentials::new(to_sign.access_key_id, to_sign.access_key_secret);
    if let Some(token) = to_sign.security_token {
        credentials = credentials.with_security_token(token);
    }
    let parameters: Vec<(&str, &str)> = to_sign
        .parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let call = Call {
        action: to_sign.action,
        api_version: to_sign.api_version,
        parameters: &parameters,
    };
    let with = Signing {
        version: to_sign.version,
        endpoint: &endpoint,
        credentials: &credentials,
        time: to_sign.time,
        nonce: to_sign.nonce,
    };
    let request = sign_call(&call, &with)
        .map_err(|error| Fault::bad_input(error.to_string(), "correct this value in the case"))?;
    Ok(Wire {
        method: request.method().to_string(),
        target: "/".to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect(),
        body: request.body().to_vec(),
    })
}

impl Answer {
    fn canonical_name(&self) -> &'static str {
        match self.explanation.stages.version {
            SignatureVersion::Acs3 => "canonical request",
            SignatureVersion::RpcV1 => "canonical query",
        }
    }

    fn to_object(&self) -> Object<'_> {
        let stages = &self.explanation.stages;
        let canonical = Some(stages.canonical.as_str());
        let is_acs3 = stages.version == SignatureVersion::Acs3;
        Object {
            algorithm: Some(stages.version.to_string()),
            canonical_request: is_acs3.then_some(canonical),
            canonical_query: (!is_acs3).then_some(canonical),
            string_to_sign: Some(&stages.string_to_sign),
            signature: Some(&stages.signature),
            found_signature: self.is_sent.then_some(&self.explanation.found_signature),
            matches: self.is_sent.then_some(self.explanation.matches),
            findings: self.explanation.findings.iter().map(Named::of).collect(),
        }
    }

    fn print(&self, language: Language) {
        let stages = &self.explanation.stages;
        let found = if self.is_sent {
            self.explanation.found_signature.as_str()
        } else {
            ""
        };
        let rows = [
            ("algorithm", stages.version.to_string()),
            (self.canonical_name(), stages.canonical.clone()),
            ("string to sign", stages.string_to_sign.clone()),
            ("signature", stages.signature.clone()),
            ("found signature", found.to_owned()),
        ];
        line(self.verdict(language));
        // What was sent may hold anything, and a terminal obeys it.
        line(table(&rows.map(|(name, value)| (name, printable(&value)))));
        for finding in &self.explanation.findings {
            let message = language.pick(&finding.message.en, &finding.message.zh);
            let cure = language.pick(&finding.cure.en, &finding.cure.zh);
            let message = printable(message);
            line(format_args!("\n{} {message}", paint(BOLD, "•")));
            line(format_args!("  {} {cure}", paint(INFO, "cure:")));
        }
    }

    fn verdict(&self, language: Language) -> String {
        let pick = |english, chinese| language.pick(english, chinese);
        if !self.is_sent {
            let text = pick(
                "this is what sesame would sign; the case has no request to compare it with",
                "以下是 sesame 会生成的签名；用例中没有可比较的请求",
            );
            return paint(BOLD, text);
        }
        if self.explanation.matches {
            return paint(GOOD, pick("the signature matches", "签名一致"));
        }
        paint(BAD, pick("the signature does not match", "签名不一致"))
    }
}

/// The keys of `--json`, in their order.
#[derive(Default, Serialize)]
struct Object<'a> {
    algorithm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical_request: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canonical_query: Option<Option<&'a str>>,
    string_to_sign: Option<&'a str>,
    signature: Option<&'a str>,
    found_signature: Option<&'a String>,
    matches: Option<bool>,
    findings: Vec<Named<'a>>,
}

/// One finding in both languages.
#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
    message: &'a str,
    cure: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message_zh: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    cure_zh: &'a str,
}

impl<'a> Named<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            id: finding.id,
            message: &finding.message.en,
            cure: &finding.cure.en,
            message_zh: &finding.message.zh,
            cure_zh: &finding.cure.zh,
        }
    }
}

/// What a script reads where there is nothing to explain.
fn no_answer(fault: &Fault) -> Object<'_> {
    Object {
        canonical_request: Some(None),
        findings: vec![Named {
            id: "no-answer",
            message: &fault.message,
            cure: &fault.cure,
            message_zh: "",
            cure_zh: "",
        }],
        ..Object::default()
    }
}
