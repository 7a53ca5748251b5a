//! The `qa` role: deploys reviewed code to staging.

use serde_json::json;

use super::Agent;
use super::offer::Offer;
use crate::Done;

pub fn validate(agent: &mut Agent<'_>, offer: &Offer) -> Done {
    let staging = agent.session.carry_out(offer.step(), "deploy.staging", &json!({}))?;
    agent.say(format!("staging runs {}: passed {}", staging["commit"], staging["passed"]));
    Ok(())
}
