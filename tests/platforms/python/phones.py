"""The numbers of the tests, and what arrived on them."""

import itertools
import json
import os

import requests

EMULATOR = os.environ["EMULATOR_URL"].rstrip("/")

_numbers = itertools.count(4001)


def fresh():
    """A number that no other case has. The Node driver has others."""
    return f"+861380013{next(_numbers)}"


def inbox(to):
    """What arrived on a phone, newest first."""
    answer = requests.get(
        f"{EMULATOR}/_emulator/messages", params={"to": to}, timeout=10
    )
    answer.raise_for_status()
    return answer.json()


def code_on(to):
    """The code in the newest message."""
    messages = inbox(to)
    assert messages, "nothing arrived"
    param = messages[0]["template_param"]
    return (json.loads(param) if isinstance(param, str) else param)["code"]


def wrong(code):
    """A code that is certainly not this one."""
    return ("1" if code[0] == "9" else "9") + code[1:]
