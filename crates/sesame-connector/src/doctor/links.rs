//! Pages of Aliyun's console, where the cures are carried out.

pub(super) const OVERVIEW: &str = "https://dysms.console.aliyun.com/overview";
pub(super) const SIGN_NAMES: &str = "https://dysms.console.aliyun.com/domestic/text/sign";
pub(super) const TEMPLATES: &str = "https://dysms.console.aliyun.com/domestic/text/template";
pub(super) const ACCESS_KEYS: &str = "https://ram.console.aliyun.com/users";
pub(super) const POLICIES: &str = "https://ram.console.aliyun.com/policies";
pub(super) const MONEY: &str = "https://usercenter2.aliyun.com/home";
