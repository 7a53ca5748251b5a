"""Client of the HTTP API of xpd, for agents.

    agent = Agent("unix:/run/xpd.sock", "agent.pem")
    run = agent.run(agent.start("bug_fix", {"repo.name": "shop"})["run"])
    run.act("triage", "github.issues.read", {"number": 7})

Each request carries a proof of possession of the agent's key (RFC 9449). A request that changes something has an id of its own. If its answer is
lost, it is sent again with the same id, and the server gives the stored answer. Nothing is done twice.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import socket
import ssl
import time
import urllib.parse
from typing import Any, cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .api import (
    ROUTES,
    ActionResponse,
    GrantResponse,
    Offer,
    Problem,
    RunSummary,
    SaidResponse,
    SessionResponse,
    StartResponse,
    ViewResponse,
)

__all__ = ["Agent", "Refused", "Run", "Unanswered", "Unreached"]

# A session is replaced this long before its end, in seconds.
_MARGIN = 60
# The longest time that an action takes, in seconds.
_TIMEOUT = 25 * 60
_MAX_ANSWER = 64 << 20
# How often a request whose answer was lost is sent again, and how long the server may still work on it, in seconds.
_REPEATS = 3
_PATIENCE = 60.0


class Refused(Exception):
    """The server refused. `problem` says why; `code` is stable."""

    def __init__(self, problem: Problem):
        super().__init__(f"{problem['code']}: {problem['detail']}")
        self.problem = problem
        self.code = problem["code"]


class Unreached(Exception):
    """The server was not reached. Nothing was sent."""


class Unanswered(Exception):
    """The request was sent, and no answer of this API arrived. It may have been carried out."""


class _Socket(http.client.HTTPConnection):
    def __init__(self, path: str):
        super().__init__("xpd", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


class _Key:
    """A private key in PKCS#8 PEM, Ed25519 or P-256."""

    def __init__(self, path: str | os.PathLike[str]):
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise PermissionError(f"{path}: others can read this key; `chmod 600` changes that")
            key = serialization.load_pem_private_key(file.read(1 << 16), None)
        self.jwk: dict[str, str]
        if isinstance(key, Ed25519PrivateKey):
            raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self.algorithm, self.jwk = "EdDSA", {"kty": "OKP", "crv": "Ed25519", "x": _base64url(raw)}
        elif isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            at = key.public_key().public_numbers()
            x, y = (_base64url(number.to_bytes(32, "big")) for number in (at.x, at.y))
            self.algorithm, self.jwk = "ES256", {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        else:
            raise ValueError(f"{path}: the key is neither Ed25519 nor P-256")
        self._key = key

    def sign(self, message: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def proof(self, method: str, url: str, token: str | None, body: bytes) -> str:
        claims = {"jti": secrets.token_hex(16), "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            claims["ath"] = _base64url(hashlib.sha256(token.encode()).digest())
        if body:
            claims["xp_body"] = _base64url(hashlib.sha256(body).digest())
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk}
        message = f"{_base64url(_compact(header))}.{_base64url(_compact(claims))}"
        return f"{message}.{_base64url(self.sign(message.encode()))}"


class Agent:
    """An agent: a server and the key that was enrolled there. `server` is a URL, as the server names itself, or `unix:` and the path of its socket."""

    def __init__(self, server: str, key: str | os.PathLike[str]):
        self._key = _Key(key)
        self._socket = server.removeprefix("unix:") if server.startswith("unix:") else None
        self._base = "http://xpd" if self._socket else server.rstrip("/")
        self._url = urllib.parse.urlsplit(self._base)
        if self._url.scheme not in ("http", "https") or not self._url.hostname or self._url.username:
            raise ValueError("the server is `unix:PATH`, or a URL such as `http://127.0.0.1:7411`")

    def start(self, artifact: str, params: dict[str, Any] | None = None) -> StartResponse:
        """Starts a run of an artifact, by its digest or the name of its workflow."""
        ask = {"artifact": artifact, "params": params or {}}
        return cast(StartResponse, self._repeated("start", {}, None, ask))

    def run(self, run: str) -> Run:
        """A run, by its id. Sends nothing."""
        return Run(self, run)

    def _connection(self) -> http.client.HTTPConnection:
        if self._socket is not None:
            return _Socket(self._socket)
        host, port = cast(str, self._url.hostname), self._url.port
        if self._url.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=_TIMEOUT)

    def _sent(self, name: str, path: dict[str, str], token: str | None, ask: object) -> Any:
        """Sends a request once. Follows no redirect and uses no proxy."""
        method, template = ROUTES[name]
        route = template.format_map({part: urllib.parse.quote(value, safe="") for part, value in path.items()})
        body = b"" if ask is None else _compact(ask)
        headers = {"Content-Type": "application/json", "DPoP": self._key.proof(method, self._base + route, token, body)}
        if token is not None:
            headers["Authorization"] = f"DPoP {token}"
        connection = self._connection()
        try:
            try:
                connection.connect()
            except OSError as error:
                raise Unreached(f"{self._base}: {error}") from error
            try:
                connection.request(method, self._url.path + route, body, headers)
                response = connection.getresponse()
                data = response.read(_MAX_ANSWER + 1)
            except (OSError, http.client.HTTPException) as error:
                raise Unanswered(f"{method} {route}: {error!r}") from error
        finally:
            connection.close()
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if 200 <= response.status < 300 and answer is not None:
            return answer
        if isinstance(answer, dict) and "code" in answer and "detail" in answer:
            raise Refused(cast(Problem, answer))
        raise Unanswered(f"{method} {route}: {response.status}, with an answer that is none of this API")

    def _repeated(self, name: str, path: dict[str, str], token: str | None, ask: dict[str, Any]) -> Any:
        """Sends a request with an id. If its answer is lost, sends it again with the same id."""
        ask = {**ask, "request_id": secrets.token_hex(16)}
        lost, until = 0, time.monotonic() + _PATIENCE
        while True:
            try:
                return self._sent(name, path, token, ask)
            except (Unanswered, Unreached) as error:
                # Where an earlier one was sent, that the server is not reached says nothing of that one.
                lost += 1
                if isinstance(error, Unreached) and lost == 1:
                    raise
                if lost > _REPEATS:
                    raise Unanswered(str(error)) from error
            except Refused as refused:
                # The server still works on the one whose answer was lost.
                if lost == 0 or refused.code != "in_flight" or time.monotonic() > until:
                    raise
                time.sleep(0.2)


class Run:
    """A run, as one agent sees it."""

    def __init__(self, agent: Agent, run: str):
        self.id = run
        self._agent = agent
        self._session: tuple[str, float] | None = None

    def summary(self) -> RunSummary:
        """Where the run is."""
        return cast(RunSummary, self._asked("summary", None))

    def offers(self) -> list[Offer]:
        """What is open to the agent now."""
        return cast(list[Offer], self._asked("offers", None))

    def act(
        self, step: str, action: str, args: dict[str, Any] | None = None, grant: str | None = None
    ) -> ActionResponse:
        """Requests a grant for an action and uses it. `grant` names the grant if several of the step fit."""
        ask: dict[str, Any] = {"step": step, "action": action, "args": args or {}}
        if grant is not None:
            ask["grant"] = grant
        granted = cast(GrantResponse, self._said("grant", ask))
        return cast(ActionResponse, self._agent._repeated("act", {"run": self.id}, granted["grant"], {}))

    def submit(self, step: str, name: str, value: Any) -> SaidResponse:
        """Makes a submission."""
        return cast(SaidResponse, self._said("submit", {"step": step, "name": name, "value": value}))

    def view(self, step: str, datum: str) -> ViewResponse:
        """Shows a datum, which may be judged afterwards."""
        return cast(ViewResponse, self._asked("view", {"step": step, "datum": datum}))

    def judge(self, step: str, outcome: str, notes: str | None = None) -> SaidResponse:
        """Judges how a step ends."""
        ask = {"step": step, "outcome": outcome}
        if notes is not None:
            ask["notes"] = notes
        return cast(SaidResponse, self._said("judge", ask))

    def _token(self) -> str:
        if self._session is None or self._session[1] < time.monotonic() + _MARGIN:
            asked = time.monotonic()
            opened = cast(SessionResponse, self._agent._sent("session", {}, None, {"run": self.id}))
            self._session = (opened["access_token"], asked + opened["expires_in"])
        return self._session[0]

    def _asked(self, name: str, ask: object) -> Any:
        return self._agent._sent(name, {"run": self.id}, self._token(), ask)

    def _said(self, name: str, ask: dict[str, Any]) -> Any:
        return self._agent._repeated(name, {"run": self.id}, self._token(), ask)
