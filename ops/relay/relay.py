"""Sends what Alertmanager reports to DingTalk, and by SMS: both take bodies of their own.

Alertmanager posts its JSON to /dingtalk or /sms. A call that succeeded is answered 200; one that failed 502, and
Alertmanager repeats it; 400, which Alertmanager logs and does not repeat, one that is not set up, one that the other
side refuses with a status of 4xx, and an SMS that may have been sent, for each is billed: its provider did not answer, or
a gateway in front of it did not receive its answer (502, 504). Each call ends within some 20 s. Nothing is kept.

Environment:
  RELAY_PORT         where it listens, 8060; RELAY_ADDRESS: 0.0.0.0
  DINGTALK_TOKEN     the access_token in the address of the robot
  DINGTALK_SECRET    what the robot's requests are signed with ("SEC..."); empty for a robot without signatures
  DINGTALK_URL       https://oapi.dingtalk.com/robot/send
  SMS_URL            where the provider takes a message
  SMS_TYPE           the type of the body: application/json, or application/x-www-form-urlencoded
  SMS_BODY           the body, in which {text} is the text, escaped as the type needs it
  SMS_AUTHORIZATION  the header Authorization, such as "Bearer ..." or "Basic ..."

It needs no package. It belongs into a network that Alertmanager alone reaches: a client that reaches it can send messages.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 1024 * 1024
# DingTalk takes 20 000 bytes, and a text of a telephone is billed by parts
MAX_MARKDOWN = 15_000
MAX_SMS = 300
# For a request as a whole, however slowly it or its answer comes
TIMEOUT_SECONDS = 10
# Those that are on their way, also such as are given up and have not ended yet
MAX_POSTS = 50
JSON = "application/json"
# Of 4xx, those after which the same may be taken later: it took too long, is too early, or comes too often
REPEATABLE = (408, 425, 429)
# What a gateway says that has passed the request on
UNKNOWN = (502, 504)


class NotSetUp(Exception):
    """A setting is missing."""


class Refused(Exception):
    """The other side did not take the message."""


class RefusedForGood(Exception):
    """The other side did not take the message, and will not."""


class Unanswered(Exception):
    """The message was handed over, and it is not known whether it was taken."""


def setting(name, default=None):
    value = os.environ.get(name) or default
    if value is None:
        raise NotSetUp(name + " is not set")
    return value


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the message, and its credentials, elsewhere."""

    def redirect_request(self, *args):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


POSTS = threading.BoundedSemaphore(MAX_POSTS)


def post(url, body, headers, read):
    """Returns the body of the answer, or None where it is not to be read: then the status alone decides."""
    if not POSTS.acquire(blocking=False):
        raise Refused("too many requests are on their way")
    outcome = []

    def run():
        try:
            outcome.append((exchange(url, body, headers, read), None))
        except Exception as error:
            outcome.append((None, error))
        finally:
            POSTS.release()

    # The time-outs of sockets hold for each of their operations
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    if not outcome:
        raise Unanswered("no answer within %d s" % TIMEOUT_SECONDS)
    answer, error = outcome[0]
    if error is not None:
        raise error
    return answer


def exchange(url, body, headers, read):
    # Not the text of an error: it may show the address, and with it the token
    try:
        request = urllib.request.Request(url, body.encode(), headers, method="POST")
        with OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.read(MAX_BODY) if read else None
    except urllib.error.HTTPError as error:
        with error:
            if error.code in UNKNOWN:
                raise Unanswered("status %d" % error.code) from None
            refusal = RefusedForGood if 400 <= error.code < 500 and error.code not in REPEATABLE else Refused
            raise refusal("status %d" % error.code) from None
    except urllib.error.URLError as error:
        # What fails before the request is out
        raise Refused(str(error.reason)) from None
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(type(error).__name__) from None
    except ValueError as error:
        raise Refused(type(error).__name__) from None


def title(report):
    firing = [alert for alert in report["alerts"] if alert["status"] == "firing"]
    name = report.get("groupLabels", {}).get("alertname", "Fanfare")
    severity = report.get("commonLabels", {}).get("severity", "")
    return "[%s] %s" % (("FIRING " + severity).strip() if firing else "RESOLVED", name)


