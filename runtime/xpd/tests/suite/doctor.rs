//! `doctor` reports success only if `serve` would start.

use crate::site::{CONFIG, HOOK, ROSTER, Site, until};

/// Asserts that both commands refuse the folder and give this reason.
#[track_caller]
fn both_refuse(site: &Site, says: &[&str]) {
    for command in ["doctor", "serve"] {
        let ran = site.run(&[command]).says(says);
        assert!(matches!(ran.code, Some(1..=3)), "{command}: {ran}");
    }
}

#[track_caller]
fn refused(more: &str, says: &[&str]) {
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{more}"));
    both_refuse(&site, says);
}

#[test]
fn a_good_folder_is_good_before_and_after_a_start_and_meanwhile() {
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{HOOK}"));
    site.run(&["doctor"]).exits(0).says(&["made at the first start"]).never("wrong");
    assert!(!site.path("data").exists(), "a look makes nothing");
    let server = site.serve();
    site.run(&["doctor"]).exits(0).never("wrong").never("made at");
    server.stop();
    site.run(&["doctor"]).exits(0).never("wrong").never("made at");
    site.serve();
}

#[test]
fn connectors_are_read_as_the_server_reads_them() {
    refused(&HOOK.replace("\"hook\"", "\"none\""), &["none", "staging.secret"]);
    refused(&HOOK.replace("file = \"hook\"", "env = \"XPD_NOT_SET\""), &["`XPD_NOT_SET` is not set"]);
    refused("[connector.gitlab]\n", &["no connector of kind `gitlab`"]);
    let sandbox = "[connector.sandbox]\nrepositories = { \"a/b\" = \"roster.toml\" }\n";
    refused(sandbox, &["`a/b`", "roster.toml", "no folder"]);
    refused(&sandbox.replace("roster.toml", "nowhere.git"), &["`a/b`", "nowhere.git"]);
    refused("[connector.sandbox]\ngit_base = \"http://127.0.0.1:1\"\nseconds = 0\n", &["`seconds`"]);
    let github = "[connector.github]\nbase_url = \"nonsense\"\ntoken = { file = \"hook\" }\n";
    refused(github, &["`connector.github`", "nonsense"]);
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{HOOK}"));
    site.mode("hook", 0o644);
    both_refuse(&site, &["mode 644", "600"]);
}

/// Neither command prints the secret, and both say where it belongs.
#[test]
fn a_secret_in_the_configuration_is_refused_and_not_printed() {
    let github = "[connector.github]\nbase_url = \"https://ghe.example\"\ntoken = { file = \"hook\" }\n";
    let sandbox = "[connector.sandbox]\ngit_base = \"https://git.example\"\n";
    let with = "[connector.sandbox.credentials.\"https://git.example\"]\ntoken = { file = \"hook\" }\n";
    for (more, key) in [
        (github.replace("https://", "https://me:CANARY@"), "base_url"),
        (github.replace("https://", "https://CANARY@"), "base_url"),
        (github.replace("{ file = \"hook\" }", "\"CANARY\""), "never the secret itself"),
        (github.replace("{ file = \"hook\" }", "{ value = \"CANARY\" }"), "never the secret itself"),
        (github.replace("{ file = \"hook\" }", "[\"CANARY\"]"), "never the secret itself"),
        (github.replace("\"hook\" }", "\"hook\" } CANARY"), "line"),
        (sandbox.replace("https://", "https://me:CANARY@"), "address"),
        (sandbox.replace("git_base = \"https://", "repositories.\"a/b\" = \"https://CANARY@"), "address"),
        (sandbox.replace("git_base = \"https://", "repositories.\"a/b\" = \"me:CANARY@"), "a/b"),
        (format!("{sandbox}credentials = \"CANARY\"\n"), "connector.sandbox"),
        (format!("{sandbox}{with}").replace("://git", "://me:CANARY@git"), "address"),
        (
            format!("{sandbox}{}", with.replace("{ file = \"hook\" }", "\"CANARY\"")),
            "never the secret itself",
        ),
        (HOOK.replace("http://", "http://me:CANARY@"), "staging.url"),
    ] {
        let site = Site::new();
        site.put("xpd.toml", &format!("{CONFIG}{more}"));
        for command in ["doctor", "serve"] {
            let ran = site.run(&[command]).says(&[key]).never("CANARY");
            assert!(matches!(ran.code, Some(1..=3)), "{command}: {more}: {ran}");
        }
    }
    let site = Site::new();
    site.put("xpd.toml", &CONFIG.replace("data =", "url = \"http://me:CANARY@x\"\ndata ="));
    site.run(&["serve"]).says(&["server.url"]).never("CANARY");
    // Control: the secret in its file.
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{sandbox}{with}"));
    site.run(&["doctor"]).says(&["ok     connector sandbox"]);
}

/// In a user namespace, root has few privileges but is root nevertheless.
#[test]
fn a_server_that_runs_as_root_runs_no_commands() {
    let sandbox = "[connector.sandbox]\ngit_base = \"https://git.example\"\n";
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{sandbox}"));
    for command in ["doctor", "serve"] {
        let ran = site.run_as_root(&[command]).says(&["connector.sandbox", "runs as root"]);
        assert!(matches!(ran.code, Some(1..=3)), "{command}: {ran}");
    }
    site.run(&["doctor"]).exits(0);
    // A server without a sandbox connector may run as root.
    let site = Site::new();
    site.put("xpd.toml", &format!("{CONFIG}{HOOK}"));
    site.run_as_root(&["doctor"]).exits(0);
}

