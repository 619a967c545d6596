"""The emulator as a test sees it: its test control, over plain HTTP."""

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

SHARED = Path(__file__).resolve().parent.parent
URL = os.environ["EMULATOR_URL"].rstrip("/")
AUTHORITY = urlsplit(URL).netloc

# Aliyun counts days in its own zone, whatever the machine is set to.
ALIYUN_ZONE = timezone(timedelta(hours=8))


def shared(name):
    """Reads one of the files that the Python and the Node drivers share."""
    return json.loads((SHARED / name).read_text(encoding="utf-8"))


def reset(limits=None, permissions=None):
    """Starts a case: the shared account, nothing sent, nothing counted.

    Limits may be set otherwise, and what the first key may do.
    """
    account = shared("account.json")
    account["limits"].update(limits or {})
    if permissions is not None:
        account["access_keys"][0]["permissions"] = permissions
    _post("account", account)
    _post("reset", {})


def answer_next(fault, action="SendSms"):
    """Makes the emulator give this answer to the next call of the action."""
    _post("faults", {"action": action, "times": 1, "fault": fault})


def report(biz_id, status, err_code=None):
    """Decides what becomes of a message."""
    order = {"biz_id": biz_id, "status": status}
    if err_code:
        order["err_code"] = err_code
    _post("reports", order)


def change(path, changes):
    """Changes some keys of a template or a signature: `templates/SMS_1`."""
    _post(quote(path), changes)


def messages(to):
    """What arrived on this phone, newest first."""
    return _get("messages?to=" + quote(to))


def conversions():
    """What it was told of codes that came back, oldest first."""
    return _get("conversions")


def requests():
    """How many API requests came in since the reset."""
    return _get("requests")["total"]


def sent_on(message):
    """The day a message was sent, as QuerySendDetails wants it."""
    moment = datetime.fromisoformat(message["sent_at"])
    return moment.astimezone(ALIYUN_ZONE).strftime("%Y%m%d")


def _get(path):
    return json.loads(_ask(Request(f"{URL}/_emulator/{path}")))


def _post(path, body):
    _ask(
        Request(
            f"{URL}/_emulator/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
    )


def _ask(request):
    try:
        with urlopen(request, timeout=10) as answer:
            return answer.read()
    except HTTPError as error:
        reason = error.read().decode("utf-8", "replace")
        raise RuntimeError(f"{request.selector}: {error.code} {reason}") from None
