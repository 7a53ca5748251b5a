//! Every secret of a configuration is a canary, upstreams send back what they were sent, and no canary is in anything that an agent or an
//! auditor reads, in what the operator's commands print, in the log at its finest level, or in the arguments of a process.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use xp_artifact::SigningKey;
use xp_harness::stand_in::{Arrived, StandIn, json as answer, with};
use xp_tests::client::Client;
use xpd_token::KeyPair;

use super::servers::Bridge;
use super::{Folder, SHOP, ok};

const PAGES: &str = include_str!("../../../stdlib/templates/docs-fix/workflow.xp");
const PROGRAM: &str = include_str!("../../../stdlib/templates/docs-fix/upstream/pages.py");

const WORKFLOW: &str = "
workflow canaries() {
  agent clerk

  step look by clerk {
    may shop.orders.read(any) max 30
    may pages.read(any) max 30
    may github.issues.read(any, any) max 30
    outcome done -> end
  }
}
";

/// Credentials of an HTTP API: the name of the instance and its table.
const SHOPS: [(&str, &str); 5] = [
    ("bearer", "{ bearer = { file = \"secrets/bearer\" } }"),
    ("header", "{ header = { name = \"X-Api-Key\", value = { file = \"secrets/header\" } } }"),
    ("basic", "{ basic = { user = \"me\", password = { file = \"secrets/basic\" } } }"),
    (
        "oauth",
        "{ oauth = { token_url = \"URL/token\", client_id = \"me\", client_secret = { file = \"secrets/oauth\" } } }",
    ),
    ("hmac", "{ hmac = { header = \"X-Signature\", secret = { file = \"secrets/hmac\" } } }"),
];

/// A token that the upstream makes, which is as secret.
const MINTED: &str = "canary-minted-8d7c6b5a49";

fn canary(name: &str) -> String {
    format!("canary-{name}-{}", &xp_scope::Digest::of(name.as_bytes()).hex()[..12])
}

/// The forms in which a secret could be written.
fn forms(secret: &str) -> Vec<String> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let mut forms = vec![secret.to_owned(), hex, STANDARD.encode(format!("me:{secret}"))];
    for before in ["", "x", "xx"] {
        // The middle of what any text with the secret in it is encoded to, whatever stands before it.
        let encoded = STANDARD.encode(format!("{before}{secret}"));
        let plain = URL_SAFE_NO_PAD.encode(format!("{before}{secret}"));
        forms.extend([&encoded, &plain].map(|text| text[4..text.len() - 4].to_owned()));
    }
    forms
}

