//! `xpc-prove`: answers the questions of `xpc` on stdin. Not for people: `xpc check` starts it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::sync_channel;
use std::thread;

use xpc_model::protocol::{BUILD, MAX_LINE, PROTOCOL};

fn main() -> ExitCode {
    if let Some(argument) = std::env::args_os().nth(1) {
        let solver = xpc_proof::version::solver_version();
        let line = format!("xpc-prove {BUILD} (protocol {PROTOCOL}, Z3 {solver})\n");
        let stdout = argument == "--version" && std::io::stdout().write_all(line.as_bytes()).is_ok();
        if stdout {
            return ExitCode::SUCCESS;
        }
        let _ = std::io::stderr().write_all(b"xpc-prove: started by `xpc`; takes nothing but `--version`\n");
        return ExitCode::from(2);
    }
    let (hand_on, lines) = sync_channel(1);
    // Whoever asks keeps the pipe open. When it closes, nobody waits for what is being proved.
    thread::spawn(move || {
        let mut stdin = BufReader::new(std::io::stdin());
        loop {
            let mut line = Vec::new();
            let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
            match stdin.by_ref().take(most).read_until(b'\n', &mut line) {
                Ok(_) if line.ends_with(b"\n") && hand_on.send(line).is_ok() => {}
                _ => std::process::exit(0),
            }
        }
    });
    let mut stdout = std::io::stdout();
    for line in lines {
        if xpc_proof::serve::answer(&line, &mut stdout).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