def lines(report):
    for alert in report["alerts"]:
        notes = alert.get("annotations", {})
        yield ("" if alert["status"] == "firing" else "Resolved: ") + notes.get("summary", ""), notes


def dingtalk(report):
    """https://open.dingtalk.com/document/orgapp/custom-robot-access"""
    query = {"access_token": setting("DINGTALK_TOKEN")}
    secret = os.environ.get("DINGTALK_SECRET")
    if secret:
        stamp = str(round(time.time() * 1000))
        digest = hmac.new(secret.encode(), (stamp + "\n" + secret).encode(), hashlib.sha256).digest()
        query.update(timestamp=stamp, sign=base64.b64encode(digest).decode())
    text = "### %s\n\n" % title(report) + "\n\n".join(
        "- **%s**\n\n  %s\n\n  %s" % (summary, notes.get("description", ""), notes.get("runbook", ""))
        for summary, notes in lines(report))
    body = {"msgtype": "markdown", "markdown": {"title": title(report), "text": shorten(text, MAX_MARKDOWN)}}
    url = setting("DINGTALK_URL", "https://oapi.dingtalk.com/robot/send") + "?" + urllib.parse.urlencode(query)
    answer = json.loads(post(url, json.dumps(body), {"Content-Type": JSON}, True))
    # DingTalk refuses with status 200
    if answer.get("errcode") != 0:
        raise Refused("errcode %s: %s" % (answer.get("errcode"), answer.get("errmsg")))


def sms(report):
    kind = setting("SMS_TYPE", JSON)
    text = shorten(title(report) + " " + "; ".join(summary for summary, notes in lines(report)), MAX_SMS)
    escaped = json.dumps(text)[1:-1] if kind == JSON else urllib.parse.quote_plus(text)
    headers = {"Content-Type": kind}
    if os.environ.get("SMS_AUTHORIZATION"):
        headers["Authorization"] = os.environ["SMS_AUTHORIZATION"]
    try:
        post(setting("SMS_URL"), setting("SMS_BODY").replace("{text}", escaped), headers, False)
    except Unanswered as error:
        raise RefusedForGood("it may have been sent: %s" % error) from None


def shorten(text, most):
    return text if len(text) <= most else text[:most - 1] + "…"


TARGETS = {"/dingtalk": dingtalk, "/sms": sms}


class Relay(BaseHTTPRequestHandler):
    timeout = TIMEOUT_SECONDS
    server_version = "relay"
    sys_version = ""

    def setup(self):
        super().setup()
        self.cutter = threading.Timer(TIMEOUT_SECONDS, self.cut)
        self.cutter.daemon = True
        self.cutter.start()

    def cut(self):
        """The request takes too long."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def finish(self):
        self.cutter.cancel()
        try:
            super().finish()
        except OSError:
            pass

    def do_POST(self):
        target = TARGETS.get(self.path)
        if target is None:
            return self.answer(404, "no such path")
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= MAX_BODY:
                raise ValueError("the body has %d bytes" % length)
            text = self.rfile.read(length)
            self.cutter.cancel()
            report = json.loads(text)
            title(report)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self.answer(400, "not a report of Alertmanager: %s" % error)
        try:
            target(report)
        except NotSetUp as error:
            return self.answer(400, str(error))
        except RefusedForGood as error:
            return self.answer(400, "%s did not take it: %s" % (self.path[1:], error))
        except (Refused, Unanswered, ValueError, AttributeError) as error:
            return self.answer(502, "%s did not take it: %s" % (self.path[1:], error))
        return self.answer(200, "sent")

    def answer(self, status, text):
        """One line per call. No token is in it."""
        print("path=%s status=%d reason=\"%s\"" % (self.path[:20], status, text), file=sys.stderr, flush=True)
        body = (text + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            # The caller went
            self.close_connection = True

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    port = int(setting("RELAY_PORT", "8060"))
    server = ThreadingHTTPServer((os.environ.get("RELAY_ADDRESS", "0.0.0.0"), port), Relay)
    print("relay=up port=%d" % server.server_port, file=sys.stderr, flush=True)
    server.serve_forever()
