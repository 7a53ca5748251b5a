//! Cuts a file into declarations, members and clauses, so that each can be read, or be wrong, on its own.
//!
//! Members start with words that cannot be names, so a lost bracket costs one member: the next line that starts with such a word
//! starts anew. Blocks are matched by braces; where braces and words disagree, the words win and the brace is reported once.

mod blocks;
mod ends;

use std::collections::HashMap;
use std::ops::Range;

use xp_diagnostics::{Diagnostic, codes};

use crate::lexer::{Kind, Lexed};
use crate::words::{Piece, planned};
use blocks::told_home;

/// Index of a [`Node`].
pub(crate) type NodeId = usize;

/// A declaration, member or clause.
#[derive(Debug)]
pub(crate) struct Node {
    pub piece: Piece,
    /// Tokens without the braces of its block.
    pub head: Range<usize>,
    /// The opening brace of its block.
    pub open: Option<usize>,
    /// The closing one.
    pub close: Option<usize>,
    pub children: Vec<NodeId>,
    /// That its block has no opening brace; not worth saying when the head is wrong anyway.
    pub missing: Option<Diagnostic>,
    /// Its head is already reported: read its members only.
    pub reported: bool,
    /// Stray opening braces: as many closing ones are forgiven.
    forgiven: usize,
}

/// A file in pieces; the first node is the file.
#[derive(Debug)]
pub(crate) struct Split {
    pub nodes: Vec<Node>,
    pub faults: Vec<Diagnostic>,
}

impl Split {
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }
}

/// Cuts a file. Where its braces do not add up, indentation says which block was left open.
pub(crate) fn split(lexed: &Lexed<'_>) -> Split {
    let first = Splitter::new(lexed, false).run();
    if !first.1 {
        return first.0;
    }
    Splitter::new(lexed, true).run().0
}

struct Splitter<'l, 't> {
    lexed: &'l Lexed<'t>,
    nodes: Vec<Node>,
    faults: Vec<Diagnostic>,
    /// Blocks that are open, outermost (the file) first.
    stack: Vec<NodeId>,
    at: usize,
    by_indent: bool,
    ended_open: bool,
    /// The first word of the next member is reported as misplaced.
    told: bool,
    /// Braces that broken strings swallowed, opening and closing, less those already explained.
    swallowed: (usize, usize),
    /// Opening braces beyond the closing ones, less the stray ones already met.
    surplus: usize,
    /// Closing braces beyond the opening ones, less those already explained.
    deficit: usize,
    /// The closing brace of each opening one, by nesting alone.
    closing: HashMap<usize, usize>,
}

impl<'l, 't> Splitter<'l, 't> {
    fn new(lexed: &'l Lexed<'t>, by_indent: bool) -> Self {
        let file = Node {
            piece: Piece::File,
            head: 0..0,
            open: None,
            close: None,
            children: Vec::new(),
            missing: None,
            reported: false,
            forgiven: 0,
        };
        let count = |mark| lexed.tokens.iter().filter(|token| token.kind == Kind::Mark(mark)).count();
        let surplus = count('{').saturating_sub(count('}'));
        let deficit = count('}').saturating_sub(count('{'));
        Self {
            lexed,
            nodes: vec![file],
            faults: Vec::new(),
            stack: vec![0],
            at: 0,
            by_indent,
            ended_open: false,
            told: false,
            surplus,
            deficit,
            closing: partners(lexed),
            swallowed: lexed.swallowed,
        }
    }

    fn run(mut self) -> (Split, bool) {
        while self.at < self.lexed.tokens.len() {
            self.member();
        }
        self.end_of_file();
        (Split { nodes: self.nodes, faults: self.faults }, self.ended_open)
    }

    /// The innermost open block.
    fn block(&self) -> NodeId {
        self.stack.last().copied().unwrap_or(0)
    }

    fn piece(&self, id: NodeId) -> Piece {
        self.nodes.get(id).map_or(Piece::File, |node| node.piece)
    }

    fn edit(&mut self, id: NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(id) {
            change(node);
        }
    }

    /// One member of the innermost block, or its end.
    fn member(&mut self) {
        if self.lexed.is_mark(self.at, '}') {
            return self.closing_brace();
        }
        let word = self.lexed.word(self.at);
        let block = self.block();
        let kind = self.piece(block);
        if let Some(piece) = kind.member(word) {
            return self.take(piece);
        }
        // A word of another block right before one that belongs here is a slip.
        let slip =
            self.lexed.same_line_follows(self.at) && self.starts_something(self.lexed.word(self.at + 1));
        if slip {
            self.add(Piece::Unknown, self.at..self.at + 1);
            self.at += 1;
        } else if let Some(end) = self.misplaced(word) {
            self.add(Piece::Unknown, self.at..end);
            self.at = end;
        } else if self.lexed.kind(self.at) != Some(Kind::Word) || !self.moves(word) {
            self.unknown();
        }
    }

