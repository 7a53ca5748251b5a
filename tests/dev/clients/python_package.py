"""Drives a run by the Python package: `python_package.py SERVER TESTER_KEY BOSS_KEY`. Prints one line of JSON."""

import json
import sys

from xp_agent import Agent, Refused, Unanswered, Unreached


def refused(call, *args):
    try:
        call(*args)
    except Refused as error:
        return error.code
    return None


def main():
    server, tester_key, boss_key = sys.argv[1:]
    tester, boss = Agent(server, tester_key), Agent(server, boss_key)
    said = {"not_allowed": refused(boss.start, "clients")}
    run = tester.start("clients")["run"]
    work, check = tester.run(run), boss.run(run)
    said["open"] = [offer["step"] for offer in work.offers()]
    said["early"] = refused(work.act, "later", "suite.note", {"id": "n"})
    said["read"] = work.act("main", "suite.test_simple_text")["result"]["said"]
    work.submit("main", "report", "fine ✓")
    work.submit("main", "count", -3)
    work.judge("main", "done")
    said["unseen"] = refused(check.judge, "check", "approved")
    said["shown"] = check.view("check", "main.report")["value"]
    check.judge("check", "rejected", "again")
    said["notes"] = work.offers()[0]["notes"]
    work.submit("main", "report", "better")
    work.submit("main", "count", 4)
    work.judge("main", "done")
    check.view("check", "main.report")
    check.judge("check", "approved")
    wrote = work.act("later", "suite.note", {"id": "n-1"}, "wrote")
    said["wrote"], said["replayed"] = wrote["result"]["said"], wrote["replayed"]
    said["status"] = work.summary()["status"]
    try:
        Agent("unix:nothing.sock", tester_key).start("clients")
    except Unreached:
        said["nobody"] = "unreached"
    except Unanswered:
        said["nobody"] = "unanswered"
    print(json.dumps(said))


main()
