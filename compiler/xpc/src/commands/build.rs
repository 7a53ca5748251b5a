//! `xpc build FILE -o OUT.xpa`: check, then emit the artifact. Writes nothing unless everything holds.

use std::path::Path;
use std::rc::Rc;

use xp_artifact::{ConnectorFile, Envelope, SigningKey};
use xp_machine::Machine;
use xpc_driver::{Compiled, Disk, Driver, ProverProcess, artifact};

use crate::args::{Build, Format};
use crate::exit::{self, Exit};
use crate::files;
use crate::report::{Report, talk};

pub fn run(options: &Build) -> Exit {
    let exit = built(options);
    if exit != Exit::Ok {
        talk(&format!("nothing was written to `{}`", options.output.display()));
    }
    exit
}

fn built(options: &Build) -> Exit {
    if let Err(message) = writable(options) {
        return exit::rejected(&message);
    }
    let key = match options.sign.as_deref().map(key).transpose() {
        Ok(key) => key,
        Err(exit) => return exit,
    };
    let disk = Disk::new(options.limits.into());
    let mut driver = Driver::new();
    let compiled = driver.compile(&disk, std::slice::from_ref(&options.file));
    if compiled.rejected() {
        return shown(&Report::new(&compiled, &[]));
    }
    if let Some(connector) = connector(options, &compiled) {
        return connector.map_or_else(|message| exit::rejected(&message), |file| written(options, &file));
    }
    let model = match compiled.pick(options.workflow.as_deref()) {
        Ok(model) => model,
        Err(message) => return exit::rejected(&message),
    };
    let proved = match driver.prove(&disk, &mut ProverProcess::installed(), model) {
        Ok(proved) => [proved],
        Err(error) => return exit::failed(&error.to_string()),
    };
    let report = Report::new(&compiled, &proved);
    let [one] = &proved;
    if report.exit() != Exit::Ok {
        return shown(&report);
    }
    let used: Vec<_> = compiled.named.iter().chain(&compiled.library).copied().collect();
    let artifact = artifact::of(model, &one.verdicts, &compiled.sources, &used);
    // What the server will refuse is not written.
    if let Err(malformed) = Machine::new(artifact.workflow.clone()) {
        return exit::failed(&format!("the compiler made a {malformed}; please report this"));
    }
    let keys: Vec<&SigningKey> = key.iter().collect();
    let sealed = Envelope::seal(&artifact, &keys).and_then(|envelope| envelope.to_bytes());
    let (bytes, digest) = match (sealed, artifact.digest()) {
        (Ok(bytes), Ok(digest)) => (bytes, digest),
        (Err(error), _) | (_, Err(error)) => return exit::failed(&error.to_string()),
    };
    if let Err(error) = files::write_atomically(&options.output, &bytes) {
        return exit::failed(&format!("`{}` cannot be written: {error}", options.output.display()));
    }
    if key.is_none() {
        talk("the artifact is not signed; a server will refuse it (see --sign)");
    }
    exit::print(&format!("{digest}\n")).err().unwrap_or(Exit::Ok)
}

/// The connector that is to be built, if one is.
fn connector(options: &Build, compiled: &Compiled) -> Option<Result<Rc<ConnectorFile>, String>> {
    let found = match (&options.connector, compiled.connectors.as_slice()) {
        (Some(name), all) => all
            .iter()
            .find(|file| file.name == *name)
            .ok_or_else(|| format!("`{}` declares no connector `{name}`", options.file.display())),
        (None, [only])
            if compiled.models.is_empty()
                && options.workflow.is_none()
                && only.actions.iter().any(|action| action.transport.is_some()) =>
        {
            Ok(only)
        }
        (None, _) => return None,
    };
    Some(found.and_then(|file| {
        let silent: Vec<&str> = file
            .actions
            .iter()
            .filter(|action| action.transport.is_none())
            .map(|action| action.name.as_str())
            .collect();
        if silent.is_empty() && !file.actions.is_empty() {
            return Ok(Rc::clone(file));
        }
        Err(format!(
            "connector `{}` cannot be registered: no `http` clause says how {} is done",
            file.name,
            if silent.is_empty() { "anything".to_owned() } else { format!("`{}`", silent.join("`, `")) }
        ))
    }))
}

fn written(options: &Build, file: &ConnectorFile) -> Exit {
    let (bytes, digest) = match (file.canonical(), file.digest()) {
        (Ok(bytes), Ok(digest)) => (bytes, digest),
        (Err(error), _) | (_, Err(error)) => return exit::failed(&error.to_string()),
    };
    if let Err(error) = files::write_atomically(&options.output, &bytes) {
        return exit::failed(&format!("`{}` cannot be written: {error}", options.output.display()));
    }
    exit::print(&format!("{digest}\n")).err().unwrap_or(Exit::Ok)
}

/// The output is a file that may be written: none of the inputs, in a folder that is there.
fn writable(options: &Build) -> Result<(), String> {
    let output = &options.output;
    let shown = output.display();
    if output == Path::new("-") {
        return Err("`-o -` is no file; name a file for the artifact: the digest goes to stdout".to_owned());
    }
    let elsewhere = "name another file with `-o`";
    if files::same(output, &options.file) {
        return Err(format!("`-o {shown}` would replace the source; {elsewhere}"));
    }
    if options.sign.as_deref().is_some_and(|key| files::same(output, key)) {
        return Err(format!("`-o {shown}` would replace the private key; {elsewhere}"));
    }
    if output.is_dir() {
        return Err(format!("`-o {shown}` is a folder; name a file in it"));
    }
    match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(format!("`-o {shown}`: there is no folder `{}`; make it first", folder.display()))
        }
        _ => Ok(()),
    }
}

fn shown(report: &Report<'_>) -> Exit {
    match report.print(Format::Human) {
        Ok(()) => report.exit(),
        Err(exit) => exit,
    }
}

fn key(path: &Path) -> Result<SigningKey, Exit> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| exit::rejected(&format!("key `{}` cannot be read: {error}", path.display())))?;
    SigningKey::from_pem(&text)
        .map_err(|error| exit::rejected(&format!("error[{}]: `{}`: {error}", error.code(), path.display())))
}
