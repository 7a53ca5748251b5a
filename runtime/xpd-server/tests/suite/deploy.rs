//! Which artifacts are taken.

use xp_artifact::question::{Question, Status};
use xp_artifact::workflow::Effect;
use xp_artifact::{Envelope, SigningKey};

use crate::support::{World, artifact, flow, sealed, signer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_signed_declared_and_proved_is_taken() {
    let world = World::new().await;
    let good = artifact(flow::workflow(60));
    let again = world.deploy(sealed(&good)).await;
    assert_eq!((again.status, &again.ok()["new"]), (200, &serde_json::json!(false)));

    let unsigned = Envelope::seal(&good, &[]).unwrap().to_bytes().unwrap();
    world.deploy(unsigned).await.refused("bad_artifact");
    let stranger = SigningKey::from_seed(&[8; 32]);
    world
        .deploy(Envelope::seal(&good, &[&stranger]).unwrap().to_bytes().unwrap())
        .await
        .refused("bad_artifact");
    let both = Envelope::seal(&good, &[&stranger, &signer()]).unwrap().to_bytes().unwrap();
    world.deploy(both).await.ok();

    let whole = sealed(&good);
    world.deploy(whole[..whole.len() - 1].to_vec()).await.refused("bad_artifact");
    world.deploy([whole.clone(), b" ".to_vec()].concat()).await.refused("bad_artifact");
    for at in [20, whole.len() / 2, whole.len() - 20] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        world.deploy(bytes).await.refused("bad_artifact");
    }
    world.deploy(Vec::new()).await.refused("bad_artifact");
    let mut newer = good.clone();
    newer.format += 1;
    let newer = world.deploy(sealed(&newer)).await;
    assert_eq!(newer.refused("bad_artifact").body["clause"], "XP0703");

    let mut harmless = good.clone();
    harmless.workflow.actions[0].effect = Effect::Read;
    world.deploy(sealed(&harmless)).await.refused("undeclared_action");
    let mut empty = good.clone();
    empty.obligations.clear();
    world.deploy(sealed(&empty)).await.refused("unproved");
    for status in [Status::Refuted, Status::Vacuous, Status::Conditional, Status::Unknown] {
        let mut open = good.clone();
        open.obligations[0].status = status;
        world.deploy(sealed(&open)).await.refused("unproved");
    }
    let mut accepted = good.clone();
    accepted.obligations[0].status = Status::Vacuous;
    accepted.obligations[0].vacuous_ok = true;
    world.deploy(sealed(&accepted)).await.ok();
    let mut long = artifact(flow::workflow(121));
    long.obligations[0].question = Question::Bounds;
    world.deploy(sealed(&long)).await.refused("bad_artifact");
    let mut broken = good;
    broken.workflow.steps[2].after = xp_artifact::workflow::Formula::Is(xp_artifact::workflow::Atom {
        step: xp_artifact::workflow::StepId::of(9),
        outcome: xp_artifact::workflow::OutcomeIx::of(0),
    });
    world.deploy(sealed(&broken)).await.refused("bad_artifact");
}
