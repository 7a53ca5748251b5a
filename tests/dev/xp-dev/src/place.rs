//! Paths: the repository, its private folder, and cargo's build folder.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

use crate::failure::Failure;
use crate::shell;

/// The repository on which a command works.
pub struct Place {
    pub root: PathBuf,
}

impl Place {
    /// The workspace of this crate (named by cargo), else that of the current folder.
    pub fn find() -> Result<Self, Failure> {
        let start = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(manifest) => PathBuf::from(manifest),
            None => env::current_dir().map_err(Failure::io("the current folder"))?,
        };
        let root = start
            .ancestors()
            .find(|folder| folder.join("tests/dev/xp-dev/Cargo.toml").is_file())
            .ok_or_else(|| Failure::new("not inside the repository"))?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// The folder for what setup provides; not committed.
    pub fn private(&self) -> PathBuf {
        self.root.join(".xp")
    }

    /// Written by setup only if it fetched the solver. `.cargo/config.toml` includes it if it exists.
    pub fn z3_config(&self) -> PathBuf {
        self.root.join(".cargo/z3.toml")
    }

    /// Cargo, run in the repository.
    pub fn cargo(&self) -> std::process::Command {
        shell::cargo(&self.root, self.z3_config().is_file())
    }

    /// A program that starts servers; run as an unprivileged user if this process is root.
    pub fn as_user(&self, program: &Path) -> std::process::Command {
        let mut command = std::process::Command::new(self.root.join("tests/dev/as-user"));
        command.arg(program).current_dir(&self.root);
        command
    }

    /// The build folder and the workspace's programs, as reported by cargo.
    pub fn build(&self) -> Result<Build, Failure> {
        let mut command = self.cargo();
        command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let text = shell::capture(&mut command, "cargo metadata")?;
        let json: Value =
            serde_json::from_str(&text).map_err(|e| Failure::new(format!("cargo metadata: {e}")))?;
        let target = json.get("target_directory").and_then(Value::as_str);
        let target = target.ok_or_else(|| Failure::new("cargo metadata names no target"))?;
        let programs = members(&json, "packages")
            .flat_map(|package| members(package, "targets"))
            .filter(|target| members(target, "kind").any(|kind| kind == "bin"))
            .filter_map(|target| target.get("name").and_then(Value::as_str).map(str::to_owned))
            .collect();
        Ok(Build { target: PathBuf::from(target), programs })
    }
}

/// The members of an array that an object holds.
fn members<'a>(json: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    json.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Cargo's build folder.
pub struct Build {
    pub target: PathBuf,
    pub programs: Vec<String>,
}

impl Build {
    /// The path of a program in the folder of a profile.
    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    pub fn has(&self, name: &str) -> bool {
        self.programs.iter().any(|program| program == name)
    }

    /// Sets the variables with the programs' paths, which cargo does not tell to other packages.
    pub fn tell_programs(&self, command: &mut std::process::Command, profile: &str) {
        for (variable, name) in
            [("XP_XPC", "xpc"), ("XP_XPC_PROVE", "xpc-prove"), ("XP_XPD", "xpd"), ("XP_FORGE", "xp-forge")]
        {
            command.env(variable, self.program(profile, name));
        }
    }
}

/// Writes a file atomically, so that a killed setup leaves no partial file.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), Failure> {
    let part = path.with_extension(format!("part{}", std::process::id()));
    fs::write(&part, text).map_err(Failure::io(part.display()))?;
    fs::rename(&part, path).map_err(Failure::io(path.display()))
}
