//! Ory Kratos' courier: whatever its Jsonnet writes, with the code in a field or
//! only in the text. It asks up to six times, about a second apart, and shows
//! no refusal.

use super::message::Places;
use super::{Habits, Message, Sample};

pub(crate) static KRATOS: Message = Message {
    habits: Habits {
        methods: &["POST", "PUT"],
        usages: &[
            ("login_code_valid", "SignIn"),
            ("registration_code_valid", "Register"),
            ("verification_code_valid", "BindNewIdentifier"),
            ("recovery_code_valid", "ForgotPassword"),
        ],
        usage_type: "SignIn",
        repeat_secs: 75,
        patience_ms: Some(10_000),
        ..Habits::USUAL
    },
    places: Places {
        to: &["to", "recipient", "/template_data/to"],
        code: &[
            "code",
            "login_code",
            "registration_code",
            "verification_code",
            "recovery_code",
            "/template_data/login_code",
            "/template_data/registration_code",
            "/template_data/verification_code",
        ],
        text: &["body"],
        usage: &["template_type"],
        locale: &[
            "/headers/Accept-Language",
            "/request_headers/Accept-Language",
        ],
        minutes: &["expires_in_minutes", "/template_data/expires_in_minutes"],
        ..Places::NONE
    },
    notices: &["verifiable_address_changed", "authenticator_key_added"],
    sample: Sample::Json(
        "",
        r##"{"to":"%TO%","template_type":"login_code_valid","code":"%CODE%","expires_in_minutes":15,"headers":{"Accept-Language":["en"]},"body":"Your login code is: %CODE%\n\nIt expires in 15 minutes.\n"}"##,
    ),
    ..Message::USUAL
};
