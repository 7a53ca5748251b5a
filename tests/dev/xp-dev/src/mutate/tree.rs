//! A git worktree to plant bugs in. It is gone when this process is, however it ends: nothing of the developer's
//! own files is ever touched.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

/// Reads process groups from its input, one a line (`-` for none). When the input ends, because we finished or were
/// killed, it stops the group named last and removes the worktree.
const KEEPER: &str = r#"
trap '' INT TERM HUP
group=-
while read -r line; do group=$line; done
[ "$group" = - ] || kill -s KILL -- "-$group" 2>/dev/null
git -C "$1" worktree remove --force "$2" 2>/dev/null || { rm -rf "$2"; git -C "$1" worktree prune; }
"#;

/// The worktree and the one who cleans up after us.
pub struct Tree {
    pub folder: PathBuf,
    keeper: Child,
    orders: Option<ChildStdin>,
}

impl Tree {
    /// The state of the developer's tracked files, uncommitted changes included, below `place_for_it`.
    pub fn make(place: &Place, place_for_it: &Path) -> Result<Self, Failure> {
        let folder = place_for_it.join("tree");
        fs::create_dir_all(place_for_it).map_err(Failure::io(place_for_it.display()))?;
        if folder.exists() {
            return Err(Failure::new(format!(
                "{} exists: another run is at work; else `git worktree remove --force` it",
                folder.display()
            )));
        }
        // Empty when nothing differs from the last commit.
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

    /// What setup provides is not tracked, and the same for both.
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

    /// Tells the keeper whom to stop if we are gone.
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
        // It removes the worktree now; a failure of its own is told by the next run.
        let _ = self.keeper.wait();
    }
}

fn git(place: &Place) -> Command {
    let mut git = Command::new("git");
    git.current_dir(&place.root);
    git
}
