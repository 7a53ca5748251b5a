//! Questions from a pipe, answers to a pipe: what `xpc-prove` does. The form is `xpc_model::protocol`.

use std::io::{self, Write};
use std::ops::ControlFlow;

use xpc_model::protocol::{self, Answer, Request};

use crate::{Z3Prover, version};

/// Answers one line with a line for each obligation, as soon as each is known.
///
/// # Errors
/// Nobody reads the answers, or the line was refused, which was then said.
pub fn answer(line: &[u8], output: &mut impl Write) -> io::Result<()> {
    let read = version::check_solver().and_then(|()| protocol::read_request(line).map_err(|e| e.to_string()));
    let request = match read {
        Ok(request) => request,
        Err(reason) => {
            say(output, &Answer::Refused { reason: reason.clone() })?;
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
    };
    let Request { model, obligations, limits } = request;
    let mut names = obligations.iter().enumerate();
    let mut said = Ok(());
    Z3Prover.each(&model, &obligations, limits, |verdict| {
        let Some((index, obligation)) = names.next() else { return ControlFlow::Break(()) };
        let answer = Answer::Verdict { index, id: obligation.id.clone(), verdict: Box::new(verdict) };
        said = say(output, &answer);
        if said.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    said
}

fn say(output: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let line = protocol::write(answer).map_err(io::Error::other)?;
    output.write_all(&line)?;
    output.flush()
}
