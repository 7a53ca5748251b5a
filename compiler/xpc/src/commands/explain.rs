//! `xpc explain CODE`: the page of a diagnostic code.

use xp_diagnostics::codes;

use crate::args::Explain;
use crate::exit::{self, Exit};

pub fn run(options: &Explain) -> Exit {
    match codes::find(options.code.trim()) {
        Some(code) => {
            let page = code.page.trim_end();
            exit::print(&format!("{page}\n")).err().unwrap_or(Exit::Ok)
        }
        None => exit::rejected(&format!("there is no code `{}`; codes look like `XP0301`", options.code)),
    }
}
