//! Requests and claims: each refusal beside a twin that is allowed.

use xp_machine::{Event, Input, RefusalCode};

use crate::fixture::{Run, actor, code, judge, reviewed, writer};

#[test]
fn a_use_is_reserved_at_grant_spent_at_claim_and_comes_back_on_expiry() {
    let mut run = Run::of(reviewed());
    let first = run.ask(&writer(), "write", "write", "a").unwrap();
    let second = run.ask(&writer(), "write", "write", "b").unwrap();
    assert_eq!(code(run.ask(&writer(), "write", "write", "c")), RefusalCode::UsedUp);
    run.claim(&first).unwrap();
    run.now += 60_000;
    assert_eq!(code(run.claim(&second)), RefusalCode::Expired);
    let third = run.ask(&writer(), "write", "write", "c").unwrap();
    run.claim(&third).unwrap();
    assert_eq!(code(run.ask(&writer(), "write", "write", "d")), RefusalCode::UsedUp);
}

#[test]
fn a_token_dies_at_the_exact_millisecond() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    run.now += 59_999;
    run.claim(&token).unwrap();
    let token = run.ask(&writer(), "write", "write", "b").unwrap();
    run.now += 60_000;
    assert_eq!(code(run.claim(&token)), RefusalCode::Expired);
}

#[test]
fn a_step_back_of_the_clock_does_not_revive_a_token() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    run.now += 60_000;
    run.ask(&writer(), "write", "write", "b").unwrap();
    run.now -= 60_000;
    assert_eq!(code(run.claim(&token)), RefusalCode::Replayed);
    assert!(run.state.time() >= 61_000);
}

#[test]
fn a_token_is_good_once_for_one_key_and_one_request() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    let other = run.ask(&writer(), "write", "write", "b").unwrap();

    let mut stolen = token.clone();
    stolen.key = "key-of-thief".to_owned();
    assert_eq!(code(run.claim(&stolen)), RefusalCode::WrongKey);
    let mut borrowed = token.clone();
    borrowed.actor = actor("w2", "team-w", &["writer"]);
    assert_eq!(code(run.claim(&borrowed)), RefusalCode::WrongKey);
    let mut bent = token.clone();
    bent.req = other.req.clone();
    assert_eq!(code(run.claim(&bent)), RefusalCode::WrongArguments);

    run.claim(&token).unwrap();
    assert_eq!(code(run.claim(&token)), RefusalCode::Replayed);
    run.complete(&token, true, "1");
    assert_eq!(code(run.claim(&token)), RefusalCode::Replayed);
    let mut forged = other.clone();
    forged.jti = "never-issued".to_owned();
    assert_eq!(code(run.claim(&forged)), RefusalCode::Replayed);
    run.claim(&other).unwrap();
}

#[test]
fn who_when_and_what_are_checked_at_the_request() {
    let mut run = Run::of(reviewed());
    assert_eq!(code(run.ask(&judge(), "write", "write", "a")), RefusalCode::WrongRole);
    assert_eq!(code(run.ask(&writer(), "write", "delete", "a")), RefusalCode::NotGranted);
    assert_eq!(code(run.ask(&writer(), "test", "test", "a")), RefusalCode::OutOfSequence);
    assert_eq!(code(run.ask(&writer(), "nowhere", "test", "a")), RefusalCode::Unknown);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    assert_eq!(code(run.ask(&writer(), "write", "write", "a")), RefusalCode::StepClosed);
    assert_eq!(code(run.ask(&writer(), "test", "test", "c2")), RefusalCode::OutOfScope);
    run.ask(&writer(), "test", "test", "c1").unwrap();
}

#[test]
fn one_principal_plays_a_role_for_the_whole_run() {
    let mut run = Run::of(reviewed());
    run.ask(&writer(), "write", "write", "a").unwrap();
    assert_eq!(
        code(run.ask(&actor("w2", "team-w", &["writer"]), "write", "write", "b")),
        RefusalCode::WrongRole
    );
    run.ask(&writer(), "write", "write", "b").unwrap();
}

#[test]
fn controllers_of_separate_roles_differ() {
    let mut workflow = reviewed();
    workflow.separations.push(xp_artifact::workflow::Separation {
        roles: vec![xp_artifact::workflow::RoleId(0), xp_artifact::workflow::RoleId(1)],
        reason: xp_artifact::workflow::SeparationReason::Declared,
    });
    let mut run = Run::of(workflow);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    run.act(&writer(), "test", "test", "c1", "t").unwrap();
    run.settle();
    let colleague = actor("j", "team-w", &["judge"]);
    assert_eq!(code(run.ask(&colleague, "review", "read", "x")), RefusalCode::NotSeparate);
    run.ask(&judge(), "review", "read", "x").unwrap();
}

