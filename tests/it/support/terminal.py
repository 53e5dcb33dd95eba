"""Runs a command on a terminal of its own and types what a person would, when asked.

Reads {"argv", "steps"} as JSON from standard input; a step waits for a prompt, and where it is
hidden also until the terminal does not echo. Prints all that a person would have seen.
"""
import json
import os
import pty
import select
import sys
import termios
import time

task = json.load(sys.stdin)
child, terminal = pty.fork()
if child == 0:
    os.execv(task["argv"][0], task["argv"])

seen, checked = b"", 0
deadline = time.monotonic() + 60


def more():
    global seen
    if time.monotonic() > deadline:
        sys.exit(f"no answer in time; seen so far: {seen!r}")
    if not select.select([terminal], [], [], 0.01)[0]:
        return True
    try:
        part = os.read(terminal, 65536)
    except OSError:
        return False
    seen += part
    return bool(part)


for step in task["steps"]:
    prompt = step["prompt"].encode()
    while prompt not in seen[checked:]:
        if not more():
            sys.exit(f"ended without asking {prompt!r}: {seen!r}")
    checked = seen.index(prompt, checked) + len(prompt)
    while step["hidden"] and termios.tcgetattr(terminal)[3] & termios.ECHO:
        more()
    os.write(terminal, step["typed"].encode() + b"\n")
while more():
    pass
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
