//! Why a text is no phone number we can send to.

use thiserror::Error as ThisError;

use crate::text::Text;

/// Why a text is no phone number we can send to. Holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("{}", self.cause())]
#[non_exhaustive]
pub enum PhoneError {
    /// No digit in it.
    Empty,
    /// Letters in it.
    Letters,
    /// A sign no number is written with, or a `+` in the middle.
    Character,
    /// More than one number.
    Several,
    /// Fewer digits than the country's numbers have.
    TooShort,
    /// More digits than the country's numbers have.
    TooLong,
    /// No country has this code.
    UnknownCountryCode,
    /// No number of its country looks like this.
    Invalid,
    /// `+` or `00` in front of a mainland number without `86`.
    PlusWithoutCountryCode,
    /// Bare digits that are neither a number with its country code first nor a
    /// national one.
    NoReading,
    /// Bare digits without a country code where the configuration asks for one.
    CountryCodeMissing,
    /// A landline.
    Landline,
    /// Toll-free, premium-rate and the like.
    Service,
    /// Bare digits that are a landline or service number of +1, but may be meant
    /// as a mainland mobile number.
    PlusOneOrMainland,
}

impl PhoneError {
    /// A stable name; what no configuration would read has one in common.
    pub fn code(self) -> &'static str {
        match self {
            Self::CountryCodeMissing => "country_code_missing",
            Self::PlusOneOrMainland => "ambiguous_phone_number",
            _ => "invalid_phone_number",
        }
    }

    /// What is wrong.
    pub fn cause(self) -> Text {
        let (en, zh) = self.causes();
        Text::fixed(en, zh)
    }

    /// What to do about it.
    pub fn cure(self) -> Text {
        let (en, zh) = self.cures();
        Text::fixed(en, zh)
    }

    fn causes(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("the phone number is empty", "手机号为空"),
            Self::Letters => ("the phone number has letters in it", "手机号中含有字母"),
            Self::Character => (
                "the phone number has a character in it that does not belong there",
                "手机号中含有不应出现的字符",
            ),
            Self::Several => (
                "there is more than one phone number",
                "填写了不止一个手机号",
            ),
            Self::TooShort => ("the phone number is too short", "手机号位数不足"),
            Self::TooLong => ("the phone number is too long", "手机号位数过多"),
            Self::UnknownCountryCode => (
                "the phone number begins with a country code that does not exist",
                "手机号开头的国家或地区码不存在",
            ),
            Self::Invalid => (
                "the phone number is not valid in its country",
                "该国家或地区不存在这样的手机号",
            ),
            Self::PlusWithoutCountryCode => (
                "the phone number begins with + or 00 and then has no valid country code; without that it would be a mainland mobile number",
                "手机号以 + 或 00 开头，其后却没有有效的国家码；去掉后则是一个中国内地手机号",
            ),
            Self::NoReading => (
                "digits without a + are read with the country code first, and these are no valid phone number that way, nor without one",
                "不带 + 的数字按国家或地区码在前来读；这串数字无论是否带国家或地区码，都不是有效的手机号",
            ),
            Self::CountryCodeMissing => (
                "the phone number has no country code, and strictPhoneRegionNumberCheck asks for one",
                "手机号没有带国家或地区码，而 strictPhoneRegionNumberCheck 要求必须带上",
            ),
            Self::Landline => (
                "the phone number is a landline, which takes no text messages",
                "该号码是固定电话，无法接收短信",
            ),
            Self::Service => (
                "the phone number is a service number, which takes no verification codes",
                "该号码是服务号码，无法接收验证码",
            ),
            Self::PlusOneOrMainland => (
                "read with its country code first, this is a +1 landline or service number, which takes no verification codes; without one it would be a mainland mobile number",
                "按国家码在前来读，该号码是 +1 的固定电话或服务号码，无法接收验证码；若不带国家码，则是一个中国内地手机号",
            ),
        }
    }

    fn cures(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => (
                "give a number such as +86 138 0013 8000",
                "请填写号码，例如 +86 138 0013 8000",
            ),
            Self::Letters | Self::Character => (
                "write digits only, with + and the country code in front",
                "只填写数字，并在前面加上 + 和国家或地区码",
            ),
            Self::Several => ("send to one number at a time", "每次只发送给一个号码"),
            Self::TooShort | Self::TooLong | Self::Invalid => (
                "check the digits, and that the country code in front is the right one",
                "请核对号码各位数字，以及前面的国家或地区码是否正确",
            ),
            Self::UnknownCountryCode => (
                "put the right country code in front, such as +86 for the mainland or +852 for Hong Kong",
                "请在前面加上正确的国家或地区码，例如内地 +86、香港 +852",
            ),
            Self::NoReading => (
                "write + and the country code in front, such as +1 415 555 2671, or set defaultCountry to the country whose numbers come without one, such as \"US\"",
                "请在前面写上 + 和国家或地区码，例如 +1 415 555 2671；或将 defaultCountry 设为号码不带国家或地区码的国家，例如 \"US\"",
            ),
            Self::PlusWithoutCountryCode => (
                "write +86 in front of a mainland number",
                "中国内地号码请在前面写 +86",
            ),
            Self::CountryCodeMissing => (
                "write + and the country code in front, such as +86, or set strictPhoneRegionNumberCheck to false",
                "请在前面写上 + 和国家或地区码，例如 +86；或将 strictPhoneRegionNumberCheck 设为 false",
            ),
            Self::Landline | Self::Service => (
                "use a mobile number; if it is one, write + and its country code in front",
                "请使用手机号码；若确为手机号，请在前面写上 + 和国家或地区码",
            ),
            Self::PlusOneOrMainland => (
                "write +86 in front of a mainland number, or set defaultCountry to \"CN\"",
                "若是中国内地号码，请在前面写 +86，或将 defaultCountry 设为 \"CN\"",
            ),
        }
    }
}
