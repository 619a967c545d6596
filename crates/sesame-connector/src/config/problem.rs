//! What can be wrong with a configuration.

use std::fmt;

use serde::{Serialize, Serializer};

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It works, but probably not as meant.
    Warning,
    /// The configuration is not valid.
    Error,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Defines [`ProblemId`]: variant, name in JSON, level.
macro_rules! problem_ids {
    ($($(#[$doc:meta])* $variant:ident $name:literal $level:ident;)*) => {
        /// Which rule a [`Problem`] broke. The names are stable, so that a
        /// caller can single some out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemId {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemId {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How bad breaking it is.
            pub fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                }
            }
        }
    };
}

problem_ids! {
    /// There is no such file.
    FileNotFound "file_not_found" Error;
    /// The path leads to a directory.
    FileIsDirectory "file_is_directory" Error;
    /// The file may not be read.
    FilePermission "file_permission" Error;
    /// The file is larger than any configuration.
    FileTooLarge "file_too_large" Error;
    /// Reading the file failed otherwise.
    FileUnreadable "file_unreadable" Error;
    /// The file is not UTF-8.
    NotUtf8 "not_utf8" Error;
    /// Neither JSON (with comments and trailing commas) nor TOML.
    Syntax "syntax" Error;
    /// The outermost value is not an object.
    RootNotObject "root_not_object" Error;
    /// A value of another type than the key takes.
    WrongType "wrong_type" Error;
    /// The configuration of a server in the place of its connector's.
    ServerConfiguration "server_configuration" Error;
    /// A key that must be there is not.
    MissingField "missing_field" Error;
    /// An empty string.
    EmptyString "empty_string" Error;
    /// White space around a value; it is cut off.
    SurroundingWhitespace "surrounding_whitespace" Warning;
    /// A line break, a control character or an invisible one.
    ControlCharacter "control_character" Error;
    /// More of something than there is use for; the rest is not read.
    TooMany "too_many" Error;
    /// Stands for the problems that are not listed; as bad as the worst of them.
    MoreProblems "more_problems" Warning;
    /// A placeholder of an example was left in.
    Placeholder "placeholder" Error;
    /// A key that means nothing here.
    UnknownKey "unknown_key" Warning;
    /// A key that stands twice in one object.
    DuplicateKey "duplicate_key" Error;
    /// An object in the place of a string that is neither `env` nor `file`.
    ReferenceShape "reference_shape" Error;
    /// The environment variable is not set.
    EnvNotSet "env_not_set" Error;
    /// The value of this key may not come from there.
    ReferenceForbidden "reference_forbidden" Error;
    /// The file of a `{"file": …}` cannot be read.
    FileReference "file_reference" Error;
    /// A line break in a key id, a secret or a token.
    SecretLineBreak "secret_line_break" Error;
    /// White space in a key id, a secret or a token.
    SecretSpace "secret_space" Error;
    /// A character no key id, secret or token has.
    SecretCharacter "secret_character" Error;
    /// What stands as the secret looks like a key id.
    KeysSwapped "keys_swapped" Warning;
    /// The key id is of a temporary key and the token is missing.
    SecurityTokenMissing "security_token_missing" Warning;
    /// `credentials` beside an AccessKey.
    CredentialsConflict "credentials_conflict" Error;
    /// `credentials` is something other than `default`.
    CredentialsUnknown "credentials_unknown" Error;
    /// Only half of the next key.
    NextKeyIncomplete "next_key_incomplete" Error;
    /// The next key is a temporary one, which has no place for its token.
    NextKeyTemporary "next_key_temporary" Error;
    /// The next key is the one in use.
    NextKeySame "next_key_same" Warning;
    /// A signature for one of the two regions only.
    SignNameOneRegion "sign_name_one_region" Warning;
    /// Brackets around a signature; Aliyun adds them.
    SignNameBrackets "sign_name_brackets" Error;
    /// A usage type that is not known.
    UsageTypeUnknown "usage_type_unknown" Error;
    /// Two templates for one usage type.
    UsageTypeDuplicate "usage_type_duplicate" Error;
    /// A usage type that must be served is not.
    UsageTypeNotServed "usage_type_not_served" Error;
    /// The text of a template in the place of its code.
    TemplateCodeIsText "template_code_is_text" Error;
    /// A template code not like `SMS_123456789`.
    TemplateCodeFormat "template_code_format" Warning;
    /// A template for one of the two regions only.
    TemplateOneRegion "template_one_region" Warning;
    /// A variable's name that cannot be one.
    VariableName "variable_name" Error;
    /// A variable that is listed twice.
    VariableDuplicate "variable_duplicate" Warning;
    /// The variables do not include `code`.
    VariablesWithoutCode "variables_without_code" Warning;
    /// A key that only another provider reads.
    OtherProvidersKey "other_providers_key" Warning;
    /// A text without the code, or with more than one.
    TextWithoutCode "text_without_code" Error;
    /// A placeholder of another make in a text.
    TextPlaceholder "text_placeholder" Warning;
    /// A text that is sent, and paid, as several.
    TextSegments "text_segments" Warning;
    /// A variable of a text that only some callers give.
    TextVariable "text_variable" Warning;
    /// What no sender id may be.
    SenderIdFormat "sender_id_format" Error;
    /// Not an endpoint.
    EndpointInvalid "endpoint_invalid" Error;
    /// An endpoint without TLS that is not on this machine.
    EndpointInsecure "endpoint_insecure" Warning;
    /// Not one of Aliyun's regions by its form.
    RegionInvalid "region_invalid" Error;
    /// A region that is not known here.
    RegionUnknown "region_unknown" Warning;
    /// A time-out that is no whole number in the range.
    TimeoutRange "timeout_range" Error;
    /// A provider that is not known.
    ProviderUnknown "provider_unknown" Error;
    /// A fallback that sends the same way.
    FallbackSameProvider "fallback_same_provider" Error;
    /// Not a country.
    DefaultCountryUnknown "default_country_unknown" Error;
    /// `strictPhoneRegionNumberCheck` leaves `defaultCountry` without effect.
    StrictAgainstDefault "strict_against_default" Warning;
}

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProblemId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong with a configuration. Never holds a secret, nor what
/// stands in a secret's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The rule.
    pub id: ProblemId,
    /// How bad it is.
    pub level: Level,
    /// Where, as keys: `templates[0].templateCode`; empty for the whole.
    pub path: String,
    /// Where, as a line from 1; none where there is no text.
    pub line: Option<usize>,
    /// Where in that line, in characters from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub cure: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.message, self.cure)
    }
}

