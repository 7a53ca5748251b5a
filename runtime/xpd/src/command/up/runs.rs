//! The runs that are open when the server starts: one of them may be the one that is meant.

use serde_json::Value;
use xp_wire::body::OpenRun;

use super::roster::Roster;
use crate::Failure;
use crate::client::Client;
use crate::out::print;

/// Open runs that are listed.
const LISTED: usize = 20;

pub type Open = OpenRun<Value>;

/// All of them, oldest first.
pub async fn all(admin: &Client) -> Result<Vec<Open>, Failure> {
    let bytes = admin.get(&["v1", "runs"]).await?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))
}

/// Takes out the latest run of this artifact that was started with the values of the command.
pub fn taken(open: &mut Vec<Open>, artifact: &str, roster: &Roster) -> Option<String> {
    let meant = |run: &Open| {
        let at = |path: &str| path.split('.').try_fold(&run.params, |value, name| value.get(name));
        run.artifact == artifact && roster.params.iter().all(|(path, value)| at(path) == Some(value))
    };
    let place = open.iter().rposition(meant)?;
    Some(open.remove(place).run)
}

/// Lists the others.
pub fn tell(open: &[Open]) -> Result<(), Failure> {
    for one in open.iter().rev().take(LISTED) {
        let params = one.params.as_object().into_iter().flatten();
        let params: String = params.map(|(name, value)| format!(" {name}={}", shown(value))).collect();
        print(&format!("open      {} of {}{params}\n", one.run, one.workflow))?;
    }
    match open.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => print(&format!("open      {more} more runs\n")),
    }
}

/// A value in a line of a terminal: nothing in it moves the cursor.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    let plain: String = text.chars().flat_map(char::escape_default).take(MOST + 1).collect();
    if plain.len() <= MOST {
        plain.replace("\\\"", "\"")
    } else {
        format!("{}…", plain.chars().take(MOST).collect::<String>())
    }
}
