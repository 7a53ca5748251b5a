//! No file contains a path of a developer's machine or the address of a package registry.

use super::files::{self, File};

/// Split, so that this file does not match itself.
const PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/."), concat!("/ho", "me/")];
const HOSTS: [&str; 5] = [
    concat!("np", "m"),
    concat!("py", "pi"),
    concat!("python", "hosted"),
    concat!("cra", "tes"),
    concat!("deb", "ian"),
];

fn traces(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in file.text.as_deref().unwrap_or_default().lines().enumerate() {
            let path = PATHS.iter().find(|path| line.contains(**path));
            if let Some(what) = path.copied().or_else(|| registry(line)) {
                found.push(format!("{}:{}: {what}", file.path, number + 1));
            }
        }
    }
    found
}

/// The registry whose host occurs in a URL on this line.
fn registry(line: &str) -> Option<&'static str> {
    line.split("://").skip(1).find_map(|after| {
        let end = after.find(|c: char| !(c.is_ascii_lowercase() || c == '.' || c == '-'));
        let host = &after[..end.unwrap_or(after.len())];
        HOSTS.iter().find(|name| host.contains(**name)).copied()
    })
}

#[test]
fn files_name_no_machine_and_no_registry() {
    super::none(&traces(files::all()));
}

#[test]
fn a_machines_path_and_a_registrys_address_are_seen() {
    let made = |text: &str| traces(&[File::made("a.md", text)]);
    super::seen(&made(&format!("one\nsee {}main", PATHS[0])), "a.md:2");
    super::seen(&made(&format!("{}cargo/bin", PATHS[2])), "a.md:1");
    super::seen(&made(&format!("https://registry.{}js.org/x", HOSTS[0])), "a.md:1");
    super::seen(&made(&format!("a https://b.c and http://{}.org/x", HOSTS[1])), "a.md:1");
    super::none(&made("https://github.com/rust-lang/cargo and the word registry"));
}
