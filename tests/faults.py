"""A proxy before a real server that does, at chosen requests, what networks and servers do on a bad day."""

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy:
    """Passes requests on and counts them.

    Attributes:
        url: Its address.
        seen: Method and path of every request, in order.
        faults: By number of the request, from 1, or by a part of its path, once: called with its handler and a
            function that passes it on and returns status, headers and body.
    """

    def __init__(self, upstream):
        self.upstream = urlsplit(upstream).netloc
        self.seen = []
        self.faults = {}
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def reset(self, faults=()):
        """Forget what was seen; from now on these faults."""
        self.seen.clear()
        self.faults = dict(faults)

    def next_fault(self, command, path):
        """Return what is to be done with a request."""
        with self._lock:
            self.seen.append((command, path))
            wanted = [at for at in self.faults if at == len(self.seen) or (isinstance(at, str) and at in path)]
            return self.faults.pop(wanted[0]) if wanted else whole

    def _handler(self):
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy.next_fault(self.command, self.path)
                fault(self, lambda: self.passed_on(body))

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server calls them so

            def passed_on(self, body):
                connection = http.client.HTTPConnection(proxy.upstream, timeout=300)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                connection.request(self.command, self.path, body, headers)
                found = connection.getresponse()
                content = found.read()
                kept = {"content-type", "date"}
                shown = {name: value for name, value in found.getheaders() if name.lower() in kept}
                connection.close()
                return found.status, shown, content

            def say(self, status, headers, body, length=None):
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def whole(handler, passed_on):
    """Answer as the server does."""
    handler.say(*passed_on())


def lost(handler, passed_on):
    """Hang up before anything reaches the server."""
    handler.close_connection = True
    handler.connection.close()


def unanswered(handler, passed_on):
    """Hang up after the server did what was asked."""
    passed_on()
    lost(handler, passed_on)


def truncated(handler, passed_on):
    """Hang up in the middle of the answer."""
    status, headers, body = passed_on()
    handler.say(status, headers, body[: len(body) // 2], len(body))
    handler.close_connection = True


def refused(status, body=b'{"detail": "on a bad day"}', kind="application/json"):
    """Answer something else, the request not passed on."""
    return lambda handler, _: handler.say(status, {"Content-Type": kind}, body)


gateway = refused(502, b"<html>\n<h1>Bad Gateway</h1>\n</html>", "text/html")
unavailable = refused(503)
expired = refused(401, b'{"detail": "Invalid token."}')
strange = refused(200, b"<html>welcome to the hotel</html>", "text/html")


def meanwhile(act, then=whole):
    """Do something while a request is under way."""

    def fault(handler, passed_on):
        act()
        then(handler, passed_on)

    return fault


@contextmanager
def before(upstream):
    """Put a proxy before a server."""
    proxy = Proxy(upstream)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()
