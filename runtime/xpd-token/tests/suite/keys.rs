//! Key files and public forms.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;
use xpd_token::{KeyError, KeyPair, PublicKey, jwks};

use crate::support::key;

#[test]
fn a_key_file_comes_back_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grant.pem");
    key(1).write_file(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(KeyPair::read_file(&path).unwrap().kid(), key(1).kid());
    assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(matches!(key(2).write_file(&path), Err(KeyError::Io(_))), "never replaced");
}

#[test]
fn a_key_file_others_can_reach_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grant.pem");
    key(1).write_file(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601, 0o660, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = KeyPair::read_file(&path);
        assert!(matches!(refused, Err(KeyError::Mode { mode: found }) if found == mode), "{mode:o}");
    }
    // A symbolic link is judged by the file it leads to.
    let link = folder.path().join("link.pem");
    symlink(&path, &link).unwrap();
    assert!(matches!(KeyPair::read_file(&link), Err(KeyError::Mode { .. })));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(KeyPair::read_file(&path).is_ok());
    assert!(matches!(KeyPair::read_file(folder.path()), Err(KeyError::NotAFile)));
    assert!(matches!(KeyPair::read_file(&folder.path().join("none")), Err(KeyError::Io(_))));
}

#[test]
fn what_is_not_a_key_is_refused_without_being_quoted() {
    let public = key(1).public().to_pem().unwrap();
    for pem in [
        "",
        "secret-secret",
        public.as_str(),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let error = KeyPair::from_pem(pem).unwrap_err();
        assert!(matches!(error, KeyError::Format), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret-secret"));
    }
}

#[test]
fn a_key_of_openssl_reads() {
    // `openssl genpkey -algorithm ed25519`, the key of RFC 8410 section 10.3.
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let pair = KeyPair::from_pem(pem).unwrap();
    assert_eq!(pair.public().to_pem().unwrap(), public);
    assert_eq!(PublicKey::from_pem(public).unwrap(), *pair.public());
    assert!(pair.public().verify(b"m", &pair.sign(b"m")));
    assert!(!pair.public().verify(b"n", &pair.sign(b"m")));
    // `write_file` writes the same form.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.pem");
    pair.write_file(&path).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), pem);
}

#[test]
fn a_pair_never_prints_its_secret() {
    let seed = [0xA5; 32];
    let pair = KeyPair::from_seed(seed).unwrap();
    let printed = format!("{pair:?} {pair:#?}");
    assert!(printed.contains(pair.kid()));
    assert!(!printed.contains("165") && !printed.to_lowercase().contains("a5a5"), "{printed}");
}

#[test]
fn weak_public_keys_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(matches!(PublicKey::from_bytes(identity), Err(KeyError::Weak)));
}

#[test]
fn published_keys_are_public() {
    let set = serde_json::to_value(jwks([key(1).public(), key(2).public()])).unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    let first = &set["keys"][0];
    let names: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!(names, ["kty", "crv", "x", "kid", "use", "alg"]);
    assert_eq!(first["kid"], json!(key(1).kid()));
}

#[test]
fn the_vkey_is_c2sps() {
    // The example of the signed-note specification and of golang.org/x/mod/sumdb/note.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let bytes =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text.rsplit_once('+').unwrap().1)
            .unwrap();
    let key = PublicKey::from_bytes(bytes[1..].try_into().unwrap()).unwrap();
    assert_eq!(key.vkey("PeterNeumann"), text);
}
