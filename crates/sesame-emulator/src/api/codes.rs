//! The rules of sending are the same for all APIs, the names of their codes are
//! not: here those of `Dysmsapi` 2017-05-25 become the other's.

use std::borrow::Cow;

use super::actions::Product;
use super::refusal::Refusal;
use super::texts;
use crate::account::{ErrorCodes, Pns};
use crate::meter::{Passed, Window};

impl Refusal {
    /// A product's refusal in the names of the product that was called.
    pub(super) fn of_product(mut self, product: Product, pns: &Pns) -> Self {
        let own = match (self.status, product, &self.code) {
            (200, Product::Globe, Cow::Borrowed(code)) => globe(code),
            (200, Product::Pns, Cow::Borrowed(code)) => number_verification(code, pns.error_codes),
            _ => return self,
        };
        let is_usual = texts::published(&self.code).is_some_and(|(_, words)| words == self.message);
        if is_usual && let Some((_, words)) = texts::published(own) {
            self.message = words.into();
        }
        self.code = own.into();
        self
    }

    /// A limit of one number was passed. The international site has a code for
    /// each window, the others have one and say it in words.
    pub(super) fn over_limit(product: Product, passed: Passed) -> Self {
        let code = match (product, passed.window) {
            (Product::Globe, Window::Minute) => "BUSINESS_LIMIT_CONTROL_MINUTE",
            (Product::Globe, Window::Hour) => "isv.BUSINESS_LIMIT_HOUR",
            (Product::Globe, Window::Day) => "isv.BUSINESS_LIMIT_DAY",
            (Product::Globe, Window::NumberDay) => "BUSINESS_LIMIT_CONTROL_PHONE",
            _ => {
                return Self::business("isv.BUSINESS_LIMIT_CONTROL")
                    .with_message(passed.to_string());
            }
        };
        Self::business(code)
    }
}

fn globe(code: &'static str) -> &'static str {
    match code {
        "isv.SMS_SIGNATURE_ILLEGAL" => "SMS_SIGN_NAME_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL" => "SMS_CONTENT_CODE_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS" => "CONTENT_MISSING_PARAMETERS",
        "isv.PRODUCT_UN_SUBSCRIPT" => "PRODUCT_NOT_SUBSCRIBED",
        "isv.SECURITY_FROZEN_ACCOUNT" => "ACCOUNT_ILLEGAL",
        // So they stand in the list.
        "isv.BUSINESS_LIMIT_HOUR" | "isv.BUSINESS_LIMIT_DAY" | "isv.COUNTRY_RESTRICTED" => code,
        _ => bare(code),
    }
}

fn number_verification(code: &'static str, form: ErrorCodes) -> &'static str {
    let code = match code {
        "isv.PRODUCT_UN_SUBSCRIPT" => "isv.PRODUCT_UNSUBSCRIBE",
        "isp.RAM_PERMISSION_DENY" => "isv.RAM_PERMISSION_DENY",
        "isv.AMOUNT_NOT_ENOUGH" => "isv.OUT_OF_SERVICE",
        other => other,
    };
    match (form, code) {
        (ErrorCodes::Bare, "biz.FREQUENCY") => "FREQUENCY_FAIL",
        (
            ErrorCodes::Bare,
            "isv.BUSINESS_LIMIT_CONTROL" | "isv.MOBILE_NUMBER_ILLEGAL" | "isv.INVALID_PARAMETERS",
        ) => bare(code),
        _ => code,
    }
}

fn bare(code: &'static str) -> &'static str {
    code.strip_prefix("isv.")
        .or_else(|| code.strip_prefix("isp."))
        .unwrap_or(code)
}
