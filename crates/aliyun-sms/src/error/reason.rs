//! Why there was no connection, and what an answer was that is none: in words
//! for both readers.

use std::borrow::Cow;
use std::fmt;

/// Why a connection did not come about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody listens there.
    Refused,
    /// The certificate's issuer is not trusted.
    UntrustedIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has expired, or this machine's clock is ahead.
    Expired,
    /// The certificate is not valid yet, or this machine's clock is behind.
    NotYetValid,
    /// The server shows an authority's certificate as its own.
    AuthorityAsServer,
    /// The other side broke the TLS handshake off, or speaks no TLS.
    HandshakeBroken,
    /// The proxy wants a user name and a password, or other ones.
    ProxyAuthentication,
    /// The proxy said no.
    ProxyRefused,
    /// In the words of the system or of the TLS library.
    Other(String),
}

impl Reason {
    /// In English.
    pub fn en(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Refused => "nobody listens there (connection refused)",
            Self::UntrustedIssuer => {
                "the certificate's issuer is not trusted; if it is your own, name its file in SSL_CERT_FILE"
            }
            Self::WrongName => "the certificate is for another name",
            Self::Expired => "the certificate has expired, or this machine's clock is ahead",
            Self::NotYetValid => {
                "the certificate is not valid yet, or this machine's clock is behind"
            }
            Self::AuthorityAsServer => {
                "the server shows an authority's certificate as its own; make one with basicConstraints=CA:FALSE"
            }
            Self::HandshakeBroken => "the handshake broke off; is there TLS at all?",
            Self::ProxyAuthentication => "it wants a user name and password, or other ones",
            Self::ProxyRefused => "it refused the connection",
            Self::Other(words) => return Cow::Owned(words.clone()),
        })
    }

    /// In Chinese; what is in the words of the system stays in them.
    pub fn zh(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Refused => "该地址无人监听（连接被拒绝）",
            Self::UntrustedIssuer => {
                "证书颁发者不受信任；若为自有证书，请在 SSL_CERT_FILE 中指定其文件"
            }
            Self::WrongName => "证书与主机名不符",
            Self::Expired => "证书已过期，或本机时钟偏快",
            Self::NotYetValid => "证书尚未生效，或本机时钟偏慢",
            Self::AuthorityAsServer => {
                "服务器直接使用了 CA 证书；请签发带 basicConstraints=CA:FALSE 的服务器证书"
            }
            Self::HandshakeBroken => "TLS 握手中断；对方可能并未启用 TLS",
            Self::ProxyAuthentication => "代理要求用户名和密码，或现有的不正确",
            Self::ProxyRefused => "代理拒绝了连接",
            Self::Other(words) => return Cow::Owned(words.clone()),
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en())
    }
}

/// What an answer looks like that is none of Aliyun's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looks {
    /// A redirect, which is not followed.
    Redirect,
    /// An HTML page, of a proxy or a captive portal.
    Html,
    /// A body compressed though that was not asked for.
    Compressed,
    /// More than any of these APIs answers.
    TooLarge,
    /// No body at all.
    Empty,
    /// JSON that is cut off or has no code.
    NoCode,
    /// `OK` with an HTTP status that says otherwise.
    Contradiction,
    /// Neither JSON nor any of the above.
    NotJson,
}

impl Looks {
    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::Redirect => "a redirect",
            Self::Html => "an HTML page",
            Self::Compressed => "a compressed body that was not asked for",
            Self::TooLarge => "more than 1 MiB",
            Self::Empty => "an empty body",
            Self::NoCode => "JSON that is cut off or has no code",
            Self::Contradiction => "OK with a status that says otherwise",
            Self::NotJson => "a body that is not JSON",
        }
    }

    /// In Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Redirect => "重定向",
            Self::Html => "HTML 页面",
            Self::Compressed => "未请求压缩却返回压缩内容",
            Self::TooLarge => "内容超过 1 MiB",
            Self::Empty => "内容为空",
            Self::NoCode => "JSON 不完整或没有 Code",
            Self::Contradiction => "Code 为 OK，但 HTTP 状态码并非成功",
            Self::NotJson => "内容不是 JSON",
        }
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}
