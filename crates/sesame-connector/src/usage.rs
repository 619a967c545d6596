//! Usage types: what a message is for, in Logto's words.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What a message is for (`usageType`).
///
/// The set is Logto's and grows with it; a name that is not known here is kept
/// as it is, so that a template for it still finds its messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageType {
    /// A new user proves a number.
    Register,
    /// A user signs in.
    SignIn,
    /// A user forgot the password.
    ForgotPassword,
    /// An invitation to an organization.
    OrganizationInvitation,
    /// Anything that has no template of its own.
    Generic,
    /// A user confirms who they are before a change.
    UserPermissionValidation,
    /// A user adds or changes a number.
    BindNewIdentifier,
    /// The second factor of a sign-in.
    MfaVerification,
    /// A user sets up a second factor.
    BindMfa,
    /// The old name of [`UsageType::Generic`].
    Test,
    /// A name that is not known here.
    Other(String),
}

impl UsageType {
    /// Every known one.
    pub const KNOWN: [Self; 10] = [
        Self::Register,
        Self::SignIn,
        Self::ForgotPassword,
        Self::OrganizationInvitation,
        Self::Generic,
        Self::UserPermissionValidation,
        Self::BindNewIdentifier,
        Self::MfaVerification,
        Self::BindMfa,
        Self::Test,
    ];

    /// The ones a configuration must be able to serve.
    pub const REQUIRED: [Self; 4] = [
        Self::Register,
        Self::SignIn,
        Self::ForgotPassword,
        Self::Generic,
    ];

    /// As configurations and messages write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Register => "Register",
            Self::SignIn => "SignIn",
            Self::ForgotPassword => "ForgotPassword",
            Self::OrganizationInvitation => "OrganizationInvitation",
            Self::Generic => "Generic",
            Self::UserPermissionValidation => "UserPermissionValidation",
            Self::BindNewIdentifier => "BindNewIdentifier",
            Self::MfaVerification => "MfaVerification",
            Self::BindMfa => "BindMfa",
            Self::Test => "Test",
            Self::Other(name) => name,
        }
    }

    /// Whether it is one of [`UsageType::KNOWN`].
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// The usage types whose template serves this one, best first: its own,
    /// else `Generic`, else `Test`.
    pub fn fallbacks(&self) -> [&Self; 3] {
        [self, &Self::Generic, &Self::Test]
    }

    /// The known one that a misspelt name is nearest to.
    pub fn suggest(name: &str) -> Option<Self> {
        let names = Self::KNOWN.iter().map(Self::as_str);
        crate::suggest::nearest(name, names).map(Self::from)
    }
}

impl From<&str> for UsageType {
    fn from(name: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.as_str() == name)
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl FromStr for UsageType {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::from(name))
    }
}

impl fmt::Display for UsageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for known in UsageType::KNOWN {
            assert_eq!(UsageType::from(known.as_str()), known);
        }
        assert_eq!(UsageType::from("signin"), UsageType::Other("signin".into()));
    }

    #[test]
    fn suggests_what_was_meant() {
        for (misspelt, meant) in [
            ("signin", UsageType::SignIn),
            ("Sign-In", UsageType::SignIn),
            ("Singin", UsageType::SignIn),
            ("REGISTER", UsageType::Register),
            ("forgot_password", UsageType::ForgotPassword),
            ("Genric", UsageType::Generic),
            ("MFAVerification", UsageType::MfaVerification),
        ] {
            assert_eq!(UsageType::suggest(misspelt), Some(meant), "{misspelt}");
        }
        assert_eq!(UsageType::suggest("Marketing"), None);
        assert_eq!(UsageType::suggest(""), None);
    }
}
