//! Rows: what is written is read back, and transitions that may happen once happen once.

use std::sync::Arc;

use xp_scope::Value;
use xpd_store::{BlobRow, CheckpointRow, EntryRow, Figures, Mode, Phase, Scope, Seen, StoreError};

use crate::site::{Site, grant, run};

pub async fn a_grant_goes_along_its_phases_and_no_other_way(site: Site) {
    let store = site.with_run().await;
    store.write(|tx| tx.insert_grant(&grant("g"))).await.unwrap();
    assert_eq!(store.read(|rows| rows.grant("g")).await.unwrap(), Some(grant("g")));
    for from in Phase::ALL {
        for to in Phase::ALL {
            let jti = format!("{}-{}", from.as_str(), to.as_str());
            let row = xpd_store::GrantRow { phase: from, ..grant(&jti) };
            store.write(move |tx| tx.insert_grant(&row)).await.unwrap();
            let name = jti.clone();
            let moved = store.write(move |tx| tx.move_grant(&name, from, to, Some(&Value::Int(1)))).await;
            let row = store.read(move |rows| rows.grant(&jti)).await.unwrap().unwrap();
            if from.may_become(to) {
                assert_eq!((moved, row.phase, row.result), (Ok(true), to, Some(Value::Int(1))));
            } else {
                assert!(matches!(moved, Err(StoreError::Broken(_))), "{from:?} {to:?}: {moved:?}");
                assert_eq!((row.phase, row.result), (from, None));
            }
        }
    }
    // A move from a phase that the grant is not in fails.
    let moved = store.write(|tx| tx.move_grant("g", Phase::Claimed, Phase::Done, None)).await;
    assert_eq!(moved, Ok(false));
    assert_eq!(store.write(|tx| tx.move_grant("none", Phase::Issued, Phase::Claimed, None)).await, Ok(false));
    store.write(|tx| tx.used_under("g", "request")).await.unwrap();
    let row = store.read(|rows| rows.grant("g")).await.unwrap().unwrap();
    assert_eq!((row.phase, row.request.as_deref()), (Phase::Issued, Some("request")));
}

