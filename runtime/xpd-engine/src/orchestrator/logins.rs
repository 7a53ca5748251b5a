//! Logins of people at providers are recorded, and what a decision in their sessions needs.

use serde_json::json;
use xp_wire::RefusalCode;
use xpd_audit::approval::Approval;
use xpd_audit::entry::{Facts, PersonEvent};
use xpd_proxy::{Fault, Stop};

use super::Orchestrator;
use super::caller::Caller;
use super::credentials::read;
use super::people::record;
use super::provider_login::{ProviderLogin, person};
use crate::memory::Tx;

/// How old the authentication at a provider may be at a decision that no passkey signs, in milliseconds.
const FRESH: u64 = 10 * 60 * 1_000;

/// Whether a decision may rest on the login of the session, without a passkey.
pub(super) fn suffices(tx: &Tx<'_>, caller: &Caller, approval: &Approval) -> Result<(), Stop> {
    let refused = |why: &str| Fault::refused(RefusalCode::NotAllowed, why).into();
    let login = caller.login().ok_or_else(|| refused("a decision in this session is signed by a passkey"))?;
    if tx.rules().roster.person(caller.name()).is_none_or(|member| member.passkey) {
        return Err(refused(
            "the roster asks for a passkey for your decisions: ask an administrator for a link",
        ));
    }
    // A suspension or withdrawal must not make less of a decision.
    if read(tx)?.signs(caller.name()) {
        return Err(refused(
            "you have, or had, a passkey, so one signs your decisions: without one, ask an administrator for a link",
        ));
    }
    if let Some(trouble) = tx.trouble() {
        return Err(Fault::refused(RefusalCode::ClockOff, trouble.to_string()).into());
    }
    let Some(authenticated) = login.authenticated else {
        return Err(refused(
            "your provider does not say when you were authenticated, so a passkey signs your decisions",
        ));
    };
    if tx.now.saturating_sub(authenticated) > FRESH {
        return Err(refused("a decision needs a login younger than ten minutes: log in again"));
    }
    let states = matches!(approval, Approval::Oidc { issuer, subject, authenticated: at, .. }
        if *issuer == login.issuer && *subject == login.subject && *at == authenticated);
    if states { Ok(()) } else { Err(refused("this is the approval of another login")) }
}

impl Orchestrator {
    /// Records that a person logged in at a provider. Returns who, and when, which is when the session begins.
    ///
    /// # Errors
    /// The login is nobody's.
    pub async fn logged_in_at(&self, login: ProviderLogin) -> Result<(String, u64), Fault> {
        // Beside the writer: anybody with an account at the provider can ask.
        let named = person(&self.live.now(), &login)?;
        self.by_person(&named, 0, None)?;
        self.write(move |tx| {
            let person = person(&tx.rules(), &login)?;
            let facts =
                [("issuer".to_owned(), json!(login.issuer)), ("subject".to_owned(), json!(login.subject))];
            record(tx, PersonEvent::LoggedIn, &person, Facts::from(facts))?;
            let void = read(tx)?.void.get(&person).copied().unwrap_or_default();
            Ok((person, tx.now.max(void.saturating_add(1))))
        })
        .await
    }

    /// Whether the session of a person can decide without a passkey, before anything is asked of its owner.
    ///
    /// # Errors
    /// Why not.
    pub async fn decides_by_login(&self, caller: Caller, approval: Approval) -> Result<(), Fault> {
        self.command(caller, move |tx, caller| suffices(tx, caller, &approval)).await
    }
}
