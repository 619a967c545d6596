"""Makes mistakes.json: requests signed with one known mistake (or two).

Independent of the Rust code: only Python's hmac, hashlib and urllib. Run it as
`python3 mistakes.py > mistakes.json`. Every key and secret is made up.
"""

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import quote, quote_plus

ID, SECRET = "mistakeKeyId", "mistakeKeySecret"
EMPTY = hashlib.sha256(b"").hexdigest()
HOST = "dysmsapi.aliyuncs.com"
DATE = "2024-01-02T03:04:05Z"
VALUE = "a b*c~d!e'f(g)h/i+j:阿"


def pe(text):
    return quote(text, safe="-_.~")


def params(**extra):
    return {
        "PhoneNumbers": "13800138000",
        "SignName": "阿里云",
        "TemplateCode": "SMS_154950909",
        "TemplateParam": '{"code":"123456"}',
        "OutId": VALUE,
        "SmsUpExtendCode": "",
        **extra,
    }


def common():
    return {
        "AccessKeyId": ID,
        "Action": "SendSms",
        "Format": "JSON",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "n-1",
        "SignatureVersion": "1.0",
        "Timestamp": DATE,
        "Version": "2017-05-25",
    }


def v1(*expect, method="GET", signed_method=None, key=SECRET + "&", enc=pe, outer=pe,
       prefix="{m}&%2F&", pairs=None, sort=sorted, out=None, digest=hashlib.sha1,
       send_enc=pe, send_sig=pe, swap=False, form=False, extra=None, split=None, intent=None,
       before="", after=""):
    sent = {**(pairs or {**params(), **common()})}
    signed = split(sent) if split else sent
    items = sort(signed.items())
    canonical = before + "&".join(f"{enc(k)}={enc(v)}" for k, v in items)
    text = prefix.format(m=signed_method or method) + outer(canonical) + after
    a, b = (text, key) if swap else (key, text)
    raw = hmac.new(a.encode(), b.encode(), digest)
    signature = out(raw) if out else base64.b64encode(raw.digest()).decode()
    sent.update(extra or {})
    body = ""
    query = sent
    if form:
        body = "&".join(f"{pe(k)}={pe(v)}" for k, v in sent.items() if k in params())
        query = {k: v for k, v in sent.items() if k not in params()}
    target = "/?" + "&".join(f"{pe(k)}={send_enc(v)}" for k, v in query.items())
    target += "&Signature=" + send_sig(signature)
    headers = [["Host", HOST]]
    if form:
        headers.append(["Content-Type", "application/x-www-form-urlencoded"])
    return case(expect, method, target, headers, body, intent)


def case(expect, method, target, headers, body, intent=None):
    wire = {"method": method, "target": target, "headers": headers, "body": body}
    made = {"expect": list(expect), "access_key_id": ID, "access_key_secret": SECRET, "wire": wire}
    return {**made, "intent": intent} if intent else made


def acs3(*expect, method="POST", signed_method=None, key=SECRET, enc=pe, sort=sorted,
         query=None, signed_query=None, raw_query=False, path="/", host=HOST, header_sort=sorted,
         names_of=str, blank="\n", payload=None, body="", sent_body=None, out=None,
         digest=hashlib.sha256, hash_canonical=True, algorithm="ACS3-HMAC-SHA256\n", signed_host=None,
         scheme="ACS3-HMAC-SHA256", more_headers=(), drop=(), authorization=None, form=None,
         date=DATE, unsigned=(), intent=None, signed_values=None, name_case=str, colon=":",
         finish=str, shout=str, date_line="", send_enc=pe, content_type=""):
    sent = query if query is not None else params()
    url_query = "&".join(f"{pe(k)}={send_enc(v)}" for k, v in sent.items())
    if raw_query:
        canonical_query = url_query
    else:
        items = sort((signed_query if signed_query is not None else sent).items())
        canonical_query = "&".join(f"{enc(k)}={enc(v)}" for k, v in items)
    if form is not None:
        body = "&".join(f"{pe(k)}={pe(v)}" for k, v in form.items())
    digest_of_body = hashlib.sha256(body.encode()).hexdigest()
    headers = [
        ["x-acs-version", "2017-05-25"],
        ["host", host],
        ["x-acs-action", "SendSms"],
        ["x-acs-date", date],
        ["x-acs-signature-nonce", "n-1"],
        ["x-acs-content-sha256", digest_of_body],
        *[list(h) for h in more_headers],
    ]
    if body:
        headers.append(["content-type", "application/x-www-form-urlencoded" + content_type])
    values = {**({"host": signed_host} if signed_host else {}), **(signed_values or {})}
    signed = [[n, values.get(n, v)] for n, v in headers if n not in unsigned]
    signed = list(header_sort(signed))
    lines = "".join(f"{name_case(n)}{colon}{v}\n" for n, v in signed if n not in drop)
    names = names_of(";".join(n for n, _ in signed))
    canonical = "\n".join([
        signed_method or method, path, canonical_query,
        lines + blank + names,
        digest_of_body if payload is None else payload,
    ])
    canonical = finish(canonical)
    text = shout(hashlib.sha256(canonical.encode()).hexdigest()) if hash_canonical else canonical
    raw = hmac.new(key.encode(), (algorithm + date_line + text).encode(), digest)
    signature = out(raw) if out else raw.hexdigest()
    value = (authorization or "{s} Credential={i},SignedHeaders={h},Signature={x}").format(
        s=scheme, i=ID, h=names, x=signature)
    headers.append(["Authorization", value])
    target = "/" + ("?" + url_query if url_query else "")
    body = body if sent_body is None else sent_body
    return case(expect, method, target, headers, body, intent)