#[test]
fn what_the_configuration_cannot_mean_is_refused() {
    refused("required = [\"require\"]\n", &["`require`", "no kind of question", "requires"]);
    refused("unproved = [\"never stuck\"]\n", &["`never stuck`", "never_stuck"]);
    refused("[limits]\nrequest_seconds = 0\n", &["request_seconds"]);
    refused("[limits]\nbody_bytes = 0\n", &["body_bytes"]);
    for mode in ["0999", "1777", "", "rw"] {
        let site = Site::new();
        site.put("xpd.toml", &CONFIG.replace("data =", &format!("socket_mode = \"{mode}\"\ndata =")));
        both_refuse(&site, &["socket_mode", "octal"]);
    }
    for url in ["127.0.0.1:7411", "http:", "ftp://x", "http://x/?a"] {
        let site = Site::new();
        site.put("xpd.toml", &CONFIG.replace("data =", &format!("url = \"{url}\"\ndata =")));
        both_refuse(&site, &["server.url", url]);
    }
    let site = Site::new();
    site.put("xpd.toml", &CONFIG.replace("xpd.sock", &format!("{}.sock", "x".repeat(120))));
    both_refuse(&site, &["socket", "107 bytes"]);
}

#[test]
fn the_words_for_questions_are_those_of_artifacts() {
    let site = Site::new();
    site.put(
        "xpd.toml",
        &format!("{CONFIG}required = [\"requires\", \"never_stuck\"]\nunproved = [\"through\"]\n"),
    );
    site.run(&["doctor"]).exits(0);
}

#[test]
fn keys_and_names_of_the_roster_are_what_they_say() {
    let site = Site::new();
    site.put("roster.toml", &ROSTER.replace("\"ann\"", "\"an\\u001b[2Jn\""));
    both_refuse(&site, &["control character"]);
    site.put("roster.toml", &ROSTER.replace("ann.pub.pem", "ann.pem"));
    both_refuse(&site, &["`key_file`", "private key", "public"]);
    // A key belongs to one principal, and so does a name.
    let again = |name: &str, kind: &str| {
        let more = match kind {
            "principal" => "controller = \"others\"\nroles = [\"judge\"]\n",
            _ => "",
        };
        format!("{ROSTER}\n[[{kind}]]\nname = \"{name}\"\n{more}key_file = \"ann.pub.pem\"\n")
    };
    for kind in ["principal", "administrator"] {
        site.put("roster.toml", &again("bob", kind));
        both_refuse(&site, &["shares its key"]);
        site.put("roster.toml", &again("ann", kind));
        both_refuse(&site, &["`ann`", "is listed twice"]);
    }
    let site = Site::new();
    site.put("xpd.toml", &CONFIG.replace("signer.pub.pem", "ann.pem"));
    both_refuse(&site, &["ann.pem", "private key", "public"]);
}

#[test]
fn a_used_folder_that_lost_something_is_not_a_new_one() {
    let site = Site::new();
    let server = site.serve();
    // The log is signed from here on.
    until("a checkpoint", || site.path("data/checkpoint").exists());
    server.stop();
    for name in ["log.pem", "marker.pem"] {
        let path = format!("data/keys/{name}");
        let key = std::fs::read_to_string(site.path(&path)).unwrap();
        std::fs::remove_file(site.path(&path)).unwrap();
        both_refuse(&site, &[name, "missing"]);
        assert!(!site.path(&path).exists(), "nothing is made");
        site.run(&["serve"]).never("damaged");
        site.put(&path, &key);
        site.mode(&path, 0o600);
    }
    let admin = std::fs::read_to_string(site.path("data/keys/admin.pem")).unwrap();
    site.put("data/keys/admin.pem", "garbage");
    both_refuse(&site, &["admin.pem"]);
    site.put("data/keys/admin.pem", &admin);

    // Another key in place of the log's.
    let log = std::fs::read_to_string(site.path("data/keys/log.pem")).unwrap();
    site.put("data/keys/log.pem", &admin);
    both_refuse(&site, &["log.pem", "another key"]);
    site.run(&["serve"]).never("damaged");
    site.put("data/keys/log.pem", &log);

    for name in ["xpd.sqlite", "xpd.sqlite-wal", "xpd.sqlite-shm"] {
        let _ = std::fs::remove_file(site.path("data").join(name));
    }
    both_refuse(&site, &["xpd.sqlite", "missing"]);
    assert!(!site.path("data/xpd.sqlite").exists(), "nothing is made");
}

#[test]
fn what_does_not_answer_has_its_cause_named() {
    let site = Site::new();
    let github = "[connector.github]\nbase_url = \"http://127.0.0.1:1\"\ntoken = { file = \"hook\" }\n";
    site.put("xpd.toml", &format!("{CONFIG}{github}"));
    site.run(&["doctor"]).exits(3).says(&["wrong  connector github", "refused (os error 111)"]);
}
