//! `sesame hook test`: each platform's own request against a running server.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::serve::{folder, start};
use crate::support::{Running, run};

const SECRET: &str = "0123456789abcdef-hook";

/// A preset, and what its hook needs beside a secret.
const PRESETS: [(&str, &str); 16] = [
    ("logto", ""),
    ("authentik", ""),
    ("keycloak", ""),
    ("kratos", "header = \"X-Gateway-Key\""),
    ("casdoor", "auth = \"path\""),
    ("fusionauth", ""),
    ("bulksms", ""),
    ("vymalo", ""),
    ("zitadel", ""),
    ("authgear", ""),
    ("auth0", "audience = \"urn:a\"\nsubject = \"urn:b\""),
    ("generic", "fields = { to = \"/a/phone\", text = \"say\" }"),
    ("supabase", ""),
    ("playsms", ""),
    (
        "twilio",
        "account_sid = \"AC00000000000000000000000000000001\"\nusage_type = \"SignIn\"",
    ),
    ("smsgateway", ""),
];

fn hooks() -> String {
    let hook = |(preset, more): &(&str, &str)| {
        let secret = match *preset {
            "supabase" => "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc=",
            "playsms" | "bulksms" => "gateway:0123456789abcdef",
            _ => SECRET,
        };
        format!("[hooks.my-{preset}]\npreset = \"{preset}\"\nsecrets = [\"{secret}\"]\n{more}\n")
    };
    PRESETS.iter().map(hook).collect()
}

fn number(index: usize) -> String {
    format!("+861380013{index:04}")
}

#[test]
fn every_platforms_own_request_is_taken() {
    let emulator = Running::emulator();
    let (_folder, config) = folder(&emulator.url, "");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    std::fs::write(&config, format!("{text}{}", hooks())).expect("written");
    let server = start(&config);
    let mut wrong = BTreeMap::new();
    for (index, (preset, _)) in PRESETS.iter().enumerate() {
        let (name, to) = (format!("my-{preset}"), number(index));
        let arguments = [
            "hook",
            "test",
            &name,
            "--config",
            &config,
            "--url",
            &server.url,
            "--to",
            &to,
            "--json",
        ];
        let said = run(&arguments);
        let told = said.json();
        assert_eq!(told["preset"], **preset);
        assert!(!said.all().contains(SECRET), "{said:?}");
        let inbox = emulator.get(&format!(
            "/_emulator/messages?to={}",
            to.replace('+', "%2B")
        ));
        let sent = inbox.as_array().map_or(0, Vec::len);
        // An alert fits no template for codes, and is told so.
        let wanted = if *preset == "smsgateway" {
            (3, false, 0)
        } else {
            (0, true, 1)
        };
        if (said.code, told["ok"] == Value::Bool(true), sent) != wanted {
            wrong.insert(preset, told);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The number had its message of this minute.
    let first = number(0);
    let said = run(&[
        "hook",
        "test",
        "my-logto",
        "--config",
        &config,
        "--url",
        &server.url,
        "--to",
        &first,
    ]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(
        said.out.contains("429") && said.out.contains("failure"),
        "{said:?}"
    );
}

#[test]
fn what_is_wrong_is_told() {
    let (_folder, config) = folder("http://127.0.0.1:9", "");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let hook = format!("[hooks.a]\npreset = \"logto\"\nsecrets = [\"{SECRET}\"]\n");
    std::fs::write(&config, format!("{text}{hook}")).expect("written");
    for (arguments, code, part) in [
        (
            &["b", "--config", &config][..],
            2,
            "the configuration has a",
        ),
        (
            &["a", "--config", &config, "--to", "nobody"],
            2,
            "--to is no phone number",
        ),
        (
            &["a", "--config", &config, "--url", "nonsense"],
            2,
            "--url is no address",
        ),
        (
            &["a", "--config", &config, "--url", "http://127.0.0.1:9"],
            1,
            "cannot be reached",
        ),
        (&["a", "--config", "/nowhere.toml"], 2, "cannot be read"),
    ] {
        let said = run(&[&["hook", "test"], arguments].concat());
        assert_eq!(said.code, code, "{said:?}");
        assert!(said.err.contains(part), "{part}: {said:?}");
        assert!(!said.all().contains(SECRET), "{said:?}");
    }
}
