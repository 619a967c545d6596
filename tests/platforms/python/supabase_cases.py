"""Requests of Supabase Auth, signed by the reference library of Standard
Webhooks."""

import base64
import copy
import datetime
import json
import os
import pathlib
import uuid

import requests
from standardwebhooks.webhooks import Webhook

from phones import code_on, fresh, inbox

VALUES = json.loads(
    (pathlib.Path(__file__).parent.parent / "values.json").read_text("utf-8")
)
ENDPOINT = os.environ["SERVER_URL"].rstrip("/") + "/hooks/supabase"
SECRETS = VALUES["supabase"]
STRANGE = "whsec_" + base64.b64encode(b"a secret that nobody configured").decode()


def body(to, otp):
    made = copy.deepcopy(VALUES["supabase_body"])
    made["metadata"]["uuid"] = str(uuid.uuid4())
    made["user"]["phone"] = to[1:]
    made["sms"].update(otp=otp, phone=to[1:])
    return json.dumps(made)


def post(payload, secrets, at=None, sent=None):
    """Posts it with the signatures of these secrets, joined as Supabase joins
    them."""
    at = at or datetime.datetime.now(datetime.timezone.utc)
    message = str(uuid.uuid4())
    plain = [secret.removeprefix("v1,") for secret in secrets]
    signatures = [Webhook(secret).sign(message, at, payload) for secret in plain]
    headers = {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": ", ".join(signatures),
    }
    sent = payload if sent is None else sent
    return requests.post(ENDPOINT, sent.encode(), headers=headers, timeout=30)


def taken(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert "error" not in answer.json(), answer.text


def each_of_several_secrets_is_accepted():
    one, other = SECRETS
    for secrets in [[one], [other], [one, other], [STRANGE, other], [one, STRANGE]]:
        to = fresh()
        taken(post(body(to, "482915"), secrets))
        assert code_on(to) == "482915"


def a_retry_is_answered_again_and_sends_nothing():
    to = fresh()
    payload = body(to, "482915")
    for _ in range(3):
        taken(post(payload, SECRETS))
    assert len(inbox(to)) == 1


def what_is_not_signed_so_is_refused():
    to = fresh()
    payload = body(to, "482915")
    now = datetime.datetime.now(datetime.timezone.utc)
    off = datetime.timedelta(seconds=400)
    answers = [
        post(payload, [STRANGE]),
        post(payload, []),
        post(payload, SECRETS, at=now - off),
        post(payload, SECRETS, at=now + off),
        post(payload, SECRETS, sent=payload.replace("482915", "482916")),
    ]
    for answer in answers:
        assert answer.status_code >= 400, answer.text
    assert inbox(to) == []


CASES = [
    each_of_several_secrets_is_accepted,
    a_retry_is_answered_again_and_sends_nothing,
    what_is_not_signed_so_is_refused,
]
