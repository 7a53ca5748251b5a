//! Permitted dependencies between packages, except dev-dependencies.

use super::packages::{self, Package, Packages};
use super::{none, seen};

/// Only the permitted packages depend directly on any of these crates.
fn only(packages: &Packages, crates: &[&str], allowed: impl Fn(&Package) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.ours().filter(|package| !allowed(package)) {
        for name in package.direct.iter().filter(|name| crates.contains(&name.as_str())) {
            found.push(format!("{} must not use {name}", package.name));
        }
    }
    found
}

/// These packages have no dependency, direct or indirect, on the forbidden ones.
fn never_reaches(
    packages: &Packages,
    from: impl Fn(&Package) -> bool,
    forbidden: impl Fn(&Package) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.ours().filter(|package| from(package)) {
        for reached in packages.reached_from(&package.name).into_iter().filter(|reached| forbidden(reached)) {
            found.push(format!("{} reaches {}", package.name, reached.name));
        }
    }
    found
}

fn in_room(room: &'static str) -> impl Fn(&Package) -> bool {
    move |package| package.room() == Some(room)
}

fn solver(packages: &Packages) -> Vec<String> {
    only(packages, &["z3", "z3-sys"], |package| package.name == "xpc-proof")
}

/// Commands that do not prove anything must start without libz3, so their program must not link it.
fn command_line_needs_no_solver(packages: &Packages) -> Vec<String> {
    let links_it = |package: &Package| ["z3", "z3-sys", "xpc-proof"].contains(&package.name.as_str());
    never_reaches(packages, |package| ["xpc", "xpc-driver"].contains(&package.name.as_str()), links_it)
}

fn grammar(packages: &Packages) -> Vec<String> {
    only(packages, &["pest", "pest_derive", "pest_meta"], |package| package.name == "xp-syntax")
}

fn drawing(packages: &Packages) -> Vec<String> {
    only(packages, &["codespan-reporting"], |package| package.name == "xp-diagnostics")
}

fn editor(packages: &Packages) -> Vec<String> {
    let crates = ["lsp-types", "lsp-server", "tower-lsp", "tower-lsp-server", "async-lsp"];
    only(packages, &crates, |package| package.name == "xpc-lsp")
}

fn web(packages: &Packages) -> Vec<String> {
    only(packages, &["axum"], |package| package.name == "xpd-doors" || package.room() == Some("tests"))
}

/// In the runtime, HTTP clients are made by `xpd-egress`; the crates that send requests know their types.
/// Nobody has another HTTP client.
fn outgoing(packages: &Packages) -> Vec<String> {
    let senders = ["xpd-egress", "xpd-connectors", "xpd-login", "xpd", "xpc"];
    let in_tests = |package: &Package| package.room() == Some("tests");
    let mut found =
        only(packages, &["reqwest"], |package| senders.contains(&package.name.as_str()) || in_tests(package));
    let others = ["ureq", "isahc", "curl", "attohttpc", "minreq", "surf", "awc", "hyper-rustls"];
    found.extend(only(packages, &others, in_tests));
    let hyper = |package: &Package| package.name == "xpd-doors" || in_tests(package);
    found.extend(only(packages, &["hyper", "hyper-util"], hyper));
    found
}

/// Only the store may depend on database clients.
fn database(packages: &Packages) -> Vec<String> {
    let crates = ["rusqlite", "libsqlite3-sys", "tokio-postgres", "deadpool-postgres", "sqlx", "diesel"];
    only(packages, &crates, |package| package.name == "xpd-store" || package.room() == Some("tests"))
}

/// The proxy must be separable from the engine, and the store must not know the machine.
fn runtime_rooms_apart(packages: &Packages) -> Vec<String> {
    let named = |name: &'static str| move |package: &Package| package.name == name;
    let above_proxy = |package: &Package| {
        ["xpd-engine", "xpd-connectors", "xpd-doors", "xpd"].contains(&package.name.as_str())
    };
    let mut found = never_reaches(packages, named("xpd-proxy"), above_proxy);
    found.extend(never_reaches(packages, named("xpd-store"), above_proxy));
    found.extend(never_reaches(packages, named("xpd-store"), |package| {
        ["xp-machine", "xpd-proxy"].contains(&package.name.as_str())
    }));
    found.extend(never_reaches(packages, named("xpd-connectors"), named("xpd-engine")));
    found.extend(never_reaches(packages, named("xpd-engine"), named("xpd-connectors")));
    found.extend(never_reaches(packages, named("xpd-engine"), named("xpd-doors")));
    found
}

