//! `xp-forge`: the GitHub stand-in as a program.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use xp_forge::{Entry, Forge, ForgeError, Options, Validation};

/// A stand-in for GitHub's REST API over a real bare git repository.
#[derive(Debug, Parser)]
#[command(name = "xp-forge", version)]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder for the bare repositories; by default a temporary one, removed at the end.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A token and the login it belongs to, `TOKEN=LOGIN`; may be repeated.
    #[arg(long = "user", value_parser = pair)]
    users: Vec<(String, String)>,
    /// A repository to create, `OWNER/NAME=FOLDER`, with the files of the folder as its first commit.
    #[arg(long = "repo", value_parser = pair)]
    repos: Vec<(String, String)>,
    /// Default branch of the repositories.
    #[arg(long, default_value = "main")]
    branch: String,
    /// End when standard input is closed, so that the stand-in ends with its parent.
    #[arg(long)]
    stdin: bool,
    /// GitHub's OpenAPI description, against which requests and answers are validated.
    #[arg(long)]
    openapi: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() => {
            Ok((left.to_owned(), right.to_owned()))
        }
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // stderr may be closed.
            drop(writeln!(std::io::stderr(), "xp-forge: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), ForgeError> {
    let forge = Forge::start(Options {
        port: arguments.port,
        users: arguments.users,
        dir: arguments.dir,
        validation: arguments.openapi.map_or(Validation::Off, Validation::Against),
    })?;
    for (full_name, folder) in &arguments.repos {
        let (owner, name) =
            full_name.split_once('/').ok_or_else(|| ForgeError::Missing(full_name.clone()))?;
        let files = files(PathBuf::from(folder))?;
        let files: Vec<(&str, Entry)> =
            files.iter().map(|(path, bytes)| (path.as_str(), Entry::File(bytes.clone()))).collect();
        forge.seed_repo(owner, name, &arguments.branch, &files)?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", forge.url)?;
    out.flush()?;
    if arguments.stdin {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

/// The files below a folder, with relative paths.
fn files(root: PathBuf) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if let Ok(path) = entry.path().strip_prefix(&root) {
                found.push((path.to_string_lossy().into_owned(), std::fs::read(entry.path())?));
            }
        }
    }
    found.sort();
    Ok(found)
}
