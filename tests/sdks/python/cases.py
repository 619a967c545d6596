"""The cases, each run for every way of calling. A failed `assert` fails a case."""

import json

import behaviour
import emulator
from clients import Key, same_nonce

PHONE = "13800138000"
OTHER_PHONE = "13900139000"
SIGN = "阿里云短信测试"
OTHER_SIGN = "Sesame & Söhne (50 %) + *"
TEMPLATE = "SMS_154950909"
NOTICE = "SMS_154950910"

GOOD = Key("testid", "testsecret", None)
TEMPORARY = Key(
    "STS.testid", "temporarysecret", "CAIS+token/with=signs that need*escaping~"
)
WRONG_SECRET = GOOD._replace(secret="not-the-secret")
UNKNOWN = GOOD._replace(id="nobody")


def message(**changes):
    """The parameters of a SendSms; a change to None leaves one out."""
    params = {
        "PhoneNumbers": PHONE,
        "SignName": SIGN,
        "TemplateCode": TEMPLATE,
        "TemplateParam": '{"code":"246810"}',
    }
    params.update(changes)
    return {name: value for name, value in params.items() if value is not None}


def send(way, key=GOOD, **changes):
    """Sends one message and returns the accepted answer."""
    return accepted(way.call("SendSms", message(**changes), key))


def accepted(told):
    """The answer of a call that must have been accepted."""
    assert "returned" in told, told
    answer = told["returned"]
    # The older client hands the body on as text.
    answer = json.loads(answer) if isinstance(answer, str) else answer
    assert answer["Code"] == "OK" and answer["Message"] == "OK", answer
    assert behaviour.UUID.fullmatch(answer["RequestId"]), answer
    return answer


def refused(told, code, status):
    """Checks the code and HTTP status a client reports."""
    assert told.get("code") == code, told
    assert told.get("status_code") == status, told


def lands_in_the_inbox(way):
    emulator.reset()
    answer = send(way, OutId="order-1")
    (got,) = emulator.messages(PHONE)
    assert got["text"] == f"【{SIGN}】您的验证码为：246810，请勿泄露于他人！", got
    assert got["sign_name"] == SIGN and got["template_code"] == TEMPLATE, got
    assert got["template_param"] == {"code": "246810"}, got
    assert got["biz_id"] == answer["BizId"] and got["out_id"] == "order-1", got
    assert behaviour.BIZ_ID.fullmatch(answer["BizId"]), answer
    assert emulator.requests() == 1


def values_arrive_unchanged(way):
    for name, value in emulator.shared("values.json").items():
        emulator.reset()
        send(way, OutId=value)
        (got,) = emulator.messages(PHONE)
        assert (got["out_id"] or "") == value, (name, got)


def text_arrives_unchanged(way):
    emulator.reset()
    param = {"name": "张 三", "note": "50% + 1/2 = *~!'()&"}
    send(
        way,
        SignName=OTHER_SIGN,
        TemplateCode=NOTICE,
        TemplateParam=json.dumps(param, ensure_ascii=False),
    )
    (got,) = emulator.messages(PHONE)
    assert got["text"] == f"【{OTHER_SIGN}】张 三，您好：50% + 1/2 = *~!'()&", got


def several_numbers_get_one_receipt(way):
    emulator.reset()
    answer = send(way, PhoneNumbers=f"{PHONE},+86{OTHER_PHONE}")
    for phone in (PHONE, OTHER_PHONE):
        (got,) = emulator.messages(phone)
        assert got["biz_id"] == answer["BizId"], got


def temporary_key_with_its_token(way):
    emulator.reset()
    send(way, key=TEMPORARY)
    assert len(emulator.messages(PHONE)) == 1


def temporary_key_with_a_foreign_token(way):
    emulator.reset()
    told = way.call("SendSms", message(), TEMPORARY._replace(token="foreign"))
    assert str(told.get("code")).startswith("InvalidSecurityToken"), told
    assert emulator.messages(PHONE) == []


