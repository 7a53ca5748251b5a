//! The line to whoever watches: JSON lines on standard output and input. No request goes through it; it orders what is
//! tried in time, so that the world can be compared before and after.

use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::Done;

/// What came in.
pub enum Told {
    /// An answer.
    Go(Value),
    /// Something to try.
    Dare(Value),
    /// Something may have changed.
    Wake,
    /// Nothing in that time.
    Nothing,
}

/// The line.
#[derive(Clone)]
pub struct Link {
    inbox: Arc<Mutex<Receiver<Value>>>,
}

impl Link {
    /// On standard input and output.
    pub fn open() -> Self {
        let (send, receive) = channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let told = serde_json::from_str(&line).unwrap_or_default();
                if send.send(told).is_err() {
                    return;
                }
            }
        });
        Self { inbox: Arc::new(Mutex::new(receive)) }
    }

    /// Says something.
    pub fn tell(&self, message: &Value) {
        let mut out = std::io::stdout().lock();
        // Nobody may be left to hear it.
        let _ = writeln!(out, "{message}").and_then(|()| out.flush());
    }

    /// Says something and waits for the answer.
    pub fn ask(&self, message: &Value) -> Done<Value> {
        self.tell(message);
        loop {
            match self.wait(Duration::from_secs(600))? {
                Told::Go(answer) => return Ok(answer),
                Told::Wake => {}
                Told::Dare(_) => return Err("a dare came instead of an answer".to_owned()),
                Told::Nothing => return Err("no answer came".to_owned()),
            }
        }
    }

    /// What comes within a time.
    pub fn wait(&self, longest: Duration) -> Done<Told> {
        let inbox = self.inbox.lock().map_err(|_| "the line is broken".to_owned())?;
        match inbox.recv_timeout(longest) {
            Ok(told) if !told["dare"].is_null() => Ok(Told::Dare(told)),
            Ok(told) if !told["wake"].is_null() => Ok(Told::Wake),
            Ok(told) => Ok(Told::Go(told)),
            Err(RecvTimeoutError::Timeout) => Ok(Told::Nothing),
            Err(RecvTimeoutError::Disconnected) => Err("nobody watches any more".to_owned()),
        }
    }
}