pub async fn of_many_claims_one_wins(site: Site) {
    let store = Arc::new(site.with_run().await);
    store.write(|tx| tx.insert_grant(&grant("g"))).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            store.write(|tx| tx.move_grant("g", Phase::Issued, Phase::Claimed, None)).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

pub async fn a_proof_is_good_once_until_it_may_be_forgotten(site: Site) {
    let store = site.open().unwrap();
    let burn = async |key: &'static str, jti: &'static str| {
        store.write(move |tx| tx.record_proof(key, jti, 1_100)).await.unwrap()
    };
    assert!(burn("k", "1").await && burn("k", "2").await && burn("l", "1").await);
    assert!(!burn("k", "1").await);
    site.clock.set(1_220_000);
    assert!(!burn("k", "1").await, "it counts until its second is over, and two minutes more");
    // A token of another issuer is good for longer, and tells nothing about the time.
    let foreign = xpd_store::foreign("issuer");
    let first = foreign.clone();
    assert!(store.write(move |tx| tx.record_proof(&first, "t", 90_000)).await.unwrap());
    // A store opened while the clock is behind learns the latest time from the rows.
    drop(store);
    site.clock.set(1_000);
    let store = site.open().unwrap();
    let burn = async |key: &'static str, jti: &'static str| {
        store
            .write(move |tx| Ok::<_, StoreError>((tx.now(), tx.record_proof(key, jti, 1_100)?)))
            .await
            .unwrap()
    };
    assert_eq!(burn("k", "1").await, (920_000, false));
    assert!(!store.write(move |tx| tx.record_proof(&foreign, "t", 90_000)).await.unwrap());
    site.clock.set(1_221_000);
    assert_eq!(burn("k", "1").await, (1_221_000, true));
}

pub async fn a_request_is_known_by_its_id_and_digest(site: Site) {
    let store = site.open().unwrap();
    let seen =
        async |digest: &'static str| store.read(move |rows| rows.seen("r", "k", "id", digest)).await.unwrap();
    assert_eq!(seen("d").await, Seen::New);
    store.write(|tx| tx.remember("r", "k", "id", "d", None)).await.unwrap();
    assert_eq!((seen("d").await, seen("e").await), (Seen::UnderWay, Seen::Other));
    store.write(|tx| tx.remember("r", "k", "id", "", Some(b"answer"))).await.unwrap();
    assert_eq!((seen("d").await, seen("").await), (Seen::Answered(b"answer".to_vec()), Seen::Other));
    let other = store.read(|rows| rows.seen("r", "l", "id", "d")).await.unwrap();
    assert_eq!(other, Seen::New);
}

pub async fn a_kill_covers_its_scope(site: Site) {
    let store = site.open().unwrap();
    let ann = || Scope::Principal("ann".to_owned());
    let found = async |scopes: Vec<Scope>| store.read(move |rows| rows.stopped(&scopes, None)).await.unwrap();
    let kill = async |scope: Scope| store.write(move |tx| tx.kill(&scope, "why", "admin")).await.unwrap();
    assert_eq!((found(vec![]).await, found(vec![ann()]).await), (None, None));
    assert!(kill(ann()).await);
    assert!(!kill(ann()).await, "stopped already");
    let others = vec![
        Scope::Principal("ben".to_owned()),
        Scope::Run("ann".to_owned()),
        Scope::Artifact("ann".to_owned()),
        Scope::Connector("ann".to_owned()),
    ];
    assert_eq!((found(others.clone()).await, found(vec![]).await), (None, None));
    assert_eq!(found([others.clone(), vec![ann()]].concat()).await, Some("principal ann".to_owned()));
    for scope in others {
        assert!(kill(scope.clone()).await);
        assert_eq!(found(vec![scope.clone()]).await, Some(scope.to_string()));
    }
    assert_eq!(found(vec![]).await, None);
    assert!(kill(Scope::Everything).await);
    assert_eq!(found(vec![]).await.as_deref(), Some("everything"));
    assert_eq!(found(vec![Scope::Run("x".to_owned())]).await.as_deref(), Some("everything"));
}

pub async fn a_lifted_kill_covers_what_was_there_before(site: Site) {
    let store = site.open().unwrap();
    let scope = || Scope::Connector("mail".to_owned());
    let found = async |since| store.read(move |rows| rows.stopped(&[scope()], since)).await.unwrap();
    let lift = async || store.write(move |tx| tx.lift(&scope())).await.unwrap();
    assert!(!lift().await, "nothing was stopped");
    site.clock.set(2_000_000);
    store.write(move |tx| tx.kill(&scope(), "why", "ann")).await.unwrap();
    store.write(move |tx| tx.ask_to_lift(&scope(), "ben")).await.unwrap();
    let stops = store.read(|rows| rows.stops()).await.unwrap();
    let [stop] = stops.as_slice() else { panic!("{stops:?}") };
    assert_eq!((stop.scope.as_str(), stop.by.as_str(), stop.at), ("connector mail", "ann", 2_000_000));
    assert_eq!(stop.asked, Some(("ben".to_owned(), 2_000_000)));
    site.clock.set(3_000_000);
    assert!(lift().await && !lift().await);
    assert_eq!(store.read(|rows| rows.stops()).await.unwrap(), []);
    // The kill is no longer in force, but grants issued before it stay void.
    assert_eq!(found(None).await, None);
    for (since, covered) in [(1_000_000, true), (3_000_000, true), (3_000_001, false)] {
        assert_eq!(found(Some(since)).await.is_some(), covered, "{since}");
    }
    // The scope can be killed again, independently of the first kill.
    assert!(store.write(move |tx| tx.kill(&scope(), "again", "ann")).await.unwrap());
    assert!(found(None).await.is_some() && found(Some(9_000_000)).await.is_some());
    drop(store);
    let store = site.open().unwrap();
    assert_eq!(store.read(|rows| rows.stops()).await.unwrap().len(), 1);
}

pub async fn a_lease_keeps_others_out_until_it_is_given_back(site: Site) {
    let store = site.open().unwrap();
    let both = || ["a".to_owned(), "b".to_owned()];
    store.write(move |tx| tx.lease("r", &both(), None)).await.unwrap();
    store.write(move |tx| tx.lease("s", &both(), None)).await.unwrap();
    let holder = async |run: &'static str, what: &'static str| {
        store.read(move |rows| rows.leased_by(run, &[what.to_owned()])).await.unwrap()
    };
    assert_eq!((holder("s", "b").await.as_deref(), holder("r", "b").await), (Some("r"), None));
    assert_eq!(holder("s", "c").await, None);
    // Resources inside and around the leased one conflict; siblings do not.
    store.write(move |tx| tx.lease("r", &["here\nrepo\nbranch\n".to_owned()], None)).await.unwrap();
    for met in ["here\nrepo\nbranch\n", "here\nrepo\n", "here\nrepo\nbranch\nfile\n"] {
        assert_eq!(holder("s", met).await.as_deref(), Some("r"), "{met:?}");
        assert_eq!(holder("r", met).await, None, "{met:?}");
    }
    for apart in ["here\nrepo\nbranch-2\n", "here\nrep\n", "there\nrepo\nbranch\n", "here\nrepo\nbranc\n"] {
        assert_eq!(holder("s", apart).await, None, "{apart:?}");
    }
    // Releasing a use releases its own leases, not the run's lasting ones on the same resources.
    let wide = || ["\n".to_owned()];
    for jti in [Some("one"), Some("two")] {
        store.write(move |tx| tx.lease("s", &wide(), jti)).await.unwrap();
    }
    store.write(|tx| tx.release_use("s", "one")).await.unwrap();
    assert_eq!(holder("t", "\nhere\n").await.as_deref(), Some("s"));
    store.write(|tx| tx.release_use("s", "two")).await.unwrap();
    assert_eq!(holder("t", "\nhere\n").await, None);
    store.write(|tx| tx.release("r")).await.unwrap();
    assert_eq!(holder("s", "b").await, None);
}

pub async fn a_run_keeps_its_bytes_and_is_counted_under_its_rule(site: Site) {
    let store = site.with_run().await;
    let none = store.write(|tx| tx.save_run("none", b"s", b"c", None)).await;
    assert!(matches!(none, Err(StoreError::Broken(_))), "{none:?}");
    let without = store
        .write(|tx| {
            tx.insert_run(&xpd_store::NewRun {
                id: "x",
                artifact: "sha256:none",
                rule: "rule",
                started_by: "ann",
            })
        })
        .await;
    assert!(without.is_err(), "its artifact is not here");
    site.clock.set(2_000_000);
    store.write(|tx| run(tx, "s")).await.unwrap();
    store.write(|tx| tx.save_run("r", b"later", b"longer", Some(9))).await.unwrap();
    let row = store.read(|rows| rows.run_row("r")).await.unwrap().unwrap();
    assert_eq!((row.artifact.as_str(), row.closed), ("sha256:a", Some(9)));
    assert_eq!((row.state.as_slice(), row.chain.as_slice()), (&b"later"[..], &b"longer"[..]));
    assert_eq!(store.read(|rows| rows.open_runs()).await.unwrap(), ["s"]);
    assert_eq!(store.read(|rows| rows.started("rule", 1_500_000)).await.unwrap(), (1, 1));
    assert_eq!(store.read(|rows| rows.started("rule", 0)).await.unwrap(), (1, 2));
    assert_eq!(store.read(|rows| rows.started("other", 0)).await.unwrap(), (0, 0));
    let found = store.read(|rows| rows.find_artifact("flow", Mode::Enforced)).await.unwrap();
    assert_eq!(found, Some(("sha256:a".to_owned(), "flow".to_owned())));
    assert_eq!(store.read(|rows| rows.artifact_bytes("sha256:a")).await.unwrap().unwrap(), b"artifact");
    let again = store.write(|tx| tx.insert_artifact("sha256:a", "flow", "s", b"x", Mode::Enforced));
    assert!(!again.await.unwrap());
}

pub async fn what_is_deployed_in_one_mode_is_not_found_in_the_other(site: Site) {
    let store = site.with_run().await;
    let find = async |named: &'static str, mode| {
        let found = store.read(move |rows| rows.find_artifact(named, mode)).await.unwrap();
        found.map(|(digest, _)| digest)
    };
    for named in ["flow", "sha256:a"] {
        assert_eq!(find(named, Mode::Shadow).await, None);
    }
    site.clock.set(3_000_000);
    store.write(|tx| tx.insert_artifact("sha256:b", "flow", "s", b"x", Mode::Shadow)).await.unwrap();
    assert_eq!(find("flow", Mode::Enforced).await.as_deref(), Some("sha256:a"));
    assert_eq!(find("sha256:b", Mode::Enforced).await, None);
    assert_eq!(find("flow", Mode::Shadow).await.as_deref(), Some("sha256:b"));
    // The same artifact in the other mode is another deployment.
    assert!(
        store.write(|tx| tx.insert_artifact("sha256:b", "flow", "s", b"x", Mode::Enforced)).await.unwrap()
    );
    assert!(
        !store.write(|tx| tx.insert_artifact("sha256:b", "flow", "s", b"x", Mode::Shadow)).await.unwrap()
    );
    assert_eq!(find("flow", Mode::Enforced).await.as_deref(), Some("sha256:b"));
}

