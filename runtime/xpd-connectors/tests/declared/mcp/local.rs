//! Servers on this host: in a container of their own, for one call.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use xp_harness::Asked;
use xpd_connectors::{Declared, make};
use xpd_proxy::Ending;

use super::server::{TOOLS, notes};
use crate::world::{act_of, asked, instance_of};

const CANARY: &str = "canary-5e1f00ddc0de";

fn pay() -> Asked {
    asked("notes.pay", json!({ "id": "n-1", "amount": "12.50" }))
}

/// A server as a shell script. `$answer` is the result of a call, `call` runs first.
fn script(call: &str) -> String {
    let tools = serde_json::from_str::<Value>(TOOLS).unwrap().to_string();
    format!(
        r#"#!/bin/sh
{{
while read -r line; do
  case "$line" in
    *server/discover*) echo '{{"jsonrpc":"2.0","id":"discover","error":{{"code":-32601,"message":"?"}}}}' ;;
    *\"initialize\"*) echo '{{"jsonrpc":"2.0","id":"initialize","result":{{"protocolVersion":"2024-11-05","capabilities":{{}}}}}}' ;;
    *tools/list*) echo '{{"jsonrpc":"2.0","id":"list","result":{{"tools":{tools}}}}}' ;;
    *tools/call*)
      answer='done'
      {call}
      printf '{{"jsonrpc":"2.0","id":"call","result":{{"content":[],"structuredContent":{{"id":"%s"}}}}}}\n' "$answer" ;;
  esac
done
}}
"#
    )
}

/// An instance whose server is this script, with further keys.
async fn instance(folder: &Path, call: &str, keys: &str) -> xp_harness::Harness {
    let program = folder.join("program");
    std::fs::create_dir_all(&program).unwrap();
    std::fs::write(program.join("server.sh"), script(call)).unwrap();
    instance_of(notes(), &table(folder, keys), None).await
}

fn table(folder: &Path, keys: &str) -> String {
    let program = folder.join("program");
    let (digest, _) = pinned(folder, "sha256:0", keys);
    format!(
        "command = [\"/bin/sh\", {:?}]\nprogram = {{ folder = {program:?}, digest = {digest:?} }}\n{keys}",
        program.join("server.sh")
    )
}

/// The digest that the refusal of a wrong one names.
fn pinned(folder: &Path, digest: &str, keys: &str) -> (String, String) {
    let program = folder.join("program");
    let table = format!(
        "command = [\"/bin/sh\", {:?}]\nprogram = {{ folder = {program:?}, digest = {digest:?} }}\n{keys}",
        program.join("server.sh")
    );
    let declared = Declared { file: std::sync::Arc::new(notes()), observed: None };
    let made = make("tested", "notes", &table.parse().unwrap(), folder, Some(&declared));
    let said = made.err().unwrap().to_string();
    let found = said.rsplit_once("which is ").unwrap().1.split(": ").next().unwrap().to_owned();
    (found, said)
}

fn id(ending: &Ending) -> String {
    let Ending::Done(value) = ending else { panic!("{ending:?}") };
    serde_json::to_value(value).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_of_a_server_on_this_host_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let harness = instance(folder.path(), "", "").await;
    assert_eq!(id(&act_of(&notes(), &harness, &pay()).await), "done");
}

/// What a hostile server can see and do; each answer is what it found.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_sees_what_it_was_given_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (given, kept) = (folder.path().join("given"), folder.path().join("kept"));
    std::fs::create_dir(&given).unwrap();
    std::fs::create_dir(&kept).unwrap();
    std::fs::write(folder.path().join("other"), "other").unwrap();
    std::fs::write(given.join("text"), "given").unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, CANARY).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let keys = format!(
        "read = [{given:?}]\nwrite = [{kept:?}]\nenvironment = {{ TOKEN = {{ file = {secret:?} }} }}"
    );
    let cases: Vec<(&str, String, &str)> = vec![
        (
            "its environment",
            "answer=$(env | cut -d= -f1 | grep -v PWD | sort | tr '\\n' ' ')".to_owned(),
            "CI HOME LANG PATH TMPDIR TOKEN ",
        ),
        ("its secret", "answer=$TOKEN".to_owned(), CANARY),
        ("what it may read", format!("answer=$(cat {}/text)", given.display()), "given"),
        ("what it may not write", format!("echo x 2>/dev/null >{}/new || answer=no", given.display()), "no"),
        (
            "another file",
            format!("answer=$(cat {}/other 2>/dev/null || echo no)", folder.path().display()),
            "no",
        ),
        ("the network", "answer=$(cat /proc/net/dev | grep -c -v -e lo: -e '|')".to_owned(), "0"),
        (
            "processes of the host",
            "answer=$(ls -d /proc/[0-9]* | wc -l | awk '{ print ($1 < 12) }')".to_owned(),
            "1",
        ),
        ("the servers's settings", "answer=$(ls /proc/sys 2>/dev/null | head -1)".to_owned(), ""),
        (
            "what an earlier call left in its home",
            "answer=$(cat /tmp/left 2>/dev/null || echo no); echo x >/tmp/left".to_owned(),
            "no",
        ),
        ("it again", "answer=$(cat /tmp/left 2>/dev/null || echo no); echo x >/tmp/left".to_owned(), "no"),
    ];
    for (what, call, wanted) in cases {
        let harness = instance(folder.path(), &call, &keys).await;
        let found = id(&act_of(&notes(), &harness, &pay()).await);
        if what == "its secret" {
            // Results go through the scrubber of the proxy.
            assert_eq!(found, "[secret]");
        } else {
            assert_eq!(found, wanted, "{what}");
        }
    }
    let written = format!("echo kept >{}/new", kept.display());
    let harness = instance(folder.path(), &written, &keys).await;
    assert_eq!(id(&act_of(&notes(), &harness, &pay()).await), "done");
    assert_eq!(std::fs::read_to_string(kept.join("new")).unwrap(), "kept\n");
}