def batch(way):
    emulator.reset()
    params = {
        "PhoneNumberJson": json.dumps([PHONE, OTHER_PHONE]),
        # A signature for codes does not serve a notice, so both are general ones.
        "SignNameJson": json.dumps([OTHER_SIGN, OTHER_SIGN], ensure_ascii=False),
        "TemplateCode": NOTICE,
        "TemplateParamJson": json.dumps(
            [{"name": "王 五", "note": "1111"}, {"name": "Söhne", "note": "2 + 2"}],
            ensure_ascii=False,
        ),
        "OutId": "batch 01",
    }
    answer = accepted(way.call("SendBatchSms", params, GOOD))
    (first,) = emulator.messages(PHONE)
    (second,) = emulator.messages(OTHER_PHONE)
    assert first["text"] == f"【{OTHER_SIGN}】王 五，您好：1111", first
    assert second["text"] == f"【{OTHER_SIGN}】Söhne，您好：2 + 2", second
    for got in (first, second):
        assert got["biz_id"] == answer["BizId"] and got["out_id"] == "batch 01", got


def details_by_page(way):
    emulator.reset()
    sent = [send(way, OutId=f"page {n}")["BizId"] for n in range(5)]
    day = emulator.sent_on(emulator.messages(PHONE)[0])
    emulator.report(sent[0], "delivered")
    emulator.report(sent[1], "failed", "MOBILE_NOT_ON_SERVICE")

    def page(number, **extra):
        params = {"PhoneNumber": PHONE, "SendDate": day, "PageSize": 2}
        params.update(CurrentPage=number, **extra)
        return accepted(way.call("QuerySendDetails", params, GOOD))

    def rows(answer):
        return answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"]

    pages = [page(number) for number in (1, 2, 3, 4)]
    assert [len(rows(p)) for p in pages] == [2, 2, 1, 0], pages
    assert all(int(p["TotalCount"]) == 5 for p in pages), pages
    seen = {row["OutId"]: row for p in pages for row in rows(p)}
    assert sorted(seen) == [f"page {n}" for n in range(5)], seen
    assert all(row["PhoneNum"] == PHONE for row in seen.values()), seen
    assert seen["page 0"]["SendStatus"] == 3, seen
    assert seen["page 0"]["ErrCode"] == "DELIVERED", seen
    assert seen["page 1"]["SendStatus"] == 2, seen
    assert seen["page 1"]["ErrCode"] == "MOBILE_NOT_ON_SERVICE", seen

    (only,) = rows(page(1, BizId=sent[3]))
    assert only["OutId"] == "page 3", only
    assert only["Content"].startswith(f"【{SIGN}】"), only


def missing_parameters(way):
    for name in ("PhoneNumbers", "SignName", "TemplateCode"):
        for value in (None, ""):
            emulator.reset()
            told = way.call("SendSms", message(**{name: value}), GOOD)
            refused(told, "Missing" + name, 400)
            assert f"{name} is mandatory for this action." in told["message"], told


def unknown_names(way):
    for changes, code in (
        ({"SignName": "没有的签名"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "SMS_0"}, "isv.SMS_TEMPLATE_ILLEGAL"),
    ):
        emulator.reset()
        answer = way.call("SendSms", message(**changes), GOOD)["returned"]
        answer = json.loads(answer) if isinstance(answer, str) else answer
        assert answer["Code"] == code, answer
        assert emulator.messages(PHONE) == []


def counted(way, key=GOOD, action="SendSms", params=None):
    """One call, and how many requests the client made of it."""
    before = emulator.requests()
    told = way.call(action, message() if params is None else params, key)
    told["requests_sent"] = emulator.requests() - before
    return told


def verbatim(way, answer_id):
    """The listed bytes: everything the client reports must be equal."""
    emulator.reset()
    behaviour.give_verbatim(answer_id)
    expect(behaviour.listed(answer_id, way.sdk), counted(way))


def code_check_fails(way):
    """The second product, through the same client."""
    answer_id = "pns-validate-fail-400"
    emulator.reset()
    behaviour.give_verbatim(answer_id, "CheckSmsVerifyCode")
    params = {"PhoneNumber": PHONE, "VerifyCode": "1234"}
    told = counted(way, action="CheckSmsVerifyCode", params=params)
    expect(behaviour.listed(answer_id, way.sdk), told)


