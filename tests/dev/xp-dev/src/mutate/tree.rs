//! A git worktree for mutations. It is removed when this process ends, in whatever way. The developer's own
//! files are not changed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

/// Reads process groups from its input, one per line (`-` for none). At the end of its input, which also
/// comes when this process is killed, it stops the last group and removes the worktree.
const KEEPER: &str = r#"
trap '' INT TERM HUP
group=-
while read -r line; do group=$line; done
[ "$group" = - ] || kill -s KILL -- "-$group" 2>/dev/null
git -C "$1" worktree remove --force "$2" 2>/dev/null || { rm -rf "$2"; git -C "$1" worktree prune; }
"#;

/// The worktree, and the process that removes it.
pub struct Tree {
    pub folder: PathBuf,
    keeper: Child,
    orders: Option<ChildStdin>,
}

impl Tree {
    /// Creates a worktree with the state of the developer's tracked files, including uncommitted changes,
    /// below `place_for_it`.
    pub fn make(place: &Place, place_for_it: &Path) -> Result<Self, Failure> {
        let folder = place_for_it.join("tree");
        fs::create_dir_all(place_for_it).map_err(Failure::io(place_for_it.display()))?;
        if folder.exists() {
            return Err(Failure::new(format!(
                "{} exists: another run is at work; else `git worktree remove --force` it",
                folder.display()
            )));
        }
        // Empty if there are no changes since the last commit.
        let uncommitted = shell::capture(git(place).args(["stash", "create"]), "git stash create")?;
        let state = if uncommitted.trim().is_empty() { "HEAD" } else { uncommitted.trim() };
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&place.root)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(Failure::io("sh"))?;
        let orders = keeper.stdin.take();
        let tree = Self { folder, keeper, orders };
        let mut add = git(place);
        add.args(["worktree", "add", "--quiet", "--detach"]).arg(&tree.folder).arg(state);
        shell::quietly(&mut add, "git worktree add")?;
        tree.provide(place)?;
        Ok(tree)
    }

    /// Links the untracked files that setup provides.
    fn provide(&self, place: &Place) -> Result<(), Failure> {
        let private = self.folder.join(".xp");
        #[cfg(unix)]
        std::os::unix::fs::symlink(place.private(), &private).map_err(Failure::io(private.display()))?;
        if place.z3_config().is_file() {
            let to = self.folder.join(".cargo/z3.toml");
            fs::copy(place.z3_config(), &to).map_err(Failure::io(to.display()))?;
        }
        Ok(())
    }

    /// Tells the removing process which group to stop.
    pub fn running(&mut self, group: Option<u32>) -> Result<(), Failure> {
        let line = group.map_or_else(|| "-\n".to_owned(), |group| format!("{group}\n"));
        match &mut self.orders {
            Some(orders) => orders.write_all(line.as_bytes()).map_err(Failure::io("the worktree's keeper")),
            None => Ok(()),
        }
    }

    pub fn text(&self, file: &str) -> Result<String, Failure> {
        fs::read_to_string(self.folder.join(file)).map_err(Failure::io(file))
    }

    pub fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.folder.join(file), text).map_err(Failure::io(file))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.orders = None;
        // Removes the worktree now. A failure is reported by the next run.
        let _ = self.keeper.wait();
    }
}

fn git(place: &Place) -> Command {
    let mut git = Command::new("git");
    git.current_dir(&place.root);
    git
}
