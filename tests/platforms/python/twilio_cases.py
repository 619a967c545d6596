"""Twilio's own client, with its addresses and credentials changed and nothing
else."""

import datetime
import json
import os
import pathlib
import re
import time

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from phones import code_on, fresh, inbox, wrong

VALUES = json.loads(
    (pathlib.Path(__file__).parent.parent / "values.json").read_text("utf-8")
)
ACCOUNT, TOKEN = VALUES["account"], VALUES["token"]
SERVICE, SHORT_LIVED = VALUES["service"], VALUES["short_lived_service"]
BASE = os.environ["SERVER_URL"].rstrip("/") + "/hooks/twilio"


def redirected(client):
    """The one change that a program needs."""
    client.api.base_url = BASE
    client.verify.base_url = BASE
    return client


client = redirected(Client(ACCOUNT, TOKEN))


def verify(sid=SERVICE, by=client):
    return by.verify.v2.services(sid)


def start(to, sid=SERVICE):
    return verify(sid).verifications.create(to=to, channel="sms")


def check(sid=SERVICE, **options):
    return verify(sid).verification_checks.create(**options)


def refused(status, code, work):
    """What the client makes of a refusal."""
    try:
        work()
    except TwilioException as error:
        assert type(error) is TwilioRestException, repr(error)
        assert (error.status, error.code) == (status, code), str(error)
        return error
    raise AssertionError("it was not refused")


def a_verification_from_start_to_approval():
    to = fresh()
    started = start(to)
    assert re.fullmatch("VE[0-9a-f]{32}", started.sid), started.sid
    assert (started.service_sid, started.account_sid) == (SERVICE, ACCOUNT)
    assert (started.to, started.channel) == (to, "sms")
    assert (started.status, started.valid) == ("pending", False)
    assert len(started.send_code_attempts) == 1
    assert isinstance(started.date_created, datetime.datetime)
    assert started.url.startswith(BASE), started.url
    code = code_on(to)
    missed = check(to=to, code=wrong(code))
    assert (missed.status, missed.valid) == ("pending", False)
    met = check(to=to, code=code)
    assert (met.status, met.valid, met.sid) == ("approved", True, started.sid)
    error = refused(404, 20404, lambda: check(to=to, code=code))
    resource = f"The requested resource /Services/{SERVICE}/VerificationCheck"
    assert error.msg == f"Unable to create record: {resource} was not found", error.msg


def a_check_by_the_verifications_sid():
    to = fresh()
    sid = start(to).sid
    code = code_on(to)
    assert check(verification_sid=sid, code=wrong(code)).valid is False
    met = check(verification_sid=sid, code=code)
    assert (met.sid, met.status, met.valid) == (sid, "approved", True)


def starting_again_sends_the_same_code():
    to = fresh()
    first = start(to)
    code = code_on(to)
    second = start(to)
    assert second.sid == first.sid
    assert len(second.send_code_attempts) == len(inbox(to)) == 2
    assert code_on(to) == code


def too_many_wrong_codes():
    to = fresh()
    sid = start(to).sid
    code = code_on(to)
    for _ in range(5):
        missed = check(to=to, code=wrong(code))
        assert (missed.status, missed.valid) == ("pending", False)
    refused(429, 60202, lambda: check(to=to, code=code))
    refused(429, 60202, lambda: check(verification_sid=sid, code=code))


def too_many_messages_to_a_number():
    to = fresh()
    for _ in range(5):
        start(to)
    refused(429, 60203, lambda: start(to))
    assert len(inbox(to)) == 5


def showing_and_canceling():
    to = fresh()
    sid = start(to).sid
    code = code_on(to)
    shown = verify().verifications(sid).fetch()
    assert (shown.sid, shown.status, shown.valid) == (sid, "pending", False)
    assert verify().verifications(to).fetch().sid == sid
    canceled = verify().verifications(sid).update(status="canceled")
    assert (canceled.sid, canceled.status) == (sid, "canceled")
    refused(404, 20404, lambda: check(to=to, code=code))
    refused(404, 20404, lambda: verify().verifications(sid).fetch())


def a_code_whose_time_is_over():
    to = fresh()
    started = start(to, SHORT_LIVED)
    code = code_on(to)

    def at_the_end():
        # It is asked for again until it has ended, however long that takes.
        for _ in range(240):
            try:
                verify(SHORT_LIVED).verifications(started.sid).fetch()
            except TwilioRestException:
                break
            time.sleep(0.5)
        refused(404, 20404, lambda: check(SHORT_LIVED, to=to, code=code))
        by_sid = {"verification_sid": started.sid, "code": code}
        refused(404, 20404, lambda: check(SHORT_LIVED, **by_sid))

    return at_the_end