/// Processes with this text in their arguments.
fn running(words: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).replace('\0', " ").contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_server_is_left_after_its_call() {
    let folder = tempfile::tempdir().unwrap();
    let words = format!("sleep {}", 200_000 + std::process::id());
    let call = format!("setsid {words} >/dev/null 2>&1 & {words} >/dev/null 2>&1 & trap '' TERM");
    let harness = instance(folder.path(), &call, "").await;
    assert_eq!(id(&act_of(&notes(), &harness, &pay()).await), "done");
    let begun = std::time::Instant::now();
    while running(&words) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} are left", running(&words));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_leaves_a_doubt_after_a_call_and_none_before() {
    let folder = tempfile::tempdir().unwrap();
    for (call, keys) in [
        ("exit 0", ""),
        ("sleep 30", "timeout_seconds = 2"),
        ("echo garbage", ""),
        ("head -c 3000000 /dev/zero | tr '\\0' x; echo", ""),
        (r#"echo '{"jsonrpc":"2.0","id":"other","result":{"content":[]}}'"#, ""),
        (r#"echo '{"jsonrpc":"2.0","id":4,"method":"sampling/createMessage"}'"#, ""),
        (r#"echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'"#, ""),
    ] {
        let harness = instance(folder.path(), call, keys).await;
        let ending = act_of(&notes(), &harness, &pay()).await;
        assert!(matches!(ending, Ending::Unknown(_)), "{call}: {ending:?}");
    }
    let program = folder.path().join("program");
    for text in [
        "#!/bin/sh\nexit 0\n".to_owned(),
        "#!/bin/sh\nsleep 30\n".to_owned(),
        script("").replace("Pays for a note.", "Pays."),
        script("").replace("2024-11-05", "1999-01-01"),
    ] {
        std::fs::write(program.join("server.sh"), &text).unwrap();
        let harness = instance_of(notes(), &table(folder.path(), "timeout_seconds = 8"), None).await;
        let ending = act_of(&notes(), &harness, &pay()).await;
        assert!(matches!(ending, Ending::Failed { returned: true, .. }), "{text}: {ending:?}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_the_pinned_one_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("program")).unwrap();
    std::fs::write(folder.path().join("program/server.sh"), script("")).unwrap();
    let (first, _) = pinned(folder.path(), "sha256:0", "");
    std::fs::write(folder.path().join("program/more"), "x").unwrap();
    let (second, said) = pinned(folder.path(), &first, "");
    assert!(first != second && said.contains("`program.digest` is not that of the folder"), "{said}");
    assert!(said.contains("Look at what did, and if it is as it should be, write this digest"), "{said}");
    let declared = Declared { file: std::sync::Arc::new(notes()), observed: None };
    for (table, why) in [
        ("command = [\"sh\"]", "absolute path"),
        ("command = []", "absolute path"),
        ("command = [\"/opt/server\"]", "`program` says"),
        ("command = [\"/usr/bin/true\"]\nread = [\"/nowhere\"]", "/nowhere"),
        ("command = [\"/usr/bin/true\"]\nprocesses = 0", "`processes` is 1 to 4096"),
        (
            "command = [\"/usr/bin/true\"]\nenvironment = { \"A=B\" = { env = \"HOME\" } }",
            "no name of a variable",
        ),
        ("command = [\"/usr/bin/true\"]\nfailures = { \"notes.pay\" = [404] }", "only `failed`"),
        ("command = [\"/usr/bin/true\"]\nfailures = { \"notes.no\" = [\"failed\"] }", "names no action"),
        ("command = [\"/usr/bin/true\"]\nbase_url = \"http://127.0.0.1:1\"", "base_url"),
        ("base_url = \"http://127.0.0.1:1/mcp\"\nlook_seconds = -1", "`look_seconds` is 0 to 3600"),
    ] {
        let made = make("tested", "notes", &table.parse().unwrap(), folder.path(), Some(&declared));
        let said = made.err().expect(table).to_string();
        assert!(said.contains(why), "{table}: {said}");
    }
}
