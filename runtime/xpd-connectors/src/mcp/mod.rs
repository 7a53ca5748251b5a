//! The `mcp` connector: actions of a connector that a user declared, each by one call of a tool of an MCP server.
//!
//! Before a call, the tool is compared with the one that the declaration was made with. Every answer that is not the declared success
//! leaves an action with an effect in doubt, unless the operator registered it as a failure and a test of this instance saw that it
//! leaves the server unchanged. Texts of a server never reach an agent but as declared results.

mod answer;
mod events;
mod list;
mod local;
mod message;
mod program;
mod remote;
mod table;

pub use program::digest as program_digest;
pub use table::listed;

use std::collections::BTreeMap;

use async_trait::async_trait;
use xp_artifact::Transport;
use xp_artifact::mcp::Mcp as Request;
use xp_json::Tree;
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Impact, Line, Permit, Scrubber, Sought};

use answer::{Outcome, outcome};
use local::Local;
use message::Said;
use remote::Remote;
pub(crate) use table::make;

use crate::declared::observed::Failing;
use crate::declared::{Catalogue, Expected, Filling, Served, Tried, unfit};
use crate::lost::lost;
use crate::sandbox::printable;

/// Status that a refusal has where a tool said that it failed.
const FAILED: u16 = 422;

/// An instance of a declared connector.
#[derive(Debug)]
pub struct Mcp {
    name: String,
    catalogue: Catalogue<Request>,
    server: Server,
}

/// Where its tools are.
#[derive(Debug)]
enum Server {
    Remote(Box<Remote>),
    Local(Box<Local>),
}

impl Server {
    async fn call(
        &self,
        mcp: &Request,
        arguments: Tree,
        impact: Impact,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Said, Scrubber), ActError> {
        match self {
            Self::Remote(remote) => remote.call(mcp, arguments, impact, line, may).await,
            Self::Local(local) => local.call(mcp, arguments, impact, line, may).await,
        }
    }
}

impl Mcp {
    async fn perform(&self, permit: &Permit) -> Result<Value, ActError> {
        let (call, line) = (permit.call(), permit.line());
        let served = self.catalogue.served(call)?;
        let impact = served.impact();
        let key = served.request.key.as_ref().map(|key| key.seconds);
        let may = || served.may_send(call, key, false);
        may()?;
        let arguments = arguments(&self.catalogue.filling(served, call), &served.request)?;
        let (said, scrubber) = self.server.call(&served.request, arguments, impact, line, may).await?;
        match self.read(served, call.args(), &said) {
            Outcome::Done(value) => Ok(scrubber.value(value)),
            Outcome::Unclear(why) => Err(lost(impact, &scrubber.text(&why))),
            Outcome::Failed(failing) => {
                // For the operator, who may have to say what came of it. It reaches no agent.
                let text = scrubber.text(&printable(answer::failure(&said).as_bytes()));
                tracing::info!(action = %served.action.name, said = ?text, "a tool says that it failed");
                let (status, reason) = match failing {
                    Failing::Tool(_) => (FAILED, "the tool says that it failed".to_owned()),
                    Failing::Number(code) => (FAILED, format!("the server answered with error {code}")),
                };
                if impact == Impact::NoEffect || served.definitive.contains(&failing) {
                    return Err(ActError::Refused { status, reason });
                }
                Err(ActError::Unknown(reason))
            }
        }
    }

    fn read(&self, served: &Served<Request>, args: &BTreeMap<String, Value>, said: &Said) -> Outcome {
        let records = &self.catalogue.records;
        outcome(said, &served.request, &Expected { action: &served.action, records, args })
    }

    /// Calls the tool of an action once, at its operator's word.
    ///
    /// # Errors
    /// Nothing was sent; why.
    pub(crate) async fn try_once(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<Tried, String> {
        let served = self.catalogue.named(name)?;
        let filling = Filling { action: &served.action, args, marker, records: &self.catalogue.records };
        let arguments = arguments(&filling, &served.request).map_err(|error| error.to_string())?;
        // As an effect, so that a lost answer is not taken for one that was not sent.
        let line = Line::unattached();
        let sent = self.server.call(&served.request, arguments, Impact::Effect, &line, || Ok(())).await;
        let (said, scrubber) = match sent {
            Ok(sent) => sent,
            Err(ActError::Unknown(why)) => return Ok(Tried { answer: None, result: Err(why) }),
            Err(error) => return Err(error.to_string()),
        };
        Ok(match self.read(served, args, &said) {
            Outcome::Done(value) => Tried { answer: None, result: Ok(scrubber.value(value)) },
            Outcome::Unclear(why) => Tried { answer: None, result: Err(scrubber.text(&why)) },
            Outcome::Failed(failing) => {
                let result = Err(format!("the server answered with {failing}"));
                Tried { answer: Some(failing), result }
            }
        })
    }
}

/// The arguments of a call, read back from their text.
fn arguments(filling: &Filling<'_>, mcp: &Request) -> Result<Tree, ActError> {
    let key = mcp.key.as_ref().map(|key| (key.at.clone(), filling.marker.to_owned()));
    let text = filling.json(&mcp.arguments, key)?;
    match Tree::read(text.as_bytes()) {
        Ok(arguments @ Tree::Record(_)) => Ok(arguments),
        _ => Err(unfit("the arguments of a tool are an object")),
    }
}

/// The call of an action; none if it is done in another way.
fn request(transport: &Transport) -> Option<&Request> {
    match transport {
        Transport::Mcp(request) => Some(request),
        Transport::Http(_) => None,
    }
}

#[async_trait]
impl Connector for Mcp {
    fn name(&self) -> &str {
        &self.name
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        self.perform(&permit).await
    }

    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Err(ActError::NotSent("a call of a tool cannot be probed".to_owned()))
    }
}