pub async fn doubts_are_listed_until_they_are_left_to_a_person(site: Site) {
    let store = site.with_run().await;
    let doubt = |jti: &str, issued: u64| xpd_store::GrantRow { issued, phase: Phase::InDoubt, ..grant(jti) };
    let (late, early) = (doubt("late", 20), doubt("early", 10));
    store
        .write(move |tx| {
            tx.insert_grant(&late)?;
            tx.insert_grant(&early)?;
            tx.insert_grant(&grant("issued"))
        })
        .await
        .unwrap();
    let listed = async || -> Vec<String> {
        store.read(|rows| rows.in_doubt()).await.unwrap().into_iter().map(|row| row.jti).collect()
    };
    assert_eq!(listed().await, ["early", "late"]);
    assert!(store.write(|tx| tx.leave_to_person("early")).await.unwrap());
    assert!(!store.write(|tx| tx.leave_to_person("early")).await.unwrap());
    assert_eq!(listed().await, ["late"]);
    assert!(store.read(|rows| rows.left_to_person("early")).await.unwrap());
    assert_eq!(store.read(|rows| rows.grants_in(Phase::InDoubt)).await.unwrap().len(), 2);
    let figures = store.read(|rows| rows.figures()).await.unwrap();
    assert_eq!(figures, Figures { open_runs: 1, in_doubt: 2, log_entries: 0 });
}

