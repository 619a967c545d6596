//! An account made ready for looking things up.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{
    AccessKey, Account, Registrations, ReviewStatus, SignKind, SignName, Tag, Template,
    TemplateKind,
};
use crate::phone::{Number, Readings};
use crate::template::Text;

/// An [`Account`] with its indexes. Never changes: a new account is a new book.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) account: Account,
    keys: HashMap<String, Arc<AccessKey>>,
    sign_names: HashMap<String, Arc<Signature>>,
    templates: HashMap<String, Arc<Prepared>>,
    bound: HashSet<Number>,
    blocked: HashSet<Number>,
    exempt: HashSet<Number>,
}

/// An approved signature.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) name: Arc<str>,
    pub(crate) kind: SignKind,
    pub(crate) tag: Tag,
    pub(crate) registrations: Registrations,
}

/// An approved template, its text cut at the variables.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) code: Arc<str>,
    pub(crate) kind: TemplateKind,
    pub(crate) tag: Tag,
    pub(crate) text: Text,
    pub(crate) value_max: usize,
}

impl Book {
    pub(crate) fn new(account: Account) -> Self {
        let templates = account
            .templates
            .iter()
            .filter(|t| t.status == ReviewStatus::Approved);
        Self {
            keys: account
                .access_keys
                .iter()
                .map(|key| (key.id.clone(), Arc::new(key.clone())))
                .collect(),
            sign_names: approved_sign_names(&account),
            templates: templates
                .map(|template| (template.code.clone(), Arc::new(prepare(template, &account))))
                .collect(),
            bound: numbers(&account.bound_numbers),
            blocked: numbers(&account.blocked_numbers),
            exempt: numbers(&account.exempt_numbers),
            account,
        }
    }

    pub(crate) fn key(&self, id: &str) -> Option<&Arc<AccessKey>> {
        self.keys.get(id)
    }

    /// Whether a token is any key's.
    pub(crate) fn is_token(&self, token: &str) -> bool {
        self.keys.values().any(|key| {
            key.security_token
                .as_ref()
                .is_some_and(|known| known.reveal() == token)
        })
    }

    pub(crate) fn sign_name(&self, name: &str) -> Option<&Arc<Signature>> {
        self.sign_names.get(&folded(&self.account, name))
    }

    pub(crate) fn template(&self, code: &str) -> Option<&Arc<Prepared>> {
        self.templates.get(code)
    }

    pub(crate) fn is_bound(&self, number: &Number) -> bool {
        self.bound.contains(number)
    }

    pub(crate) fn is_blocked(&self, number: &Number) -> bool {
        self.blocked.contains(number)
    }

    pub(crate) fn is_exempt(&self, number: &Number) -> bool {
        self.exempt.contains(number)
    }
}

/// Of a verification signature and a general one with the same name, Aliyun
/// uses the general one.
fn approved_sign_names(account: &Account) -> HashMap<String, Arc<Signature>> {
    let mut found: HashMap<String, Arc<Signature>> = HashMap::new();
    let is_approved = |sign_name: &&SignName| sign_name.status == ReviewStatus::Approved;
    for sign_name in account.sign_names.iter().filter(is_approved) {
        let name = folded(account, &sign_name.name);
        if sign_name.kind == SignKind::General || !found.contains_key(&name) {
            let signature = Signature {
                name: sign_name.name.as_str().into(),
                kind: sign_name.kind,
                tag: sign_name.tag,
                registrations: sign_name.registrations,
            };
            found.insert(name, Arc::new(signature));
        }
    }
    found
}

/// The name under which a signature is found.
fn folded(account: &Account, name: &str) -> String {
    if account.sign_names_ignore_case {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

fn prepare(template: &Template, account: &Account) -> Prepared {
    let limits = &account.limits;
    let of_kind = if template.kind == TemplateKind::Verification {
        limits.verification_value_max
    } else {
        limits.notification_value_max
    };
    Prepared {
        code: template.code.as_str().into(),
        kind: template.kind,
        tag: template.tag,
        text: Text::parse(&template.content),
        value_max: template.value_max.unwrap_or(of_kind),
    }
}

/// Whatever a number in the account can be read as.
fn numbers(texts: &[String]) -> HashSet<Number> {
    texts
        .iter()
        .flat_map(|text| Readings::of_written(text).all())
        .collect()
}
