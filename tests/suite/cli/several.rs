//! Several files: each is answered for itself, in every format.

use super::graph::Element;
use super::{Ran, edited, example_text, list, run, text};

/// One file that does not resolve, one that is refuted, one that holds.
fn three(format: &str) -> Ran {
    let folder = super::folder_with("a.xp", &edited("after open_pr.done {", "after open_pr.don {"));
    let others =
        [("b.xp", edited("path: one of propose.files, text", "path: any, text")), ("c.xp", example_text())];
    for (name, source) in others {
        std::fs::write(folder.path().join(name), source).expect("written");
    }
    run(folder.path(), &["check", ".", "--format", format]).exits(2)
}

#[test]
fn a_file_with_faults_hides_no_other() {
    let object = three("json").json();
    let found: Vec<(&str, &str)> =
        list(&object, "diagnostics").iter().map(|one| (text(one, "file"), text(one, "code"))).collect();
    assert_eq!(found, [("a.xp", "XP0209"), ("b.xp", "XP0624")]);
    // Of the faulty file nothing is answered; of the others everything.
    let asked: Vec<usize> =
        list(&object, "workflows").iter().map(|one| list(one, "obligations").len()).collect();
    assert_eq!(asked, [18, 18]);
    let human = three("human").says(&["XP0209", "XP0624"]);
    assert!(human.out.contains("1 error; nothing was proved of `a.xp`"), "{human}");
    let github = three("github").out;
    assert!(github.contains("file=a.xp") && github.contains("file=b.xp"), "{github}");
    let sarif = three("sarif").json();
    assert_eq!(list(&list(&sarif, "runs")[0], "results").len(), 2, "{sarif:#}");
    let suites = Element::parse(&three("junit").out);
    let cases = &suites.children[0].children;
    assert_eq!(cases.len(), 3 + 18 + 18);
    let kinds: Vec<_> = cases
        .iter()
        .flat_map(|case| &case.children)
        .filter_map(|failure| failure.attribute("type"))
        .collect();
    assert_eq!(kinds, ["rejected", "refuted"]);
}
