//! A person without a browser: a passkey in memory, and the requests that the pages' script makes.

use std::time::Duration;

use serde_json::{Value, json};
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

use super::house::{ask, invited};
use crate::support::{Reply, World};

pub struct Person {
    name: String,
    /// The door.
    url: String,
    /// Where it listens.
    at: String,
    passkey: SoftPasskey,
    cookie: String,
    client: reqwest::Client,
}

/// A request that was shown.
pub struct Shown {
    path: String,
    nonce: String,
    ticket: String,
    pub text: String,
}

impl Shown {
    /// What was shown, as if it were of another request.
    pub fn sent_to(&self, other: &Self) -> Self {
        let Self { nonce, ticket, text, .. } = self;
        Self { path: other.path.clone(), nonce: nonce.clone(), ticket: ticket.clone(), text: text.clone() }
    }
}

fn between(text: &str, start: &str) -> String {
    text.split_once(start)
        .unwrap_or_else(|| panic!("{start}: {text}"))
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

impl Person {
    /// A person in a session that this cookie names, without a passkey.
    pub fn with(world: &World, name: &str, cookie: &str) -> Self {
        let (url, at) = (world.running.people.clone(), world.running.people_at.clone());
        let (name, cookie, passkey) = (name.to_owned(), cookie.to_owned(), SoftPasskey::new(true));
        Self { name, url, at, passkey, cookie, client: client() }
    }

    fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// A person with a confirmed passkey who is logged in.
    pub async fn enrolled(world: &World, name: &str) -> Self {
        let client = client();
        let mut one = Self { client, ..Self::with(world, name, "") };
        let link = invited(world, &one.name).await;
        let secret = link.split_once('#').unwrap().1.to_owned();
        let begun = one.post("/enrol/begin", None, json!({ "secret": secret })).await.ok().clone();
        let options = serde_json::from_value(begun["options"].clone()).unwrap();
        let credential = one.passkey.do_registration(one.url.parse().unwrap(), options).unwrap();
        let finish = json!({ "ceremony": begun["ceremony"], "credential": credential });
        let number = one.post("/enrol/finish", None, finish).await.ok()["number"].clone();
        ask(world, "confirm", json!({ "person": one.name, "number": number })).await.ok();
        one.login(world).await;
        one
    }

    /// Logs in; again, after the server was started again.
    pub async fn login(&mut self, world: &World) {
        self.url.clone_from(&world.running.people);
        self.at.clone_from(&world.running.people_at);
        let begun = self.begins_login().await;
        assert_eq!(self.ends_login(&begun).await, 200);
    }

    /// Begins a login.
    pub async fn begins_login(&self) -> Value {
        self.post("/login/begin", None, json!({ "name": self.name })).await.ok().clone()
    }

    /// Ends it, and returns the status of the answer.
    pub async fn ends_login(&mut self, begun: &Value) -> u16 {
        let finish = self.signed(begun);
        let answer = self.request("/login/finish", None, finish).send().await.unwrap();
        if let Some(cookie) = answer.headers().get("set-cookie") {
            let cookie = cookie.to_str().unwrap().to_owned();
            self.cookie = cookie.split(';').next().unwrap().to_owned();
        }
        answer.status().as_u16()
    }

    /// The assertion for what was begun.
    pub fn signed(&mut self, begun: &Value) -> Value {
        let options = serde_json::from_value(begun["options"].clone()).unwrap();
        let credential = self.passkey.do_authentication(self.url.parse().unwrap(), options).unwrap();
        json!({ "ceremony": begun["ceremony"], "credential": credential })
    }

    fn request(&self, path: &str, nonce: Option<&str>, body: Value) -> reqwest::RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.at)).header("Host", self.host());
        let request = request.header("Origin", &self.url);
        let request = request.header("Content-Type", "application/json").header("Cookie", &self.cookie);
        let request = nonce.into_iter().fold(request, |request, nonce| request.header("XPD-Nonce", nonce));
        request.body(body.to_string())
    }

    async fn post(&self, path: &str, nonce: Option<&str>, body: Value) -> Reply {
        Reply::of(self.request(path, nonce, body).send().await.unwrap()).await
    }

    /// A page: its status and text.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.at)).header("Host", self.host());
        let request = request.header("Cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Opens a request.
    pub async fn shown(&self, run: &str, step: &str) -> Shown {
        let path = format!("/runs/{run}/steps/{step}");
        let (status, text) = self.page(&path).await;
        assert_eq!(status, 200, "{}: {text}", self.name);
        let nonce = between(&text, "name=\"xpd-nonce\" content=\"");
        let ticket = between(&text, "data-ticket=\"");
        Shown { path, nonce, ticket, text }
    }

    /// Opens a request that waits for somebody else, or for nobody.
    pub async fn is_not_asked(&self, run: &str, step: &str) {
        let (status, text) = self.page(&format!("/runs/{run}/steps/{step}")).await;
        assert_eq!(status, 404, "{}: {text}", self.name);
    }

    /// Decides on what was shown, once its first second is over.
    pub async fn decides(&mut self, shown: &Shown, outcome: &str) -> Reply {
        let begun = self.begins(shown, outcome).await;
        if begun.status != 200 {
            return begun;
        }
        let finish = match begun.body["options"].is_null() {
            true => json!({ "ceremony": begun.body["ceremony"], "credential": null }),
            false => self.signed(&begun.body),
        };
        self.finishes(shown, finish).await
    }

    /// Ends a decision with this.
    pub async fn finishes(&self, shown: &Shown, finish: Value) -> Reply {
        self.post(&format!("{}/decide", shown.path), Some(&shown.nonce), finish).await
    }

    /// Begins a decision: what there is to sign.
    pub async fn begins(&self, shown: &Shown, outcome: &str) -> Reply {
        let body = json!({ "ticket": shown.ticket, "outcome": outcome, "notes": null });
        let path = format!("{}/sign", shown.path);
        let mut begun = self.post(&path, Some(&shown.nonce), body.clone()).await;
        let asked = std::time::Instant::now();
        while begun.body["detail"].as_str().is_some_and(|why| why.contains("first second")) {
            assert!(asked.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(20)).await;
            begun = self.post(&path, Some(&shown.nonce), body.clone()).await;
        }
        begun
    }
}
