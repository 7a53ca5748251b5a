//! The checks at the end of an act, and those that both acts make.

use std::path::Path;

use super::shell;

/// Checks with their results.
#[derive(Default)]
pub struct Checks {
    all: Vec<(String, Result<String, String>)>,
}

impl Checks {
    /// Adds a check with its result.
    pub fn note(&mut self, what: &str, found: Result<String, String>) {
        self.all.push((what.to_owned(), found));
    }

    /// Number of failed checks.
    pub fn wrong(&self) -> usize {
        self.all.iter().filter(|(_, found)| found.is_err()).count()
    }

    /// Prints the checks.
    pub fn print(&self) {
        println!("\nchecked at the end\n{}", "-".repeat(128));
        for (what, found) in &self.all {
            match found {
                Ok(detail) => println!("  {what:<56} {detail}"),
                Err(why) => println!("! {what:<56} WRONG: {why}"),
            }
        }
    }
}

/// Looks for secrets in every file below a folder but those in `secrets`. `own` is the file that has one.
pub fn leaks(folder: &Path, own: &str, secrets: &[String]) -> Result<String, String> {
    let mut looked = 0;
    // Control: the search for secrets finds the secret in its own file.
    let kept = std::fs::read(folder.join(own)).map_err(|error| error.to_string())?;
    if !secrets.iter().any(|secret| holds(&kept, secret.as_bytes())) {
        return Err("the search does not find the secret where it is".to_owned());
    }
    let kept = folder.join("secrets");
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| error.to_string())?.flatten() {
            let (path, kind) = (entry.path(), entry.file_type().map_err(|error| error.to_string())?);
            if kind.is_dir() && path != kept {
                open.push(path);
            } else if kind.is_file() {
                let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
                looked += 1;
                if secrets.iter().any(|secret| holds(&bytes, secret.as_bytes())) {
                    return Err(format!("{} holds one", path.display()));
                }
            }
        }
    }
    Ok(format!("{looked} files looked through"))
}

/// Whether bytes hold others.
pub fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Verifies the evidence in `run.zip`, or finds that `flipped.zip` is not it.
pub fn verify(folder: &Path, log_key: &str, good: bool) -> Result<String, String> {
    let file = if good { "run.zip" } else { "flipped.zip" };
    let xpd = shell::ours("XP_XPD", "xpd")?;
    let mut command = shell::program(xpd);
    command.current_dir(folder).args(["audit", "verify", file, "--log-key", log_key]);
    let output = shell::output(command.args(["--artifact-key", "keys/signer.pub.pem"]))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = said.lines().next().unwrap_or_default().to_owned();
    match (output.status.code(), good) {
        (Some(0), true) => Ok(first),
        (Some(3), false) => Ok(format!("is found: {first}")),
        (code, _) => Err(format!("exit code {code:?}: {said}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Flips a byte of the evidence, which must be found.
pub fn flipped(folder: &Path, log_key: &str) -> Result<String, String> {
    let mut bytes = std::fs::read(folder.join("run.zip")).map_err(|error| error.to_string())?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(folder.join("flipped.zip"), bytes).map_err(|error| error.to_string())?;
    verify(folder, log_key, false)
}
