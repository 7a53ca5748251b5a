//! What waits for a person, and the decision.

use serde_json::{Value, json};

use super::house::{HOSTILE, ask, choose, logged_in, login, outcome, request, waiting, world, world_of};
use crate::support::{flow, until};
use xp_harness::browser::Browser;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_what_is_asked_and_approves_or_declines_it() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    browser.open("rita", json!({})).await;
    logged_in(&world, &mut browser, "rita").await;
    browser.picture("rita", "queue-empty").await;
    browser.is_clean("rita").await;
    let run = waiting(&world, json!(["src/days.c", "src/names.c"])).await;
    browser.goto("rita", &format!("{}/", world.running.people)).await;
    browser.picture("rita", "queue").await;
    browser.is_clean("rita").await;
    // By the keyboard alone.
    browser.evaluate("rita", "document.querySelector('a.row').focus()").await;
    browser.tell("press", "rita", json!({ "key": "Enter" })).await;
    browser.tell("at", "rita", json!({ "path": format!("/runs/{run}/steps/review") })).await;
    let dead =
        browser.evaluate("rita", "[...document.querySelectorAll('.choice button')].every(b => b.disabled)");
    assert_eq!(dead.await, json!(true), "buttons are dead at first");
    let text = browser.text("rita").await;
    for part in
        ["src/days.c", "handed in by ann", "Enables: ship", "fake.note", "out_of_scope", "Opens again: work"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    // What others did is named and not shown: the step names `work.files` alone, and the proofs count on that.
    for part in ["I wrote it", "elsewhere"] {
        assert!(!text.contains(part), "{part}: {text}");
    }
    browser.visible("rita", "button[value=approved]:enabled").await;
    browser.picture("rita", "request").await;
    browser.is_clean("rita").await;
    browser.tell("fill", "rita", json!({ "at": "#notes", "text": "looks right" })).await;
    choose(&mut browser, "rita", "approved").await;
    assert!(browser.visible("rita", ".notice").await.contains("recorded"));
    browser.picture("rita", "decided").await;
    browser.is_clean("rita").await;
    assert_eq!(outcome(&world, &run).await, json!("review.approved"));

    // The evidence says how, and what was signed.
    let entry = judged(&world, &run);
    let approval = &entry["body"]["decided"]["facts"]["approval"];
    assert_eq!(approval["class"], json!("passkey"));
    let statement: Value = serde_json::from_str(approval["statement"].as_str().unwrap()).unwrap();
    assert_eq!(statement[2], json!("rita"));
    assert_eq!(statement[5], json!("approved"));
    assert_eq!(statement[7], approval["digest"]);
    let client = base64(approval["client_data"].as_str().unwrap());
    let client: Value = serde_json::from_slice(&client).unwrap();
    let signed = xp_scope::Digest::of(approval["statement"].as_str().unwrap().as_bytes());
    let challenge: String =
        base64(client["challenge"].as_str().unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(challenge, signed.hex(), "the passkey signed the digest of the statement");

    let second = waiting(&world, json!(["src/a.rs"])).await;
    browser.goto("rita", &request(&world, &second)).await;
    browser.tell("fill", "rita", json!({ "at": "#notes", "text": "a test is missing" })).await;
    choose(&mut browser, "rita", "changes").await;
    browser.visible("rita", ".notice").await;
    let ann = world.joined("ann", &second).await;
    assert!(ann.offers().await.to_string().contains("a test is missing"));
    // With the decisions in it, and closed, the evidence verifies.
    world.kill(json!({ "run": second })).await.ok();
    world.verifies(&second).await;
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_never_decides_on_something_else() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    browser.open("rita", json!({})).await;
    logged_in(&world, &mut browser, "rita").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    browser.tell("tab", "other", json!({ "of": "rita" })).await;
    browser.tell("authenticator", "other", json!({})).await;
    browser.tell("lend", "rita", json!({ "from": "rita", "to": "other" })).await;
    for page in ["rita", "other"] {
        browser.goto(page, &request(&world, &run)).await;
    }
    // A decision in one tab takes the buttons of the other away.
    let ticket = browser.evaluate("other", "document.getElementById('ticket').dataset.ticket").await;
    choose(&mut browser, "rita", "changes").await;
    browser.visible("rita", ".notice").await;
    let said = browser.visible("other", "#stale").await;
    assert!(said.contains("changed or was decided"), "{said}");
    let hidden = browser.evaluate("other", "document.querySelector('.choices').hidden").await;
    assert_eq!(hidden, json!(true));
    browser.picture("other", "changed").await;
    browser.is_clean("other").await;
    // Nor does the server take it, when the work is done again with other files.
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "place": "A", "text": "again" })).await.ok();
    ann.submit("work", "files", json!(["src/other.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    let script = format!(
        "fetch(location.pathname + '/sign', {{ method: 'POST', headers: {{ 'Content-Type': 'application/json', \
         'XPD-Nonce': document.querySelector('meta[name=xpd-nonce]').content }}, \
         body: JSON.stringify({{ ticket: {ticket}, outcome: 'approved', notes: null }}) }}).then((a) => a.json())"
    );
    assert_eq!(browser.evaluate("other", &script).await["code"], json!("not_shown"));
    // Without having been shown, nothing is decided either.
    let guessed = script.replace(ticket.as_str().unwrap(), &"0".repeat(64));
    assert_eq!(browser.evaluate("other", &guessed).await["code"], json!("not_shown"));
    assert_eq!(outcome(&world, &run).await, Value::Null);
    // A stop takes the buttons away, too.
    browser.goto("rita", &request(&world, &run)).await;
    browser.visible("rita", "button[value=approved]:enabled").await;
    world.kill(json!({ "run": run })).await.ok();
    browser.visible("rita", "#stale").await;
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_another_port_got_decides_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    browser.open("rita", json!({})).await;
    logged_in(&world, &mut browser, "rita").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    // A preview on another port of localhost receives the cookie.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let preview = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let heard = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 8192];
        let length = stream.read(&mut bytes).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    });
    browser.goto("rita", &preview).await;
    let heard = heard.await.unwrap();
    let cookie = heard
        .lines()
        .find_map(|line| line.strip_prefix("Cookie: "))
        .expect("the port is no border")
        .to_owned();
    let client = reqwest::Client::new();
    let url = request(&world, &run);
    let page = client.get(&url).header("Cookie", &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("src/a.rs"), "the cookie reads");
    let between = |start: &str| page.split_once(start).unwrap().1.split('"').next().unwrap().to_owned();
    let (nonce, ticket) = (between("name=\"xpd-nonce\" content=\""), between("data-ticket=\""));
    let post = |what: &str, body: Value| {
        let request =
            client.post(format!("{url}/{what}")).header("Cookie", &cookie).header("XPD-Nonce", &nonce);
        let request =
            request.header("Origin", &world.running.people).header("Content-Type", "application/json");
        let request = request.body(body.to_string());
        async { crate::support::Reply::of(request.send().await.unwrap()).await }
    };
    let ask = json!({ "ticket": ticket, "outcome": "approved", "notes": null });
    post("sign", ask.clone()).await.refused("not_shown");
    let begun = std::sync::Mutex::new(json!({}));
    until("the end of the first second", || async {
        let reply = post("sign", ask.clone()).await;
        begun.lock().unwrap().clone_from(&reply.body);
        reply.status == 200
    })
    .await;
    let begun = begun.into_inner().unwrap();
    // An assertion that the passkey makes for the page of that other port is not one for ours.
    let challenge = begun["options"]["publicKey"].clone();
    browser.goto("rita", &format!("{}/login", world.running.people)).await;
    let script = format!(
        "navigator.credentials.get({{ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({challenge}) }})\
         .then((c) => c.toJSON())"
    );
    let mut assertion = browser.evaluate("rita", &script).await;
    let data = String::from_utf8(base64(assertion["response"]["clientDataJSON"].as_str().unwrap())).unwrap();
    let moved = data.replace(&world.running.people, preview.trim_end_matches('/'));
    assert_ne!(data, moved);
    assertion["response"]["clientDataJSON"] = json!(unbase64(moved.as_bytes()));
    let finish = json!({ "ceremony": begun["ceremony"], "credential": assertion });
    post("decide", finish).await.refused("unauthenticated");
    let forged = json!({ "ceremony": begun["ceremony"], "credential": {} });
    post("decide", forged).await.refused("unauthenticated");
    assert_eq!(outcome(&world, &run).await, Value::Null);
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_person_sees_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    for person in ["rita", "sam", "tom"] {
        browser.open(person, json!({})).await;
        logged_in(&world, &mut browser, person).await;
    }
    // Tom plays no role here.
    assert!(browser.text("tom").await.contains("Nothing waits"));
    assert_eq!(browser.goto("tom", &request(&world, &run)).await, 404);
    // Every reviewer is asked until one decides.
    browser.goto("rita", &request(&world, &run)).await;
    assert_eq!(browser.goto("sam", &request(&world, &run)).await, 200);
    choose(&mut browser, "sam", "changes").await;
    browser.visible("sam", ".notice").await;
    let said = browser.visible("rita", "#stale").await;
    assert!(said.contains("changed or was decided"), "{said}");
    assert_eq!(browser.goto("rita", &request(&world, &run)).await, 404);
    // Taken from the roster, a person is gone at once.
    let path = world.site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, roster.replace("name = \"rita\"", "name = \"rosa\"")).unwrap();
    world.running.reloader.try_reload().await.unwrap();
    browser.goto("rita", &format!("{}/", world.running.people)).await;
    browser.tell("at", "rita", json!({ "path": "/login" })).await;
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_where_nobody_uses_it() {
    let Some(mut browser) = Browser::start() else { return };
    let world = world("idle_seconds = 4\n").await;
    let run = waiting(&world, json!(["src/a.rs"])).await;
    browser.open("rita", json!({})).await;
    logged_in(&world, &mut browser, "rita").await;
    browser.goto("rita", &request(&world, &run)).await;
    let said = browser.visible("rita", "#stale").await;
    assert!(said.contains("session is over"), "{said}");
    browser.goto("rita", &request(&world, &run)).await;
    browser.tell("at", "rita", json!({ "path": "/login" })).await;
    login(&world, &mut browser, "rita", "rita").await;
    // Whoever logs out leaves nothing behind.
    let cookies = browser.tell("cookies", "rita", json!({ "url": world.running.people })).await;
    browser.click("rita", "#logout").await;
    browser.tell("at", "rita", json!({ "path": "/login" })).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let cookie = format!("xpd={}", cookies[0]["value"].as_str().unwrap());
    let answer = client.get(request(&world, &run)).header("Cookie", cookie).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/login");
    browser.end().await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_text_is_drawn_as_text_on_a_phone_and_in_both_themes() {
    let Some(mut browser) = Browser::start() else { return };
    let mut workflow = flow::reviewed_by_people(60);
    for submission in workflow.steps.iter_mut().flat_map(|step| step.submissions.iter_mut()) {
        (submission.ty, submission.within) = (xp_scope::Type::Text, None);
    }
    let world = world_of(workflow, "").await;
    browser.open("rita", json!({ "width": 375, "height": 800, "dark": true })).await;
    logged_in(&world, &mut browser, "rita").await;
    let run = waiting(&world, json!("<b>approved by security</b>")).await;
    let ann = world.joined("ann", &run).await;
    drop(ann);
    // A refused request is no way for text of an agent to a person.
    let again = world.joined("ann", &run).await;
    again.submit("work", HOSTILE, json!(["x"])).await;
    browser.goto("rita", &request(&world, &run)).await;
    browser.visible("rita", "button[value=approved]:enabled").await;
    let text = browser.text("rita").await;
    assert!(text.contains("something that the workflow does not have"), "{text}");
    assert!(!text.contains("[U+202E]") && !text.contains("src/"), "{text}");
    assert!(text.contains("<b>approved by security</b>"), "{text}");
    assert!(!text.contains('\u{202E}'));
    let wide = browser.evaluate("rita", "document.documentElement.scrollWidth > innerWidth").await;
    assert_eq!(wide, json!(false), "nothing is wider than the phone");
    browser.picture("rita", "phone-dark").await;
    browser.is_clean("rita").await;
    choose(&mut browser, "rita", "approved").await;
    browser.visible("rita", ".notice").await;
    browser.picture("rita", "phone-dark-decided").await;
    browser.is_clean("rita").await;
    ask(&world, "revoke", json!({ "person": "rita" })).await.ok();
    browser.end().await;
    world.running.stop().await;
}

/// The entry of the judgement by a person.
fn judged(world: &crate::support::World, run: &str) -> Value {
    let database = rusqlite::Connection::open(world.site.folder.join("data/xpd.sqlite")).unwrap();
    let sql = "SELECT bytes FROM entries WHERE run = ?1 AND kind = 'judged' ORDER BY idx DESC LIMIT 1";
    let bytes: Vec<u8> = database.query_row(sql, [run], |row| row.get(0)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn unbase64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