    /// A member that starts with a word of its own.
    fn take(&mut self, piece: Piece) {
        let start = self.at;
        let (end, opens) = self.piece_end(piece, start);
        let id = self.add(piece, start..end);
        let told = std::mem::take(&mut self.told);
        self.edit(id, |node| node.reported = told);
        self.at = end;
        let (opened, closed) = (self.count(start..end, '{'), self.count(start..end, '}'));
        for _ in closed..opened {
            self.stray_opening();
        }
        if !piece.has_block() {
            return;
        }
        if opens {
            self.edit(id, |node| node.open = Some(end));
            self.at = end + 1;
            self.stack.push(id);
            return;
        }
        // The brace is missing. A broken string may have swallowed it; otherwise say so once, and let the members that
        // follow be members.
        let broken = (start..end).any(|at| self.lexed.kind(at) == Some(Kind::Bad));
        if !broken {
            let title = self.title(id);
            let found = self.lexed.word(end);
            let last = self.lexed.span(end.saturating_sub(1));
            let (message, span) = if found.is_empty() {
                (format!("expected `{{` after {title}, found the end of the file"), last)
            } else {
                (
                    format!("expected `{{` after {title}, found `{}`", crate::lexer::shorten(found)),
                    self.lexed.span(end),
                )
            };
            let mut after = last;
            after.start = after.end;
            let fault = Diagnostic::error(codes::UNEXPECTED, message).at(span).fix(after, " {", "insert `{`");
            self.edit(id, |node| node.missing = Some(fault));
        }
        self.edit(id, |node| {
            node.reported = true;
            node.open = Some(end.saturating_sub(1));
        });
        if piece.member(self.lexed.word(end)).is_some() {
            self.stack.push(id);
        }
    }

    fn count(&self, range: Range<usize>, mark: char) -> usize {
        range.filter(|at| self.lexed.is_mark(*at, mark)).count()
    }

    /// A brace that opens nothing known. Unless the file has more of them than closing ones, something closes it later.
    fn stray_opening(&mut self) {
        if self.surplus > 0 {
            self.surplus -= 1;
        } else {
            let block = self.block();
            self.edit(block, |node| node.forgiven += 1);
        }
    }

    fn add(&mut self, piece: Piece, head: Range<usize>) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node {
            piece,
            head,
            open: None,
            close: None,
            children: Vec::new(),
            missing: None,
            reported: false,
            forgiven: 0,
        });
        let block = self.block();
        self.edit(block, |node| node.children.push(id));
        id
    }

    /// Something that starts with no word known here.
    fn unknown(&mut self) {
        let start = self.at;
        let block = self.block();
        if self.home(start).is_some() {
            // The line that opened its block is not there: say so once, then read what follows as members.
            self.add(Piece::Unknown, start..start + 1);
            self.headless(self.lexed.word(start));
            self.told = true;
            return;
        }
        let (end, opens) = self.piece_end(Piece::Unknown, start);
        let end = end.max(start + 1);
        self.at = end;
        if !opens {
            // A stray brace with something in it closes again.
            for _ in self.count(start..end, '}')..self.count(start..end, '{') {
                self.stray_opening();
            }
            self.add(Piece::Unknown, start..end);
            return;
        }
        if planned::starting(self.lexed.word(start)).is_some()
            && let Some(close) = self.closing.get(&end).copied()
        {
            // What is in a block that is not supported yet follows rules of its own.
            self.add(Piece::Unknown, start..close + 1);
            self.at = close + 1;
            return;
        }
        // The head of a block: its members tell what it was.
        let inside = self.lexed.word(end + 1);
        let guess = match self.piece(block) {
            Piece::File => [Piece::Workflow, Piece::Connector, Piece::Step, Piece::Action]
                .into_iter()
                .find(|piece| piece.member(inside).is_some()),
            Piece::Workflow => Some(Piece::Step),
            Piece::Connector => Some(Piece::Action),
            _ => None,
        };
        let id = self.add(Piece::Unknown, start..end);
        self.at = end + 1;
        match guess {
            Some(piece) => {
                let block = self.add(piece, start..end);
                self.edit(block, |node| {
                    node.reported = true;
                    node.open = Some(end);
                });
                self.stack.push(block);
            }
            None => {
                self.edit(id, |node| node.head.end = end + 1);
                self.stray_opening();
            }
        }
    }
}

fn partners(lexed: &Lexed<'_>) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closing = HashMap::new();
    for at in 0..lexed.tokens.len() {
        if lexed.is_mark(at, '{') {
            open.push(at);
        } else if lexed.is_mark(at, '}') {
            closing.extend(open.pop().map(|start| (start, at)));
        }
    }
    closing
}
