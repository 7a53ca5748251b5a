// The script of the people's door: ceremonies of passkeys, and the state of a request that is open.
"use strict";

const byId = (id) => document.getElementById(id);
const say = (text) => { const place = byId("message"); if (place) place.textContent = text; };

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const nonce = document.querySelector("meta[name=xpd-nonce]").content;
  if (nonce) headers["XPD-Nonce"] = nonce;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  const text = await answer.text();
  let said = {};
  try { said = JSON.parse(text); } catch { said = { detail: text }; }
  if (!answer.ok) throw new Error(said.detail || `the server answered ${answer.status}`);
  return said;
}

const create = async (options) =>
  (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey) })).toJSON();
const get = async (options) =>
  (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey) })).toJSON();

const why = (error) => error.name === "NotAllowedError" ? "the passkey was not used: cancelled, or not on this device" : error.message;

async function guarded(work) {
  say("");
  try { await work(); } catch (error) { say(why(error)); return false; }
  return true;
}

function login(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(async () => {
      const { ceremony, options } = await post("/login/begin", { name: byId("name").value });
      const { to } = await post("/login/finish", { ceremony, credential: await get(options) });
      location.assign(to);
    });
  });
}

function provider(button) {
  button.addEventListener("click", () => guarded(async () => location.assign((await post(`/login/${button.dataset.provider}/begin`, {})).to)));
}

function enrol() {
  const secret = location.hash.slice(1);
  // The secret does not stay in the address bar or the history.
  history.replaceState(null, "", location.pathname);
  const button = byId("make");
  if (!secret) { button.disabled = true; say("The link is not whole: open it as the administrator gave it to you."); return; }
  button.addEventListener("click", async () => {
    button.disabled = true;
    const done = await guarded(async () => {
      const { ceremony, options } = await post("/enrol/begin", { secret });
      const { person, number } = await post("/enrol/finish", { ceremony, credential: await create(options) });
      byId("person").textContent = person;
      byId("number").textContent = number;
      byId("done").hidden = false;
      button.hidden = true;
    });
    if (!done) button.disabled = false;
  });
}

function decision(form) {
  const buttons = [...form.querySelectorAll("button")];
  const ticket = byId("ticket").dataset.ticket;
  let stale = false;
  const enable = (on) => buttons.forEach((button) => { button.disabled = !on || stale || button.dataset.evidence !== "true"; });
  const take = (text) => {
    stale = true;
    enable(false);
    form.querySelector(".choices").hidden = true;
    const place = byId("stale");
    place.textContent = text;
    place.hidden = false;
  };
  setTimeout(() => enable(true), 1100);
  // What was drawn before a page came back from the cache of the browser counts no longer.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  const events = new EventSource(`${form.dataset.path}/events?ticket=${ticket}`);
  events.addEventListener("changed", () => { events.close(); take("This request has changed or was decided since you opened it. Open it again to see it as it is now."); });
  events.addEventListener("over", () => { events.close(); take("Your session is over. Log in again."); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const outcome = event.submitter && event.submitter.value;
    if (!outcome || stale) return;
    enable(false);
    guarded(async () => {
      const notes = byId("notes").value || null;
      const { ceremony, options } = await post(`${form.dataset.path}/sign`, { ticket, outcome, notes });
      const credential = options ? await get(options) : null;
      events.close();
      const { to } = await post(`${form.dataset.path}/decide`, { ceremony, credential });
      location.assign(to);
    }).then((done) => { if (!done) enable(true); });
  });
}

if (byId("login")) login(byId("login"));
document.querySelectorAll(".provider").forEach(provider);
if (byId("enrol")) enrol();
if (byId("decision")) decision(byId("decision"));
if (byId("logout")) byId("logout").addEventListener("click", () => guarded(async () => location.assign((await post("/logout", {})).to)));
