"""A service as people write them: reads its environment when it starts, and asks who comes.

Folder and address are its arguments. The secret is AUTH in its environment, or INTERNAL_AUTH_SECRET.
"""

import http.server
import os
import socket
import sys

folder, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])


def note(name, line):
    with open(os.path.join(folder, name), "a") as file:
        file.write(line + "\n")


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        given = self.headers.get("X-Auth")
        if self.path == "/env":
            status, body = 200, "\n".join(f"{k}={v}" for k, v in os.environ.items())
        elif self.path == "/open":
            status, body = 200, "{}"
        elif given is None:
            status, body = 401, "who are you"
        elif given != os.environ.get("AUTH", os.environ.get("INTERNAL_AUTH_SECRET")):
            status, body = 403, f"not {given}"
        else:
            status, body = 200, "{}"
        note("requests", f"{self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def tell_systemd():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.connect(os.environ["NOTIFY_SOCKET"])
        door.send(b"READY=1")


note("starts", "up")
gate = os.path.join(folder, "gate")
if os.path.exists(gate):
    # started as far as systemd can tell; listens when somebody writes to the gate
    tell_systemd()
    with open(gate) as told:
        told.read()
server = http.server.HTTPServer((host, port), Service)
if not os.path.exists(gate):
    tell_systemd()
server.serve_forever()
