//! Cuts a file into declarations, members and clauses, so that each can be read, or be wrong, on its own.
//!
//! Members start with words that cannot be names, so a lost bracket costs one member: the next line that starts with such a word
//! starts anew. Blocks are matched by braces; where braces and words disagree, the words win and the brace is reported once.

mod ends;

use std::ops::Range;

use xp_diagnostics::{Diagnostic, codes};

use crate::lexer::{Kind, Lexed};
use crate::words::Piece;

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
        } else if self.lexed.kind(self.at) != Some(Kind::Word) || !self.moves(word) {
            self.unknown();
        }
    }

    /// A word that starts a member of another block: go there. False when there is no such block.
    fn moves(&mut self, word: &str) -> bool {
        if self.stack.iter().any(|id| self.piece(*id).member(word).is_some()) {
            let mut open = Vec::new();
            while self.piece(self.block()).member(word).is_none() {
                open.extend(self.stack.pop());
            }
            self.left_open(&open, self.at);
            return true;
        }
        if self.swallowed.0 > 0 && self.home(self.at).is_some() {
            self.swallowed.0 -= 1;
            self.headless(word);
            return true;
        }
        // A block that was closed too early goes on.
        let closed = self.closed_home(word);
        for id in &closed {
            self.reopen(*id, word);
        }
        !closed.is_empty()
    }

    fn reopen(&mut self, id: NodeId, word: &str) {
        if let Some(brace) = self.nodes.get(id).and_then(|node| node.close) {
            let noun = self.title(id);
            let found = self.lexed.span(self.at);
            let fault = Diagnostic::error(codes::UNOPENED, format!("this `}}` closes {noun} too early"))
                .at(self.lexed.span(brace))
                .label(found, format!("`{word}` belongs inside"))
                .fix(self.lexed.span(brace), "", "remove the `}`");
            self.faults.push(fault);
            self.edit(id, |node| node.close = None);
            self.deficit = self.deficit.saturating_sub(1);
        }
        self.stack.push(id);
    }

    /// "`step review`", by kind and name.
    fn title(&self, id: NodeId) -> String {
        let Some(node) = self.nodes.get(id) else { return "the block".to_owned() };
        if node.piece == Piece::File {
            return "the file".to_owned();
        }
        let name: String = (node.head.start..node.head.end.min(node.head.start + 2))
            .map(|at| self.lexed.word(at))
            .fold(String::new(), |mut all, word| {
                if !all.is_empty() {
                    all.push(' ');
                }
                all.push_str(word);
                all
            });
        format!("`{}`", crate::lexer::shorten(&name))
    }

    /// Blocks, innermost first, end without their braces, noticed at a token.
    fn left_open(&mut self, blocks: &[NodeId], noticed: usize) {
        // A block that no brace opened needs none to close.
        let mut blocks = blocks
            .iter()
            .filter(|id| self.nodes.get(**id).is_some_and(|node| node.open.is_some()))
            .peekable();
        let Some(first) = blocks.peek().copied().copied() else { return };
        if self.swallowed.1 > 0 {
            self.swallowed.1 -= 1;
            return;
        }
        let title = self.title(first);
        let found = self.lexed.word(noticed);
        let mut fault = if found.is_empty() {
            let before = self.lexed.span(noticed.saturating_sub(1));
            Diagnostic::error(
                codes::UNCLOSED,
                format!("expected `}}` to close {title}, found the end of the file"),
            )
            .at(before)
        } else {
            Diagnostic::error(codes::UNCLOSED, format!("expected `}}` to close {title}, found `{found}`"))
                .at(self.lexed.span(noticed))
        };
        for id in blocks {
            if let Some(open) = self.nodes.get(*id).and_then(|node| node.open) {
                fault = fault.label(self.lexed.span(open), "this `{` is still open");
            }
        }
        self.faults.push(fault);
    }

    fn end_of_file(&mut self) {
        self.ended_open = self.stack.len() > 1;
        let swallowed = self.swallowed.1.min(self.stack.len() - 1);
        self.stack.truncate(self.stack.len() - swallowed);
        let open: Vec<NodeId> = self.stack.drain(1..).rev().collect();
        self.left_open(&open, self.lexed.tokens.len());
    }

    fn closing_brace(&mut self) {
        let block = self.block();
        let next = self.lexed.word(self.at + 1);
        let kind = self.piece(block);
        if self.nodes.get(block).is_some_and(|node| node.forgiven > 0)
            && (kind.member(next).is_some() || next == "}")
        {
            self.edit(block, |node| node.forgiven -= 1);
            self.at += 1;
            return;
        }
        // A block that nothing opened takes a brace only when there are too many.
        while self.stack.len() > 1 && self.nodes.get(self.block()).is_some_and(|node| node.open.is_none()) {
            self.stack.pop();
            if self.deficit > 0 {
                self.deficit -= 1;
                self.at += 1;
                return;
            }
        }
        if self.stack.len() <= 1 {
            let span = self.lexed.span(self.at);
            self.faults.push(Diagnostic::error(codes::UNOPENED, "this `}` closes nothing").at(span).fix(
                span,
                "",
                "remove the `}`",
            ));
            self.at += 1;
            return;
        }
        if self.by_indent {
            let mut open = Vec::new();
            while self.stack.len() > 2 && self.closes_outer() {
                open.extend(self.stack.pop());
            }
            self.left_open(&open, self.at);
        }
        let block = self.block();
        let at = self.at;
        self.edit(block, |node| node.close = Some(at));
        self.stack.pop();
        self.at += 1;
    }

    /// The brace at hand starts its line, further left than the innermost block does.
    fn closes_outer(&self) -> bool {
        let Some(token) = self.lexed.token(self.at) else { return false };
        let head = self.nodes.get(self.block()).map_or(0, |node| node.head.start);
        let Some(start) = self.lexed.token(head) else { return false };
        token.line_first && start.line_first && self.column(token.start) < self.column(start.start)
    }

    fn column(&self, byte: usize) -> usize {
        let before = self.lexed.text.get(..byte).unwrap_or("");
        before.len() - before.rfind('\n').map_or(0, |at| at + 1)
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

    /// Opens the block that a word belongs in, though nothing says so.
    fn headless(&mut self, word: &str) {
        let Some(home) = told_home(word) else { return };
        let id = self.add(home, self.at..self.at);
        self.edit(id, |node| node.reported = true);
        self.stack.push(id);
    }

    /// The kind of block that a word belongs in, where no such block is near.
    fn home(&self, at: usize) -> Option<Piece> {
        let word = self.lexed.word(at);
        let own = self.piece(self.block());
        told_home(word).filter(|piece| *piece != own)
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

    /// The blocks closed last, outermost first, down to the one of which the word starts a member; none when there is no such block.
    fn closed_home(&self, word: &str) -> Vec<NodeId> {
        let mut path = Vec::new();
        let mut id = self.block();
        while let Some(last) = self.last_block(id) {
            path.push(last);
            if self.piece(last).member(word).is_some() {
                return path;
            }
            id = last;
        }
        Vec::new()
    }

    /// The last member that is more than a stray token, when it is a block.
    fn last_block(&self, id: NodeId) -> Option<NodeId> {
        let known = |child: &&NodeId| self.piece(**child) != Piece::Unknown;
        let last = self.nodes.get(id)?.children.iter().rfind(known).copied()?;
        self.piece(last).has_block().then_some(last)
    }
}

/// The block that a word leads to wherever it is met.
fn told_home(word: &str) -> Option<Piece> {
    Piece::BLOCKS
        .into_iter()
        .filter(|piece| piece.is_told_by_members())
        .find(|piece| piece.member(word).is_some())
}
