//! What is wrong with a hook is told before the server starts, with its key and
//! the cure.

use sesame_server::config::Severity;

use crate::config::{SMALLEST, folder, read, said};

const SUPABASE: &str = "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc=";

fn with(hook: &str) -> String {
    format!("{SMALLEST}[hooks.a]\n{hook}\n")
}

#[test]
fn what_is_wrong_has_its_key_and_its_cure() {
    let generic = "preset = \"generic\"\nsecrets = [\"0123456789abcdef\"]\n";
    let fields = "fields = { to = \"to\", code = \"code\" }\n";
    for (hook, parts) in [
        (
            "preset = \"superbase\"".to_owned(),
            &[
                "sesame.toml:8:10",
                "hooks.a.preset: this must be one of supabase, logto",
            ][..],
        ),
        ("secrets = []".to_owned(), &["preset is missing"]),
        (
            "preset = \"logto\"\nsecretss = []".to_owned(),
            &["did you mean secrets?"],
        ),
        (
            "preset = \"logto\"".to_owned(),
            &[
                "hooks.a.secrets: there is no secret",
                "openssl rand -hex 24",
            ],
        ),
        (
            "preset = \"supabase\"\nsecrets = [{ env = \"SESAME_TEST_NOT_SET\" }]".to_owned(),
            &[
                "sesame.toml:9:12",
                "hooks.a.secrets[0]: the environment variable SESAME_TEST_NOT_SET is not set",
            ],
        ),
        (
            "preset = \"supabase\"\nsecrets = [{ file = \"nowhere\" }]".to_owned(),
            &["hooks.a.secrets[0]: its file cannot be read"],
        ),
        (
            "preset = \"supabase\"\nsecrets = [\"hunter2hunter2\"]".to_owned(),
            &[
                "hooks.a.secrets[0]: this is no secret of Standard Webhooks",
                "v1,whsec_",
            ],
        ),
        (
            "preset = \"supabase\"\nsecrets = [\"v1a,whsk_hunter2\"]".to_owned(),
            &[
                "hooks.a.secrets[0]: this is a key of the asymmetric kind (v1a)",
                "make a secret of the kind v1,whsec_",
            ],
        ),
        (
            "preset = \"supabase\"\nsecrets = [\"v1,whsec_hunter2\"]".to_owned(),
            &["no base64 of 24 to 64 bytes"],
        ),
        (
            format!("preset = \"supabase\"\nsecrets = [\"{SUPABASE}\", \"\"]"),
            &["hooks.a.secrets[1]: this secret is empty"],
        ),
        (
            format!("preset = \"supabase\"\nsecrets = [\"{SUPABASE}\"]\nbudget_ms = 5000"),
            &[
                "hooks.a.budget_ms: this must be between 100 and 4500; the platform waits for 5000 ms",
            ],
        ),
        (
            format!("preset = \"supabase\"\nsecrets = [\"{SUPABASE}\"]\nauth = \"none\""),
            &[
                "hooks.a.auth: this platform cannot prove itself that way",
                "\"standard_webhooks\"",
            ],
        ),
        (
            "preset = \"authgear\"\nsecrets = ['{\"kty\":\"RSA\"}']".to_owned(),
            &["hooks.a.secrets[0]: this is no JWK of the kind oct"],
        ),
        (
            "preset = \"zitadel\"\nauth = \"path\"\nsecrets = [\"with/slash/0123456\"]".to_owned(),
            &["hooks.a.secrets[0]: the secret is a part of an address"],
        ),
        (
            "preset = \"playsms\"\nsecrets = [\"0123456789abcdef\"]".to_owned(),
            &["hooks.a.secrets[0]: this must be a user and a password"],
        ),
        (
            format!("{generic}{fields}usage_type = \"Signin\""),
            &[
                "sesame.toml:11:14",
                "hooks.a.usage_type: this usage type is not known; did you mean SignIn?",
            ],
        ),
        (
            format!("{generic}{fields}usage_types = {{ login = \"Marketing\" }}"),
            &["hooks.a.usage_types.login: this usage type is not known; write one of Register"],
        ),
        (
            format!("{generic}{fields}code_pattern = \"([0-9]\""),
            &["hooks.a.code_pattern: this is no regular expression"],
        ),
        (
            format!("{generic}{fields}code_pattern = \"(a)(b)\""),
            &["hooks.a.code_pattern: the pattern has more than one group"],
        ),
        (
            format!("{generic}{fields}code_pattern = \"[0-9]*\""),
            &["hooks.a.code_pattern: the pattern fits a text with nothing in it"],
        ),
        (
            generic.to_owned(),
            &[
                "hooks.a.fields.to: it is not said where the number stands",
                "hooks.a.fields.code: it is not said where the code stands",
            ],
        ),
        (
            format!("{generic}fields = {{ to = 7 }}"),
            &["this must be the name of a field, or a list of names"],
        ),
        (
            format!("{generic}{fields}methods = [\"BREW\"]"),
            &["hooks.a.methods[0]: this is no verb"],
        ),
        (
            format!("{generic}{fields}default_country = \"China\""),
            &["hooks.a.default_country: there is no such country"],
        ),
        (
            format!("{generic}{fields}success = {{ status = 404 }}"),
            &["hooks.a.success.status: this must be between 200 and 299"],
        ),
        (
            "preset = \"casdoor\"\nsecrets = [\"0123456789abcdef\"]\nsuccess = { status = 201 }"
                .to_owned(),
            &["hooks.a.success: the preset knows what this platform needs to hear"],
        ),
        (
            "preset = \"vymalo\"\nsecrets = [\"0123456789abcdef\"]\ncode_pattern = \"x\""
                .to_owned(),
            &["hooks.a.code_pattern: this means nothing to this preset"],
        ),
        (
            format!("{generic}{fields}audience = \"x\""),
            &["hooks.a.audience: this means nothing with auth = \"header\""],
        ),
        (
            format!("{generic}{fields}repeat_secs = 0"),
            &["hooks.a.repeat_secs: this must be between 1 and 86400"],
        ),
        (
            format!("{generic}{fields}app = \"a b\""),
            &["hooks.a.app: this is no name of a caller"],
        ),
        (
            "preset = \"logto\"\nsecrets = [\"0123456789abcdé\"]".to_owned(),
            &["hooks.a.secrets[0]: no header can carry this secret"],
        ),
        (
            "preset = \"logto\"\nsecrets = [\"0123456789abcdef\"]\n[hooks.\"..\"]\npreset = \"logto\"\nsecrets = [\"0123456789abcdef\"]".to_owned(),
            &["the name of a hook is a part of its address"],
        ),
        (
            format!("{generic}{fields}budget_ms = 30000"),
            &["hooks.a.budget_ms: limits.request_secs ends a request before"],
        ),
    ] {
        let said = said(&with(&hook), &[]);
        for part in parts {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(
            !said.contains("hunter2") && !said.contains("0123456789abcdef"),
            "{said}"
        );
    }
    let odd = format!(
        "{SMALLEST}[hooks.\"a/b\"]\npreset = \"logto\"\nsecrets = [\"0123456789abcdef\"]\n"
    );
    assert!(said(&odd, &[]).contains("the name of a hook is a part of its address"));
}

#[test]
fn what_is_only_odd_is_a_warning() {
    for (hook, part) in [
        (
            "preset = \"logto\"\nsecrets = [\"short\"]",
            "short enough to be guessed",
        ),
        (
            "preset = \"logto\"\nauth = \"none\"",
            "whoever reaches this address",
        ),
    ] {
        let (_folder, path) = folder(&with(hook));
        let loaded = read(&path, &[]).expect("valid");
        let mut warnings = loaded.warnings.iter();
        let found = warnings
            .find(|warning| warning.message.contains(part))
            .expect("a warning");
        assert_eq!(found.severity, Severity::Warning);
        assert!(found.path.starts_with("hooks.a.") && !found.cure.is_empty());
    }
}

/// The configuration of the design works as it stands there.
#[test]
fn a_hook_needs_little() {
    let hook = "preset = \"supabase\"\nsecrets = [{ env = \"X\" }]\napp = \"web\"\ndefault_country = \"CN\"\nusage_type = \"SignIn\"";
    let hook = hook.replace("{ env = \"X\" }", &format!("\"{SUPABASE}\""));
    let (_folder, path) = folder(&with(&hook));
    let loaded = read(&path, &[]).expect("valid");
    assert_eq!(loaded.warnings, []);
    let hook = &loaded.config.hooks["a"];
    assert!(!format!("{hook:?}").contains("whsec"), "{hook:?}");
}