def b64(raw):
    return base64.b64encode(raw.digest()).decode()


def java(text):
    return quote_plus(text, safe="*-_.").replace("~", "%7E")


def script(text):
    return quote(text, safe="-_.~!'()*")


def low(text):
    return re.sub("%..", lambda m: m.group().lower(), pe(text))


def gbk(text):
    return quote(text.encode("gbk"), safe="-_.~")


def unsorted(items):
    return items


def joined(items):
    return sorted(items, key=lambda kv: f"{pe(kv[0])}={pe(kv[1])}")


def no_case(items):
    return sorted(items, key=lambda kv: kv[0].lower())


def without(*names):
    return lambda sent: {k: v for k, v in sent.items() if k not in names}


same = str
PREFIXED = {**params(), **common(), "Foo": "d", "Foo-x": "f", "Foo.1": "a", "aLower": "1", "Zed": "2"}

CASES = [
    v1(), v1(method="POST", form=True), acs3(), acs3(form=params(), query={}),
    v1("secret-without-ampersand", key=SECRET),
    v1("secret-ampersand-twice", key=SECRET + "&&"),
    v1("secret-white-space", key=SECRET + "\n&"),
    v1("secret-white-space", key='"' + SECRET + '"&'),
    v1("key-id-as-secret", key=ID + "&"),
    v1("key-and-text-swapped", swap=True),
    v1("other-method", signed_method="POST"),
    v1("other-method", method="POST", form=True, signed_method="GET"),
    v1("wrong-digest", digest=hashlib.sha256),
    v1("hex-instead-of-base64", out=lambda r: r.hexdigest()),
    v1("base64-of-hex", out=lambda r: base64.b64encode(r.hexdigest().encode()).decode()),
    v1("signature-encoded-twice", send_sig=lambda s: pe(pe(s))),
    v1("space-as-plus", enc=lambda t: pe(t).replace("%20", "+")),
    v1("star-not-encoded", enc=lambda t: pe(t).replace("%2A", "*")),
    v1("star-not-encoded", enc=lambda t: pe(t).replace("%2A", "*"), outer=lambda t: pe(t).replace("%2A", "*")),
    v1("tilde-encoded", enc=lambda t: pe(t).replace("~", "%7E")),
    v1("slash-not-encoded", enc=lambda t: pe(t).replace("%2F", "/"), outer=lambda t: pe(t).replace("%2F", "/")),
    v1("script-encoding", enc=script, outer=script),
    v1("form-encoding", enc=java, outer=java),
    v1("lower-case-hex", enc=low, outer=low),
    v1("lower-case-hex", enc=low),
    v1("canonical-query-not-encoded-again", outer=same),
    v1("values-not-encoded", enc=same),
    v1("nothing-encoded", enc=same, outer=same),
    v1("values-encoded-twice", enc=lambda t: pe(pe(t))),
    v1("plus-sent-raw", send_enc=lambda t: pe(t).replace("%2B", "+")),
    v1("empty-left-out", split=without("SmsUpExtendCode")),
    v1("signature-included", split=lambda s: {**s, "Signature": ""}),
    v1("sorted-as-joined-text", pairs=PREFIXED, sort=joined),
    v1("sorted-without-case", pairs=PREFIXED, sort=no_case),
    v1("unsorted", sort=unsorted),
    v1("form-left-out", method="POST", form=True, split=without(*params())),
    v1("query-left-out", method="POST", form=True, split=without(*common())),
    v1("parameter-added-after-signing", extra={"SecurityToken": "token"}),
    v1("path-not-encoded", prefix="{m}&/&"),
    v1("path-missing", prefix="{m}&"),
    v1("method-and-path-missing", prefix=""),
    v1("method-and-path-missing", prefix="", outer=same),
    v1("secret-without-ampersand", "hex-instead-of-base64", key=SECRET, out=lambda r: r.hexdigest()),
    v1("other-method", "space-as-plus", signed_method="POST", enc=lambda t: pe(t).replace("%20", "+")),
    v1("maybe-other-secret", key="anotherSecret&"),
    v1("timestamp-form", pairs={**params(), **common(), "Timestamp": "2024-01-02T11:04:05+08:00"}),
    v1("other-algorithm", pairs={**params(), **common(), "SignatureMethod": "HMAC-SHA256"}),

    acs3("secret-with-ampersand", key=SECRET + "&"),
    acs3("secret-white-space", key=SECRET + "\n"),
    acs3("key-id-as-secret", key=ID),
    acs3("other-method", signed_method="GET"),
    acs3("wrong-digest", digest=hashlib.sha1),
    acs3("base64-instead-of-hex", out=b64),
    acs3("upper-case-signature", out=lambda r: r.hexdigest().upper()),
    acs3("base64-of-hex", out=lambda r: base64.b64encode(r.hexdigest().encode()).decode()),
    acs3("space-as-plus", enc=lambda t: pe(t).replace("%20", "+")),
    acs3("tilde-encoded", enc=lambda t: pe(t).replace("~", "%7E")),
    acs3("form-encoding", enc=java),
    acs3("script-encoding", enc=script),
    acs3("values-not-encoded", enc=same),
    acs3("values-encoded-twice", enc=lambda t: pe(pe(t))),
    acs3("query-not-canonical", raw_query=True),
    acs3("empty-left-out", signed_query=without("SmsUpExtendCode")(params())),
    acs3("sorted-without-case", query={**params(), "aLower": "1", "Zed": "2"}, sort=no_case),
    acs3("query-left-out", signed_query={}),
    acs3("form-in-canonical-query", query={}, form=params(), signed_query=params()),
    acs3("parameter-added-after-signing", query={**params(), "Extra": "1"}, signed_query=params()),
    acs3("host-with-other-port", signed_host=HOST + ":443"),
    acs3("host-with-other-port", host=HOST + ":8080", signed_host=HOST),
    acs3("blank-line-missing", blank=""),
    acs3("headers-not-sorted", header_sort=list),
    acs3("signed-headers-differ", names_of=str.upper),
    acs3("header-not-in-canonical-request", more_headers=[("accept", "*/*")], drop=["accept"]),
    acs3("wrong-payload-hash", query={}, form=params(), payload=EMPTY),
    acs3("path-empty", path=""),
    acs3("canonical-request-not-hashed", hash_canonical=False),
    acs3("algorithm-line-missing", algorithm=""),
    acs3("body-changed", query={}, form=params(), sent_body="PhoneNumbers=13900139000"),
    acs3("maybe-other-secret", key="anotherSecret"),
    acs3("maybe-header-changed", more_headers=[("user-agent", "x")], key="anotherSecret"),
    acs3("headers-not-signed", more_headers=[("x-acs-security-token", "t")], unsigned=["x-acs-security-token"]),
    acs3("authorization-malformed", authorization="{s} Signature={x};Credential={i}"),
    acs3("other-algorithm", scheme="ACS3-HMAC-SM3"),
    acs3("timestamp-form", date="2024-01-02 03:04:05"),
    acs3("secret-with-ampersand", "base64-instead-of-hex", key=SECRET + "&", out=b64),

    v1("signature-line-break", out=lambda r: b64(r) + "\n"),
    v1("signature-line-break", out=lambda r: b64(r) + "\r\n"),
    v1("signature-line-break", out=lambda r: b64(r) + "\n", send_sig=lambda s: pe(s[:-1]) + "\n"),
    v1("signature-padding-lost", out=lambda r: b64(r).rstrip("=")),
    v1("lower-case-hex", enc=low, outer=low, prefix="{m}&%2f&"),
    v1("lower-case-hex", prefix="{m}&%2f&"),
    v1("values-as-gbk", enc=gbk),
    v1("values-as-gbk", enc=gbk, send_enc=gbk),
    v1("values-as-gbk", "secret-without-ampersand", enc=gbk, send_enc=gbk, key=SECRET),
    v1("leading-ampersand", before="&"),
    v1("line-break-at-the-end", after="\n"),
    v1("changed-after-signing", extra={"Timestamp": "2024-01-02T03:09:09Z"}, intent={"timestamp": DATE}),
    v1("changed-after-signing", extra={"SignatureNonce": "n-2", "Action": "QuerySendDetails"},
       intent={"nonce": "n-1", "action": "SendSms"}),
    v1("changed-after-signing", extra={"OutId": "é"}, intent={"parameters": params()}),
    v1("changed-after-signing", signed_method="POST", intent={"method": "POST"}),
    v1("changed-after-signing", "base64-of-hex", extra={"OutId": "é"}, intent={"parameters": params()},
       out=lambda r: base64.b64encode(r.hexdigest().encode()).decode()),
    v1("maybe-other-secret", "differs-from-input", key="anotherSecret&", intent={"nonce": "n-2"}),

    acs3("values-as-gbk", enc=gbk),
    acs3("values-as-gbk", enc=gbk, send_enc=gbk),
    acs3("canonical-hash-in-capitals", shout=str.upper),
    acs3("header-names-with-capitals", name_case=str.upper),
    acs3("header-names-with-capitals", name_case=str.upper, names_of=str.upper),
    acs3("header-names-with-capitals", name_case=str.title),
    acs3("header-names-with-capitals", name_case=str.title, names_of=str.title),
    acs3("space-behind-colon", colon=": "),
    acs3("line-break-at-the-end", finish=lambda t: t + "\n"),
    acs3("line-break-at-the-end", shout=lambda t: t + "\n"),
    acs3("windows-line-breaks", finish=lambda t: t.replace("\n", "\r\n")),
    acs3("path-encoded", path="%2F"),
    acs3("aws-key", key="AWS4" + SECRET),
    acs3("aws-date-line", date_line=DATE + "\n"),
    acs3("aws-date-line", "aws-key", date_line="20240102T030405Z\n", key="AWS4" + SECRET),
    acs3("content-type-changed", query={}, form=params(),
         signed_values={"content-type": "application/x-www-form-urlencoded; charset=utf-8"}),
    acs3("content-type-changed", query={}, form=params(), content_type="; charset=UTF-8",
         signed_values={"content-type": "application/x-www-form-urlencoded"}),
    acs3("changed-after-signing", host="127.0.0.1:8086", signed_host=HOST, intent={"host": HOST}),
    acs3("changed-after-signing", host="proxy.internal", signed_host=HOST, intent={"host": HOST, "nonce": "n-1"}),
    acs3("changed-after-signing", date="2024-01-02T03:09:09Z", signed_values={"x-acs-date": DATE},
         intent={"timestamp": DATE}),
    acs3("changed-after-signing", signed_values={"x-acs-action": "A", "x-acs-version": "V", "host": "h"},
         intent={"action": "A", "version": "V", "host": "h"}),
    acs3("changed-after-signing", more_headers=[("x-acs-security-token", "t")],
         signed_values={"x-acs-security-token": "u"}, intent={"security_token": "u"}),
    acs3("changed-after-signing", signed_query={**params(), "OutId": "x"}, intent={"parameters": {"OutId": "x"}}),
    acs3("changed-after-signing", "body-changed", query={}, form=params(),
         sent_body="PhoneNumbers=13900139000", intent={"parameters": {"PhoneNumbers": "13800138000"}}),
    acs3("maybe-header-changed", host="127.0.0.1:8086", signed_host=HOST),
    acs3("maybe-other-secret", "differs-from-input", key="anotherSecret", intent={"host": "h"}),
]

# A signature with a plus in it, sent raw.
for n in range(100):
    lost = v1("signature-plus-lost", pairs={**params(), **common(), "SignatureNonce": f"n-{n}"},
              send_sig=lambda s: s.replace("=", "%3D"))
    if "+" in lost["wire"]["target"].rsplit("Signature=", 1)[1]:
        CASES.append(lost)
        break
safe = lambda r: base64.urlsafe_b64encode(r.digest()).decode()
for n in range(100):
    url_safe = v1("signature-url-safe", pairs={**params(), **common(), "SignatureNonce": f"n-{n}"}, out=safe)
    if set("-_") & set(url_safe["wire"]["target"].rsplit("Signature=", 1)[1]):
        CASES.append(url_safe)
        break

print(json.dumps({"cases": CASES}, ensure_ascii=False, indent=1))
