//! Voiding an unused token.

use crate::event::Change;
use crate::state::State;

/// Voids one unused token; its use comes back.
pub(crate) fn revoke(state: &mut State, jti: String) -> Change {
    if let Some(hold) = state.holds.remove(&jti) {
        let grants = state.steps.get_mut(hold.step.index()).map(|step| &mut step.grants);
        if let Some(grant) = grants.and_then(|grants| grants.get_mut(hold.grant.index())) {
            grant.live.retain(|live| *live != jti);
        }
    }
    Change::Revoked { jti }
}