def own_answer(way, answer_id):
    """The emulator's own answer: equal but for ids and hosts."""
    provoke, fields = OWN_ANSWERS[answer_id]
    emulator.reset()
    told = provoke(way, answer_id)
    expected = behaviour.listed(answer_id, way.sdk)
    if way.typed and answer_id == "v1-mismatch-other-sts":
        # It says so only if our string to sign is its own, byte for byte.
        expected = {"raised": expected["raised"], "code": "InvalidAccessKeySecret"}
    expect(expected, told, fields, loose=True)


def expect(expected, told, fields=None, loose=False):
    found = behaviour.differences(expected, told, fields, loose)
    assert not found, "; ".join(found)


def can_give(way, answer_id):
    """Whether the list speaks of this way of calling."""
    # It was recorded with ACS3; signing with V1, this client reads no XML.
    return not (way.name == "tea, RPC V1, POST" and answer_id == "xml-error-400")


def can_provoke(way, answer_id):
    """Whether this way can be brought to this answer without a word-for-word one."""
    if answer_id == "xml-error-400":
        # The other ways leave their caller no say in the format.
        return way.generic
    wanted = {"v1-mismatch-other-sts": "rpc-v1", "v3-mismatch": "acs3"}
    return wanted.get(answer_id, way.signature) == way.signature


def _plain(way, _):
    return counted(way)


def _twice_in_a_minute(way, _):
    emulator.reset({"per_minute": 1, "per_hour": 5, "per_day": 10})
    send(way)
    return counted(way)


def _wrong_secret(way, _):
    return counted(way, WRONG_SECRET)


def _key_without_permission(way, _):
    emulator.reset(permissions=["dysms:QuerySendDetails"])
    return counted(way)


def _too_many_calls(way, _):
    emulator.reset({"calls_per_second": 0})
    return counted(way)


def _unknown_key(way, _):
    return counted(way, UNKNOWN)


def _nonce_again(way, _):
    with same_nonce():
        send(way)
        told = counted(way)
    assert len(emulator.messages(PHONE)) == 1
    return told


def _in_xml(way, _):
    return counted(way, params=message(SignName=None, Format="XML"))


def _by_code(way, answer_id):
    behaviour.give_by_code(answer_id)
    return counted(way)


def _by_name(fault):
    def provoke(way, _):
        emulator.answer_next(fault)
        return counted(way)

    return provoke


# How each listed answer is had from the emulator itself, and which of the
# reported fields can then be compared (None: all of them).
OWN_ANSWERS = {
    "ok": (_plain, None),
    "business-error-200": (_twice_in_a_minute, None),
    "v1-mismatch-other-sts": (_wrong_secret, None),
    "v3-mismatch": (_wrong_secret, None),
    "unknown-key": (_unknown_key, None),
    "nonce-used": (_nonce_again, None),
    "no-permission": (_key_without_permission, None),
    "throttling": (_too_many_calls, None),
    "throttling-429-header": (_by_code, None),
    "unavailable-503": (_by_code, None),
    "internal-500": (_by_code, None),
    "pns-validate-fail-400": (_by_code, None),
    "xml-error-400": (_in_xml, ("raised", "status_code", "requests_sent")),
    "html-502": (
        _by_name("http_502_html"),
        ("raised", "code", "status_code", "requests_sent"),
    ),
    "not-json-200": (_by_name("garbage"), ("raised", "code", "requests_sent")),
}


def no_key_at_all(way):
    emulator.reset()
    told = way.call("SendSms", message(), None)
    refused(told, "MissingAccessKeyId", 400)
    assert "AccessKeyId is mandatory for this action." in told["message"], told


SENDING = [
    lands_in_the_inbox,
    values_arrive_unchanged,
    text_arrives_unchanged,
    several_numbers_get_one_receipt,
    temporary_key_with_its_token,
    temporary_key_with_a_foreign_token,
    batch,
    details_by_page,
    missing_parameters,
    unknown_names,
    code_check_fails,
]

# What only a generic call can leave out.
GENERIC = [no_key_at_all]
