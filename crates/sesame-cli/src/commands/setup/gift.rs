//! PNVS (短信认证): Aliyun's own signatures and templates, which need no review.

use sesame_connector::config::ProviderKind;
use sesame_connector::doctor::links;
use sesame_connector::setup::{clean, half_width};
use sesame_connector::template::TemplateCode;

use super::guide::{Guide, Stop};

/// The one most accounts are given.
const SIGN_NAME: &str = "速通互联验证码";
/// For signing in and registering.
const TEMPLATE: &str = "100001";

impl Guide {
    /// Asks which gift to use; to mainland numbers only.
    pub(super) async fn choose_gift(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        t.point(
            "Enable SMS verification (短信认证) in the console of Phone Number Verification, and copy a gift signature (赠送签名) and a gift template (赠送模板) from there. They reach mainland numbers only, and Aliyun may exchange them.",
            "在号码认证服务控制台开通“短信认证”，并复制其中的“赠送签名”和“赠送模板”。仅支持中国内地号码，且阿里云可能更换它们。",
        );
        t.link(links::GIFTS);
        let mut gift = self.progress.gift.clone().unwrap_or_default();
        let usual = usual(&gift.sign_name, SIGN_NAME);
        loop {
            let question = t.pick("Gift signature", "赠送签名");
            let typed = t.ask(question, Some(&usual)).await?;
            gift.sign_name = clean(typed.trim_matches(['【', '】']));
            if !gift.sign_name.is_empty() {
                break;
            }
        }
        let usual = self::usual(&gift.template, TEMPLATE);
        loop {
            let question = t.pick("Gift template", "赠送模板 CODE");
            gift.template = half_width(&t.ask(question, Some(&usual)).await?);
            if TemplateCode::looks_right(&gift.template, ProviderKind::AliyunPnvs) {
                break;
            }
            t.say(
                "The code of a gift template is digits, such as 100001.",
                "赠送模板 CODE 为数字，例如 100001。",
            );
        }
        self.progress.gift = Some(gift);
        self.save()
    }
}

fn usual(earlier: &str, first: &str) -> String {
    if earlier.is_empty() { first } else { earlier }.to_owned()
}
