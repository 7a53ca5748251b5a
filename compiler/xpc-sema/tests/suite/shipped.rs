//! Every `.xp` text that is shipped stands as the formatter writes it; `XP_BLESS=1` has it written.

use std::path::Path;

#[test]
fn stand_as_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let modules = xp_stdlib::MODULES.iter().map(|module| root.join("stdlib").join(module.path));
    for path in modules.chain([root.join("examples/bug_fix/bug_fix.xp")]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let formatted = xp_syntax::format(&text).unwrap();
        if std::env::var_os("XP_BLESS").is_some() {
            std::fs::write(&path, &formatted).unwrap();
        } else {
            assert!(formatted == text, "{} is not formatted", path.display());
        }
    }
}
