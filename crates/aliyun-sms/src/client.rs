//! The client: signs a call, sends it once, reads the answer.

mod exchange;
mod request;

pub use request::{Call, Signing, sign_call};

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;

use crate::credentials::{Credentials, CredentialsError, ProvideCredentials};
use crate::endpoint::Endpoint;
use crate::error::{Disposition, Error, Unsent};
use crate::sign::SignatureVersion;
use crate::source::{Source, SystemSource};
use crate::transport::{Options, Transport};
use crate::wire::{
    Api, CheckSmsVerifyCode, CheckSmsVerifyCodeReply, GetSmsSign, GetSmsSignReply, GetSmsTemplate,
    GetSmsTemplateReply, Operation, QueryMessage, QueryMessageReply, QuerySendDetails,
    QuerySendDetailsReply, QuerySmsSignList, QuerySmsSignListReply, QuerySmsTemplateList,
    QuerySmsTemplateListReply, SendBatchSms, SendMessageToGlobe, SendMessageToGlobeReply, SendSms,
    SendSmsReply, SendSmsVerifyCode, SendSmsVerifyCodeReply,
};

/// Time for one connection, if nothing else is said.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for a whole call, if nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(8);
/// The region, if nothing else is said.
pub const REGION: &str = "cn-hangzhou";

/// A client of Aliyun's SMS APIs. Cheap to clone; clones share connections.
///
/// A call ends in a reply or in an [`Error`] whose
/// [`disposition`](Error::disposition) says whether anything can have been
/// sent. It is made again only where that is certainly not so: no connection
/// came about, the key was refused and there is another, or this machine's
/// clock was off and the answer said by how much.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    keys: Keys,
    source: Arc<dyn Source>,
    signature: SignatureVersion,
    region: String,
    /// Of every [`Api`], in its order.
    endpoints: [Endpoint; 4],
    timeout: Duration,
    resends_same_bytes: bool,
    /// How far this machine's clock is behind Aliyun's, in milliseconds, learnt
    /// from a refusal.
    clock_behind_millis: AtomicI64,
}

/// Where keys come from. A fixed one is spared the way through a provider.
#[derive(Clone, Debug)]
enum Keys {
    Fixed(Arc<Credentials>),
    Provided(Arc<dyn ProvideCredentials>),
}

impl Keys {
    async fn provide(&self) -> Result<Arc<Credentials>, CredentialsError> {
        match self {
            Self::Fixed(key) => Ok(key.clone()),
            Self::Provided(provider) => provider.provide().await,
        }
    }

    async fn replace(
        &self,
        refused: &Credentials,
    ) -> Result<Option<Arc<Credentials>>, CredentialsError> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Provided(provider) => provider.replace(refused).await,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("keys", &self.inner.keys)
            .field("endpoints", &self.inner.endpoints)
            .field("region", &self.inner.region)
            .field("signature", &self.inner.signature)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client that signs with a fixed key.
    pub fn builder(credentials: Credentials) -> ClientBuilder {
        Self::builder_of(Keys::Fixed(Arc::new(credentials)))
    }

    /// A client that asks `provider` for its credentials.
    pub fn builder_with(provider: Arc<dyn ProvideCredentials>) -> ClientBuilder {
        Self::builder_of(Keys::Provided(provider))
    }

    fn builder_of(keys: Keys) -> ClientBuilder {
        ClientBuilder {
            keys,
            source: SystemSource::shared(),
            signature: SignatureVersion::default(),
            region: Cow::Borrowed(REGION),
            endpoint: None,
            timeout: TIMEOUT,
            resends_same_bytes: false,
            options: Options::default(),
            transport: None,
        }
    }

    /// Where calls of an API go.
    pub fn endpoint(&self, api: Api) -> &Endpoint {
        &self.inner.endpoints[api as usize]
    }

    /// How far this machine's clock is behind Aliyun's, as a refusal has told;
    /// zero as long as none has.
    pub fn clock_behind(&self) -> SignedDuration {
        let millis = self.inner.clock_behind_millis.load(Ordering::Relaxed);
        SignedDuration::from_millis(millis)
    }

    /// Sends one text to one number (or one text to several). Not idempotent:
    /// read [`Error::disposition`] before sending again.
    ///
    /// # Errors
    /// Any [`Error`]; of those, [`Disposition::Unknown`] means that the text
    /// may arrive all the same.
    pub async fn send_sms(&self, request: &SendSms) -> Result<SendSmsReply, Error> {
        self.call(request).await
    }

    /// Sends up to 100 texts. Not idempotent, as [`send_sms`](Self::send_sms).
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn send_batch_sms(&self, request: &SendBatchSms) -> Result<SendSmsReply, Error> {
        self.call(request).await
    }

