//! The codes of refusals: spelled, numbered and described once. Clients rest on this table, so it is written out again.

use std::collections::BTreeSet;
use std::path::Path;

use xp_wire::RefusalCode;

/// What clients rest on: the spelling, the HTTP status, whether asking again is worth it.
fn promised(code: RefusalCode) -> (&'static str, u16, bool) {
    match code {
        RefusalCode::Unknown => ("unknown", 404, false),
        RefusalCode::WrongRole => ("wrong_role", 403, false),
        RefusalCode::NeedsHuman => ("needs_human", 403, false),
        RefusalCode::NeedsAgent => ("needs_agent", 403, false),
        RefusalCode::PastDeadline => ("past_deadline", 409, false),
        RefusalCode::AlreadyVoted => ("already_voted", 409, false),
        RefusalCode::NotSeparate => ("not_separate", 403, false),
        RefusalCode::NotGranted => ("not_granted", 403, false),
        RefusalCode::OutOfSequence => ("out_of_sequence", 409, true),
        RefusalCode::StepClosed => ("step_closed", 409, false),
        RefusalCode::OutOfScope => ("out_of_scope", 403, false),
        RefusalCode::Guarded => ("guarded", 409, true),
        RefusalCode::Unbound => ("unbound", 409, true),
        RefusalCode::BadValue => ("bad_value", 422, false),
        RefusalCode::Ambiguous => ("ambiguous", 409, false),
        RefusalCode::UsedUp => ("used_up", 409, false),
        RefusalCode::TooMany => ("too_many", 429, true),
        RefusalCode::Expired => ("expired", 409, false),
        RefusalCode::Replayed => ("replayed", 409, false),
        RefusalCode::WrongKey => ("wrong_key", 403, false),
        RefusalCode::WrongArguments => ("wrong_arguments", 403, false),
        RefusalCode::NotJudgeable => ("not_judgeable", 409, false),
        RefusalCode::NoEvidence => ("no_evidence", 409, true),
        RefusalCode::NotSubmitted => ("not_submitted", 409, false),
        RefusalCode::Declined => ("declined", 409, false),
        RefusalCode::NotShown => ("not_shown", 409, false),
        RefusalCode::Killed => ("killed", 403, false),
        RefusalCode::RunOver => ("run_over", 409, false),
        RefusalCode::Leased => ("leased", 409, true),
        RefusalCode::Shadow => ("shadow", 409, false),
        RefusalCode::NotClaimed => ("not_claimed", 409, false),
        RefusalCode::Broken => ("broken", 500, false),
        RefusalCode::Unauthenticated => ("unauthenticated", 401, false),
        RefusalCode::ProofReplayed => ("proof_replayed", 401, true),
        RefusalCode::NotAllowed => ("not_allowed", 403, false),
        RefusalCode::BadRequest => ("bad_request", 400, false),
        RefusalCode::TooLarge => ("too_large", 413, false),
        RefusalCode::InFlight => ("in_flight", 409, true),
        RefusalCode::RequestIdReused => ("request_id_reused", 409, false),
        RefusalCode::Suspended => ("suspended", 429, true),
        RefusalCode::TooManyRuns => ("too_many_runs", 429, true),
        RefusalCode::BadArtifact => ("bad_artifact", 422, false),
        RefusalCode::Unproved => ("unproved", 422, false),
        RefusalCode::UndeclaredAction => ("undeclared_action", 422, false),
        RefusalCode::NoInstance => ("no_instance", 422, false),
        RefusalCode::WrongRealm => ("wrong_realm", 422, false),
        RefusalCode::ConnectorRefused => ("connector_refused", 502, false),
        RefusalCode::ConnectorFailed => ("connector_failed", 502, true),
        RefusalCode::InDoubt => ("in_doubt", 502, false),
        RefusalCode::Busy => ("busy", 503, true),
        RefusalCode::ClockOff => ("clock_off", 503, true),
        RefusalCode::Closing => ("closing", 503, true),
        RefusalCode::StorageFull => ("storage_full", 507, true),
        RefusalCode::DiskLow => ("disk_low", 507, true),
        RefusalCode::Internal => ("internal", 500, false),
    }
}

#[test]
fn codes_keep_their_promises() {
    for code in RefusalCode::ALL {
        assert_eq!((code.as_str(), code.status(), code.is_retryable()), promised(*code));
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(serde_json::from_value::<RefusalCode>(code.as_str().into()).unwrap(), *code);
    }
    assert!(serde_json::from_value::<RefusalCode>("Unknown".into()).is_err());
    assert!(serde_json::from_value::<RefusalCode>("teapot".into()).is_err());
}

#[test]
fn no_two_codes_are_spelled_or_worded_alike() {
    let spelled: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
    let worded: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.text()).collect();
    assert_eq!((spelled.len(), worded.len()), (RefusalCode::ALL.len(), RefusalCode::ALL.len()));
    for code in RefusalCode::ALL {
        let text = code.text();
        assert!(text.starts_with(char::is_lowercase) && !text.ends_with('.'), "{code}: {text}");
    }
}

#[test]
fn pages_say_what_the_codes_say() {
    for code in RefusalCode::ALL {
        let page = code.page();
        let again = if code.is_retryable() { "yes" } else { "no" };
        let second =
            format!("HTTP status: {}. The same request may be accepted later: {again}.", code.status());
        let lines: Vec<&str> = page.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.first().copied(), Some(format!("# `{code}`").as_str()));
        assert_eq!(lines.get(1).copied(), Some(second.as_str()), "{code}");
        assert!(page.contains("\nWhat to do: ") && lines.len() >= 4, "{code}: what it means, and what to do");
    }
}

#[test]
fn the_folder_holds_the_pages_and_their_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/refusals");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let found: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    let pages = RefusalCode::ALL.iter().map(|code| format!("{code}.md"));
    let expected: BTreeSet<String> = pages.chain(["README.md".to_owned()]).collect();
    assert_eq!(found, expected);
    let list = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for code in RefusalCode::ALL {
        let again = if code.is_retryable() { "yes" } else { "no" };
        let row = format!("| [`{code}`]({code}.md) | {} | {again} | {} |\n", code.status(), code.text());
        assert!(list.contains(&row), "the list lacks {row}");
    }
}
