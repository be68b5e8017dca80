"""A mail server at the edge of the machine, for tests that really send."""

import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from unittest.mock import patch


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server at the edge of the machine: it takes mails, or refuses their recipients."""

    allow_reuse_address = True
    daemon_threads = True
    refusal = None
    refused = b""  # the address whose mails are refused; empty: all are

    def __init__(self):
        super().__init__(("127.0.0.1", 0), MailSession)
        self.mails = []

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class MailSession(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 edge")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"QUIT":
                self._say("221 bye")
                return
            if verb == b"RCPT" and self.server.refusal and self.server.refused in line:
                self._say(self.server.refusal)
            elif verb == b"DATA":
                self._say("354 go on")
                self._take()
                self._say("250 taken")
            else:
                self._say("250 ok")

    def _take(self):
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(message_from_bytes(b"".join(lines), policy=policy.SMTP))

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def edge(case):
    """Let the queue of a test really send, to a server of our own."""
    servers = case.registry["ir.mail_server"]
    server = MailServer()
    case.env["ir.mail_server"].search([]).active = False
    case.env["ir.mail_server"].create(
        {
            "name": "edge",
            "smtp_host": "127.0.0.1",
            "smtp_port": server.server_address[1],
            "smtp_encryption": "none",
        }
    )
    with server.running(), patch.object(servers, "_disable_send", lambda *args: False):
        yield server
