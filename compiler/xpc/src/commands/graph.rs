//! `xpc graph FILE`: the workflow drawn.

use xpc_driver::{Disk, Driver};
use xpc_model::Limits;

use crate::args::{Drawing, Graph};
use crate::draw::{self, Picture};
use crate::exit::{self, Exit};
use crate::report;

pub fn run(options: &Graph) -> Exit {
    let compiled = Driver::new().compile(&Disk::new(Limits::default()), std::slice::from_ref(&options.file));
    if compiled.rejected() {
        report::diagnostics(&compiled.sources, &compiled.diagnostics);
        return Exit::Rejected;
    }
    let model = match compiled.pick(options.workflow.as_deref()) {
        Ok(model) => model,
        Err(message) => return exit::rejected(&message),
    };
    let picture = Picture::of(&model.workflow);
    let text = match options.format {
        Drawing::Svg => draw::svg(&picture),
        Drawing::Dot => draw::dot(&picture),
        Drawing::Mermaid => draw::mermaid(&picture),
    };
    exit::print(&text).err().unwrap_or(Exit::Ok)
}
