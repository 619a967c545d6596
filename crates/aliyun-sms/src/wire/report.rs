//! Delivery reports, as Aliyun pushes them by HTTP: a JSON array of them in one
//! POST, answered by an [`Acknowledgement`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{GlobeStatus, lenient};
use crate::redact::mask_number;

/// `SmsReport`: what became of one message. May come twice, and out of order.
///
/// Only `phone_number` and `success` must be there: a report is pushed again only
/// until it is acknowledged, so none may be lost for a side field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// 11 digits for mainland numbers, else country code and number.
    #[serde(deserialize_with = "lenient::string")]
    pub phone_number: String,
    /// `yyyy-MM-dd HH:mm:ss`, UTC+8.
    #[serde(default, deserialize_with = "lenient::string")]
    pub send_time: String,
    /// `yyyy-MM-dd HH:mm:ss`, UTC+8.
    #[serde(default, deserialize_with = "lenient::string")]
    pub report_time: String,
    /// Whether it arrived: go by this, not by the code.
    #[serde(deserialize_with = "lenient::truth")]
    pub success: bool,
    /// `DELIVERED`, or why it failed; the set is open.
    #[serde(default, deserialize_with = "lenient::string")]
    pub err_code: String,
    /// Aliyun's words for the code.
    #[serde(default, deserialize_with = "lenient::string")]
    pub err_msg: String,
    /// Number of parts the text was cut into, as text.
    #[serde(default, deserialize_with = "lenient::string")]
    pub sms_size: String,
    /// The receipt of the send.
    #[serde(default, deserialize_with = "lenient::string")]
    pub biz_id: String,
    /// The id given when sending; empty when none was.
    #[serde(default, deserialize_with = "lenient::string")]
    pub out_id: String,
}

impl fmt::Debug for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryReport")
            .field("phone_number", &mask_number(&self.phone_number))
            .field("success", &self.success)
            .field("err_code", &self.err_code)
            .field("biz_id", &self.biz_id)
            .field("out_id", &self.out_id)
            .field("report_time", &self.report_time)
            .finish_non_exhaustive()
    }
}

/// A report of the 2018-05-01 API, in names of its own. Only `to` and a status
/// must be there, as with [`DeliveryReport`].
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GlobeReport {
    /// Country code and number.
    #[serde(deserialize_with = "lenient::string")]
    pub to: String,
    /// What became of it.
    pub status: GlobeStatus,
    /// `DELIVERED`, or why it failed; the set is open.
    #[serde(default, deserialize_with = "lenient::string")]
    pub error_code: String,
    /// When the report came, `Mon, 24 Dec 2018 16:58:22 +0800`.
    #[serde(default, deserialize_with = "lenient::string")]
    pub receive_date: String,
    /// What was given as `TaskId` when sending; empty when nothing was.
    #[serde(default, deserialize_with = "lenient::string")]
    pub task_id: String,
    /// The receipt of the send.
    #[serde(default, deserialize_with = "lenient::string")]
    pub message_id: String,
}

impl fmt::Debug for GlobeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlobeReport")
            .field("to", &mask_number(&self.to))
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .field("message_id", &self.message_id)
            .field("task_id", &self.task_id)
            .finish_non_exhaustive()
    }
}

/// What a receiver answers. Aliyun reads only the number: 0 means taken,
/// anything else means push again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// 0 means taken.
    pub code: i64,
    /// Words for people; Aliyun does not read them.
    #[serde(default)]
    pub msg: String,
}

impl Acknowledgement {
    /// The reports were taken.
    pub fn taken() -> Self {
        Self {
            code: 0,
            msg: "接收成功".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_report_is_lost_for_a_side_field() {
        for text in [
            r#"{"phone_number":"13800138000","success":true}"#,
            r#"{"phone_number":13800138000,"success":"true","err_msg":null,"sms_size":1,"send_time":[],"out_id":7}"#,
        ] {
            let report: DeliveryReport = serde_json::from_str(text).expect("a report");
            assert_eq!(report.phone_number, "13800138000");
            assert!(report.success);
        }
        for text in [
            r#"{"success":true}"#,
            r#"{"phone_number":"1","success":"perhaps"}"#,
        ] {
            assert!(
                serde_json::from_str::<DeliveryReport>(text).is_err(),
                "{text}"
            );
        }
    }
}
