"""Alibaba's Python clients, each way of calling them behind one face.

A way is called with an action, its parameters under Aliyun's names, and a key;
it tells what the client told its caller, in the shape in which
`sdk-error-behaviour.json` lists it: `returned`, or `raised` and the fields of
the exception. To add a client, write one more function and list it in `WAYS`.
"""

import logging
import uuid
from collections import namedtuple
from contextlib import ExitStack
from unittest import mock

from alibabacloud_dybaseapi20170525 import models as base
from alibabacloud_dybaseapi20170525.client import Client as BaseClient
from alibabacloud_dysmsapi20170525 import models as sms
from alibabacloud_dysmsapi20170525.client import Client as SmsClient
from alibabacloud_dysmsapi20180501 import models as globe
from alibabacloud_dysmsapi20180501.client import Client as GlobeClient
from alibabacloud_dypnsapi20170525 import models as pns
from alibabacloud_dypnsapi20170525.client import Client as PnsClient
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.composer import rpc_signature_composer
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest, RpcRequest
from alibabacloud_tea_util.models import RuntimeOptions as OlderRuntimeOptions
from darabonba.runtime import RuntimeOptions
from mns.account import Account as QueueAccount

import emulator

Key = namedtuple("Key", "id secret token")
# `generic`: the caller may add any parameter, or leave out the key (None);
# `typed`: the client keeps the string it signed.
Way = namedtuple(
    "Way", "name sdk signature call generic typed", defaults=(False, False)
)

# An action's product is the first that has it.
PRODUCTS = [
    (sms, SmsClient, "2017-05-25", RuntimeOptions),
    (pns, PnsClient, "2017-05-25", RuntimeOptions),
    (globe, GlobeClient, "2018-05-01", OlderRuntimeOptions),
    (base, BaseClient, "2017-05-25", OlderRuntimeOptions),
]
TEA = "python alibabacloud_dysmsapi20170525"
CORE = "python aliyun-python-sdk-core"

# The older client writes each refused request to its log; here they are the point.
logging.getLogger("aliyunsdkcore").setLevel(logging.CRITICAL + 1)


def tea_generated(action, params, key, algorithm=None):
    """The generated method of an action, as an application calls it."""
    product, client, _, options = _product(action)
    request = getattr(product, action + "Request")().from_map(params)
    method = "".join("_" + c.lower() if c.isupper() else c for c in action)[1:]
    call = getattr(client(_tea_config(key, algorithm)), method + "_with_options")
    return _told_by_tea(lambda: call(request, options()).body.to_map())


def tea_generated_v2(action, params, key):
    """The same, told to sign with RPC V1."""
    return tea_generated(action, params, key, algorithm="v2")


def tea_generic(method, body_type="formData"):
    """`call_api`, for what the generated methods never do: GET, a JSON body."""

    def call(action, params, key):
        json_body = body_type == "json"
        request = OpenApiRequest(
            query=None if json_body else Utils.query(params),
            body=_flat(params) if json_body else None,
        )
        shape = Params(
            action=action,
            version=_version(action),
            protocol="HTTP",
            pathname="/",
            method=method,
            auth_type="AK" if key else "Anonymous",
            style="RPC",
            req_body_type=body_type,
            body_type="json",
        )
        client = SmsClient(_tea_config(key or Key("unused", "unused", None)))
        return _told_by_tea(
            lambda: client.call_api(shape, request, RuntimeOptions())["body"]
        )

    return call


def core_common(method, place):
    """`CommonRequest`: everything by name, in the query or in a form body."""

    def call(action, params, key):
        request = CommonRequest(
            domain=emulator.AUTHORITY, version=_version(action), action_name=action
        )
        add = request.add_body_params if place == "body" else request.add_query_param
        return _by_core(request, method, add, params, key)

    return call


