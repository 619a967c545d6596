//! Whose signatures and templates are, and whether they go together: a test
//! signature goes with test templates and to bound numbers only. Pure.

use super::check::{Check, CheckId};
use super::links;
use super::plan::{SignNameUse, TemplateUse};
use super::sign_name::Tag;
use crate::text::{Text, printable};

/// A thing that was found, and whose it is.
pub(super) type Tagged<'p, T> = (&'p T, Tag);

/// One line for each signature and each template.
pub(super) fn judge(
    sign_names: &[Tagged<'_, SignNameUse>],
    templates: &[Tagged<'_, TemplateUse>],
) -> Vec<Check> {
    let of_signs = sign_names.iter().map(|found| sign_name(*found, templates));
    let of_templates = templates.iter().map(|found| template(*found, sign_names));
    of_signs.chain(of_templates).collect()
}

fn sign_name((used, tag): Tagged<'_, SignNameUse>, templates: &[Tagged<'_, TemplateUse>]) -> Check {
    let name = used.name.as_str();
    let id = CheckId::SignNameTag;
    match tag {
        Tag::Own => Check::ok(id, name, Text::fixed("the account's own", "账号自有签名")),
        Tag::Gift => Check::warning(
            id,
            name,
            Text::fixed(
                "a gift of Aliyun's number verification: Aliyun exchanges it without asking, and then nothing goes out under it",
                "这是阿里云号码认证的赠送签名：阿里云可随时更换，更换后即无法发送",
            ),
            Text::fixed(
                "apply for a signature of your own, and let `sesame doctor --watch` tell when this one goes",
                "请申请自有签名，并用 `sesame doctor --watch` 关注其变化",
            ),
        )
        .at(links::SIGN_NAMES),
        Tag::Test => {
            let others = names(used, templates, |tag| tag != Tag::Test);
            if others.is_empty() {
                for_trying(id, name)
            } else {
                let others = others.join(", ");
                Check::failure(
                    id,
                    name,
                    Text::made(
                        format!("a test signature goes with test templates only, and not with {others}"),
                        format!("测试签名只能搭配测试模板，不能搭配 {others}"),
                    ),
                    Text::fixed(
                        "name an approved signature of your own, or test templates with this one",
                        "请改用已通过审核的自有签名，或为该签名搭配测试模板",
                    ),
                )
                .at(links::SIGN_NAMES)
            }
        }
    }
}

fn template((used, tag): Tagged<'_, TemplateUse>, sign_names: &[Tagged<'_, SignNameUse>]) -> Check {
    let code = used.code.as_str();
    let id = CheckId::TemplateTag;
    match tag {
        Tag::Own => Check::ok(id, code, Text::fixed("the account's own", "账号自有模板")),
        Tag::Gift => Check::warning(
            id,
            code,
            Text::fixed(
                "a gift of Aliyun's number verification, which is meant for that product and may be taken back",
                "这是阿里云号码认证的赠送模板，仅面向该产品，且可能被收回",
            ),
            Text::fixed(
                "apply for a verification template of your own",
                "请申请自有的验证码模板",
            ),
        )
        .at(links::TEMPLATES),
        Tag::Test => {
            let is_paired = |name: &String| {
                let mut found = sign_names.iter();
                found.any(|(sign, tag)| sign.name == *name && *tag == Tag::Test)
            };
            let is_known = |name: &String| sign_names.iter().any(|(sign, _)| sign.name == *name);
            let others: Vec<String> = used
                .sign_names
                .iter()
                .filter(|name| is_known(name) && !is_paired(name))
                .map(|name| printable(name))
                .collect();
            if others.is_empty() {
                // That it is for trying is said of its signature.
                return Check::ok(id, code, Text::fixed("a test template", "测试模板"));
            }
            let others = others.join(", ");
            Check::failure(
                id,
                code,
                Text::made(
                    format!("a test template goes with test signatures only, and not with {others}"),
                    format!("测试模板只能搭配测试签名，不能搭配 {others}"),
                ),
                Text::fixed(
                    "name an approved template of your own, or a test signature with this one",
                    "请改用已通过审核的自有模板，或为该模板搭配测试签名",
                ),
            )
            .at(links::TEMPLATES)
        }
    }
}

fn for_trying(id: CheckId, name: &str) -> Check {
    Check::warning(
        id,
        name,
        Text::fixed(
            "a test signature reaches only the numbers that are bound in the console",
            "测试签名只能发送到控制台中绑定的号码",
        ),
        Text::fixed(
            "bind the numbers you try it with, and name an approved signature and template of your own before users come",
            "请在控制台绑定测试号码；上线前改用已通过审核的自有签名和模板",
        ),
    )
    .at(links::OVERVIEW)
}

/// The templates of a signature whose tag is of a kind.
fn names(
    used: &SignNameUse,
    templates: &[Tagged<'_, TemplateUse>],
    is_meant: impl Fn(Tag) -> bool,
) -> Vec<String> {
    let of_it = templates
        .iter()
        .filter(|(template, tag)| used.templates.contains(&template.code) && is_meant(*tag));
    of_it
        .map(|(template, _)| printable(&template.code))
        .collect()
}
