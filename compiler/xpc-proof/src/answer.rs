//! Verdicts, built.

use std::time::Duration;

use xp_artifact::question::Status;
use xp_artifact::workflow::Atom;
use xp_diagnostics::Span;
use xpc_model::{Failure, Place, Trace, Verdict};

use crate::codes;

fn bare(status: Status) -> Verdict {
    Verdict {
        status,
        reason: String::new(),
        because: Vec::new(),
        failures: Vec::new(),
        witness: None,
        notes: Vec::new(),
        took: Duration::ZERO,
    }
}

pub(crate) fn proved() -> Verdict {
    bare(Status::Proved)
}

pub(crate) fn proved_by(because: Vec<Place>, witness: Option<Vec<Atom>>) -> Verdict {
    Verdict { because, witness, ..bare(Status::Proved) }
}

pub(crate) fn refuted(failures: Vec<Failure>) -> Verdict {
    Verdict { failures, ..bare(Status::Refuted) }
}

pub(crate) fn unknown(reason: impl Into<String>) -> Verdict {
    Verdict { reason: reason.into(), ..bare(Status::Unknown) }
}

pub(crate) fn conditional(reason: impl Into<String>) -> Verdict {
    Verdict { reason: reason.into(), ..bare(Status::Conditional) }
}

/// The situation cannot occur.
pub(crate) fn vacuous(reason: impl Into<String>, span: Span, labels: Vec<(Span, String)>) -> Verdict {
    let reason = reason.into();
    let failure = Failure {
        code: codes::VACUOUS,
        message: format!("this says nothing: {reason}"),
        span,
        labels,
        help: vec!["correct the property, or write `or vacuous` behind it to accept that".to_owned()],
        trace: None,
    };
    Verdict { reason, failures: vec![failure], ..bare(Status::Vacuous) }
}

/// Refuted by the failures that could be shown; unknown when none could.
pub(crate) fn from(failures: Vec<Result<Failure, String>>) -> Verdict {
    let mut shown = Vec::new();
    let mut why = None;
    for failure in failures {
        match failure {
            Ok(failure) => shown.push(failure),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    match (shown.is_empty(), why) {
        (true, Some(reason)) => {
            unknown(format!("an example was found that does not replay on the machine: {reason}"))
        }
        (true, None) => proved(),
        (false, _) => refuted(shown),
    }
}

/// A failure.
pub(crate) fn failure(code: &'static str, message: impl Into<String>, span: Span) -> Failure {
    Failure { code, message: message.into(), span, labels: Vec::new(), help: Vec::new(), trace: None }
}

/// Chained additions to a failure.
pub(crate) trait Extend {
    /// A second place.
    fn label(self, span: Span, text: impl Into<String>) -> Self;
    /// A cure.
    fn help(self, text: impl Into<String>) -> Self;
    /// The events that show it.
    fn trace(self, trace: Trace) -> Self;
}

impl Extend for Failure {
    fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    fn trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }
}
