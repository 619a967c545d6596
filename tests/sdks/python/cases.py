"""The cases, each run for every way of calling. A failed `assert` fails a case."""

import json

import behaviour
import emulator
from clients import Key, queue, same_nonce

PHONE = "13800138000"
OTHER_PHONE = "13900139000"
SIGN = "阿里云短信测试"
OTHER_SIGN = "Sesame & Söhne (50 %) + *"
TEMPLATE = "SMS_154950909"
NOTICE = "SMS_154950910"
GIFT_SIGN = "速通互联验证码"
GIFT_TEMPLATE = "100001"
OVERSEAS_PHONE = "85268326366"
REPORT_QUEUE = "Alicom-Queue-1000000000000000-SmsReport"

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


def answer_of(told):
    """The answer of a call that returned, accepted or not."""
    assert "returned" in told, told
    answer = told["returned"]
    return json.loads(answer) if isinstance(answer, str) else answer


def ask(way, action, **params):
    """A call that must be accepted, of any product."""
    answer = answer_of(way.call(action, params, GOOD))
    assert answer.get("ResponseCode", answer.get("Code")) == "OK", answer
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


def templates_by_page(way):
    emulator.reset()
    first = ask(way, "QuerySmsTemplateList")
    assert first["TotalCount"] == 3 and first["PageSize"] == 10, first
    entries = first["SmsTemplateList"]
    kinds = [(e["TemplateType"], e["OuterTemplateType"]) for e in entries]
    assert kinds == [(2, 0), (0, 1), (2, 0)], kinds
    assert {e["AuditStatus"] for e in entries} == {"AUDIT_STATE_PASS"}, entries
    second = ask(way, "QuerySmsTemplateList", PageIndex=2, PageSize=2)
    (only,) = second["SmsTemplateList"]
    assert only["TemplateCode"] == GIFT_TEMPLATE, only
    signs = ask(way, "QuerySmsSignList", PageIndex=1, PageSize=50)["SmsSignList"]
    assert [s["SignName"] for s in signs] == [SIGN, OTHER_SIGN, GIFT_SIGN], signs
    assert signs[0]["BusinessType"] == "验证码类型", signs


def template_from_application_to_deletion(way):
    emulator.reset()
    created = ask(
        way,
        "CreateSmsTemplate",
        TemplateName="登录 & 注册",
        TemplateContent="您的验证码为：${code}！",
        TemplateType=0,
        RelatedSignName=SIGN,
        TemplateRule='{"code":"numberCaptcha"}',
    )
    code = created["TemplateCode"]
    refused_send = way.call("SendSms", message(TemplateCode=code), GOOD)
    assert answer_of(refused_send)["Code"] == "isv.SMS_TEMPLATE_ILLEGAL", refused_send
    told = answer_of(way.call("DeleteSmsTemplate", {"TemplateCode": code}, GOOD))
    assert told["Code"] == "isv.ERROR_TEMPLATE_NOT_DELETE", told
    emulator.change(f"templates/{code}", {"status": "approved"})
    full = ask(way, "GetSmsTemplate", TemplateCode=code)
    assert (full["TemplateStatus"], full["TemplateType"]) == ("1", "0"), full
    assert full["TemplateName"] == "登录 & 注册", full
    assert json.loads(full["VariableAttribute"]) == {"code": "numberCaptcha"}, full
    send(way, TemplateCode=code)
    (got,) = emulator.messages(PHONE)
    assert got["text"] == f"【{SIGN}】您的验证码为：246810！", got
    ask(way, "DeleteSmsTemplate", TemplateCode=code)
    told = answer_of(way.call("QuerySmsTemplate", {"TemplateCode": code}, GOOD))
    assert told["Code"] == "isv.SMS_TEMPLATE_ILLEGAL", told


def signature_with_its_papers(way):
    emulator.reset()
    papers = [
        {"FileContents": "aGVsbG8+Pz8/", "FileSuffix": "png"},
        {"FileContents": "d29ybGQ=", "FileSuffix": "jpg"},
    ]
    params = {
        "SignName": "芝麻开门",
        "SignSource": 0,
        "Remark": "登录 & 注册",
        "SignFileList": papers,
    }
    ask(way, "AddSmsSign", **params)
    assert ask(way, "QuerySmsSign", SignName="芝麻开门")["SignStatus"] == 0
    rejected = {"status": "rejected", "reject_reason": "缺少授权"}
    emulator.change("sign_names/芝麻开门", rejected)
    told = ask(way, "QuerySmsSign", SignName="芝麻开门")
    assert (told["SignStatus"], told["Reason"]) == (2, "缺少授权"), told
    ask(way, "ModifySmsSign", **params)
    emulator.change(
        "sign_names/芝麻开门",
        {"status": "approved", "registrations": {"unicom": "filing"}},
    )
    full = ask(way, "GetSmsSign", SignName="芝麻开门")
    carriers = {
        entry["OperatorCode"]: entry["RegisterStatus"]
        for entry in full["SignIspRegisterDetailList"]
    }
    assert carriers == {"mobile": 3, "unicom": -1, "telecom": 3}, full
    send(way, SignName="芝麻开门")


