//! A shadow run with the programs: what agents try is recorded, the shop hears of nothing but a listed read, and the record becomes a
//! draft that is checked.

use serde_json::{Value, json};
use xp_artifact::SigningKey;

use super::servers::Bridge;
use super::{Agent, Folder, SHOP, folder, ok, shop};

/// Requests a grant in a step and uses it.
fn act(agent: &Agent, step: &str, action: &str, args: Value) -> Value {
    let asked = agent.grant(&json!({ "step": step, "action": action, "args": args }));
    if asked.status >= 300 {
        return asked.body;
    }
    agent.act(&asked).unwrap().body
}

/// A folder with the shop registered, whose start rule is for shadow runs.
fn shadowed() -> Folder {
    let folder = folder();
    let roster = std::fs::read_to_string(folder.path().join("roster.toml")).unwrap();
    folder.put("roster.toml", &format!("{roster}shadow = true\n"));
    folder.put("shop.xp", SHOP);
    folder.run("xpc", &["build", "refund.xp", "-o", "refund.xpa", "--sign", "signer.pem"], 0);
    let digest = folder.run("xpc", &["build", "refund.xp", "--connector", "shop", "-o", "shop.json"], 0);
    folder.put("xpd.toml", "[server]\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n");
    folder.run("xpd", &["connectors", "add", "shop.json", "--accept", digest.trim(), "--by", "ann"], 0);
    folder
}

#[test]
fn a_shadow_run_becomes_a_draft_and_the_shop_hears_of_a_listed_read_alone() {
    let (folder, upstream) = (shadowed(), shop());
    let tables = format!(
        "[connector.shop]\nbase_url = \"{}\"\ncredential = {{ bearer = {{ file = \"secret\" }} }}\n\n\
         [shadow]\nsends = {{ shop = [\"orders.read\", \"orders.refund\"] }}\n",
        upstream.url
    );
    let daemon = folder.serve_with(None, &tables);
    let socket = folder.path().join("xpd.sock").display().to_string();
    let server = format!("unix:{socket}");
    let deployed = folder.run("xpc", &["deploy", "refund.xpa", "--shadow", "--server", &server], 0);
    assert!(deployed.contains("\"shadow\":true"), "{deployed}");

    let clerk = Agent::join(&folder, 3, None);
    let boss = Agent::join(&folder, 4, Some(&clerk.run));
    folder.put("clerk.pem", &SigningKey::from_seed(&[3; 32]).to_pem().unwrap());
    // Listed, and it changes nothing: sent.
    let read = act(&boss, "look", "shop.orders.read", json!({}));
    assert_eq!(read["result"]["total"], "12.50", "{read}");
    // Refused as it would be.
    let other = act(&boss, "look", "shop.orders.read", json!({ "order": "o-2" }));
    assert!(other["detail"].as_str().unwrap().starts_with("would be refused: out_of_scope: "), "{other}");
    let find = act(&boss, "look", "shop.orders.find", json!({ "customer": "c", "tags": [] }));
    assert!(find["detail"].as_str().unwrap().starts_with("would be refused: not_granted: "), "{find}");
    let early = act(&clerk, "pay", "shop.orders.refund", json!({ "reason": "broken" }));
    assert!(early["detail"].as_str().unwrap().starts_with("would be refused: out_of_sequence: "), "{early}");
    let says = json!({ "step": "look", "outcome": "approved" });
    let path = format!("/v1/runs/{}/judgements", boss.run);
    ok(&boss.client.send("POST", &path, Some(&boss.session), Some(&says)).unwrap());
    // The same over MCP, which says what the run is.
    let mut bridge = Bridge::new(&folder, &clerk.run, "clerk.pem");
    let open = bridge.call("offers", json!({}));
    assert_eq!(open["structuredContent"]["shadow"], true, "{open}");
    let told = bridge.call("look.shop.orders.read", json!({})).to_string();
    assert!(told.contains("would be refused: wrong_role: "), "{told}");
    // Listed, too, and not sent, since it changes something.
    let paid = act(&clerk, "pay", "shop.orders.refund", json!({ "reason": "broken" }));
    assert_eq!(paid["code"], "shadow", "{paid}");
    assert_eq!(clerk.summary()["shadow"], true);
    let heard: Vec<_> = upstream.requests().into_iter().map(|one| one.line).collect();
    assert_eq!(heard, ["GET /api/orders/o-1"]);

    folder.run("xpd", &["kill", "run", &clerk.run, "--reason", "seen enough", "--socket", &socket], 0);
    folder.run("xpd", &["evidence", &clerk.run, "-o", "run.xpe", "--socket", &socket], 0);
    let trusted = ["--log-key", &daemon.log_key, "--artifact-key", "signer.pub.pem"];
    let verdict = folder.run("xpd", &[&["audit", "verify", "run.xpe"], &trusted[..]].concat(), 5);
    assert!(verdict.starts_with("shadow\n") && !verdict.contains("verified"), "{verdict}");
    folder.run("xpd", &["evidence", &clerk.run, "--transcript", "-o", "calls.jsonl", "--socket", &socket], 0);
    let log = std::fs::read_to_string(folder.path().join("xpd.log")).unwrap();
    let decisions: Vec<_> = log.lines().filter(|line| line.contains(&clerk.run)).collect();
    assert!(!decisions.is_empty() && decisions.iter().all(|line| line.contains("shadow")), "{decisions:?}");

    let calls: Vec<Value> = std::fs::read_to_string(folder.path().join("calls.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(calls.iter().all(|call| call["shadow"] == true), "{calls:?}");
    let line = |order: &str| {
        let at =
            calls.iter().position(|call| call["args"]["order"] == order && call["principal"] == "boss-1");
        (at.unwrap() + 1).to_string()
    };
    let (good, refused) = (line("o-1"), line("o-2"));
    assert_eq!(calls[refused.parse::<usize>().unwrap() - 1]["result"], "refused");

    // Of the boss's calls alone: what was accepted, and what is named.
    let text = std::fs::read_to_string(folder.path().join("calls.jsonl")).unwrap();
    let own: Vec<&str> = text.lines().filter(|line| line.contains("boss-1")).collect();
    folder.put("boss.jsonl", &own.join("\n"));
    let draft = |output: &str, more: &[&str], code| {
        let given = ["draft", "--from", "boss.jsonl", "--with", "shop.xp", "-o", output];
        let said = folder.run("xpc", &[&given, more].concat(), code);
        (said, std::fs::read_to_string(folder.path().join(output)).unwrap())
    };
    let (said, drafted) = draft("a.xp", &[], 0);
    let (_, drafted) = (said.clone(), drafted.split_once("workflow drafted").unwrap().1.to_owned());
    assert!(drafted.contains("may shop.orders.read(order: \"o-1\") once per run"), "{drafted}");
    assert!(!drafted.contains("o-2") && !drafted.contains("find") && !drafted.contains("any"), "{drafted}");
    let left = own.iter().position(|line| line.contains("o-2")).unwrap() + 1;
    assert!(said.contains(&format!("`--include {left}` takes it")), "{said}");
    let (_, drafted) = draft("b.xp", &["--include", &left.to_string()], 0);
    assert!(drafted.contains("may shop.orders.read(order: \"o-2\") once per run"), "{drafted}");
    assert!(good != refused);
}
