// Client of the HTTP API of xpd, for agents.
//
//   const agent = new Agent("unix:/run/xpd.sock", "agent.pem");
//   const run = agent.run((await agent.start("bug_fix", { "repo.name": "shop" })).run);
//   await run.act("triage", "github.issues.read", { number: 7 });
//
// Each request carries a proof of possession of the agent's key (RFC 9449). A request that changes something has an id of its own. If its
// answer is lost, it is sent again with the same id, and the server gives the stored answer. Nothing is done twice.

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { request as overHttp } from "node:http";
import { request as overTls } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

import { ROUTES } from "./api.ts";
import type {
  ActionResponse,
  GrantResponse,
  Offer,
  Problem,
  RunSummary,
  SaidResponse,
  SessionResponse,
  StartResponse,
  ViewResponse,
} from "./api.ts";

export type * from "./api.ts";

/** Values of a workflow, by name. */
export type Members = Record<string, unknown>;

// A session is replaced this long before its end; the longest time that an action takes; how long the server may still work on a
// request whose answer was lost. In milliseconds.
const MARGIN = 60_000;
const TIMEOUT = 25 * 60_000;
const PATIENCE = 60_000;
// How often a request whose answer was lost is sent again.
const REPEATS = 3;
const MAX_ANSWER = 64 << 20;

/** The server refused. `problem` says why; `code` is stable. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly code: string;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
    this.code = problem.code;
  }
}

/** The server was not reached. Nothing was sent. */
export class Unreached extends Error {}

/** The request was sent, and no answer of this API arrived. It may have been carried out. */
export class Unanswered extends Error {}

const digest = (text: string): string => createHash("sha256").update(text).digest("base64url");
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A private key in PKCS#8 PEM, Ed25519 or P-256. */
class Key {
  readonly #key: KeyObject;
  readonly #header: string;

  constructor(path: string) {
    const file = openSync(path, "r");
    try {
      if ((fstatSync(file).mode & 0o077) !== 0) {
        throw new Error(`${path}: others can read this key; \`chmod 600\` changes that`);
      }
      this.#key = createPrivateKey(readFileSync(file));
    } finally {
      closeSync(file);
    }
    const { kty, crv, x, y } = createPublicKey(this.#key).export({ format: "jwk" });
    if (kty === "OKP" && crv === "Ed25519") {
      this.#header = encoded({ typ: "dpop+jwt", alg: "EdDSA", jwk: { kty, crv, x } });
    } else if (kty === "EC" && crv === "P-256") {
      this.#header = encoded({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } });
    } else {
      throw new Error(`${path}: the key is neither Ed25519 nor P-256`);
    }
  }

  proof(method: string, url: string, token: string | null, body: string): string {
    const claims: Members = { jti: randomBytes(16).toString("hex"), htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
    if (token !== null) claims["ath"] = digest(token);
    if (body !== "") claims["xp_body"] = digest(body);
    const message = `${this.#header}.${encoded(claims)}`;
    const ed25519 = this.#key.asymmetricKeyType === "ed25519";
    const signature = sign(ed25519 ? null : "sha256", Buffer.from(message), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return `${message}.${signature.toString("base64url")}`;
  }
}

type Name = keyof typeof ROUTES;

/** An agent: a server and the key that was enrolled there. `server` is a URL, as the server names itself, or `unix:` and the path of its socket. */
export class Agent {
  readonly #key: Key;
  readonly #socket: string | undefined;
  readonly #base: string;

  constructor(server: string, key: string) {
    this.#key = new Key(key);
    this.#socket = server.startsWith("unix:") ? server.slice("unix:".length) : undefined;
    this.#base = this.#socket === undefined ? server.replace(/\/+$/, "") : "http://xpd";
    const url = URL.canParse(this.#base) ? new URL(this.#base) : undefined;
    if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.username !== "") {
      throw new Error("the server is `unix:PATH`, or a URL such as `http://127.0.0.1:7411`");
    }
  }

  /** Starts a run of an artifact, by its digest or the name of its workflow. */
  async start(artifact: string, params: Members = {}): Promise<StartResponse> {
    return (await this.repeated("start", null, null, { artifact, params })) as StartResponse;
  }

  /** A run, by its id. Sends nothing. */
  run(run: string): Run {
    return new Run(this, run);
  }

  /** Sends a request once. Follows no redirect and uses no proxy. */
  async sent(name: Name, run: string | null, token: string | null, ask: Members | null): Promise<unknown> {
    const [method, template] = ROUTES[name];
    const route = template.replace("{run}", encodeURIComponent(run ?? ""));
    const body = ask === null ? "" : JSON.stringify(ask);
    const url = this.#base + route;
    const headers: Record<string, string | number> = {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
      DPoP: this.#key.proof(method, url, token, body),
    };
    if (token !== null) headers["Authorization"] = `DPoP ${token}`;
    const [status, text] = await this.#exchanged(method, url, headers, body);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = null;
    }
    if (status >= 200 && status < 300 && answer !== null) return answer;
    if (typeof answer === "object" && answer !== null && "code" in answer && "detail" in answer) {
      throw new Refused(answer as Problem);
    }
    throw new Unanswered(`${method} ${route}: ${status}, with an answer that is none of this API`);
  }

  #exchanged(method: string, url: string, headers: Record<string, string | number>, body: string): Promise<[number, string]> {
    const send = url.startsWith("https:") ? overTls : overHttp;
    const socket = this.#socket === undefined ? {} : { socketPath: this.#socket };
    return new Promise((resolve, reject) => {
      let connected = false;
      const lost = (error: Error) => reject(new (connected ? Unanswered : Unreached)(`${method} ${url}: ${error.message}`));
      // A connection of its own, so that it is known whether it was made.
      const request = send(url, { method, headers, agent: false, timeout: TIMEOUT, ...socket }, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER) request.destroy(new Error("the answer is too long"));
          else chunks.push(chunk);
        });
        response.on("error", lost);
        response.on("end", () => resolve([response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8")]));
      });
      request.on("socket", (made) => {
        made.once(url.startsWith("https:") ? "secureConnect" : "connect", () => {
          connected = true;
        });
      });
      request.on("timeout", () => request.destroy(new Error("there was no answer in time")));
      request.on("error", lost);
      request.end(body);
    });
  }