fn tools() -> Value {
    let name = json!({ "type": "string", "description": "Name of a page, such as guide.md" });
    json!([{
        "name": "read_page", "description": "Reads a page.",
        "inputSchema": { "type": "object", "properties": { "name": name }, "required": ["name"] },
        "outputSchema": { "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] },
    }])
}

/// Sends back all that it was sent, in each kind of answer.
fn echo() -> StandIn {
    StandIn::new(|arrived: &Arrived, _| {
        let heard: Vec<String> = arrived
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .chain([arrived.body.clone()])
            .collect();
        let heard = heard.join("\n");
        if arrived.line.starts_with("POST /api/token") {
            return answer(
                200,
                &json!({ "access_token": MINTED, "token_type": "Bearer", "expires_in": 600 }).to_string(),
            );
        }
        if arrived.line.contains("/.well-known/openid-configuration") {
            let base = format!("http://{}/api", arrived.header("host").unwrap_or_default());
            let metadata = json!({
                "issuer": base, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/login"),
                "jwks_uri": format!("{base}/keys"), "response_types_supported": ["code"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["EdDSA"],
            });
            return answer(200, &metadata.to_string());
        }
        if arrived.line.starts_with("GET /api/keys") {
            return answer(200, "{\"keys\":[]}");
        }
        // A provider that says what it was sent.
        if arrived.line.starts_with("POST /api/login") {
            let said = json!({ "error": "invalid_client", "error_description": heard, "error_uri": heard });
            return answer(401, &said.to_string());
        }
        if arrived.line.contains("/orders/fail") || arrived.line.contains("/repos/") {
            return answer(500, &json!({ "message": heard }).to_string());
        }
        if arrived.line.contains("/orders/text") {
            return with(200, &[("Content-Type", "text/plain")], &heard);
        }

        if arrived.line.contains("/orders/moved") {
            let to = format!("http://127.0.0.1:1/{}", heard.replace(['\n', ' '], "-"));
            return with(307, &[("Location", &to), ("Content-Type", "application/json")], "{}");
        }
        if arrived.line.starts_with("GET ") {
            // It is the provider, too, and knows that secret.
            let heard = format!("{heard}\nlogin: {}", canary("login"));
            let order =
                json!({ "id": "o-1", "total": 12.5, "placed": 0, "lines": [], "tags": [], "note": heard });
            return with(200, &[("Content-Type", "application/json"), ("ETag", "v1")], &order.to_string());
        }
        let body: Value = serde_json::from_str(&arrived.body).unwrap_or_default();
        let result = match body["method"].as_str() {
            Some("server/discover") => {
                json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {} })
            }
            Some("tools/list") => json!({ "resultType": "complete", "tools": tools() }),
            _ if body["params"]["arguments"]["name"] == "fail" => {
                json!({ "resultType": "complete", "isError": true, "content": [{ "type": "text", "text": heard }] })
            }
            _ => json!({ "resultType": "complete", "content": [], "structuredContent": { "text": heard } }),
        };
        answer(200, &json!({ "jsonrpc": "2.0", "id": body["id"], "result": result }).to_string())
    })
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder with keys, roster, registered declarations and a configuration of every kind of connector.
fn site(upstream: &StandIn) -> (Folder, Vec<String>) {
    let folder = Folder(tempfile::tempdir().unwrap());
    let signer = SigningKey::from_seed(&[5; 32]);
    folder.put("signer.pem", &signer.to_pem().unwrap());
    folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
    for name in ["secrets", "tool", "shelf", "repository.git"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let mut secrets = vec![MINTED.to_owned()];
    let mut secret = |name: &str| {
        folder.put(&format!("secrets/{name}"), &canary(name));
        secrets.push(canary(name));
    };
    let (mut tables, mut roster) = (String::new(), String::new());
    for (number, &(name, credential)) in SHOPS.iter().enumerate() {
        secret(name);
        let credential = credential.replace("URL", &upstream.url);
        tables += &format!(
            "[connector.{name}]\nkind = \"shop\"\nbase_url = \"{}/shop\"\ncredential = {credential}\n\n",
            upstream.url
        );
        let seed = u8::try_from(number).unwrap() + 10;
        let key = KeyPair::from_seed([seed; 32]).unwrap();
        folder.put(&format!("{name}.pub.pem"), &key.public().to_pem().unwrap());
        let pages = if number == 0 { "stdio" } else { "remote" };
        roster += &format!(
            "[[principal]]\nname = \"{name}\"\ncontroller = \"{name}\"\nroles = [\"clerk\"]\nkey_file = \"{name}.pub.pem\"\n\n\
             [[start]]\nartifact = \"canaries\"\nprincipals = [\"{name}\"]\ninstances = {{ shop = \"{name}\", pages = \"{pages}\" }}\nmax_open = 1\nmax_per_day = 9\n\n"
        );
    }
    for name in ["stdio", "remote", "github", "hook", "git", "login"] {
        secret(name);
    }
    let here = folder.path().display();
    tables += &format!(
        "[connector.remote]\nkind = \"pages\"\nbase_url = \"{url}/mcp\"\ncredential = {{ bearer = {{ file = \"secrets/remote\" }} }}\n\n\
         [connector.stdio]\nkind = \"pages\"\ncommand = [\"/usr/bin/python3\", \"{here}/tool/pages.py\", \"{here}/tool\"]\nread = [\"tool\"]\nwrite = [\"shelf\"]\n\
         environment = {{ PAGES_TOKEN = {{ file = \"secrets/stdio\" }} }}\n\n\
         [connector.github]\nbase_url = \"{url}/code\"\ntoken = {{ file = \"secrets/github\" }}\n\n\
         [connector.deploy]\nstaging = {{ url = \"{url}/hooks/staging\", secret = {{ file = \"secrets/hook\" }} }}\n\n\
         [connector.sandbox]\nrepositories = {{ \"acme/shop\" = \"{here}/repository.git\" }}\n\
         credentials.\"https://git.example\" = {{ user = \"me\", token = {{ file = \"secrets/git\" }} }}\n",
        url = upstream.url
    );
    // The program tells all that it knows, in results, failures and on its standard error.
    let told = PROGRAM
        .replace("import json\n", "import json\nimport os\n")
        .replace("def call(name, arguments):\n", "def call(name, arguments):\n    print(dict(os.environ), file=sys.stderr, flush=True)\n    if arguments.get('name') == 'fail':\n        raise ValueError(str(dict(os.environ)))\n    return {'text': str(dict(os.environ))}\n");
    folder.put("tool/pages.py", &told);
    folder.put("roster.toml", &roster);
    let (pages, _) = PAGES.split_once("/// Corrects one page.").unwrap();
    folder.put("canaries.xp", &format!("use std.github\n\n{SHOP}\n{pages}{WORKFLOW}"));
    let head = "[server]\nname = \"xpd.test\"\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n\n";
    folder.put("xpd.toml", head);
    for (name, harmless) in [("shop", &[][..]), ("pages", &["--changes-nothing", "read"][..])] {
        let file = format!("{name}.json");
        let digest = folder.run("xpc", &["build", "canaries.xp", "--connector", name, "-o", &file], 0);
        let accept = ["connectors", "add", &file, "--accept", digest.trim(), "--by", "ann"];
        folder.run("xpd", &[&accept[..], harmless].concat(), 0);
    }
    let people = format!(
        "\n[people]\nlisten = \"127.0.0.1:0\"\n\n[[people.provider]]\nname = \"corp\"\nissuer = \"{}\"\n\
         client_id = \"me\"\nclient_secret = {{ file = \"secrets/login\" }}\n",
        upstream.url
    );
    folder.put("xpd.toml", &format!("{head}{tables}{people}\n[limits]\ndisk_percent = 101\n"));
    folder.run("xpc", &["build", "canaries.xp", "-o", "canaries.xpa", "--sign", "signer.pem"], 0);
    (folder, secrets)
}

/// The server, and the address of its people's door.
fn serve(folder: &Folder) -> (Server, String) {
    let log = std::fs::File::create(folder.path().join("xpd.log")).unwrap();
    let mut command = Command::new(xp_tests::program("xpd"));
    command.current_dir(folder.path()).arg("serve").env("XPD_LOG", "trace").stdin(Stdio::null());
    let mut server = Server(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap());
    let lines = BufReader::new(server.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut said = Vec::new();
    for line in lines {
        said.push(line);
        if said.iter().any(|line| line.starts_with("log key ")) {
            let door = said.iter().find_map(|line| line.strip_prefix("people's door http://"));
            return (server, door.expect("a door for people").to_owned());
        }
    }
    let log = std::fs::read_to_string(folder.path().join("xpd.log")).unwrap();
    panic!("it did not come up: {said:?}{log}");
}

/// A request to the people's door, and the whole answer.
fn http(door: &str, method: &str, path: &str, cookie: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};
    let port = door.rsplit_once(':').unwrap().1.trim_end_matches('/').to_owned();
    let mut connection = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: {door}\r\nOrigin: http://{door}\r\nContent-Type: application/json\r\n{cookie}\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// Watches the arguments of all processes until it is told to stop.
fn arguments(stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<Vec<u8>> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let mut seen = Vec::new();
        while !stop.load(Ordering::SeqCst) {
            for process in std::fs::read_dir("/proc").unwrap().flatten() {
                let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
                if !line.is_empty() && !seen.windows(line.len()).any(|known| known == line) {
                    seen.extend(line);
                }
            }
        }
        seen
    })
}

#[test]
fn no_secret_of_any_connector_is_where_anybody_reads() {
    let upstream = echo();
    let (folder, secrets) = site(&upstream);
    let (server, door) = serve(&folder);
    let socket = folder.path().join("xpd.sock").display().to_string();
    folder.run("xpc", &["deploy", "canaries.xpa", "--server", &format!("unix:{socket}")], 0);
    let stop = Arc::new(AtomicBool::new(false));
    let watched = arguments(&stop);

    // What agents read.
    let mut read: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (number, &(name, _)) in SHOPS.iter().enumerate() {
        let key = KeyPair::from_seed([u8::try_from(number).unwrap() + 10; 32]).unwrap();
        folder.put(
            &format!("{name}.pem"),
            &SigningKey::from_seed(&[u8::try_from(number).unwrap() + 10; 32]).to_pem().unwrap(),
        );
        let client =
            Client { socket: socket.clone().into(), key, patience: std::time::Duration::from_secs(60) };
        let start = json!({ "artifact": "canaries", "params": {} });
        let run = ok(&client.send("POST", "/v1/runs", None, Some(&start)).unwrap())["run"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut agent = Bridge::new(&folder, &run, &format!("{name}.pem"));
        for order in ["o-1", "fail", "text", "moved"] {
            let said = agent.call("look.shop.orders.read", json!({ "order": order }));
            assert_eq!(order == "o-1", said["isError"] != json!(true), "{name} {order}: {said}");
            read.insert(format!("{name}: order {order}"), said.to_string().into_bytes());
        }
        for page in ["guide.md", "fail"] {
            let said = agent.call("look.pages.read", json!({ "name": page }));
            assert_eq!(page == "fail", said["isError"] == json!(true), "{name} {page}: {said}");
            read.insert(format!("{name}: page {page}"), said.to_string().into_bytes());
        }
        let repo =
            json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "make test" });
        let said = agent.call("look.github.issues.read", json!({ "repo": repo, "number": 1 }));
        assert_eq!(said["isError"], json!(true), "{said}");
        read.insert(format!("{name}: issue"), said.to_string().into_bytes());
        read.insert(format!("{name}: offers"), agent.call("offers", json!({})).to_string().into_bytes());
        // What auditors read.
        folder.run("xpd", &["evidence", &run, "-o", &format!("{name}.xpe"), "--socket", &socket], 0);
        folder.run(
            "xpd",
            &["evidence", &run, "--transcript", "-o", &format!("{name}.jsonl"), "--socket", &socket],
            0,
        );
    }
    // What somebody reads who logs in at a provider that says what it was sent.
    let begun = http(&door, "POST", "/login/corp/begin", "", "{}");
    let cookie =
        begun.lines().find_map(|line| line.to_lowercase().starts_with("set-cookie: ").then(|| &line[12..]));
    let cookie = cookie.unwrap_or_else(|| panic!("{begun}")).split(';').next().unwrap().to_owned();
    let state = begun.split_once("state=").unwrap_or_else(|| panic!("{begun}")).1;
    let state = state.split(['&', '"']).next().unwrap();
    let arrived = http(&door, "GET", &format!("/login/corp/answer?code=c&state={state}"), &cookie, "");
    assert!(arrived.contains("invalid_client"), "{arrived}");
    read.insert("a login".to_owned(), format!("{begun}{arrived}").into_bytes());
    // What it was sent comes back from a connector, too, if the provider is its upstream.
    let sent = upstream.requests().into_iter().find(|one| one.line.starts_with("POST /api/login")).unwrap();
    assert_eq!(
        sent.header("authorization"),
        Some(format!("Basic {}", STANDARD.encode(format!("me:{}", canary("login")))).as_str())
    );
    // Each secret was sent, or given to a program: without that, nothing is shown.
    let heard: String = upstream.requests().iter().fold(String::new(), |mut all, one| {
        let _ = writeln!(all, "{:?} {}", one.headers, one.body);
        all
    });
    for name in ["bearer", "header", "remote", "github"] {
        assert!(heard.contains(&canary(name)), "{name} was not sent");
    }
    for name in ["basic", "oauth"] {
        assert!(heard.contains(&STANDARD.encode(format!("me:{}", canary(name)))), "{name} was not sent");
    }
    assert!(heard.contains(MINTED));
    assert!(
        read.values().any(|text| String::from_utf8_lossy(text).contains("[secret]")),
        "nothing came back"
    );
    for (name, args) in [("doctor", &["doctor"][..]), ("connectors", &["connectors", "list"][..])] {
        let done =
            Command::new(xp_tests::program("xpd")).current_dir(folder.path()).args(args).output().unwrap();
        read.insert(format!("xpd {name}"), [done.stdout, done.stderr].concat());
    }
    stop.store(true, Ordering::SeqCst);
    let lines = watched.join().unwrap();
    assert!(String::from_utf8_lossy(&lines).contains("pages.py"), "the program was seen");
    read.insert("arguments of processes".to_owned(), lines);
    drop(server);

    // All files but the secrets themselves: log, database, evidence, registrations.
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.file_name() != "secrets" {
                folders.push(entry.path());
            } else if kind.is_file() {
                read.insert(entry.path().display().to_string(), std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let log =
        String::from_utf8_lossy(&read[&folder.path().join("xpd.log").display().to_string()]).into_owned();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log has its finest level");
    assert!(log.contains("a server on this host wrote"), "{log}");
    let mut hits = Vec::new();
    for secret in &secrets {
        for form in forms(secret) {
            for (place, text) in &read {
                if let Some(at) = text.windows(form.len()).position(|window| window == form.as_bytes()) {
                    let around = String::from_utf8_lossy(&text[at.saturating_sub(200)..at + form.len()]);
                    hits.push(format!("{secret} as {form} in {place}: {around}"));
                }
            }
        }
    }
    assert!(hits.is_empty(), "{} hits: {hits:#?}", hits.len());
}
