//! Shadow runs: decided and recorded as enforced ones, and nothing is sent but what the operator lists.

use serde_json::json;
use xp_artifact::workflow::Action;
use xp_wire::RefusalCode;
use xpd_audit::entry::Facts;
use xpd_proxy::{Refused, Stop};
use xpd_store::{Mode, StoreError};

use crate::memory::Tx;
use crate::roster::{Roster, Rule};
use crate::rules::Rules;

/// The fact of an entry that says what enforcement would have done.
const FACT: &str = "shadow";

/// The text of the fact of an action that was granted and not sent.
const NOT_SENT: &str = "not sent";

/// The mode in which a principal's start of an artifact or workflow takes place. The start rules say it and the request cannot: rules for
/// both modes refuse the start.
pub(super) fn chosen(tx: &Tx<'_>, roster: &Roster, principal: &str, named: &str) -> Result<Mode, Stop> {
    let mut found = Vec::new();
    // Whether that artifact is deployed in the mode of a rule is no matter: the starter chooses which artifact it names.
    for of in [Mode::Enforced, Mode::Shadow] {
        let Some((digest, name)) = tx.find_artifact(named, of)? else { continue };
        for mode in roster.rules(principal, &digest, &name).map(Rule::mode) {
            if !found.contains(&mode) {
                found.push(mode);
            }
        }
    }
    match found.as_slice() {
        [] => Ok(Mode::Enforced),
        [mode] => Ok(*mode),
        _ => {
            let why = "the start rules let you start it as a shadow run and as an enforced one, and a starter must not choose: name other \
                       principals in the rules with `shadow = true`";
            Err(Stop::Refuse(Refused::new(RefusalCode::NotAllowed, why)))
        }
    }
}

/// Whether a shadow run sends a use of this action: the operator lists it by instance and name, and by its declaration it changes nothing
/// and reveals nothing private.
pub(super) fn sends(rules: &Rules, instance: &str, action: &Action) -> bool {
    let listed = rules.shadow_sends.get(instance).is_some_and(|names| names.contains(&action.name));
    listed && action.is_harmless() && !action.reveals_private
}

/// Whether the run is a shadow run.
pub(super) fn is_shadow(tx: &mut Tx<'_>, run: &str) -> Result<bool, StoreError> {
    Ok(tx.run(run)?.is_some_and(|run| run.mode() == Mode::Shadow))
}

/// What a refusal in a shadow run says: what enforcement would have answered.
pub(super) fn would_be(mut refused: Refused) -> Refused {
    refused.reason = format!("would be refused: {}: {}", refused.code.as_str(), refused.reason);
    refused
}

/// Marks the entry of a refusal.
pub(super) fn tell_refused(code: RefusalCode, facts: &mut Facts) {
    facts.insert(FACT.to_owned(), json!(format!("would be refused: {}", code.as_str())));
}

/// Facts of the entry of an action that was granted and not sent.
pub(super) fn not_sent() -> Facts {
    Facts::from([(FACT.to_owned(), json!(NOT_SENT))])
}
