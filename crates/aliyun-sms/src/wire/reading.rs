//! An answer read in one pass, for both who ask: what became of the call, and
//! what does the operation say?

use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Deserialize, Deserializer};

use super::lenient::Loose;
use super::{Envelope, without_mark};

/// An answer whose envelope and reply are both as they should be.
pub(crate) struct Reading<'a, R> {
    pub(crate) envelope: Envelope<'a>,
    pub(crate) reply: R,
}

impl<'a, R: DeserializeOwned> Reading<'a, R> {
    /// `None` where either cannot be read; the envelope alone may still be.
    pub(crate) fn read(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(without_mark(body)).ok()
    }
}

impl<'de, R: DeserializeOwned> Deserialize<'de> for Reading<'de, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadingVisitor(PhantomData))
    }
}

struct ReadingVisitor<R>(PhantomData<R>);

impl<'de, R: DeserializeOwned> Visitor<'de> for ReadingVisitor<R> {
    type Value = Reading<'de, R>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let overheard = Overheard {
            object,
            envelope: &mut envelope,
            is_for_envelope: None,
        };
        let reply = R::deserialize(MapAccessDeserializer::new(overheard))?;
        Ok(Reading { envelope, reply })
    }
}

/// An object that is read for the reply, while the envelope listens.
struct Overheard<'e, 'de, A> {
    object: A,
    envelope: &'e mut Envelope<'de>,
    /// Where the value goes whose name was read last.
    is_for_envelope: Option<Field>,
}

#[derive(Clone, Copy)]
enum Field {
    Code,
    ResponseCode,
    Message,
    RequestId,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Overheard<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.object.next_key::<Loose<'de>>()? else {
            return Ok(None);
        };
        let name = name.as_str().unwrap_or_default();
        self.is_for_envelope = match name {
            "Code" => Some(Field::Code),
            "ResponseCode" => Some(Field::ResponseCode),
            "Message" => Some(Field::Message),
            "RequestId" => Some(Field::RequestId),
            _ => None,
        };
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let place = match self.is_for_envelope {
            None => return self.object.next_value_seed(seed),
            Some(Field::Code) => &mut self.envelope.code,
            Some(Field::ResponseCode) => &mut self.envelope.response_code,
            Some(Field::Message) => &mut self.envelope.message,
            Some(Field::RequestId) => &mut self.envelope.request_id,
        };
        if place.as_str().is_some() {
            return Err(A::Error::custom("the same field twice"));
        }
        *place = self.object.next_value()?;
        match place.as_str() {
            Some(text) => seed.deserialize(text.into_deserializer()),
            None => seed.deserialize(().into_deserializer()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::SendSmsReply;

    #[test]
    fn one_pass_reads_what_two_would() {
        for body in [
            r#"{"Message":"OK","RequestId":"A-1","Code":"OK","BizId":"9^0"}"#,
            r#"{"C\u006fde":"OK","RequestId":null,"BizId":9,"Else":{"Code":"X"}}"#,
            "\u{feff}{\"ResponseCode\":\"OK\",\"Message\":{\"a\":[1]},\"BizId\":\"9\"}",
            r#"{"Code":15,"RequestId":"not an id"}"#,
            "{}",
        ] {
            let envelope = Envelope::read(body.as_bytes()).expect(body);
            let reply: SendSmsReply =
                serde_json::from_slice(without_mark(body.as_bytes())).expect(body);
            let reading = Reading::<SendSmsReply>::read(body.as_bytes()).expect(body);
            assert_eq!(reading.reply, reply, "{body}");
            assert_eq!(reading.envelope.code(), envelope.code(), "{body}");
            assert_eq!(reading.envelope.message(), envelope.message(), "{body}");
            assert_eq!(reading.envelope.request_id(), envelope.request_id());
        }
        for body in [
            "",
            "[\"OK\"]",
            "{\"Code\":\"OK\"",
            "{\"Code\":\"OK\"} and more",
            r#"{"Code":"OK","Code":"OK"}"#,
        ] {
            assert!(Reading::<SendSmsReply>::read(body.as_bytes()).is_none());
        }
    }
}
