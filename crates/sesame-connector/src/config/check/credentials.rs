//! The AccessKey, or where to get one.

use secrecy::SecretString;

use super::reader::{Reader, Table};
use super::text::Sort;
use crate::config::problem::ProblemId;
use crate::config::{AccessKey, Credentials};

impl Reader<'_> {
    /// `None` where there are none that could be used at all.
    pub(super) fn credentials(&mut self, root: &Table<'_>) -> Option<Credentials> {
        if !root.has("credentials") {
            return self.keys(root);
        }
        let chain = self.chain(root);
        // What stands there may be wrong, and a key beside it be right.
        let has_key = root.has("accessKeyId") && root.has("accessKeySecret");
        chain.or_else(|| has_key.then(|| self.keys(root))?)
    }

    fn keys(&mut self, root: &Table<'_>) -> Option<Credentials> {
        let id = self.required(root, "accessKeyId", Sort::Secret);
        let secret = self.required(root, "accessKeySecret", Sort::Secret);
        let security_token = self.optional(root, "securityToken", Sort::Secret);
        let next = self.next_key(root);
        let (id, secret) = (id?, secret?);
        self.check_pair(root, &id, &secret, security_token.is_some());
        if let Some(next) = &next {
            self.check_next(root, &next.id, &id);
        }
        let current = AccessKey::new(id, secret, security_token);
        Some(Credentials::Keys { current, next })
    }

    /// `"credentials": "default"`, Alibaba's own provider chain.
    fn chain(&mut self, root: &Table<'_>) -> Option<Credentials> {
        self.check_beside(root);
        let name = self.optional(root, "credentials", Sort::Plain)?;
        if name != "default" {
            let message = "the only credentials that can be named are \"default\"";
            let cure = "write \"default\" for Alibaba's provider chain, or remove the key and give accessKeyId and accessKeySecret";
            let place = root.place_of("credentials");
            self.report(ProblemId::CredentialsUnknown, &place, message, cure);
            return None;
        }
        Some(Credentials::DefaultChain)
    }

    /// What stands beside the chain, and is never read.
    fn check_beside(&mut self, root: &Table<'_>) {
        let keys = [
            "accessKeyId",
            "accessKeySecret",
            "securityToken",
            "nextAccessKeyId",
            "nextAccessKeySecret",
        ];
        let idle: Vec<&str> = keys.into_iter().filter(|key| root.has(key)).collect();
        let Some(first) = idle.first() else {
            return;
        };
        let (place, idle) = (root.place_of(first), idle.join(", "));
        let message = format!("credentials makes what stands beside it useless: {idle}");
        let cure = format!("keep either credentials or {idle}");
        self.report(ProblemId::CredentialsConflict, &place, message, cure);
    }

    /// The key that will take over, valid already while the old one still is.
    fn next_key(&mut self, root: &Table<'_>) -> Option<AccessKey> {
        let id = self.optional(root, "nextAccessKeyId", Sort::Secret);
        let secret = self.optional(root, "nextAccessKeySecret", Sort::Secret);
        let has_id = root.has("nextAccessKeyId");
        if has_id != root.has("nextAccessKeySecret") {
            let absent = if has_id {
                "nextAccessKeySecret"
            } else {
                "nextAccessKeyId"
            };
            let message = format!("{absent} is missing beside the other half of the next key");
            let cure = "give both halves of the next key, or neither";
            self.report(
                ProblemId::NextKeyIncomplete,
                &root.place_of(absent),
                message,
                cure,
            );
        }
        Some(AccessKey::new(id?, secret?, None))
    }

    fn check_next(&mut self, root: &Table<'_>, next: &str, current: &str) {
        let place = root.place_of("nextAccessKeyId");
        if next.starts_with("STS.") {
            let message = "this is the id of a temporary key, which cannot be the next one";
            let cure = "give a lasting key, or \"credentials\": \"default\" for keys that change";
            self.report(ProblemId::NextKeyTemporary, &place, message, cure);
        } else if next == current {
            let message = "the next key is the one in use, so nothing takes over";
            let cure = "give the new key, or remove both halves of the next one";
            self.report(ProblemId::NextKeySame, &place, message, cure);
        }
    }

    fn check_pair(&mut self, root: &Table<'_>, id: &str, secret: &str, has_token: bool) {
        // Aliyun's key ids have begun so for years; its secrets never have.
        if secret.starts_with("LTAI") && !id.starts_with("LTAI") {
            let message = "this looks like a key id";
            let cure = "check that accessKeyId and accessKeySecret are not swapped";
            let place = root.place_of("accessKeySecret");
            self.report(ProblemId::KeysSwapped, &place, message, cure);
        }
        if id.starts_with("STS.") && !has_token {
            let message = "this is the id of a temporary key, and securityToken is missing";
            let cure = "add the securityToken that came with the key";
            let place = root.place_of("accessKeyId");
            self.report(ProblemId::SecurityTokenMissing, &place, message, cure);
        }
    }
}

impl AccessKey {
    fn new(id: String, secret: String, security_token: Option<String>) -> Self {
        Self {
            id,
            secret: SecretString::from(secret),
            security_token: security_token.map(SecretString::from),
        }
    }
}
