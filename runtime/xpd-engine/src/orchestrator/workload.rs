//! Sessions of workloads: opened by a token of an issuer, once, and good for some actions only.

use std::collections::BTreeMap;

use serde_json::Value;
use xp_artifact::workflow::Action;
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_proxy::{Fault, Refused};

use crate::memory::Tx;
use crate::registry::qualified;
use crate::rules::Rules;

/// A token of an issuer, as a door verified it.
#[derive(Clone, Debug)]
pub struct ForeignToken {
    /// The issuer.
    pub issuer: String,
    /// Its id, which the issuer gives to no other token.
    pub jti: String,
    /// From when on doors do not accept it any more, seconds since 1970.
    pub until: i64,
    /// Its claims.
    pub claims: BTreeMap<String, Value>,
}

/// How a workload came to its session.
#[derive(Clone, Debug)]
pub(super) struct ByToken {
    /// Thumbprint of the key to which the session is bound. It is in no roster.
    pub key: String,
    /// The part of the roster by which the token was taken.
    pub part: String,
    /// The token that is exchanged with this request: issuer, id, and until when it has to be remembered.
    pub burns: Option<(String, String, i64)>,
}

/// The principal that a token means, and the part of the roster that says so.
pub(super) fn meant(rules: &Rules, token: &ForeignToken) -> Result<(String, String), Fault> {
    let refused = |why: &str| Fault::refused(RefusalCode::Unauthenticated, why);
    let mut names = rules.roster.meant_by(&token.issuer, &token.claims);
    let name = names.next().ok_or_else(|| refused("the roster names no workload with such a token"))?;
    if names.next().is_some() {
        return Err(refused("the roster names several workloads with such a token; only one may be meant"));
    }
    let part = rules.roster.workload(name).map(|workload| workload.part(name)).unwrap_or_default();
    Ok((name.to_owned(), part))
}

/// Whether the roster still has the part by which the session was opened.
pub(super) fn in_force(rules: &Rules, name: &str, by: &ByToken) -> Result<(), Fault> {
    if rules.roster.workload(name).is_some_and(|workload| workload.part(name) == by.part) {
        return Ok(());
    }
    Err(Fault::refused(RefusalCode::Unauthenticated, "the roster does not name this workload so any more"))
}

/// Burns the token that is exchanged with the request.
pub(super) fn burn(tx: &mut Tx<'_>, by: &ByToken) -> Result<(), Fault> {
    let Some((issuer, jti, until)) = &by.burns else {
        return Err(Fault::refused(RefusalCode::Unauthenticated, "a session is no token to exchange"));
    };
    let digest = |text: &str| Digest::of(text.as_bytes()).to_string();
    if tx.record_proof(&xpd_store::foreign(&digest(issuer)), &digest(jti), *until)? {
        return Ok(());
    }
    Err(Fault::refused(RefusalCode::Replayed, "the token was exchanged before; each is exchanged once"))
}

/// Whether the session of a workload is good for an action: the roster lists it, and it settles nothing for good.
pub(super) fn permits(rules: &Rules, name: &str, action: Option<&Action>) -> Result<(), Refused> {
    let refused = |why: String| Err(Refused::new(RefusalCode::NotAllowed, why));
    let Some(action) = action else { return Ok(()) };
    let said = qualified(action);
    if !rules.roster.workload(name).is_some_and(|workload| workload.actions.contains(&said)) {
        return refused(format!("the roster does not list `{said}` for this workload"));
    }
    if xpd_audit::chat::is_for_good(action) {
        return refused(format!("`{said}` does something for good, which no workload may do"));
    }
    Ok(())
}