  /** Sends a request with an id. If its answer is lost, sends it again with the same id. */
  async repeated(name: Name, run: string | null, token: string | null, ask: Members): Promise<unknown> {
    const whole = { ...ask, request_id: randomBytes(16).toString("hex") };
    const until = Date.now() + PATIENCE;
    for (let lost = 0; ; ) {
      try {
        return await this.sent(name, run, token, whole);
      } catch (error) {
        if (error instanceof Unanswered || (error instanceof Unreached && lost > 0)) {
          // Where an earlier one was sent, that the server is not reached says nothing of that one.
          lost += 1;
          if (lost > REPEATS) throw new Unanswered(error.message);
        } else if (error instanceof Refused && error.code === "in_flight" && lost > 0 && Date.now() < until) {
          // The server still works on the one whose answer was lost.
          await pause(200);
        } else {
          throw error;
        }
      }
    }
  }
}

/** A run, as one agent sees it. */
export class Run {
  readonly id: string;
  readonly #agent: Agent;
  #session: { token: string; ends: number } | undefined;

  constructor(agent: Agent, run: string) {
    this.#agent = agent;
    this.id = run;
  }

  /** Where the run is. */
  async summary(): Promise<RunSummary> {
    return (await this.#asked("summary", null)) as RunSummary;
  }

  /** What is open to the agent now. */
  async offers(): Promise<Offer[]> {
    return (await this.#asked("offers", null)) as Offer[];
  }

  /** Requests a grant for an action and uses it. `grant` names the grant if several of the step fit. */
  async act(step: string, action: string, args: Members = {}, grant?: string): Promise<ActionResponse> {
    const ask = { step, action, args, ...(grant === undefined ? {} : { grant }) };
    const granted = (await this.#said("grant", ask)) as GrantResponse;
    return (await this.#agent.repeated("act", this.id, granted.grant, {})) as ActionResponse;
  }

  /** Makes a submission. */
  async submit(step: string, name: string, value: unknown): Promise<SaidResponse> {
    return (await this.#said("submit", { step, name, value })) as SaidResponse;
  }

  /** Shows a datum, which may be judged afterwards. */
  async view(step: string, datum: string): Promise<ViewResponse> {
    return (await this.#asked("view", { step, datum })) as ViewResponse;
  }

  /** Judges how a step ends. */
  async judge(step: string, outcome: string, notes?: string): Promise<SaidResponse> {
    return (await this.#said("judge", { step, outcome, ...(notes === undefined ? {} : { notes }) })) as SaidResponse;
  }

  async #token(): Promise<string> {
    if (this.#session === undefined || this.#session.ends < Date.now() + MARGIN) {
      const asked = Date.now();
      const opened = (await this.#agent.sent("session", null, null, { run: this.id })) as SessionResponse;
      this.#session = { token: opened.access_token, ends: asked + opened.expires_in * 1000 };
    }
    return this.#session.token;
  }

  async #asked(name: Name, ask: Members | null): Promise<unknown> {
    return this.#agent.sent(name, this.id, await this.#token(), ask);
  }

  async #said(name: Name, ask: Members): Promise<unknown> {
    return this.#agent.repeated(name, this.id, await this.#token(), ask);
  }
}
