//! `xpc explain`: prints the page of each code.

use super::{run, xpc};

#[test]
fn every_code_has_its_page() {
    let root = xp_tests::root();
    let pages = root.join("lang/reference/errors");
    let mut seen = 0;
    for entry in std::fs::read_dir(&pages).expect("the pages") {
        let path = entry.expect("an entry").path();
        let code = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let ran = run(&root, &["explain", &code]).exits(0);
        let page = std::fs::read_to_string(&path).expect("the page");
        assert_eq!(ran.out.trim_end(), page.trim_end());
        assert!(ran.out.starts_with(&format!("# {code}: ")) && ran.out.ends_with('\n'), "{ran}");
        seen += 1;
    }
    assert_eq!(seen, xp_diagnostics::codes::ALL.len());
}

#[test]
fn without_a_code_all_are_listed() {
    let root = xp_tests::root();
    let index = run(&root, &["explain"]).exits(0).out;
    assert_eq!(index, run(&root, &["explain", "--list"]).exits(0).out);
    for code in xp_diagnostics::codes::ALL {
        assert_eq!(index.matches(&format!("  {}  {}\n", code.id, code.title)).count(), 1, "{}", code.id);
    }
    let heads = index.lines().filter(|line| line.starts_with("XP")).count();
    assert_eq!(
        index.lines().filter(|line| !line.is_empty()).count(),
        heads + xp_diagnostics::codes::ALL.len()
    );
    run(&root, &["explain", "XP9999"]).exits(2).says(&["--list"]);
}

#[test]
fn codes_are_accepted_in_either_case_and_unknown_ones_refused() {
    let root = xp_tests::root();
    assert_eq!(
        run(&root, &["explain", "xp0301"]).exits(0).out,
        run(&root, &["explain", "XP0301"]).exits(0).out
    );
    for word in ["XP9999", "0301", "", "XP0301\u{0}"] {
        if word.contains('\0') {
            assert!(xpc(&root).args(["explain", word]).output().is_err());
            continue;
        }
        let ran = run(&root, &["explain", word]).exits(2).says(&["codes look like"]);
        assert!(ran.out.is_empty(), "{ran}");
    }
}
