//! The lines of the result, and the comments at their ends.

#[derive(Debug)]
struct Line {
    indent: usize,
    /// May hold line breaks; those lines are indented already.
    text: String,
    comment: Option<String>,
}

/// Lines, in order.
#[derive(Debug, Default)]
pub(super) struct Lines {
    list: Vec<Line>,
    /// Nothing was written in the block yet, so a blank line would be its first.
    fresh: bool,
}

impl Lines {
    pub(super) fn add(&mut self, depth: usize, text: String) {
        self.fresh = false;
        self.list.push(Line { indent: depth * 2, text, comment: None });
    }

    /// Puts a comment at the end of the last line; gives it back when there is one already.
    pub(super) fn trail(&mut self, comment: String) -> Option<String> {
        match self.list.last_mut() {
            Some(line) if line.comment.is_none() && !line.text.starts_with("//") => {
                line.comment = Some(comment);
                None
            }
            _ => Some(comment),
        }
    }

    /// One blank line, unless there is one or the block starts here.
    pub(super) fn blank(&mut self) {
        if !self.fresh && self.list.last().is_some_and(|line| !line.text.is_empty()) {
            self.list.push(Line { indent: 0, text: String::new(), comment: None });
        }
    }

    pub(super) fn block_starts(&mut self) {
        self.fresh = true;
    }

    /// Takes blank lines at the end of a block away.
    pub(super) fn block_ends(&mut self) {
        while self.list.last().is_some_and(|line| line.text.is_empty()) {
            self.list.pop();
        }
    }

    /// The text. Comments at the ends of neighbouring lines stand below each other.
    pub(super) fn finish(mut self) -> String {
        self.block_ends();
        let mut out = String::new();
        let mut rest = self.list.as_slice();
        while let Some(first) = rest.first() {
            let group = match first.comment {
                None => 1,
                Some(_) => rest
                    .iter()
                    .take_while(|line| line.comment.is_some() && line.indent == first.indent)
                    .count(),
            };
            let (lines, after) = rest.split_at(group);
            let column = lines.iter().map(width).max().unwrap_or(0) + 2;
            for line in lines {
                if !line.text.is_empty() {
                    out.push_str(&" ".repeat(line.indent));
                    out.push_str(&line.text);
                }
                if let Some(comment) = &line.comment {
                    out.push_str(&" ".repeat(column - width(line)));
                    out.push_str(comment);
                }
                out.push('\n');
            }
            rest = after;
        }
        out
    }
}

/// Characters of the last line of a text.
fn width(line: &Line) -> usize {
    match line.text.rsplit_once('\n') {
        Some((_, last)) => last.chars().count(),
        None => line.indent + line.text.chars().count(),
    }
}
