//! `QueryTokenForMnsQueue`: a temporary key for the message queues.

use serde_json::json;

use super::Call;
use super::refusal::Refusal;
use super::reply::Fields;
use super::review::unfit;
use crate::clock::beijing_text;
use crate::queue::{MessageType, QueueToken};
use crate::state::Shared;

pub(super) fn query_token_for_mns_queue(
    call: &Call<'_>,
    shared: &Shared,
) -> Result<Fields, Refusal> {
    let kind = MessageType::parse(call.get("MessageType").unwrap_or_default())
        .ok_or_else(|| unfit("MessageType is none of a queue"))?;
    let token = QueueToken::new(&*shared.source, call.now);
    let mut state = shared.lock();
    let account_id = &state.book.account.account_id;
    let is_own = |name: &str| MessageType::of_queue(name, account_id) == Some(kind);
    if !call.get("QueueName").is_none_or(is_own) {
        return Err(unfit("QueueName is none of this account and type"));
    }
    let told = json!({
        "AccessKeyId": token.key_id,
        "AccessKeySecret": token.secret.reveal(),
        "SecurityToken": token.token.reveal(),
        "CreateTime": beijing_text(token.created_at),
        "ExpireTime": beijing_text(token.ends_at),
    });
    state.queues.add_token(token);
    Ok(vec![("MessageTokenDTO", told)])
}
