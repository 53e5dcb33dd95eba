"""Runs a command on a terminal of its own, of a given size, and does what a person does meanwhile.

Reads {"argv", "term", "size", "steps"} as JSON from standard input. A step waits until "seen" is on what
was drawn since the step before, where it is "hidden" also until the terminal does not echo, and then does one of: "write" a file's text, "resize" the window, "type"
bytes, "signal" the command. Prints JSON: all that was drawn, and the exit status.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

task = json.load(sys.stdin)
is_sized, sized = os.pipe()
child, terminal = pty.fork()
if child == 0:
    # only once the window has its size
    os.read(is_sized, 1)
    os.execve(task["argv"][0], task["argv"], {**os.environ, "TERM": task["term"]})


def resize(columns, lines):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


resize(*task["size"])
os.write(sized, b"\n")
seen, checked = b"", 0
deadline = time.monotonic() + 60


def more():
    global seen
    if time.monotonic() > deadline:
        os.kill(child, signal.SIGKILL)
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
    wanted = step["seen"].encode()
    while wanted not in seen[checked:]:
        if not more():
            sys.exit(f"ended without {wanted!r}: {seen!r}")
    checked = seen.index(wanted, checked) + len(wanted)
    while step.get("hidden") and termios.tcgetattr(terminal)[3] & termios.ECHO:
        more()
    if "write" in step:
        path, text = step["write"]
        with open(path + ".new", "w") as file:
            file.write(text)
        os.replace(path + ".new", path)
    if "resize" in step:
        resize(*step["resize"])
    if "type" in step:
        os.write(terminal, step["type"].encode())
    if "signal" in step:
        os.kill(child, getattr(signal, step["signal"]))
while more():
    pass
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
json.dump({"drawn": seen.decode(errors="replace"), "code": code}, sys.stdout)