/// Where something stands, before it is counted in lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) path: String,
    /// Bytes from the start of the text.
    pub(super) at: Option<usize>,
}

/// A problem whose place is not counted in lines yet.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: ProblemId,
    pub(super) place: Place,
    pub(super) message: String,
    pub(super) cure: String,
}

/// Nobody reads more problems at once.
pub(super) const MOST: usize = 100;

/// Puts the problems in the order of the text and counts lines and columns, in
/// one pass over the text however many there are. Those beyond [`MOST`] become
/// one.
pub(super) fn locate(text: &str, mut found: Vec<Found>) -> Vec<Problem> {
    found.sort_by_key(|found| found.place.at);
    let more = found.split_off(found.len().min(MOST));
    let mut cursor = Cursor::default();
    let mut problems: Vec<Problem> = found
        .into_iter()
        .map(|found| {
            let position = found.place.at.map(|at| cursor.advance(text, at));
            Problem {
                id: found.id,
                level: found.id.level(),
                path: found.place.path,
                line: position.map(|(line, _)| line),
                column: position.map(|(_, column)| column),
                message: found.message,
                cure: found.cure,
            }
        })
        .collect();
    if let Some(level) = more.iter().map(|found| found.id.level()).max() {
        problems.push(Problem {
            id: ProblemId::MoreProblems,
            level,
            path: String::new(),
            line: None,
            column: None,
            message: format!("and {} more", more.len()),
            cure: "mend the ones above first".to_owned(),
        });
    }
    problems
}

/// Counts forward through a text.
#[derive(Default)]
struct Cursor {
    at: usize,
    line: usize,
    column: usize,
}

impl Cursor {
    /// Line and column of a byte, which is not before the last one asked for.
    fn advance(&mut self, text: &str, to: usize) -> (usize, usize) {
        let to = (0..=to)
            .rev()
            .find(|&index| text.is_char_boundary(index))
            .unwrap_or(0);
        let passed = text.get(self.at..to).unwrap_or_default();
        for (index, character) in passed.char_indices() {
            let next = text.as_bytes().get(self.at + index + 1);
            if character == '\n' || (character == '\r' && next != Some(&b'\n')) {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
        self.at = to.max(self.at);
        (self.line + 1, self.column + 1)
    }
}