def code_made_and_checked(way):
    emulator.reset()
    sent = ask(
        way,
        "SendSmsVerifyCode",
        PhoneNumber=PHONE,
        SignName=GIFT_SIGN,
        TemplateCode=GIFT_TEMPLATE,
        TemplateParam='{"code":"##code##","min":"5"}',
        CodeLength=6,
        ReturnVerifyCode=True,
        SchemeName="测试方案",
        OutId="o-1",
    )
    assert sent["Success"] is True, sent
    code = sent["Model"]["VerifyCode"]
    (got,) = emulator.messages(PHONE)
    assert len(code) == 6 and got["template_param"]["code"] == code, got
    assert got["biz_id"] == sent["Model"]["BizId"] and got["out_id"] == "o-1", got
    typed = {"PhoneNumber": PHONE, "VerifyCode": code, "SchemeName": "测试方案"}
    wrong = way.call("CheckSmsVerifyCode", dict(typed, SchemeName="别的"), GOOD)
    refused(wrong, "isv.ValidateFail", 400)
    checked = ask(way, "CheckSmsVerifyCode", **typed)
    assert checked["Model"]["VerifyResult"] == "PASS", checked
    refused(way.call("CheckSmsVerifyCode", typed, GOOD), "isv.ValidateFail", 400)


def second_code_too_soon(way):
    emulator.reset()
    params = {
        "PhoneNumber": PHONE,
        "SignName": GIFT_SIGN,
        "TemplateCode": GIFT_TEMPLATE,
        "TemplateParam": '{"code":"##code##","min":"5"}',
    }
    ask(way, "SendSmsVerifyCode", **params)
    told = answer_of(way.call("SendSmsVerifyCode", params, GOOD))
    assert (told["Code"], told["Success"]) == ("biz.FREQUENCY", False), told
    assert len(emulator.messages(PHONE)) == 1


def text_overseas(way):
    emulator.reset()
    text = "Your code is 1234. 你的验证码 1234 😀"
    sent = ask(
        way,
        "SendMessageToGlobe",
        To=OVERSEAS_PHONE,
        Message=text,
        From="Alicloud",
        Type="OTP",
    )
    (got,) = emulator.messages("+" + OVERSEAS_PHONE)
    assert got["text"] == text and got["biz_id"] == sent["MessageId"], got
    emulator.report(sent["MessageId"], "failed", "REJECTD")
    told = ask(way, "QueryMessage", MessageId=sent["MessageId"])
    assert (told["Status"], told["ErrorCode"]) == ("2", "REJECTD"), told
    assert told["Message"] == text and told["SendDate"].endswith("+0800"), told
    told = answer_of(
        way.call("SendMessageToGlobe", {"To": "86" + PHONE, "Message": text}, GOOD)
    )
    assert told["ResponseCode"] == "MOBILE_NUMBER_ILLEGAL", told


def texts_overseas_and_home(way):
    emulator.reset()
    sent = ask(
        way,
        "BatchSendMessageToGlobe",
        To=json.dumps([OVERSEAS_PHONE, "6581234567"]),
        Message=json.dumps(["一 + 1", "two"], ensure_ascii=False),
        Type="NOTIFY",
    )
    assert sent["SuccessCount"] == "2" and sent["FailedList"] == "[]", sent
    (got,) = emulator.messages("+" + OVERSEAS_PHONE)
    assert got["text"] == "一 + 1", got
    sent = ask(
        way,
        "SendMessageWithTemplate",
        To="86" + PHONE,
        From=SIGN,
        TemplateCode=TEMPLATE,
        TemplateParam='{"code":"246810"}',
    )
    (got,) = emulator.messages(PHONE)
    assert got["text"] == f"【{SIGN}】您的验证码为：246810，请勿泄露于他人！", got
    ask(way, "SmsConversion", MessageId=sent["MessageId"], Delivered=True)
    ask(way, "ConversionData", ConversionRate="0.53", ReportTime=1349055900000)
    ask(
        way,
        "SmsConversionIntl",
        MessageId=sent["MessageId"],
        Delivered=False,
        ConversionTime=1349055900001,
    )
    ask(way, "ConversionDataIntl", ConversionRate="1", ReportTime=1349055900002)
    told = emulator.conversions()
    assert [one["action"] for one in told] == [
        "SmsConversion",
        "ConversionData",
        "SmsConversionIntl",
        "ConversionDataIntl",
    ], told
    assert [one.get("message_id") for one in told[::2]] == [sent["MessageId"]] * 2, told
    assert [one.get("delivered") for one in told[::2]] == [True, False], told
    assert [one.get("rate") for one in told[1::2]] == [0.53, 1], told


def reports_through_the_queue(way):
    emulator.reset()
    answer = send(way, OutId="order-1")
    emulator.report(answer["BizId"], "failed", "MOBILE_NOT_ON_SERVICE")
    token = ask(
        way,
        "QueryTokenForMnsQueue",
        MessageType="SmsReport",
        QueueName=REPORT_QUEUE,
    )["MessageTokenDTO"]
    reports = queue(token, REPORT_QUEUE)
    taken = reports.receive_message(3)
    report = json.loads(taken.message_body)
    assert report["biz_id"] == answer["BizId"], report
    assert report["out_id"] == "order-1" and report["success"] is False, report
    reports.delete_message(taken.receipt_handle)
    try:
        reports.receive_message(0)
    except Exception as error:
        assert error.type == "MessageNotExist", error
    else:
        raise AssertionError("it was deleted")


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


def _wrong_code(way, _):
    params = {"PhoneNumber": PHONE, "VerifyCode": "1234"}
    return counted(way, action="CheckSmsVerifyCode", params=params)


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
    "pns-validate-fail-400": (_wrong_code, None),
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
    templates_by_page,
    template_from_application_to_deletion,
    signature_with_its_papers,
    code_made_and_checked,
    second_code_too_soon,
    code_check_fails,
    text_overseas,
    texts_overseas_and_home,
    reports_through_the_queue,
]

# What only a generic call can leave out.
GENERIC = [no_key_at_all]
