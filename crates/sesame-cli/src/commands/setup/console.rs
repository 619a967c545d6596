//! What is done in Aliyun's console and cannot be done from here.

use sesame_connector::doctor::links;

use super::guide::{Guide, Stop};

impl Guide {
    pub(super) async fn console(&mut self) -> Result<(), Stop> {
        let t = self.terminal;
        t.say(
            "Only you can do these, in a browser:",
            "以下操作只能由您在浏览器中完成：",
        );
        t.point(
            "Register with Aliyun and prove your identity (实名认证), as an enterprise if you can.",
            "注册阿里云账号并完成实名认证，尽量使用企业认证。",
        );
        t.link("https://account.aliyun.com/register/qr_register.htm");
        t.point(
            "Activate the Short Message Service (短信服务 → 开通).",
            "开通短信服务。",
        );
        t.link(links::OVERVIEW);
        t.point(
            "For a signature of your own: file your papers under Go China → Qualifications (国内消息 → 资质管理 → 新增资质), and note the number (资质 ID).",
            "如需自有签名：在“国内消息 → 资质管理”中点击“新增资质”提交资料，并记下资质 ID。",
        );
        t.link(links::QUALIFICATION);
        t.wait_for_enter().await
    }
}
