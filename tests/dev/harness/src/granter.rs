//! An authority that grants every request and records the results.

use std::collections::BTreeMap;
use std::sync::Mutex;

use xp_artifact::workflow::Repeat;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_proxy::{Answer, Authority, Decision, Ending, Failure, Fault, Refused, Spent, Stop, Use, Warrant};
use xpd_store::{GrantRow, Phase, Read, Scope, StoreError, Tx};

/// The marker of a use, and the expected versions.
type Mark = (String, Vec<Option<Value>>);

/// Grants everything, unless [`Self::refusal`] is set.
#[derive(Default)]
pub struct Granter {
    markers: Mutex<BTreeMap<String, Mark>>,
    /// The ends of actions, in order.
    pub endings: Mutex<Vec<Ending>>,
    /// Resolved doubts: grant and result.
    pub resolved: Mutex<Vec<(String, Option<Value>)>>,
    /// Doubts left to a person: grant and reason.
    pub left: Mutex<Vec<(String, String)>>,
    /// If set, claims are refused with it.
    pub refusal: Mutex<Option<Refused>>,
    /// How doubts are resolved; by a probe if not set.
    pub repeat: Mutex<Option<Repeat>>,
    /// The declaration under which actions are granted; one of no connector if not set.
    pub declaration: Mutex<Option<Digest>>,
}

impl Granter {
    /// The digest for which a grant is made.
    #[must_use]
    pub fn digest(&self, instance: &str, args: &BTreeMap<String, Value>) -> Digest {
        xp_artifact::request_digest(&self.declared(), instance, args)
    }

    fn declared(&self) -> Digest {
        self.declaration.lock().unwrap().clone().unwrap_or_else(|| Digest::of(b"declaration"))
    }

    pub(crate) fn mark(&self, jti: &str, marker: &str, expected: &[Option<Value>]) {
        self.markers.lock().unwrap().insert(jti.to_owned(), (marker.to_owned(), expected.to_vec()));
    }
}

fn answer(result: Option<Value>, failure: Option<Failure>) -> Answer {
    Answer { result, bound: true, failure, index: 0, replayed: false }
}

impl Authority for Granter {
    type Caller = ();

    fn admit(&self, _: &mut dyn Tx, (): &()) -> Result<String, Fault> {
        Ok("tester".to_owned())
    }

    fn claim(&self, tx: &mut dyn Tx, (): (), using: Use) -> Result<Decision, Stop> {
        if let Some(refused) = self.refusal.lock().unwrap().clone() {
            return Err(Stop::Refuse(refused));
        }
        let grant = tx.grant(&using.claims.jti)?.ok_or_else(|| Fault::unknown("grant"))?;
        let warrant = self.warrant(tx.rows(), &grant)?.ok_or_else(|| Fault::unknown("run"))?;
        Ok(Decision::Allowed(warrant))
    }

    fn warrant(&self, _: &dyn Read, grant: &GrantRow) -> Result<Option<Warrant>, StoreError> {
        let (marker, expected) = self.markers.lock().unwrap().get(&grant.jti).cloned().unwrap_or_default();
        let repeat = self.repeat.lock().unwrap().unwrap_or(Repeat::Probe);
        let scopes = vec![Scope::Run(grant.run.clone()), Scope::Principal(grant.principal.clone())];
        Ok(Some(Warrant { declaration: self.declared(), repeat, marker, expected, scopes }))
    }

    fn stopped(&self, _: &dyn Read, _: &GrantRow) -> Result<Option<String>, StoreError> {
        Ok(self.refusal.lock().unwrap().as_ref().map(|refused| refused.reason.clone()))
    }

    fn forbids_repeat(&self, _: &mut dyn Tx, _: &GrantRow) -> Result<Option<Refused>, Fault> {
        Ok(self.refusal.lock().unwrap().clone())
    }

    fn repeats(&self, _: &mut dyn Tx, _: &GrantRow) -> Result<(), Fault> {
        Ok(())
    }

    fn leave_to_person(&self, tx: &mut dyn Tx, grant: &GrantRow, why: &Refused) -> Result<(), Fault> {
        if tx.leave_to_person(&grant.jti)? {
            self.left.lock().unwrap().push((grant.jti.clone(), why.reason.clone()));
        }
        Ok(())
    }

    fn end(&self, tx: &mut dyn Tx, spent: &Spent, ending: Ending) -> Result<Answer, Fault> {
        self.endings.lock().unwrap().push(ending.clone());
        let failure = |code: RefusalCode, reason: String, status| Failure { code, reason, status };
        let (to, answer) = match ending {
            Ending::Done(value) => (Phase::Done, answer(Some(value), None)),
            Ending::Failed { reason, status, .. } => {
                (Phase::Failed, answer(None, Some(failure(RefusalCode::ConnectorFailed, reason, status))))
            }
            Ending::Stopped(reason) => {
                (Phase::Failed, answer(None, Some(failure(RefusalCode::Killed, reason, None))))
            }
            Ending::Unknown(reason) => {
                (Phase::InDoubt, answer(None, Some(failure(RefusalCode::InDoubt, reason, None))))
            }
        };
        tx.move_grant(spent.jti(), Phase::Claimed, to, None)?;
        Ok(answer)
    }

    fn resolve(
        &self,
        tx: &mut dyn Tx,
        grant: &GrantRow,
        result: Option<Value>,
        _: Option<&str>,
    ) -> Result<Answer, Stop> {
        let to = if result.is_some() { Phase::Done } else { Phase::Failed };
        tx.move_grant(&grant.jti, Phase::InDoubt, to, None)?;
        self.resolved.lock().unwrap().push((grant.jti.clone(), result.clone()));
        Ok(answer(result, None))
    }
}
