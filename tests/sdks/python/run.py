"""Runs Alibaba's Python clients against the emulator at `EMULATOR_URL`."""

import sys
import time

import behaviour
import cases
from clients import WAYS

passed = failed = 0


def run(name, case, *args):
    """Runs one case and prints its line."""
    global passed, failed
    try:
        case(*args)
    except Exception as error:
        failed += 1
        print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
    else:
        passed += 1
        print(f"ok     {name}", flush=True)


def main():
    started = time.monotonic()
    for way in WAYS:
        for case in cases.SENDING + (cases.GENERIC if way.generic else []):
            run(f"{way.name}: {case.__name__.replace('_', ' ')}", case, way)
        for answer_id in behaviour.ANSWERS:
            if cases.can_give(way, answer_id):
                run(
                    f"{way.name}: {answer_id}, word for word",
                    cases.verbatim,
                    way,
                    answer_id,
                )
        for answer_id in cases.OWN_ANSWERS:
            if cases.can_provoke(way, answer_id):
                run(
                    f"{way.name}: {answer_id}, the emulator's own",
                    cases.own_answer,
                    way,
                    answer_id,
                )
    print(f"{time.monotonic() - started:.1f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
