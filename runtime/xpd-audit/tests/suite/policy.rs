//! Witness policies (C2SP tlog-policy), and packages under them.

use xpd_audit::note::{Note, Policy, QuorumError};
use xpd_audit::verify::{Fault, Trust, Verdict, verify_package};

use crate::sim::{eventful, log_key, repack, sign, trust, unpack};
use crate::witness::{cosigned, witness};

fn witnesses() -> String {
    (1..=5).map(|seed| format!("witness w{seed} {} https://w{seed}.example\n", witness(seed).1)).collect()
}

fn two_of_three() -> Policy {
    let text = format!("# ours\n\nlog {}\n{}group most 2 w1 w2 w3\nquorum most\n", log_key(), witnesses());
    Policy::parse(&text).unwrap()
}

#[test]
fn a_quorum_counts_each_witness_once() {
    let checkpoint = sign(&eventful().log.tree);
    let holds = |policy: &Policy, seeds: &[u8]| {
        policy.check(&Note::parse(&cosigned(&checkpoint, seeds)).unwrap()).map(|found| found.len())
    };
    let policy = two_of_three();
    assert_eq!((policy.logs().len(), policy.witnesses().len(), policy.asks()), (1, 5, true));
    assert_eq!(policy.witnesses()[1].url.as_deref(), Some("https://w2.example"));
    assert_eq!(holds(&policy, &[1, 2]), Ok(2));
    assert_eq!(holds(&policy, &[1, 2, 3, 5]), Ok(4));
    for too_few in [&[][..], &[1], &[1, 1], &[1, 4, 5], &[4, 5]] {
        let refused = holds(&policy, too_few).unwrap_err();
        assert!(matches!(&refused, QuorumError::Missing { .. }), "{refused}");
        assert!(refused.to_string().contains("2 of (w1, w2, w3)"), "{refused}");
    }
    let groups = "group a all w1 w2\ngroup b any w3 w4\ngroup both all a b\nquorum both\n";
    let policy = Policy::parse(&format!("{}{groups}", witnesses())).unwrap();
    assert_eq!(holds(&policy, &[1, 2, 4]), Ok(3));
    assert!(holds(&policy, &[1, 2, 5]).is_err() && holds(&policy, &[2, 3, 4]).is_err());
    let one = Policy::parse(&format!("{}quorum w1\n", witnesses())).unwrap();
    assert!(holds(&one, &[1]).is_ok() && holds(&one, &[2]).is_err());
    let none = Policy::parse("quorum none\n").unwrap();
    assert_eq!((holds(&none, &[]), none.asks()), (Ok(0), false));
}

#[test]
fn a_policy_that_says_less_than_it_seems_is_refused() {
    let all = witnesses();
    let again = format!("witness other {}\n", witness(1).1);
    let as_log = format!("log {}\nquorum none\n", witness(1).1);
    for (text, says) in [
        (String::new(), "quorum"),
        (all.clone(), "quorum"),
        ("quorum w1\n".to_owned(), "not defined"),
        (format!("{all}quorum none\nquorum none\n"), "second"),
        (format!("{all}{again}quorum w1\n"), "count twice"),
        (format!("{all}witness w1 {}\nquorum w1\n", witness(9).1), "taken"),
        (format!("{all}witness none {}\nquorum none\n", witness(9).1), "taken"),
        (format!("{all}group g 2 w1 w1\nquorum g\n"), "count twice"),
        (format!("{all}group g 1 w1\ngroup h 1 w1\nquorum h\n"), "count twice"),
        (format!("{all}group g 0 w1 w2\nquorum g\n"), "0 of 2"),
        (format!("{all}group g 3 w1 w2\nquorum g\n"), "3 of 2"),
        (format!("{all}group g some w1\nquorum g\n"), "no number"),
        (format!("{all}group g any\nquorum g\n"), "1 of 0"),
        (format!("{all}group g all h\ngroup h all w1\nquorum g\n"), "not defined"),
        (as_log, "another type"),
        (format!("witness w {}\nquorum w\n", log_key()), "another type"),
        (format!("{all}quorom w1\n"), "none of"),
        (format!("{all}quorum\u{b}w1\n"), "control"),
    ] {
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[test]
fn a_package_without_the_cosignatures_fails_under_the_policy() {
    let mut files = unpack(&eventful().package());
    let plain = files["checkpoint"].clone();
    let trust = Trust { policy: Some(two_of_three()), ..trust() };
    let mut verify = |seeds: &[u8], trust: &Trust| {
        files.insert("checkpoint".to_owned(), cosigned(&plain, seeds));
        verify_package(&repack(files.clone()), trust)
    };
    let report = verify(&[1, 3], &trust);
    assert_eq!((report.verdict, report.witnesses.len()), (Verdict::Verified, 2), "{report}");
    let text = report.to_string();
    assert!(text.contains("cosigned  w1, w3") && !text.contains("no witness was asked"), "{text}");
    for seeds in [&[][..], &[1], &[4, 5]] {
        let report = verify(seeds, &trust);
        assert_eq!(report.verdict, Verdict::Failed, "{report}");
        assert!(report.findings.iter().all(|finding| finding.fault == Fault::Witness), "{report}");
    }
    // A log line of the policy counts as a key from outside the package, for that log only.
    let by_policy = Trust { log_key: None, ..trust.clone() };
    assert_eq!(verify(&[1, 3], &by_policy).verdict, Verdict::Verified);
    let unnamed = Policy::parse(&format!("{}quorum w1\n", witnesses())).unwrap();
    let report = verify(&[1], &Trust { log_key: None, policy: Some(unnamed), ..trust });
    assert_eq!(report.verdict, Verdict::SelfConsistent, "{report}");
}