    /// Asks what became of the messages to one number on one day.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_send_details(
        &self,
        request: &QuerySendDetails,
    ) -> Result<QuerySendDetailsReply, Error> {
        self.call(request).await
    }

    /// Lists the account's templates.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_sms_template_list(
        &self,
        request: &QuerySmsTemplateList,
    ) -> Result<QuerySmsTemplateListReply, Error> {
        self.call(request).await
    }

    /// Tells one template in full.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn get_sms_template(
        &self,
        request: &GetSmsTemplate,
    ) -> Result<GetSmsTemplateReply, Error> {
        self.call(request).await
    }

    /// Lists the account's signatures.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_sms_sign_list(
        &self,
        request: &QuerySmsSignList,
    ) -> Result<QuerySmsSignListReply, Error> {
        self.call(request).await
    }

    /// Tells one signature in full, its filing with each carrier included.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn get_sms_sign(&self, request: &GetSmsSign) -> Result<GetSmsSignReply, Error> {
        self.call(request).await
    }

    /// Sends a code under a gift signature. Not idempotent, and cannot be asked
    /// about afterwards.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn send_sms_verify_code(
        &self,
        request: &SendSmsVerifyCode,
    ) -> Result<SendSmsVerifyCodeReply, Error> {
        self.call(request).await
    }

    /// Checks a code that Aliyun made. A wrong code is an answer, not an error,
    /// in whichever of its two forms Aliyun says so.
    ///
    /// # Errors
    /// Any [`Error`] other than the refusal of a wrong code.
    pub async fn check_sms_verify_code(
        &self,
        request: &CheckSmsVerifyCode,
    ) -> Result<CheckSmsVerifyCodeReply, Error> {
        match self.call(request).await {
            Err(Error::Refused(refusal))
                if refusal.code == CheckSmsVerifyCodeReply::VALIDATE_FAIL =>
            {
                Ok(CheckSmsVerifyCodeReply::not_passed(refusal.request_id))
            }
            other => other,
        }
    }

    /// Sends a text to a number outside the mainland, on the international
    /// site. Not idempotent.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn send_message_to_globe(
        &self,
        request: &SendMessageToGlobe,
    ) -> Result<SendMessageToGlobeReply, Error> {
        self.call(request).await
    }

    /// Asks what became of a text of
    /// [`send_message_to_globe`](Self::send_message_to_globe).
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn query_message(&self, request: &QueryMessage) -> Result<QueryMessageReply, Error> {
        self.call(request).await
    }

    /// Makes one call.
    ///
    /// # Errors
    /// Any [`Error`].
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Reply, Error> {
        let parameters = operation.parameters();
        let pairs: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (*n, v.as_ref())).collect();
        let call = Call {
            action: O::ACTION,
            api_version: O::API.version(),
            parameters: &pairs,
        };
        let endpoint = self.endpoint(O::API);
        let result = exchange::call(&self.inner, endpoint, &call, O::ACCEPTED).await;
        if let Err(error) = &result {
            tracing::debug!(
                aliyun.action = O::ACTION,
                aliyun.request_id = error.request_id(),
                is_unknown = error.disposition() == Disposition::Unknown,
                %error,
                "call not accepted"
            );
        }
        result
    }
}

/// Builds a [`Client`].
#[must_use]
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    keys: Keys,
    source: Arc<dyn Source>,
    signature: SignatureVersion,
    region: Cow<'static, str>,
    endpoint: Option<Endpoint>,
    timeout: Duration,
    resends_same_bytes: bool,
    options: Options,
    transport: Option<Transport>,
}

impl ClientBuilder {
    /// Sends every call here, whatever its API and region.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Chooses Aliyun's own endpoint of a region; default [`REGION`].
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Cow::Owned(region.into());
        self
    }

    /// Which signature to send; default ACS3.
    pub fn signature(mut self, version: SignatureVersion) -> Self {
        self.signature = version;
        self
    }

    /// Time for one connection; default [`CONNECT_TIMEOUT`].
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Time for a whole call, credentials and connecting included; default
    /// [`TIMEOUT`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// After a call that nobody answered, sends the very same signed bytes once
    /// more; default off. Aliyun takes one nonce once, so this should not send
    /// twice, but nothing documents that all its gateways share their nonces.
    /// After it only `OK` proves anything: any refusal counts as unknown.
    pub fn resend_same_bytes(mut self, on: bool) -> Self {
        self.resends_same_bytes = on;
        self
    }

    /// Trusts these certificates too, PEM.
    pub fn extra_roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.options.extra_roots_pem = Some(pem.into());
        self
    }

    /// Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` count;
    /// default on.
    pub fn environment_proxy(mut self, on: bool) -> Self {
        self.options.environment_proxy = on;
        self
    }

    /// Shares connections with all clients that are given the same; how those
    /// come about was said when they were made.
    pub fn transport(mut self, transport: &Transport) -> Self {
        self.transport = Some(transport.clone());
        self
    }

    /// Where time and nonces come from.
    pub fn source(mut self, source: Arc<dyn Source>) -> Self {
        self.source = source;
        self
    }

    /// Makes the client. Opens no connection yet.
    ///
    /// # Errors
    /// [`Unsent::Setup`] if TLS cannot be set up.
    pub fn build(self) -> Result<Client, Unsent> {
        let endpoints = Api::ALL.map(|api| match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::of_region(api, &self.region),
        });
        let transport = match self.transport {
            Some(shared) => shared,
            None => Transport::with(&self.options)?,
        };
        Ok(Client {
            inner: Arc::new(Inner {
                transport,
                keys: self.keys,
                source: self.source,
                signature: self.signature,
                region: self.region.into_owned(),
                endpoints,
                timeout: self.timeout,
                resends_same_bytes: self.resends_same_bytes,
                clock_behind_millis: AtomicI64::new(0),
            }),
        })
    }
}
