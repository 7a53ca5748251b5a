//! `xpc graph FILE`: the workflow drawn.

use crate::args::{Drawing, Format, Graph};
use crate::draw::{self, Picture};
use crate::exit::{self, Exit};
use crate::pipeline::{self, Pick};
use crate::report;

pub fn run(options: &Graph) -> Exit {
    let compiled = pipeline::compile(std::slice::from_ref(&options.file));
    if compiled.rejected() {
        report::diagnostics(&compiled.sources, &compiled.diagnostics, Format::Human);
        return Exit::Rejected;
    }
    let model = match compiled.pick(options.workflow.as_deref()) {
        Pick::One(model) => model,
        Pick::None(message) => return exit::rejected(&message),
    };
    let picture = Picture::of(&model.workflow);
    let text = match options.format {
        Drawing::Svg => draw::svg(&picture),
        Drawing::Dot => draw::dot(&picture),
        Drawing::Mermaid => draw::mermaid(&picture),
    };
    exit::print(&text).err().unwrap_or(Exit::Ok)
}
