//! Where `xpc-prove` is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use xpc_model::ProverError;

const NAME: &str = "xpc-prove";

/// The variable that names another one.
pub(super) const VARIABLE: &str = "XPC_PROVE";

/// The program to run.
///
/// # Errors
/// It is at none of the places.
pub(super) fn program() -> Result<PathBuf, ProverError> {
    let own = std::env::current_exe()
        .and_then(|own| own.canonicalize())
        .map_err(|error| ProverError(format!("the folder of this program is not known: {error}")))?;
    find(&own, std::env::var_os(VARIABLE), Path::is_file)
}

/// `named` alone where it is given, else the installed place, else beside the program, where cargo puts it.
fn find(
    own: &Path,
    named: Option<OsString>,
    is_file: impl Fn(&Path) -> bool,
) -> Result<PathBuf, ProverError> {
    if let Some(named) = named.filter(|named| !named.is_empty()).map(PathBuf::from) {
        return if is_file(&named) {
            // A bare name would be looked for in `PATH`.
            std::path::absolute(&named)
                .map_err(|error| ProverError(format!("`{VARIABLE}` names `{}`: {error}", named.display())))
        } else {
            Err(ProverError(format!("`{VARIABLE}` names `{}`, which is no file", named.display())))
        };
    }
    let name = format!("{NAME}{}", std::env::consts::EXE_SUFFIX);
    let folder = own.parent().unwrap_or(Path::new("."));
    let installed = folder.parent().unwrap_or(folder).join("lib").join("xpc").join(&name);
    let beside = folder.join(&name);
    [installed.clone(), beside].into_iter().find(|place| is_file(place)).ok_or_else(|| {
        ProverError(format!(
            "the prover `{NAME}` is not installed: it belongs to `{}`; install it there, or name it in `{VARIABLE}`",
            installed.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(named: Option<&str>, files: &[&str]) -> Result<PathBuf, String> {
        let is_file = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        find(Path::new("/opt/bin/xpc"), named.map(OsString::from), is_file).map_err(|error| error.0)
    }

    #[test]
    fn the_installed_one_comes_before_the_one_beside() {
        let (installed, beside) = ("/opt/lib/xpc/xpc-prove", "/opt/bin/xpc-prove");
        assert_eq!(found(None, &[installed, beside]), Ok(PathBuf::from(installed)));
        assert_eq!(found(None, &[beside]), Ok(PathBuf::from(beside)));
        assert_eq!(found(Some(""), &[beside]), Ok(PathBuf::from(beside)));
    }

    #[test]
    fn one_that_is_named_is_the_only_one() {
        assert_eq!(found(Some("/x/p"), &["/x/p", "/opt/bin/xpc-prove"]), Ok(PathBuf::from("/x/p")));
        assert!(found(Some("p"), &["p"]).unwrap().is_absolute());
        let missing = found(Some("/x/p"), &["/opt/bin/xpc-prove"]).unwrap_err();
        assert!(missing.contains("XPC_PROVE") && missing.contains("/x/p"), "{missing}");
    }

    #[test]
    fn a_missing_one_is_said_with_the_cure() {
        let missing = found(None, &[]).unwrap_err();
        assert!(missing.contains("/opt/lib/xpc/xpc-prove") && missing.contains("XPC_PROVE"), "{missing}");
    }
}