def what_is_somebody_elses_is_not_found():
    to = fresh()
    sid = start(to).sid
    code = code_on(to)
    unknown = "VA99999999999999999999999999999999"
    refused(404, 20404, lambda: start(fresh(), unknown))
    refused(404, 20404, lambda: check(to=fresh(), code="123456"))
    refused(404, 20404, lambda: check(SHORT_LIVED, to=to, code=code))
    by_sid = {"verification_sid": sid, "code": code}
    refused(404, 20404, lambda: check(SHORT_LIVED, **by_sid))
    refused(404, 20404, lambda: verify(SHORT_LIVED).verifications(sid).fetch())
    assert check(to=to, code=code).valid is True


def bad_parameters():
    for to in ["123", "+1", "+86138", "someone@example.com"]:
        error = refused(400, 60200, lambda: start(to))
        assert "Invalid parameter: To" in error.msg, error.msg
    refused(403, 60205, lambda: start("+862166666666"))
    to = fresh()
    create = verify().verifications.create
    refused(400, 60223, lambda: create(to=to, channel="call"))
    refused(403, 60204, lambda: create(to=to, channel="sms", custom_code="123456"))
    assert inbox(to) == []
    created = create(to=to, channel="sms", locale="zh-CN", device_ip="203.0.113.7")
    assert created.status == "pending"
    refused(400, 60200, lambda: check(to=to, code="12"))
    refused(400, 60200, lambda: check(code="123456"))


def wrong_credentials():
    to = fresh()

    def create(by):
        return verify(SERVICE, redirected(by)).verifications.create(
            to=to, channel="sms"
        )

    error = refused(401, 20003, lambda: create(Client(ACCOUNT, "wrong")))
    assert error.msg == "Unable to create record: Authenticate", error.msg
    stranger = "AC99999999999999999999999999999999"
    refused(401, 20003, lambda: create(Client(stranger, TOKEN)))
    key, secret = VALUES["api_key"], VALUES["api_key_secret"]
    refused(401, 20003, lambda: create(Client(key, "wrong", ACCOUNT)))
    assert inbox(to) == []
    assert create(Client(key, secret, ACCOUNT)).status == "pending"
    foreign = redirected(Client(key, secret, stranger))
    refused(404, 20404, lambda: foreign.messages.create(to=to, body="x"))


def a_message_with_a_content_template():
    to = fresh()
    sent = client.messages.create(
        to=to,
        from_="+15005550006",
        content_sid=VALUES["content"],
        content_variables=json.dumps({"1": "482915"}),
    )
    assert re.fullmatch("SM[0-9a-f]{32}", sent.sid), sent.sid
    assert (sent.to, sent.from_, sent.status) == (to, "+15005550006", "queued")
    assert isinstance(sent.date_created, datetime.datetime)
    assert code_on(to) == "482915"
    shown = client.messages(sent.sid).fetch()
    assert shown.sid == sent.sid
    assert shown.status in ("sent", "delivered"), shown.status


def a_message_with_a_text():
    to = fresh()
    body = "您的验证码是 482915, 10 分钟内有效。"
    sent = client.messages.create(to=to, from_="+15005550006", body=body)
    assert (sent.to, sent.body, sent.status) == (to, body, "queued")
    assert code_on(to) == "482915"


def bad_messages():
    to, content = fresh(), VALUES["content"]

    def send(**options):
        return lambda: client.messages.create(
            **{"to": to, "from_": "+15005550006", **options}
        )

    refused(400, 21211, send(to="123", body="您的验证码是 482915"))
    refused(400, 21619, send(body="Hello!"))
    refused(400, 21654, send(content_variables='{"1":"1"}'))
    unknown = "HX99999999999999999999999999999999"
    refused(400, 21655, send(content_sid=unknown))
    for variables in ["{", "[]", '{"1":{"a":"b"}}', '{"1":""}', "{}"]:
        wrong = send(content_sid=content, content_variables=variables)
        refused(400, 21656, wrong)
    assert inbox(to) == []


CASES = [
    a_verification_from_start_to_approval,
    a_check_by_the_verifications_sid,
    starting_again_sends_the_same_code,
    too_many_wrong_codes,
    too_many_messages_to_a_number,
    showing_and_canceling,
    a_code_whose_time_is_over,
    what_is_somebody_elses_is_not_found,
    bad_parameters,
    wrong_credentials,
    a_message_with_a_content_template,
    a_message_with_a_text,
    bad_messages,
]
