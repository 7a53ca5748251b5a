//! `xpc init TEMPLATE`: the files of a template in a folder.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use xp_stdlib::{TEMPLATES, Template};

use crate::args::Init;
use crate::exit::{self, Exit};

pub fn run(options: &Init) -> Exit {
    let Some(name) = &options.template else {
        let width = TEMPLATES.iter().map(|one| one.name.len()).max().unwrap_or_default();
        let lines = TEMPLATES.iter().map(|one| format!("{:width$}  {}\n", one.name, one.about));
        return exit::print(&lines.collect::<String>()).err().unwrap_or(Exit::Ok);
    };
    let Some(template) = TEMPLATES.iter().find(|one| one.name == name) else {
        let near = xp_syntax::nearest(name, TEMPLATES.iter().map(|one| one.name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return exit::rejected(&format!("there is no template `{name}`{near} `xpc init` lists them"));
    };
    match fill(template, &options.folder) {
        Ok(()) => {
            let there = match options.folder.as_os_str() == "." {
                true => String::new(),
                false => format!("cd {} && ", options.folder.display()),
            };
            exit::print(&format!("{there}{}\n", template.next)).err().unwrap_or(Exit::Ok)
        }
        Err(exit) => exit,
    }
}

/// Writes every file, or none if one of them is there.
fn fill(template: &Template, folder: &Path) -> Result<(), Exit> {
    for (name, _) in template.files {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(exit::rejected(&format!("{} is there already; nothing was written", path.display())));
        }
    }
    for (name, text) in template.files {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        let file = made.and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path));
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| exit::failed(&format!("{}: {error}", path.display())))?;
        exit::say(&format!("made {}", path.display()));
    }
    Ok(())
}
