//! Trials of forbidden requests. Each has a control: the same request with one difference, which is
//! permitted.

use serde_json::{Value, json};

use super::Agent;
use crate::Done;
use crate::api::Reply;

impl Agent<'_> {
    /// A request in the form in which it is compared. `more` holds what the body does not show, such as the
    /// time.
    pub fn request(&self, door: &str, step: &str, action: &str, args: &Value, more: Value) -> Value {
        let mut request =
            json!({ "by": self.name, "door": door, "step": step, "action": action, "args": args });
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name.as_str()] = value.clone();
        }
        request
    }

    /// Attempts a request that must be refused. The director compares the state before and after.
    pub fn refused(&self, name: &str, request: &Value, attempt: impl FnOnce() -> Done<Reply>) -> Done {
        self.link.ask(&json!({ "kind": "before", "name": name }))?;
        let reply = attempt()?;
        self.link.ask(&json!({
            "kind": "refused", "name": name, "request": request, "status": reply.status,
            "code": reply.body["code"], "clause": reply.body["clause"], "detail": reply.body["detail"],
        }))?;
        Ok(())
    }

    /// Reports a control that was granted.
    pub fn twin(&self, name: &str, request: &Value, reply: &Reply) -> Done {
        self.report(name, request, reply, false)
    }

    /// Carries out the control of one or more trials. The director checks that the state changes, without
    /// which comparing it around refusals would show nothing.
    pub fn allowed(&self, twins: &[(&str, &Value)], attempt: impl FnOnce() -> Done<Reply>) -> Done<Reply> {
        self.link.ask(&json!({ "kind": "before" }))?;
        let reply = attempt()?;
        for (name, request) in twins {
            self.report(name, request, &reply, true)?;
        }
        Ok(reply)
    }

    fn report(&self, name: &str, request: &Value, reply: &Reply, acted: bool) -> Done {
        reply.ok().map_err(|why| format!("the twin of `{name}`: {why}"))?;
        self.link.ask(&json!({ "kind": "twin", "name": name, "request": request, "acted": acted }))?;
        Ok(())
    }
}
