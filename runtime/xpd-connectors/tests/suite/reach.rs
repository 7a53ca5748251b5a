//! `reach` in the tables of instances.

use std::os::unix::fs::OpenOptionsExt as _;

use std::io::Write as _;

use serde_json::json;
use xp_harness::{Asked, Proxied};
use xp_scope::Value;
use xpd_connectors::github::{Config, Github};
use xpd_connectors::make;
use xpd_egress::Reach;
use xpd_proxy::{ActError, Secret};

fn made(kind: &str, table: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut secret = std::fs::OpenOptions::new();
    let secret = secret.write(true).create_new(true).mode(0o600).open(folder.path().join("secret"));
    secret.unwrap().write_all(b"canary-91ab").unwrap();
    make("it", kind, &table.parse().unwrap(), folder.path(), None)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn an_instance_names_addresses_and_networks() {
    let github = "base_url = \"https://ghe.example\"\ntoken = { file = \"secret\" }\n";
    let deploy = "staging = { url = \"https://hook.example\", secret = { file = \"secret\" } }\n";
    for (kind, table) in [("github", github), ("deploy", deploy)] {
        let with = |reach: &str| made(kind, &format!("{table}reach = {reach}\n"));
        assert_eq!(with("[]"), Ok(()));
        assert_eq!(with("[\"10.0.0.0/8\", \"fd00::/8\", \"127.0.0.1\"]"), Ok(()));
        let error = with("[\"10.0.0.1/8\"]").unwrap_err();
        assert_eq!(
            error,
            "`connector.it`: `reach`: `10.0.0.1/8` has bits after its prefix; write `10.0.0.0/8`"
        );
        assert!(with("[\"ghe.example\"]").unwrap_err().contains("`reach`: `ghe.example` is no address"));
        assert!(with("\"10.0.0.0/8\"").is_err());
        assert!(with("[10]").is_err());
    }
    assert!(made("sandbox", "repositories = {}\nreach = [\"10.0.0.0/8\"]\n").is_err());
}

#[tokio::test]
async fn a_name_that_resolves_to_an_address_that_is_not_named_is_not_connected_to() {
    let ask = async |reach: &[&str]| {
        let config = Config::new("https://localhost:1", Secret::new("canary-91ab").unwrap());
        let reach = Reach::parse(&reach.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).unwrap();
        let github = Proxied::new(Github::new(Config { reach, ..config }).unwrap());
        let args = json!({ "repo": { "owner": "a", "name": "b", "default_branch": "main" }, "number": 1 });
        let Value::Record(args) = serde_json::from_value(args).unwrap() else { panic!("a record") };
        let call = Asked {
            action: "issues.read".to_owned(),
            args,
            marker: "grant-0001".to_owned(),
            since: 0,
            expected: Vec::new(),
        };
        github.act(&call).await.unwrap_err()
    };
    let unnamed = ask(&[]).await;
    assert!(
        matches!(&unnamed, ActError::NotSent(why) if why.contains("has not named in `reach`")),
        "{unnamed}"
    );
    assert!(!unnamed.to_string().contains("127.0.0.1"), "the address is the operator's: {unnamed}");
    let named = ask(&["127.0.0.0/8", "::1"]).await;
    assert!(matches!(&named, ActError::NotSent(why) if why == "no connection to the upstream"), "{named}");
}
