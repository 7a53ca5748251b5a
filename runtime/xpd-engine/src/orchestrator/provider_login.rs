//! A login of a person at a provider: whose it is, as long as the roster says so.

use std::collections::BTreeSet;

use xp_wire::RefusalCode;
use xpd_proxy::Fault;

use crate::rules::Rules;

/// A login at a provider, as the people's door verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLogin {
    /// The provider.
    pub issuer: String,
    /// The person's identifier there.
    pub subject: String,
    /// Groups that the provider says the person is in.
    pub groups: BTreeSet<String>,
    /// When the person was authenticated there, milliseconds since 1970, if the provider says so in signed words.
    pub authenticated: Option<u64>,
}

/// The person whose a login is.
pub(super) fn person(rules: &Rules, login: &ProviderLogin) -> Result<String, Fault> {
    let unknown = |why: &str| Fault::refused(RefusalCode::Unauthenticated, why);
    let bound = rules.roster.login(&login.issuer, &login.subject);
    let bound = bound.ok_or_else(|| unknown("the roster names nobody who logs in so"))?;
    if !bound.groups.is_subset(&login.groups) {
        return Err(unknown("the provider does not say that you are in the groups that the roster asks for"));
    }
    Ok(bound.person.clone())
}

/// Whether a session by this login still is this person's.
pub(super) fn in_force(rules: &Rules, name: &str, login: &ProviderLogin) -> Result<(), Fault> {
    if person(rules, login)? == name {
        return Ok(());
    }
    Err(Fault::refused(RefusalCode::Unauthenticated, "this login is somebody else's by now"))
}