fn no_runtime_threads(packages: &Packages) -> Vec<String> {
    let pure = |package: &Package| {
        package.room() == Some("lang") || ["xpd-token", "xpd-audit"].contains(&package.name.as_str())
    };
    never_reaches(packages, pure, |package| package.name == "tokio")
}

fn enforcement_needs_no_compiler(packages: &Packages) -> Vec<String> {
    never_reaches(
        packages,
        |package| package.name == "xpd",
        |package| {
            ["z3", "z3-sys", "pest", "petgraph"].contains(&package.name.as_str())
                || package.name.starts_with("xpc")
        },
    )
}

fn two_rooms_apart(packages: &Packages) -> Vec<String> {
    let mut found = never_reaches(packages, in_room("compiler"), in_room("runtime"));
    found.extend(never_reaches(packages, in_room("runtime"), in_room("compiler")));
    found
}

fn contract_stands_alone(packages: &Packages) -> Vec<String> {
    let ours_elsewhere = |package: &Package| package.folder.is_some() && package.room() != Some("lang");
    never_reaches(packages, in_room("lang"), ours_elsewhere)
}

/// The language crates use the codes and bodies of `xp-wire`, which need serde only. The machine never makes
/// or verifies proofs of possession, and only the HTTP crate generates OpenAPI.
fn wire_is_bare(packages: &Packages) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages.ours() {
        let mut refuse = |feature: &str| {
            if package.features.iter().any(|asked| asked == feature) {
                found.push(format!("{} must not enable {feature}", package.name));
            }
        };
        if package.room() == Some("lang") {
            refuse("xp-wire/proof");
        }
        if package.name != "xpd-doors" {
            refuse("xp-wire/openapi");
        }
    }
    for wire in packages.ours().filter(|package| package.name == "xp-wire") {
        let always = wire.direct.iter().filter(|name| !wire.optional.contains(name));
        found.extend(
            always.filter(|name| *name != "serde").map(|name| format!("xp-wire must not use {name}")),
        );
    }
    found
}

fn product_needs_no_tests(packages: &Packages) -> Vec<String> {
    never_reaches(packages, |package| package.room() != Some("tests"), in_room("tests"))
}

/// The development tool compiles before setup, so it depends on no member of the workspace.
fn tool_stands_alone(packages: &Packages) -> Vec<String> {
    let mut found = never_reaches(packages, |p| p.name == "xp-dev", |p| p.folder.is_some());
    for tool in packages.ours().filter(|package| package.name == "xp-dev" && package.direct.len() > 3) {
        found.push(format!("xp-dev has {} dependencies, at most 3", tool.direct.len()));
    }
    found
}

fn known_rooms(packages: &Packages) -> Vec<String> {
    let rooms = ["lang", "compiler", "runtime", "stdlib", "tests", "editors"];
    packages
        .ours()
        .filter(|package| !package.room().is_some_and(|room| rooms.contains(&room)))
        .map(|package| format!("{} stands in no room", package.name))
        .collect()
}

