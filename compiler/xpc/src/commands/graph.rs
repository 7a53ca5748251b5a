//! `xpc graph FILE`: the workflow drawn.

use xp_artifact::question::Status;
use xpc_driver::{Disk, Driver, ProverProcess};
use xpc_model::{Limits, Model};

use crate::args::{Drawing, Graph};
use crate::draw::{self, Picture};
use crate::exit::{self, Exit};
use crate::report;

pub fn run(options: &Graph) -> Exit {
    let disk = Disk::new(Limits::default());
    let mut driver = Driver::new();
    let compiled = driver.compile(&disk, std::slice::from_ref(&options.file));
    if compiled.rejected() {
        report::diagnostics(&compiled.sources, &compiled.diagnostics);
        return Exit::Rejected;
    }
    let model = match compiled.pick(options.workflow.as_deref()) {
        Ok(model) => model,
        Err(message) => return exit::rejected(&message),
    };
    let note = note(&mut driver, &disk, model);
    if let Some(note) = &note {
        exit::talk(&format!("warning: {note}; `xpc check` says more\n"));
    }
    let picture = Picture::of(&model.workflow, note);
    let text = match options.format {
        Drawing::Svg => draw::svg(&picture),
        Drawing::Dot => draw::dot(&picture),
        Drawing::Mermaid => draw::mermaid(&picture),
    };
    exit::print(&text).err().unwrap_or(Exit::Ok)
}

/// What a drawing of the workflow must say besides: a picture looks the same whether its properties hold or not.
fn note(driver: &mut Driver, disk: &Disk, model: &Model) -> Option<String> {
    let Ok(proved) = driver.prove(disk, &mut ProverProcess::installed(), model) else {
        return Some("not checked: the prover gave no answers".to_owned());
    };
    let answers = || model.obligations.iter().zip(&proved.verdicts);
    let open = answers().filter(|(asked, verdict)| !verdict.status.holds(asked.vacuous_ok));
    let refuted = open.clone().filter(|(_, verdict)| verdict.status == Status::Refuted).count();
    match (open.count(), answers().count()) {
        (0, _) => None,
        (open, all) => Some(format!("not proved: {open} of {all} properties ({refuted} refuted)")),
    }
}
