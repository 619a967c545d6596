"""What each client is known to make of an answer, and whether it still does.

`sdk-error-behaviour.json` lists 16 answers and what every client reports for
them. Here each is given twice: once word for word, so that everything reported
must be equal; and once made by the emulator itself, for a real reason where
there is one, so that all must be equal but ids and the names of hosts and accounts.
"""

import json
import re

import emulator

BEHAVIOUR = emulator.shared("sdk-error-behaviour.json")
ANSWERS = {answer["id"]: answer for answer in BEHAVIOUR["answers"]}

UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
BIZ_ID = re.compile(r"\d{6,}\^\d+")
CALCULATION = re.compile(r"(server string to sign is:|server StringToSign is )[\s\S]*")
# Fields that name a host or an account.
OWN_FIELDS = (
    "HostId",
    "Recommend",
    "AuthPrincipalDisplayName",
    "AuthPrincipalOwnerId",
    "EncodedDiagnosticMessage",
)


def listed(answer_id, sdk):
    """What the list says this client reports for this answer."""
    entry = next(r for r in ANSWERS[answer_id]["reported"] if r["sdk"] == sdk)
    return {k: v for k, v in entry.items() if k not in ("sdk", "version")}


def give_verbatim(answer_id, action="SendSms"):
    """Makes the emulator answer the next call of the action with the listed bytes."""
    answer = ANSWERS[answer_id]
    emulator.answer_next(
        {
            "http_status": answer["status"],
            "headers": dict(answer["headers"]),
            "body": answer["body"],
        },
        action,
    )


def give_by_code(answer_id):
    """Makes the emulator refuse the next SendSms with the listed code."""
    answer = ANSWERS[answer_id]
    body = json.loads(answer["body"])
    extra = {k: v for k, v in answer["headers"] if k.lower().startswith("x-acs-")}
    emulator.answer_next(
        {
            "code": body["Code"],
            "http_status": answer["status"],
            "message": body["Message"],
            "headers": extra,
        }
    )


def differences(expected, told, fields=None, loose=False):
    """Where a report differs from the list, in words; empty if nowhere."""
    view = _blur if loose else (lambda value: value)
    names = fields or sorted(expected)
    return [
        f"{name}: expected {view(expected.get(name))!r}, got {view(told.get(name))!r}"
        for name in names
        if view(expected.get(name)) != view(told.get(name))
    ]


def _blur(value):
    if isinstance(value, dict):
        return {k: _blur(v) for k, v in value.items() if k not in OWN_FIELDS}
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        try:
            return _blur(json.loads(value))
        except ValueError:
            pass
    value = UUID.sub("<request id>", value)
    value = BIZ_ID.sub("<biz id>", value)
    return CALCULATION.sub(r"\1<calculation>", value)
