//! For people at a terminal.

use codespan_reporting::diagnostic::{Diagnostic as Drawn, Label as DrawnLabel, Severity as DrawnSeverity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::Ansi;
use codespan_reporting::term::{Config, Styles, StylesWriter, emit_into_string, emit_to_write_style};

use crate::{Diagnostic, Severity, SourceId, Sources};

/// Draws a fault on its source lines, in colour when asked.
#[must_use]
pub fn render(sources: &Sources, fault: &Diagnostic, colour: bool) -> String {
    let files = Drawable(sources);
    let config = Config { tab_width: 2, ..Config::default() };
    let drawn = drawn(sources, fault);
    let text = if colour {
        let mut bytes = Vec::new();
        let styles = Styles::default();
        let mut ansi = Ansi::new(&mut bytes);
        let mut writer = StylesWriter::new(&mut ansi, &styles);
        emit_to_write_style(&mut writer, &config, &files, &drawn)
            .map(|()| String::from_utf8_lossy(&bytes).into_owned())
    } else {
        emit_into_string(&config, &files, &drawn)
    };
    // A span outside its text is a fault of ours: the message must still be seen.
    text.unwrap_or_else(|_| format!("{}[{}]: {}\n", fault.severity.as_str(), fault.code, super::text(fault)))
}

fn drawn(sources: &Sources, fault: &Diagnostic) -> Drawn<SourceId> {
    let severity = match fault.severity {
        Severity::Error => DrawnSeverity::Error,
        Severity::Warning => DrawnSeverity::Warning,
        Severity::Note => DrawnSeverity::Note,
    };
    let mut labels: Vec<DrawnLabel<SourceId>> =
        fault.primary.iter().map(|span| DrawnLabel::primary(span.source, span.range())).collect();
    labels.extend(fault.labels.iter().map(|label| {
        DrawnLabel::secondary(label.span.source, label.span.range()).with_message(label.text.clone())
    }));
    let mut message = fault.message.clone();
    if let (None, Some(path)) = (fault.primary, super::path(sources, fault)) {
        message = format!("{path}: {message}");
    }
    let mut notes: Vec<String> = fault.notes.iter().map(|note| format!("note: {note}")).collect();
    notes.extend(fault.help.iter().map(|help| format!("help: {help}")));
    Drawn::new(severity).with_code(fault.code.id).with_message(message).with_labels(labels).with_notes(notes)
}

struct Drawable<'s>(&'s Sources);

impl<'s> Files<'s> for Drawable<'s> {
    type FileId = SourceId;
    type Name = &'s str;
    type Source = &'s str;

    fn name(&'s self, id: SourceId) -> Result<&'s str, Error> {
        Ok(self.0.path(id))
    }

    fn source(&'s self, id: SourceId) -> Result<&'s str, Error> {
        Ok(self.0.text(id))
    }

    fn line_index(&'s self, id: SourceId, byte: usize) -> Result<usize, Error> {
        let byte = u32::try_from(byte).map_err(|_| Error::FileMissing)?;
        Ok(self.0.position(id, byte).line - 1)
    }

    fn line_range(&'s self, id: SourceId, line: usize) -> Result<std::ops::Range<usize>, Error> {
        self.0.line(id, line).ok_or(Error::LineTooLarge { given: line, max: self.0.text(id).len() })
    }
}
