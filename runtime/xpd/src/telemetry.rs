//! The server's own log on stderr. Warnings and errors are limited to one line per second and code location,
//! with the number of suppressed ones. Decisions are logged one line each.

use std::collections::HashMap;
use std::fmt::Result;
use std::fs::OpenOptions;
use std::io::IsTerminal as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Minimal interval between two lines of one location.
const GAP: Duration = Duration::from_secs(1);

/// Starts logging to stderr.
pub fn begin() {
    let log = tracing_subscriber::fmt().with_env_filter(filter()).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).event_format(limited()).init();
}

/// Starts logging at the end of a file, which only its owner can read.
///
/// # Errors
/// The file cannot be opened.
pub fn begin_in(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter()).with_writer(Mutex::new(file));
    log.with_ansi(false).event_format(limited()).init();
    Ok(())
}

fn filter() -> EnvFilter {
    EnvFilter::try_from_env("XPD_LOG").unwrap_or_else(|_| EnvFilter::new("info"))
}

fn limited() -> Limited {
    Limited { inner: Format::default(), kinds: Kinds::default() }
}

/// Warnings and errors by the code location that emits them.
#[derive(Default)]
struct Kinds(Mutex<HashMap<Identifier, (Instant, u64)>>);

impl Kinds {
    /// Whether an event may be written: if so, the number of events suppressed since the last one.
    fn admit(&self, kind: Identifier, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kinds.get_mut(&kind) {
            Some((last, left_out)) if now.duration_since(*last) < GAP => {
                *left_out += 1;
                None
            }
            Some((last, left_out)) => {
                *last = now;
                Some(std::mem::take(left_out))
            }
            None => {
                kinds.insert(kind, (now, 0));
                Some(0)
            }
        }
    }
}

struct Limited {
    inner: Format<Full>,
    kinds: Kinds,
}

impl<S, N> FormatEvent<S, N> for Limited
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Result {
        if *event.metadata().level() > Level::WARN {
            return self.inner.format_event(context, writer, event);
        }
        match self.kinds.admit(event.metadata().callsite(), Instant::now()) {
            None => Ok(()),
            Some(0) => self.inner.format_event(context, writer, event),
            Some(left_out) => {
                let mut line = String::new();
                self.inner.format_event(context, Writer::new(&mut line), event)?;
                writeln!(writer, "{} ({left_out} like it left out)", line.trim_end())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use super::*;

    /// Output captured in memory.
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn warnings_are_limited_per_second_and_decisions_are_not() {
        let buffer = Buffer::default();
        let to = buffer.clone();
        let format = Limited { inner: Format::default(), kinds: Kinds::default() };
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || to.clone()).event_format(format).finish();
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1_000 {
                tracing::error!(number, "first kind");
                tracing::warn!(number, "second kind");
                tracing::info!(number, "decided");
            }
        });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
        // On a slow machine more than a second may have passed.
        assert!(
            (1..100).contains(&count("first kind")) && (1..100).contains(&count("second kind")),
            "{text}"
        );
        assert_eq!(count("decided"), 1_000);
    }

    #[test]
    fn what_was_left_out_is_counted() {
        let (kinds, now) = (Kinds::default(), Instant::now());
        let subscriber = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
        let kind = tracing::subscriber::with_default(subscriber, || {
            let span = tracing::error_span!("a place");
            span.metadata().map(tracing::Metadata::callsite)
        });
        let kind = kind.expect("a place in the code");
        let after = |millis| kinds.admit(kind.clone(), now + Duration::from_millis(millis));
        assert_eq!([after(0), after(10), after(999)], [Some(0), None, None]);
        assert_eq!([after(1_000), after(1_500), after(2_000)], [Some(2), None, Some(1)]);
    }
}