pub async fn tokens_that_ran_out_are_found(site: Site) {
    let store = site.with_run().await;
    store
        .write(|tx| {
            tx.insert_grant(&grant("unused"))?;
            tx.insert_grant(&xpd_store::GrantRow { phase: Phase::Claimed, ..grant("used") })
        })
        .await
        .unwrap();
    let out = async |at: u64| store.read(move |rows| rows.run_out(at)).await.unwrap();
    assert_eq!(out(60_999).await, []);
    assert_eq!(out(61_000).await, [grant("unused")]);
}

pub async fn the_log_keeps_what_it_was_given(site: Site) {
    let store = site.with_run().await;
    let entry = |index: u64, run: Option<&str>| EntryRow {
        index,
        run: run.map(str::to_owned),
        kind: "kind".to_owned(),
        salt: [u8::try_from(index).unwrap(); 32],
        bytes: format!("entry {index}").into_bytes(),
    };
    let blob = || BlobRow { digest: "sha256:b".to_owned(), bytes: b"part".to_vec() };
    let checkpoint = |size| CheckpointRow { size, note: format!("note {size}").into_bytes() };
    store
        .write(move |tx| {
            tx.insert_entry(&entry(0, None))?;
            tx.insert_entry(&entry(1, Some("r")))?;
            tx.insert_entry(&entry(2, Some("r")))?;
            tx.insert_blob(1, &blob())?;
            tx.insert_node(1, 0, &[9; 32])?;
            tx.insert_checkpoint(&checkpoint(1))?;
            tx.insert_checkpoint(&checkpoint(3))?;
            tx.set_counter("r", "what", 5)?;
            tx.remember_value("name", b"value")
        })
        .await
        .unwrap();
    assert_eq!(store.read(|rows| rows.log_size()).await.unwrap(), 3);
    assert_eq!(
        store.read(|rows| rows.entries("r")).await.unwrap(),
        [entry(1, Some("r")), entry(2, Some("r"))]
    );
    assert_eq!(
        store.read(|rows| rows.entries_from(0, 2)).await.unwrap(),
        [entry(0, None), entry(1, Some("r"))]
    );
    assert_eq!(store.read(|rows| rows.blobs("r")).await.unwrap(), [blob()]);
    assert_eq!(store.read(|rows| rows.node(1, 0)).await.unwrap(), Some([9; 32]));
    assert_eq!(store.read(|rows| rows.node(1, 1)).await.unwrap(), None);
    assert_eq!(store.read(|rows| rows.checkpoint(u64::MAX)).await.unwrap(), Some(checkpoint(3)));
    assert_eq!(store.read(|rows| rows.checkpoint(2)).await.unwrap(), Some(checkpoint(1)));
    assert_eq!(store.read(|rows| rows.checkpoint(0)).await.unwrap(), None);
    assert_eq!(store.read(|rows| rows.cosigned()).await.unwrap(), None);
    let cosigned = |size| CheckpointRow { size, note: format!("cosigned {size}").into_bytes() };
    assert!(store.write(move |tx| tx.cosign_checkpoint(&cosigned(1))).await.unwrap());
    assert!(!store.write(move |tx| tx.cosign_checkpoint(&cosigned(2))).await.unwrap(), "there is none of 2");
    assert_eq!(store.read(|rows| rows.cosigned()).await.unwrap(), Some(cosigned(1)));
    assert_eq!(store.read(|rows| rows.checkpoint(1)).await.unwrap(), Some(cosigned(1)));
    assert_eq!(store.read(|rows| rows.checkpoint(u64::MAX)).await.unwrap(), Some(checkpoint(3)));
    assert_eq!(store.read(|rows| rows.counter("r", "what")).await.unwrap(), Some(5));
    assert_eq!(store.read(|rows| rows.remembered("name")).await.unwrap().unwrap(), b"value");
    store.write(|tx| tx.delete_counters("r")).await.unwrap();
    assert_eq!(store.read(|rows| rows.counter("r", "what")).await.unwrap(), None);
    let twice = store.write(move |tx| tx.insert_entry(&entry(2, None))).await;
    assert!(matches!(twice, Err(StoreError::Broken(_))), "{twice:?}");
}
