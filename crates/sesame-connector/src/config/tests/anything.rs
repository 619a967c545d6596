//! Whatever is written, and whatever Logto hands over.

use proptest::prelude::*;

use super::*;

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(|n| json!(n)),
        "\\PC{0,8}".prop_map(|s| json!(s)),
    ];
    let keys = "accessKeyId|accessKeySecret|signName|signNames|templates|templateCode\
                |usageType|china|overseas|variables|endpoint|region|timeoutMs|provider\
                |credentials|defaultCountry|env|file|[a-z]{1,4}";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
            prop::collection::hash_map(keys, inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

fn any_template() -> impl Strategy<Value = serde_json::Value> {
    let usage = "Register|SignIn|ForgotPassword|Generic|Test|\\PC{0,8}";
    (usage, "\\PC{0,8}", "\\PC{0,8}", any::<bool>()).prop_map(|(usage, china, overseas, plain)| {
        let code = if plain {
            json!(china)
        } else {
            json!({ "china": china, "overseas": overseas })
        };
        json!({ "usageType": usage, "templateCode": code, "type": 2 })
    })
}

proptest! {
    #[test]
    fn text_never_panics(text in "\\PC{0,60}|[\\[\\]{}\":,='a-z0-9\n ]{0,60}") {
        for format in [Format::Json, Format::Toml] {
            let checked = ConnectorConfig::parse(&text, format, &NoLookup);
            prop_assert!(!checked.problems.is_empty());
            prop_assert!(!checked.is_valid());
        }
    }

    #[test]
    fn values_never_panic_and_read_alike_as_text(value in any_value()) {
        let by_value = ConnectorConfig::from_value(&value, &NoLookup);
        let by_text = ConnectorConfig::parse(&value.to_string(), Format::Json, &NoLookup);
        prop_assert_eq!(by_value.config.is_some(), by_text.config.is_some());
        let ids = |checked: &Checked| {
            let mut ids: Vec<_> = checked.problems.iter().map(|p| p.id.as_str()).collect();
            ids.sort_unstable();
            ids
        };
        prop_assert_eq!(ids(&by_value), ids(&by_text));
    }

    /// Logto's own connector takes any strings; so must whoever replaces it.
    #[test]
    fn whatever_the_official_guard_takes_gives_a_configuration(
        id in "\\PC{0,8}",
        secret in "[\\PC\n]{0,8}",
        sign_name in "\\PC{0,8}",
        more in prop::collection::vec(any_template(), 0..4),
    ) {
        let mut templates: Vec<_> = ["Register", "SignIn", "ForgotPassword", "Generic"]
            .map(|usage| json!({ "usageType": usage, "templateCode": "" }))
            .into();
        templates.extend(more);
        let value = json!({
            "accessKeyId": id,
            "accessKeySecret": secret,
            "signName": sign_name,
            "templates": templates,
            "strictPhoneRegionNumberCheck": true,
        });
        prop_assert!(check(&value).config.is_some());
    }
}
