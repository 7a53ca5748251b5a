//! Canonical layout. Works on tokens, not on the tree: no token is lost, none is made (but commas before a closing bracket), and comments
//! stay where they were.

mod lines;
mod wrap;

use xp_diagnostics::{Diagnostic, Severity, SourceId};

use crate::lexer::Comment;
use crate::parse::{Read, read};
use crate::split::Node;
use crate::words::Piece;
use lines::Lines;
use wrap::WIDTH;

/// Lays a program out. Idempotent; the tree stays the same but for its spans.
///
/// # Errors
/// When the text has errors: they are returned, in the source `SourceId(0)`.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let read = read(SourceId(0), text);
    let errors: Vec<Diagnostic> =
        read.parsed.diagnostics.iter().filter(|fault| fault.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut formatter = Formatter { read: &read, out: Lines::default(), next_comment: 0 };
    if let Some(file) = read.split.node(0) {
        formatter.members(file, 0);
    }
    formatter.comments_before(usize::MAX, 0);
    Ok(formatter.out.finish())
}

struct Formatter<'r, 't> {
    read: &'r Read<'t>,
    out: Lines,
    /// Comments before this one are written.
    next_comment: usize,
}

impl Formatter<'_, '_> {
    fn members(&mut self, block: &Node, depth: usize) {
        for id in &block.children {
            let Some(node) = self.read.split.node(*id) else { continue };
            self.comments_before(node.head.start, depth);
            self.gap(self.read.lexed.span(node.head.start).start as usize);
            self.member(node, depth);
        }
    }

    fn member(&mut self, node: &Node, depth: usize) {
        let text = self.head(node, depth);
        let (Some(open), Some(close)) = (node.open, node.close) else {
            self.out.add(depth, text);
            return self.trailing(node.head.end, depth);
        };
        if let Some(line) = self.one_line(node, depth, &text, close) {
            self.out.add(depth, line);
            return self.trailing(close + 1, depth);
        }
        let empty = node.children.is_empty() && !self.has_comment_up_to(close);
        self.out.add(depth, text + if empty { " {}" } else { " {" });
        if !empty {
            self.trailing(open, depth + 1);
            self.trailing(open + 1, depth + 1);
            self.out.block_starts();
            self.members(node, depth + 1);
            self.comments_before(close, depth + 1);
            self.out.block_ends();
            self.out.add(depth, "}".to_owned());
        }
        self.trailing(close + 1, depth);
    }

    /// The head of a member, wrapped, with comments inside it.
    fn head(&mut self, node: &Node, depth: usize) -> String {
        let lexed = &self.read.lexed;
        let mut comments = Vec::new();
        while let Some(comment) = self.comment().filter(|comment| comment.before < node.head.end) {
            comments.push(comment);
            self.next_comment += 1;
        }
        let opens = node.open.is_some();
        if comments.is_empty() {
            return wrap::layout(lexed, node.piece, node.head.clone(), depth * 2, opens);
        }
        // Comments force the line breaks: between them everything is flat.
        let mut text = String::new();
        let mut at = node.head.start;
        let indent = "\n".to_owned() + &" ".repeat(depth * 2 + 4);
        for comment in comments {
            let part = wrap::flat(lexed, node.piece, at..comment.before);
            let written = lexed.text.get(comment.start..comment.end).unwrap_or("");
            if !part.is_empty() && at > node.head.start {
                text.push_str(&indent);
            }
            text.push_str(&part);
            text.push_str(if comment.own_line || part.is_empty() { &indent } else { "  " });
            text.push_str(written);
            at = comment.before;
        }
        text + &indent + &wrap::flat(lexed, node.piece, at..node.head.end)
    }

    /// An action whose body stands on the line of its head stays so, when it fits.
    fn one_line(&self, node: &Node, depth: usize, head: &str, close: usize) -> Option<String> {
        let lexed = &self.read.lexed;
        let tall = (node.head.end..=close).any(|at| lexed.token(at).is_some_and(|token| token.line_first));
        if node.piece != Piece::Action || tall || self.has_comment_up_to(close) || head.contains('\n') {
            return None;
        }
        let clauses: Vec<String> = node
            .children
            .iter()
            .filter_map(|id| self.read.split.node(*id))
            .map(|clause| wrap::flat(lexed, clause.piece, clause.head.clone()))
            .collect();
        let line = format!("{head} {{ {} }}", clauses.join("  "));
        (!clauses.is_empty() && depth * 2 + line.chars().count() <= WIDTH).then_some(line)
    }

    fn comment(&self) -> Option<Comment> {
        self.read.lexed.comments.get(self.next_comment).copied()
    }

    fn has_comment_up_to(&self, token: usize) -> bool {
        self.comment().is_some_and(|comment| comment.before <= token)
    }

    /// The comment that follows the token before this one in its line; below it, at this depth, when there is one already.
    fn trailing(&mut self, before: usize, depth: usize) {
        if let Some(comment) = self.comment().filter(|comment| comment.before == before && !comment.own_line)
        {
            self.next_comment += 1;
            let text = self.read.lexed.text.get(comment.start..comment.end).unwrap_or("").to_owned();
            if let Some(text) = self.out.trail(text) {
                self.out.add(depth, text);
            }
        }
    }

    /// Comments up to a token, each on a line of its own.
    fn comments_before(&mut self, token: usize, depth: usize) {
        while let Some(comment) = self.comment().filter(|comment| comment.before <= token) {
            self.next_comment += 1;
            self.gap(comment.start);
            self.out
                .add(depth, self.read.lexed.text.get(comment.start..comment.end).unwrap_or("").to_owned());
        }
    }

    /// Keeps one blank line where the source has some before a byte.
    fn gap(&mut self, byte: usize) {
        let before = self.read.lexed.text.get(..byte).unwrap_or("");
        let space = before.get(before.trim_end().len()..).unwrap_or("");
        if space.matches('\n').count() > 1 {
            self.out.blank();
        }
    }
}
