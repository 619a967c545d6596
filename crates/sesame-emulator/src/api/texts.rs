//! Aliyun's published codes: the HTTP status they come with, and their words.
//!
//! The words are those of recorded answers where one is known, else those of the
//! documents.

/// Status and message of a code that is published.
pub(crate) fn published(code: &str) -> Option<(u16, &'static str)> {
    let at = CODES
        .binary_search_by(|(known, _, _)| (*known).cmp(code))
        .ok()?;
    let (_, status, message) = CODES[at];
    Some((status, message))
}

/// The message of a code, or the code itself where none is published.
pub(crate) fn message(code: &'static str) -> &'static str {
    published(code).map_or(code, |(_, message)| message)
}

/// Ordered by code.
const CODES: &[(&str, u16, &str)] = &[
    ("ACCOUNT_ILLEGAL", 200, "Account not valid"),
    ("ACCOUNT_NOT_EXISTS", 200, "Account does not exist"),
    ("AMOUNT_NOT_ENOUGH", 200, "Balance too low"),
    ("BLACK_KEY_CONTROL_LIMIT", 200, "Number on a block list"),
    ("BUSINESS_LIMIT_CONTROL", 200, "Sending limit reached"),
    (
        "BUSINESS_LIMIT_CONTROL_MINUTE",
        200,
        "Limit per minute reached",
    ),
    (
        "BUSINESS_LIMIT_CONTROL_PHONE",
        200,
        "Limit per number reached",
    ),
    (
        "CONTENT_MISSING_PARAMETERS",
        200,
        "A template variable has no value",
    ),
    ("DATA_NOT_EXIST", 200, "No such message"),
    ("FORBIDDEN_ACTION", 200, "Action not allowed"),
    ("FREQUENCY_FAIL", 200, "Frequency check failed"),
    ("FUNCTION_NOT_OPENED", 200, "Function not enabled"),
    (
        "Forbidden",
        403,
        "User not authorized to operate on the specified resource.",
    ),
    (
        "Forbidden.AccessKeyDisabled",
        403,
        "The AccessKey is disabled.",
    ),
    (
        "Forbidden.RAM",
        403,
        "User not authorized to operate on the specified resource, or this API does not support RAM.",
    ),
    ("INVALID_JSON_PARAM", 200, "TemplateParam is not valid JSON"),
    ("INVALID_PARAMETERS", 200, "Invalid parameters"),
    ("INVALID_SENDERID", 200, "Sender ID not valid"),
    (
        "IncompleteSignature",
        400,
        "The request signature does not conform to Aliyun standards.",
    ),
    (
        "InternalError",
        500,
        "The request processing has failed due to some unknown error, exception or failure.",
    ),
    (
        "InvalidAccessKeyId",
        400,
        "Specified access key is invalid.",
    ),
    (
        "InvalidAccessKeyId.Inactive",
        400,
        "Specified access key is disabled.",
    ),
    (
        "InvalidAccessKeyId.NotFound",
        404,
        "Specified access key is not found.",
    ),
    (
        "InvalidAction.NotFound",
        404,
        "Specified api is not found, please check your url and method.",
    ),
    ("InvalidApi.NotFound", 404, "Specified api is not found."),
    (
        "InvalidPageSize",
        400,
        "Specified parameter PageSize is not valid.",
    ),
    ("InvalidParameter", 400, "A parameter is not valid."),
    (
        "InvalidParameter.Format",
        400,
        "Specified parameter Format is not valid.",
    ),
    ("InvalidRegionId", 400, "Specified RegionId is not valid."),
    (
        "InvalidSecurityToken.Expired",
        400,
        "Specified SecurityToken is expired.",
    ),
    (
        "InvalidSecurityToken.Malformed",
        400,
        "Specified SecurityToken is malformed.",
    ),
    (
        "InvalidSecurityToken.MismatchWithAccessKey",
        400,
        "Specified SecurityToken mismatch with the AccessKey.",
    ),
    (
        "InvalidSignatureMethod",
        400,
        "Specified signature method is not valid.",
    ),
    (
        "InvalidSignatureVersion",
        400,
        "Specified parameter SignatureVersion is not valid.",
    ),
    (
        "InvalidTimeStamp.Expired",
        400,
        "Specified time stamp or date value is expired.",
    ),
    (
        "InvalidTimeStamp.Format",
        400,
        "Specified time stamp or date value is not well formatted.",
    ),
    (
        "InvalidVersion",
        400,
        "Specified parameter Version is not valid.",
    ),
    ("MOBILE_COUNT_OVER_LIMIT", 200, "Too many numbers"),
    ("MOBILE_NUMBER_ILLEGAL", 200, "Mobile number illegal"),
    (
        "MissingAccessKeyId",
        400,
        "AccessKeyId is mandatory for this action.",
    ),
    ("MissingAction", 400, "Action is mandatory for this action."),
    (
        "MissingCurrentPage",
        400,
        "CurrentPage is mandatory for this action.",
    ),
    (
        "MissingPageSize",
        400,
        "PageSize is mandatory for this action.",
    ),
    ("MissingParameter", 400, "A required parameter is missing."),
    (
        "MissingPhoneNumber",
        400,
        "PhoneNumber is mandatory for this action.",
    ),
    (
        "MissingPhoneNumberJson",
        400,
        "PhoneNumberJson is mandatory for this action.",
    ),
    (
        "MissingPhoneNumbers",
        400,
        "PhoneNumbers is mandatory for this action.",
    ),
    (
        "MissingSecurityToken",
        400,
        "SecurityToken is mandatory for this action.",
    ),
    (
        "MissingSendDate",
        400,
        "SendDate is mandatory for this action.",
    ),
    (
        "MissingSignName",
        400,
        "SignName is mandatory for this action.",
    ),
    (
        "MissingSignNameJson",
        400,
        "SignNameJson is mandatory for this action.",
    ),
    (
        "MissingSignature",
        400,
        "Signature is mandatory for this action.",
    ),
    (
        "MissingTemplateCode",
        400,
        "TemplateCode is mandatory for this action.",
    ),
    (
        "MissingTemplateContent",
        400,
        "TemplateContent is mandatory for this action.",
    ),
    (
        "MissingTemplateName",
        400,
        "TemplateName is mandatory for this action.",
    ),
    (
        "MissingTemplateParam",
        400,
        "TemplateParam is mandatory for this action.",
    ),
    (
        "MissingTemplateType",
        400,
        "TemplateType is mandatory for this action.",
    ),
    (
        "MissingVerifyCode",
        400,
        "VerifyCode is mandatory for this action.",
    ),
    (
        "MissingVersion",
        400,
        "Version is mandatory for this action.",
    ),
    (
        "NOT_SUPPORTED_COUNTRY",
        200,
        "Destination country not supported",
    ),
    (
        "NoPermission",
        403,
        "You are not authorized to do this action.",
    ),
    ("ONLINE_BILLING_FAILED", 200, "Charging failed"),
    ("OUT_OF_SERVICE", 200, "Service suspended (arrears)"),
    ("PARAM_LENGTH_LIMIT", 200, "Value too long"),
    ("PRODUCT_NOT_SUBSCRIBED", 200, "Product not enabled"),
    ("QPS_LIMIT_CONTROL", 200, "Too many requests per second"),
    ("QUERY_DATE_ILLEGAL", 200, "Query date not valid"),
    ("RAM_PERMISSION_DENY", 200, "RAM permission denied"),
    ("SMS_CONTENT_CODE_ILLEGAL", 200, "Template code not valid"),
    ("SMS_CONTENT_ILLEGAL", 200, "Content not allowed"),
    (
        "SMS_SECURITY_INTERCEPTED",
        200,
        "Stopped for security reasons",
    ),
    ("SMS_SIGN_NAME_ILLEGAL", 200, "Signature not valid"),
    ("SYSTEM_ERROR", 200, "System error"),
    ("ServiceTimeout", 503, "The request has timed out."),
    (
        "ServiceUnavailable",
        503,
        "The request has failed due to a temporary failure of the server.",
    ),
    (
        "SignatureDoesNotMatch",
        400,
        "Specified signature does not match our calculation.",
    ),
    (
        "SignatureNonceUsed",
        400,
        "Specified signature nonce was used already.",
    ),
    (
        "Throttling",
        400,
        "Request was denied due to request throttling.",
    ),
    (
        "Throttling.Api",
        400,
        "Request was denied due to api flow control.",
    ),
    (
        "Throttling.System",
        400,
        "Request was denied due to system flow control.",
    ),
    (
        "Throttling.User",
        400,
        "Request was denied due to user flow control.",
    ),
    (
        "UnknownError",
        500,
        "The request processing has failed due to some unknown error.",
    ),
    (
        "UnsupportedHTTPMethod",
        400,
        "This http method is not supported.",
    ),
    ("UnsupportedProtocol", 400, "Protocol not supported."),
    ("biz.FREQUENCY", 200, "check frequency failed"),
    ("isp.GATEWAY_ERROR", 200, "Gateway error"),
    ("isp.RAM_PERMISSION_DENY", 200, "没有访问权限"),
    ("isp.SYSTEM_ERROR", 200, "System error"),
    ("isp.UNKNOWN_ERR_CODE", 200, "Unknown error"),
    ("isv.ACCOUNT_ABNORMAL", 200, "Account abnormal"),
    ("isv.ACCOUNT_NOT_EXISTS", 200, "Account does not exist"),
    ("isv.AMOUNT_NOT_ENOUGH", 200, "Balance too low"),
    (
        "isv.BLACK_KEY_CONTROL_LIMIT",
        200,
        "Number on the do-not-disturb list",
    ),
    ("isv.BUSINESS_LIMIT_CONTROL", 200, "触发分钟级流控Permits:1"),
    ("isv.BUSINESS_LIMIT_DAY", 200, "Limit per day reached"),
    ("isv.BUSINESS_LIMIT_HOUR", 200, "Limit per hour reached"),
    ("isv.CODE_ERROR", 200, "Extension code unusable"),
    ("isv.CODE_EXCEED_LIMIT", 200, "Too many extension codes"),
    (
        "isv.COUNTRY_RESTRICTED",
        200,
        "Destination country restricted",
    ),
    ("isv.CUSTOMER_REFUSED", 200, "Recipient opted out"),
    ("isv.DAY_LIMIT_CONTROL", 200, "Daily account limit reached"),
    ("isv.DENY_IP_RANGE", 200, "源IP地址所在的地区被禁用"),
    (
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        200,
        "Domestic number not supported by this template",
    ),
    ("isv.ERROR_EMPTY_FILE", 200, "Empty file"),
    (
        "isv.ERROR_SIGN_NOT_DELETE",
        200,
        "Signature cannot be deleted",
    ),
    (
        "isv.ERROR_SIGN_NOT_MODIFY",
        200,
        "Signature cannot be modified",
    ),
    (
        "isv.ERROR_TEMPLATE_NOT_DELETE",
        200,
        "Template cannot be deleted",
    ),
    (
        "isv.ERROR_TEMPLATE_NOT_MODIFY",
        200,
        "Template cannot be modified",
    ),
    ("isv.EXTEND_CODE_ERROR", 200, "Extension code misused"),
    ("isv.ILLEGAL_ARGUMENT", 200, "Illegal argument"),
    (
        "isv.INVALID_JSON_PARAM",
        200,
        "模板变量JSON格式错误 或 JSON变量属性与模板占位符不一致",
    ),
    (
        "isv.INVALID_PARAMETERS",
        200,
        "params must be [a-zA-Z0-9] for verification sms",
    ),
    ("isv.MOBILE_COUNT_OVER_LIMIT", 200, "Too many numbers"),
    ("isv.MOBILE_NUMBER_ILLEGAL", 200, "invalid mobile number"),
    (
        "isv.MONTH_LIMIT_CONTROL",
        200,
        "Monthly account limit reached",
    ),
    ("isv.NO_AVAILABLE_SHORT_URL", 200, "No short link"),
    (
        "isv.ONE_CODE_MULTIPLE_SIGN",
        200,
        "One code, several signatures",
    ),
    ("isv.OUT_OF_SERVICE", 200, "Service suspended"),
    ("isv.PARAM_LENGTH_LIMIT", 200, "Value too long"),
    ("isv.PARAM_NOT_SUPPORT_URL", 200, "URL in a variable"),
    ("isv.PHONENUMBERS_OVER_LIMIT", 200, "Too many numbers"),
    ("isv.PRODUCT_UNSUBSCRIBE", 200, "Product not enabled"),
    ("isv.PRODUCT_UN_SUBSCRIPT", 200, "Product not enabled"),
    ("isv.RAM_PERMISSION_DENY", 200, "RAM permission denied"),
    ("isv.SECURITY_FROZEN_ACCOUNT", 200, "Account frozen"),
    ("isv.SHORTURL_DOMAIN_EMPTY", 200, "Short link domain empty"),
    ("isv.SHORTURL_NAME_ILLEGAL", 200, "Short link name illegal"),
    ("isv.SHORTURL_OVER_LIMIT", 200, "Too many short links"),
    (
        "isv.SHORTURL_STILL_AVAILABLE",
        200,
        "Short link still valid",
    ),
    ("isv.SHORTURL_TIME_ILLEGAL", 200, "Short link time illegal"),
    (
        "isv.SIGNATURE_BLACKLIST",
        200,
        "Signature on the block list",
    ),
    (
        "isv.SIGN_COUNT_OVER_LIMIT",
        200,
        "Too many signature applications today",
    ),
    ("isv.SIGN_FILE_LIMIT", 200, "Signature file too large"),
    ("isv.SIGN_NAME_ILLEGAL", 200, "Signature name illegal"),
    ("isv.SIGN_OVER_LIMIT", 200, "Signature too long"),
    (
        "isv.SIGN_SOURCE_ILLEGAL",
        200,
        "Signature source not supported",
    ),
    ("isv.SIGN_STATE_ILLEGAL", 200, "Signature state unusable"),
    ("isv.SMS_CONTENT_ILLEGAL", 200, "Content not allowed"),
    (
        "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE",
        200,
        "Content does not fit the template type",
    ),
    ("isv.SMS_OVER_LIMIT", 200, "Too many applications"),
    ("isv.SMS_SIGNATURE_ILLEGAL", 200, "该账号下找不到对应签名"),
    (
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        200,
        "Signature and template types do not fit",
    ),
    ("isv.SMS_SIGN_EMOJI_ILLEGAL", 200, "Emoji in the signature"),
    ("isv.SMS_SIGN_ILLEGAL", 200, "Signature banned"),
    ("isv.SMS_TEMPLATE_ILLEGAL", 200, "该账号下找不到对应模板"),
    ("isv.SMS_TEST_NUMBER_LIMIT", 200, "Trial number"),
    (
        "isv.SMS_TEST_SIGN_TEMPLATE_LIMIT",
        200,
        "Test signature and template belong together",
    ),
    (
        "isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL",
        200,
        "Trial template value",
    ),
    ("isv.SOURCEURL_OVER_LIMIT", 200, "Source URL too long"),
    (
        "isv.TEMPLATE_COUNT_OVER_LIMIT",
        200,
        "Too many template applications today",
    ),
    (
        "isv.TEMPLATE_MISSING_PARAMETERS",
        200,
        "模板变量缺少对应参数值",
    ),
    ("isv.TEMPLATE_OVER_LIMIT", 200, "Template too long"),
    (
        "isv.TEMPLATE_PARAMS_ILLEGAL",
        200,
        "Template parameters illegal",
    ),
    ("isv.UNSUPPORTED_CONTENT", 200, "Unsupported characters"),
    ("isv.VERIFY_SCHEME_NOT_EXIST", 200, "Scheme does not exist"),
    ("isv.ValidateFail", 400, "验证失败"),
    (
        "template_parameter_count_illegal",
        200,
        "Wrong number of variables",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