/// Separate roles share no knowledge: what an offer says of the run could be carried into a role that is still to be had.
#[test]
fn offers_withhold_values_from_whoever_could_act_in_a_separate_role() {
    let mut workflow = reviewed();
    workflow.roles.extend(["tester", "other"].map(|name| xp_artifact::workflow::Role {
        name: name.to_owned(),
        kind: xp_artifact::workflow::RoleKind::Agent,
    }));
    workflow.steps[1].role = xp_artifact::workflow::RoleId(2);
    workflow.separations.push(xp_artifact::workflow::Separation {
        roles: [0, 1, 2].map(xp_artifact::workflow::RoleId).to_vec(),
        reason: xp_artifact::workflow::SeparationReason::Declared,
    });
    let mut run = Run::of(workflow);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    let tester = actor("t", "team-t", &["tester"]);
    let both = actor("t", "team-t", &["tester", "judge"]);
    let value = |run: &Run, who: &xp_machine::Actor, may_take: &dyn Fn(&str) -> bool| {
        let offer = run.machine.offers(&run.state, who, may_take).remove(0);
        (offer.withheld, offer.grants[0].args[0].2.clone())
    };
    let shown = (false, Some(crate::fixture::text("c1")));
    assert_eq!(value(&run, &tester, &|_| false), shown);
    assert_eq!(value(&run, &tester, &|role| role == "tester" || role == "other"), shown);
    // The role of the writer is taken: nobody else can have it.
    assert_eq!(value(&run, &tester, &|role| role == "writer"), shown);
    assert_eq!(value(&run, &both, &|_| false), (true, None));
    assert_eq!(value(&run, &tester, &|role| role == "judge"), (true, None), "a colleague could judge");
    // From the first act on the role is theirs, and with it what it shows; the other is refused to them.
    run.ask(&both, "test", "test", "c1").unwrap();
    assert_eq!(value(&run, &both, &|role| role == "judge"), shown);
}

#[test]
fn a_failure_returns_the_use_only_when_it_is_definitive() {
    let mut run = Run::of(reviewed());
    for returned in [true, false] {
        let token = run.ask(&writer(), "write", "write", "a").unwrap();
        run.claim(&token).unwrap();
        run.apply(Event::Fail { jti: token.jti.clone(), returned }).unwrap();
    }
    run.ask(&writer(), "write", "write", "a").unwrap();
    assert_eq!(code(run.ask(&writer(), "write", "write", "a")), RefusalCode::UsedUp);
}

#[test]
fn tries_are_bounded_even_when_every_token_is_left_to_expire() {
    let mut run = Run::of(reviewed());
    let mut tries = 0;
    while run.ask(&writer(), "write", "write", "a").is_ok() {
        run.now += 60_000;
        tries += 1;
        assert!(tries < 1_000, "tries are not bounded");
    }
    assert_eq!(code(run.ask(&writer(), "write", "write", "a")), RefusalCode::TooMany);
}

#[test]
fn a_kill_stops_the_next_claim_and_nothing_comes_back() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    let event = Event::Claim {
        jti: token.jti.clone(),
        actor: token.actor.clone(),
        key: token.key.clone(),
        step: token.step,
        opening: token.opening,
        req: token.req.clone(),
    };
    let outside = Input { at: run.now, kill: Some("everything".to_owned()), leased_by: None, event };
    let refused = run.machine.apply(&mut run.state, &outside);
    assert_eq!(code(refused), RefusalCode::Killed);
    run.apply(Event::Kill { reason: "test".to_owned() }).unwrap();
    assert_eq!(code(run.claim(&token)), RefusalCode::Killed);
    assert_eq!(code(run.ask(&writer(), "write", "write", "a")), RefusalCode::Killed);
}

#[test]
fn a_barred_principal_is_out_and_others_go_on() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    run.apply(Event::Bar { principal: "w".to_owned() }).unwrap();
    assert_eq!(code(run.claim(&token)), RefusalCode::Replayed);
    assert_eq!(code(run.ask(&writer(), "write", "write", "a")), RefusalCode::Killed);
}

#[test]
fn a_leased_resource_refuses_request_and_claim() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    let event = Event::Claim {
        jti: token.jti.clone(),
        actor: token.actor.clone(),
        key: token.key.clone(),
        step: token.step,
        opening: token.opening,
        req: token.req.clone(),
    };
    let leased = Input { at: run.now, kill: None, leased_by: Some("other".to_owned()), event };
    assert_eq!(code(run.machine.apply(&mut run.state, &leased)), RefusalCode::Leased);
    run.claim(&token).unwrap();
}
