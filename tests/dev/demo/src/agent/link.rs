//! The channel to the director of the demo: JSON lines on stdout and stdin. It carries no requests; it
//! serialises the agents' attempts, so that the state can be compared before and after each.

use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::Done;

/// A message from the director.
pub enum Message {
    /// An answer.
    Go(Value),
    /// An attempt to make.
    Dare(Value),
    /// The offers may have changed.
    Wake,
    /// No message within the time.
    Nothing,
}

/// The channel.
#[derive(Clone)]
pub struct Link {
    inbox: Arc<Mutex<Receiver<Value>>>,
}

impl Link {
    /// The channel over stdin and stdout.
    pub fn open() -> Self {
        let (send, receive) = channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).unwrap_or_default();
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self { inbox: Arc::new(Mutex::new(receive)) }
    }

    /// Sends a message.
    pub fn tell(&self, message: &Value) {
        let mut out = std::io::stdout().lock();
        // The director may be gone.
        let _ = writeln!(out, "{message}").and_then(|()| out.flush());
    }

    /// Sends a message and waits for the answer.
    pub fn ask(&self, message: &Value) -> Done<Value> {
        self.tell(message);
        loop {
            match self.wait(Duration::from_secs(600))? {
                Message::Go(answer) => return Ok(answer),
                Message::Wake => {}
                Message::Dare(_) => return Err("a dare came instead of an answer".to_owned()),
                Message::Nothing => return Err("no answer came".to_owned()),
            }
        }
    }

    /// Waits for a message.
    pub fn wait(&self, longest: Duration) -> Done<Message> {
        let inbox = self.inbox.lock().map_err(|_| "the line is broken".to_owned())?;
        match inbox.recv_timeout(longest) {
            Ok(message) if !message["dare"].is_null() => Ok(Message::Dare(message)),
            Ok(message) if !message["wake"].is_null() => Ok(Message::Wake),
            Ok(message) => Ok(Message::Go(message)),
            Err(RecvTimeoutError::Timeout) => Ok(Message::Nothing),
            Err(RecvTimeoutError::Disconnected) => Err("nobody watches any more".to_owned()),
        }
    }
}