/// Synthetic packages that satisfy every rule.
fn good() -> Packages {
    Packages::made(&[
        ("xp-diagnostics", "lang/xp-diagnostics", &["codespan-reporting"]),
        ("xp-syntax", "lang/xp-syntax", &["pest", "xp-diagnostics"]),
        ("xpc-proof", "compiler/xpc-proof", &["z3"]),
        ("xpc-driver", "compiler/xpc-driver", &["xp-syntax"]),
        ("xpc", "compiler/xpc", &["xpc-driver", "xp-syntax", "tokio", "petgraph"]),
        ("xp-machine", "lang/xp-machine", &["xp-wire"]),
        ("xp-wire", "lang/xp-wire", &["serde"]),
        ("xpd-token", "runtime/xpd-token", &["xp-diagnostics"]),
        ("xpd-store", "runtime/xpd-store", &["rusqlite", "tokio"]),
        ("xpd-proxy", "runtime/xpd-proxy", &["tokio", "xpd-store", "xpd-token"]),
        ("xpd-egress", "runtime/xpd-egress", &["reqwest"]),
        ("xpd-connectors", "runtime/xpd-connectors", &["reqwest", "xpd-egress", "xpd-proxy"]),
        ("xpd-engine", "runtime/xpd-engine", &["xp-machine", "xpd-proxy", "xpd-store"]),
        ("xpd-doors", "runtime/xpd-doors", &["axum", "xpd-engine", "xpd-proxy"]),
        ("xpd", "runtime/xpd", &["xpd-connectors", "xpd-doors", "xpd-engine"]),
        ("xp-forge", "tests/dev/forge", &["axum"]),
        ("xp-oracle", "tests/dev/oracle", &["xp-diagnostics"]),
        ("xp-dev", "tests/dev/xp-dev", &["sha2"]),
        ("axum", "", &["tokio"]),
        ("codespan-reporting", "", &[]),
        ("pest", "", &[]),
        ("petgraph", "", &[]),
        ("reqwest", "", &[]),
        ("rusqlite", "", &[]),
        ("serde", "", &[]),
        ("sha2", "", &[]),
        ("tokio", "", &[]),
        ("z3", "", &["z3-sys"]),
        ("z3-sys", "", &[]),
    ])
}

/// The packages of [`good`] with one more dependency.
fn good_but(from: &str, to: &str) -> Packages {
    good().with(from, |package| {
        package.direct.push(to.to_owned());
        package.linked.push(to.to_owned());
    })
}

/// Asserts that the rule holds in the workspace and in [`good`], and is violated by each of these additional
/// dependencies.
#[track_caller]
fn holds(wall: fn(&Packages) -> Vec<String>, breaks: &[(&str, &str, &str)]) {
    none(&wall(packages::all()));
    none(&wall(&good()));
    for (from, to, about) in breaks {
        seen(&wall(&good_but(from, to)), about);
    }
}

#[test]
fn only_the_prover_uses_the_solver() {
    holds(solver, &[("xpc", "z3", "xpc must not use z3"), ("xpc", "z3-sys", "xpc must not use z3-sys")]);
}

#[test]
fn the_command_line_links_no_solver() {
    holds(
        command_line_needs_no_solver,
        &[
            ("xpc", "xpc-proof", "xpc reaches z3"),
            ("xpc-driver", "xpc-proof", "xpc reaches z3-sys"),
            ("xpc-driver", "z3", "xpc-driver reaches z3"),
        ],
    );
}

#[test]
fn only_the_parser_uses_the_grammar() {
    holds(grammar, &[("xpc", "pest", "xpc must not use pest")]);
}

#[test]
fn only_diagnostics_draw() {
    holds(drawing, &[("xpc", "codespan-reporting", "xpc must not use codespan-reporting")]);
}

#[test]
fn only_the_language_server_knows_the_editor() {
    let broken = good().with("xpc", |package| package.direct.push("lsp-types".to_owned()));
    seen(&editor(&broken), "xpc must not use lsp-types");
    holds(editor, &[]);
}

#[test]
fn only_the_doors_speak_web() {
    let breaks =
        [("xpd", "xpd must not"), ("xpd-engine", "xpd-engine must not"), ("xpc", "xpc must not use axum")];
    holds(web, &breaks.map(|(from, about)| (from, "axum", about)));
}

#[test]
fn http_is_sent_by_those_that_may() {
    holds(
        outgoing,
        &[
            ("xpd-engine", "reqwest", "xpd-engine must not use reqwest"),
            ("xpd-proxy", "reqwest", "xpd-proxy must not use reqwest"),
            ("xpc-driver", "reqwest", "xpc-driver must not use reqwest"),
            ("xpd", "ureq", "xpd must not use ureq"),
            ("xpd-connectors", "hyper-util", "xpd-connectors must not use hyper-util"),
        ],
    );
}

#[test]
fn only_the_store_knows_a_database() {
    holds(
        database,
        &[
            ("xpd-engine", "rusqlite", "xpd-engine must not use rusqlite"),
            ("xpd", "rusqlite", "xpd must not use rusqlite"),
        ],
    );
}

