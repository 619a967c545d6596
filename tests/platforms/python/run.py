"""Runs the clients of platforms and applications against the server at
`SERVER_URL`, with the emulator at `EMULATOR_URL` behind it."""

import sys
import traceback

import supabase_cases
import twilio_cases

passed = failed = 0


def attempt(name, case):
    """Runs one case, prints its line, and gives what it leaves to the end."""
    global passed, failed
    try:
        left = case()
    except Exception:
        failed += 1
        print(f"FAILED python {name}: {traceback.format_exc()}", flush=True)
        return None
    passed += 1
    print(f"ok     python {name}", flush=True)
    return left


def main():
    endings = []
    for suite, module in [("twilio", twilio_cases), ("supabase", supabase_cases)]:
        for case in module.CASES:
            name = f"{suite}: {case.__name__.replace('_', ' ')}"
            left = attempt(name, case)
            if left:
                endings.append((f"{name}, at the end", left))
    for name, case in endings:
        attempt(name, case)
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
