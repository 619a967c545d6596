"""SendSms through Alibaba's Python SDK: reads how many calls to make, line by
line, and prints CPU and memory per call for each."""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import SendSmsRequest
from alibabacloud_tea_openapi.models import Config

address = sys.argv[1]
client = Client(
    Config(access_key_id="testid", access_key_secret="testsecret", endpoint=address, protocol="HTTP")
)


def send(_):
    reply = client.send_sms(
        SendSmsRequest(
            phone_numbers="13800138000",
            sign_name="阿里云短信测试",
            template_code="SMS_154950909",
            template_param='{"code":"123456"}',
            out_id="0198c0de0198c0de0198c0de0198c0de",
        )
    )
    assert reply.body.code == "OK"


with ThreadPoolExecutor(16) as pool:
    for line in sys.stdin:
        calls = int(line)
        list(pool.map(send, range(calls // 10)))
        cpu, wall = time.process_time(), time.monotonic()
        list(pool.map(send, range(calls)))
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        print(
            json.dumps(
                {
                    "cpu_micros": cpu * 1e6 / calls,
                    "wall_micros": wall * 1e6 / calls,
                    "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                }
            ),
            flush=True,
        )