#[test]
fn the_rooms_of_the_runtime_stand_apart() {
    holds(
        runtime_rooms_apart,
        &[
            ("xpd-store", "xp-machine", "xpd-store reaches xp-machine"),
            ("xpd-connectors", "xpd-engine", "xpd-connectors reaches xpd-engine"),
            ("xpd-engine", "xpd-connectors", "xpd-engine reaches xpd-connectors"),
            ("xpd-engine", "xpd-doors", "xpd-engine reaches xpd-doors"),
        ],
    );
    // Cargo would refuse the cycle, so the existing dependency is reversed first.
    let turned = good()
        .with("xpd-engine", |package| package.linked.retain(|name| name != "xpd-proxy"))
        .with("xpd-proxy", |package| package.linked.push("xpd-engine".to_owned()));
    seen(&runtime_rooms_apart(&turned), "xpd-proxy reaches xpd-engine");
}

#[test]
fn contract_tokens_and_audit_know_no_threads() {
    holds(
        no_runtime_threads,
        &[
            ("xpd-token", "tokio", "xpd-token reaches tokio"),
            ("xp-syntax", "axum", "xp-syntax reaches tokio"),
            ("xp-diagnostics", "tokio", "xpd-token reaches tokio"),
        ],
    );
}

#[test]
fn enforcement_links_no_compiler_and_no_solver() {
    holds(
        enforcement_needs_no_compiler,
        &[
            ("xpd", "xpc-proof", "xpd reaches z3"),
            ("xpd-doors", "xp-syntax", "xpd reaches pest"),
            ("xpd-token", "petgraph", "xpd reaches petgraph"),
            ("xpd-doors", "xpc", "xpd reaches xpc"),
        ],
    );
}

#[test]
fn compiler_and_runtime_do_not_meet() {
    holds(
        two_rooms_apart,
        &[("xpc", "xpd-token", "xpc reaches xpd-token"), ("xpd-token", "xpc-proof", "xpd reaches xpc-proof")],
    );
}

#[test]
fn the_contract_imports_nothing_of_ours() {
    holds(
        contract_stands_alone,
        &[
            ("xp-diagnostics", "xpc-proof", "xp-syntax reaches xpc-proof"),
            ("xp-syntax", "xp-forge", "reaches xp-forge"),
        ],
    );
}

#[test]
fn the_contract_makes_no_proofs_and_describes_no_doors() {
    let asking = |name: &str, feature: &str| {
        wire_is_bare(&good().with(name, |package| package.features.push(feature.to_owned())))
    };
    seen(&asking("xp-syntax", "xp-wire/proof"), "xp-syntax must not enable xp-wire/proof");
    seen(&asking("xp-machine", "xp-wire/openapi"), "xp-machine must not enable xp-wire/openapi");
    seen(&asking("xpd-engine", "xp-wire/openapi"), "xpd-engine must not enable xp-wire/openapi");
    none(&asking("xpd-engine", "xp-wire/proof"));
    none(&asking("xpd-doors", "xp-wire/openapi"));
    holds(wire_is_bare, &[("xp-wire", "sha2", "xp-wire must not use sha2")]);
    let by_feature =
        good_but("xp-wire", "sha2").with("xp-wire", |wire| wire.optional.push("sha2".to_owned()));
    none(&wire_is_bare(&by_feature));
}

#[test]
fn the_product_links_no_test_crate() {
    holds(
        product_needs_no_tests,
        &[
            ("xpd-engine", "xp-forge", "xpd reaches xp-forge"),
            ("xp-diagnostics", "xp-oracle", "xpc reaches xp-oracle"),
            ("xpc-proof", "xp-oracle", "xpc-proof reaches xp-oracle"),
        ],
    );
}

#[test]
fn the_developers_tool_compiles_before_setup() {
    holds(tool_stands_alone, &[("xp-dev", "xp-syntax", "xp-dev reaches xp-syntax")]);
    let many = good().with("xp-dev", |package| package.direct.extend(["a", "b", "c"].map(str::to_owned)));
    seen(&tool_stands_alone(&many), "xp-dev has 4 dependencies");
}

#[test]
fn every_package_stands_in_a_room() {
    let broken = good().with("xpc", |package| package.folder = Some("core/xpc".to_owned()));
    seen(&known_rooms(&broken), "xpc stands in no room");
    holds(known_rooms, &[]);
}