def core_typed(action, params, key):
    """`RpcRequest`, which every generated request of that client derives from."""
    request = RpcRequest("Dysmsapi", _version(action), action)
    request.set_endpoint(emulator.AUTHORITY)
    return _by_core(request, "POST", request.add_query_param, params, key)


WAYS = [
    Way("tea, ACS3, POST", TEA, "acs3", tea_generated),
    Way("tea, ACS3, GET", TEA, "acs3", tea_generic("GET"), generic=True),
    Way("tea, ACS3, JSON body", TEA, "acs3", tea_generic("POST", "json"), generic=True),
    Way("tea, RPC V1, POST", TEA, "rpc-v1", tea_generated_v2),
    Way("core, RPC V1, GET", CORE, "rpc-v1", core_common("GET", "query")),
    Way("core, RPC V1, POST query", CORE, "rpc-v1", core_common("POST", "query")),
    Way("core, RPC V1, POST form", CORE, "rpc-v1", core_common("POST", "body")),
    Way("core, RPC V1, typed request", CORE, "rpc-v1", core_typed, typed=True),
]


def same_nonce():
    """While this is open, every client draws one and the same nonce."""
    nonce = uuid.uuid4().hex
    stack = ExitStack()
    stack.enter_context(mock.patch.object(Utils, "get_nonce", lambda: nonce))
    stack.enter_context(
        mock.patch.object(rpc_signature_composer.helper, "get_uuid", lambda: nonce)
    )
    return stack


def queue(token, name):
    """A message queue, through the client of Alibaba's queue product."""
    account = QueueAccount(
        emulator.URL,
        token["AccessKeyId"],
        token["AccessKeySecret"],
        token["SecurityToken"],
    )
    return account.get_queue(name)


def _product(action):
    return next(p for p in PRODUCTS if hasattr(p[0], action + "Request"))


def _version(action):
    return _product(action)[2]


def _flat(params):
    """Lists as the clients that do not know them write them: `Name.1.Field`."""
    flat = {}
    for name, value in params.items():
        if isinstance(value, list):
            for at, entry in enumerate(value, 1):
                flat.update({f"{name}.{at}.{key}": text for key, text in entry.items()})
        else:
            flat[name] = value
    return flat


def _tea_config(key, algorithm=None):
    return Config(
        access_key_id=key.id,
        access_key_secret=key.secret,
        security_token=key.token,
        endpoint=emulator.AUTHORITY,
        protocol="HTTP",
        signature_algorithm=algorithm,
    )


def _told_by_tea(call):
    try:
        return {"returned": call()}
    except Exception as error:
        told = {"raised": _class_of(error), "message": error.message}
        for name in (
            "code",
            "status_code",
            "request_id",
            "access_denied_detail",
            "retry_after",
        ):
            if getattr(error, name, None):
                told[name] = getattr(error, name)
        if getattr(error, "data", None):
            told["data_keys"] = sorted(error.data)
        return told


def _by_core(request, method, add, params, key):
    request.set_method(method)
    request.set_protocol_type("http")
    for name, value in _flat(params).items():
        add(name, value)
    # Without this the client sends a refused request again by itself.
    options = {"auto_retry": False, "max_retry_time": 0, "region_id": "cn-hangzhou"}
    if key.token:
        options["credential"] = StsTokenCredential(key.id, key.secret, key.token)
    else:
        options.update(ak=key.id, secret=key.secret)
    try:
        body = AcsClient(**options).do_action_with_exception(request)
        return {"returned": body.decode("utf-8")}
    except ServerException as error:
        told = {
            "raised": _class_of(error),
            "message": error.get_error_msg(),
            "code": error.get_error_code(),
            "error_code": error.get_error_code(),
            "status_code": error.get_http_status(),
            "http_status": error.get_http_status(),
        }
        if error.get_request_id():
            told["request_id"] = error.get_request_id()
        return told
    except Exception as error:
        return {"raised": _class_of(error), "message": str(error)}


def _class_of(error):
    return type(error).__module__.split(".")[0] + "." + type(error).__name__
