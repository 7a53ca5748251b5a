//! For people at a terminal: nothing that it would obey gets there.

use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Drawn, Label as DrawnLabel, Severity as DrawnSeverity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::Ansi;
use codespan_reporting::term::{Config, Styles, StylesWriter, emit_into_string, emit_to_write_style};

use super::excerpt::Excerpt;
use crate::{Diagnostic, Severity, SourceId, Sources, Span, Trace, printable};

/// Draws faults one after another, for people who read from top to bottom: the beginning of a run that the fault before
/// has shown is not told again.
#[must_use]
pub fn render_all(sources: &Sources, faults: &[Diagnostic], colour: bool) -> String {
    let before = std::iter::once(None).chain(faults.iter().map(|fault| fault.trace.as_ref()));
    let drawn = faults.iter().zip(before).map(|(fault, before)| draw(sources, fault, before, colour));
    drawn.map(|text| format!("{}\n\n", text.trim_end())).collect()
}

/// Draws a fault on its source lines, in colour when asked.
#[must_use]
pub fn render(sources: &Sources, fault: &Diagnostic, colour: bool) -> String {
    draw(sources, fault, None, colour)
}

fn draw(sources: &Sources, fault: &Diagnostic, before: Option<&Trace>, colour: bool) -> String {
    let files = Drawable::of(sources, fault);
    let config = Config { tab_width: 2, ..Config::default() };
    let drawn = drawn(&files, fault, before);
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
    text.unwrap_or_else(|_| {
        let text = super::text(sources, fault);
        format!("{}[{}]: {}\n", fault.severity.as_str(), fault.code, printable(&text))
    })
}

fn drawn(files: &Drawable<'_>, fault: &Diagnostic, before: Option<&Trace>) -> Drawn<SourceId> {
    let severity = match fault.severity {
        Severity::Error => DrawnSeverity::Error,
        Severity::Warning => DrawnSeverity::Warning,
        Severity::Note => DrawnSeverity::Note,
    };
    let mut labels: Vec<DrawnLabel<SourceId>> =
        fault.primary.iter().map(|span| DrawnLabel::primary(span.source, files.span(*span))).collect();
    labels.extend(fault.labels.iter().map(|label| {
        DrawnLabel::secondary(label.span.source, files.span(label.span)).with_message(printable(&label.text))
    }));
    let mut message = fault.message.clone();
    if let (None, Some(path)) = (fault.primary, super::path(files.sources, fault)) {
        message = format!("{path}: {message}");
    }
    let line = |kind: &str, text: &String| format!("{kind}: {}", printable(text));
    let mut notes: Vec<String> =
        super::notes(files.sources, fault, before).iter().map(|note| line("note", note)).collect();
    notes.extend(fault.help.iter().map(|help| line("help", help)));
    let drawn = Drawn::new(severity).with_code(fault.code.id).with_message(printable(&message));
    drawn.with_labels(labels).with_notes(notes)
}

/// The lines of each source that a fault touches.
struct Drawable<'s> {
    sources: &'s Sources,
    excerpts: Vec<Excerpt>,
}

impl<'s> Drawable<'s> {
    fn of(sources: &'s Sources, fault: &Diagnostic) -> Self {
        let spans = fault.primary.iter().copied().chain(fault.labels.iter().map(|label| label.span));
        let mut by_source: Vec<(SourceId, Vec<Span>)> = Vec::new();
        for span in spans {
            match by_source.iter_mut().find(|(source, _)| *source == span.source) {
                Some((_, spans)) => spans.push(span),
                None => by_source.push((span.source, vec![span])),
            }
        }
        let excerpts = by_source.iter().map(|(source, spans)| Excerpt::of(sources, *source, spans)).collect();
        Self { sources, excerpts }
    }

    fn excerpt(&self, id: SourceId) -> Result<&Excerpt, Error> {
        self.excerpts.iter().find(|excerpt| excerpt.source() == id).ok_or(Error::FileMissing)
    }

    fn span(&self, span: Span) -> Range<usize> {
        self.excerpt(span.source).map_or(span.range(), |excerpt| excerpt.span(span))
    }
}

impl<'s> Files<'s> for Drawable<'_> {
    type FileId = SourceId;
    type Name = String;
    type Source = &'s str;

    fn name(&'s self, id: SourceId) -> Result<String, Error> {
        Ok(printable(self.sources.path(id)).into_owned())
    }

    fn source(&'s self, id: SourceId) -> Result<&'s str, Error> {
        Ok(self.excerpt(id)?.text())
    }

    fn line_index(&'s self, id: SourceId, byte: usize) -> Result<usize, Error> {
        Ok(self.excerpt(id)?.line_at(byte))
    }

    fn line_number(&'s self, id: SourceId, line: usize) -> Result<usize, Error> {
        Ok(self.excerpt(id)?.first() + line + 1)
    }

    fn column_number(&'s self, id: SourceId, _: usize, byte: usize) -> Result<usize, Error> {
        let there = u32::try_from(self.excerpt(id)?.old(byte)).unwrap_or(u32::MAX);
        Ok(self.sources.position(id, there).column)
    }

    fn line_range(&'s self, id: SourceId, line: usize) -> Result<Range<usize>, Error> {
        let excerpt = self.excerpt(id)?;
        excerpt.line_range(line).ok_or(Error::LineTooLarge { given: line, max: excerpt.text().len() })
    }
}
