//! The steps, in their order.

use serde::{Deserialize, Serialize};

use crate::output::Language;

/// Defines [`Step`]: variant, id, title in both languages.
macro_rules! steps {
    ($($variant:ident $id:literal $en:literal $zh:literal;)*) => {
        /// One step of the way.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum Step {
            $($variant,)*
        }

        impl Step {
            /// All of them.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in `--steps`.
            pub(super) fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)*
                }
            }

            /// What it is called to people.
            pub(super) fn title(self, language: Language) -> &'static str {
                match self {
                    $(Self::$variant => language.pick($en, $zh),)*
                }
            }
        }
    };
}

steps! {
    Console "console" "In Aliyun's console" "阿里云控制台";
    AccessKey "access_key" "AccessKey" "AccessKey";
    SignName "sign_name" "Signature" "短信签名";
    Templates "templates" "Templates" "短信模板";
    Review "review" "Review" "审核";
    File "file" "Configuration file" "配置文件";
    Check "check" "Check" "检查";
    TestMessage "test_message" "Test message" "测试短信";
}

impl Step {
    /// Its place, from 1.
    pub(super) fn number(self) -> usize {
        let before = Self::ALL.iter().take_while(|step| **step != self);
        before.count() + 1
    }
}
