//! Invocation of npm: in one folder, without notices.

use std::path::Path;
use std::process::Command;

pub fn command(folder: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(folder).env("NPM_CONFIG_UPDATE_NOTIFIER", "false").env("NPM_CONFIG_LOGLEVEL", "error");
    npm
}
