//! Pages of Aliyun's console, where the cures are carried out.

/// The SMS service.
pub const OVERVIEW: &str = "https://dysms.console.aliyun.com/overview";
/// Its signatures.
pub const SIGN_NAMES: &str = "https://dysms.console.aliyun.com/domestic/text/sign";
/// Its templates.
pub const TEMPLATES: &str = "https://dysms.console.aliyun.com/domestic/text/template";
/// RAM users and their keys.
pub const ACCESS_KEYS: &str = "https://ram.console.aliyun.com/users";
/// RAM policies.
pub const POLICIES: &str = "https://ram.console.aliyun.com/policies";
/// The account's money.
pub const MONEY: &str = "https://usercenter2.aliyun.com/home";
/// How papers (资质) are filed, which no page of its own address does.
pub const QUALIFICATION: &str = "https://help.aliyun.com/zh/sms/user-guide/apply-qualification";
/// The gift signatures and templates of PNVS (短信认证).
pub const GIFTS: &str = "https://dypns.console.aliyun.com/smsCertParamsConfig/sign";
