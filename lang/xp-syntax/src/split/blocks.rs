//! Blocks that braces and words disagree about: left open, closed too early, without a head.

use xp_diagnostics::{Diagnostic, codes};

use super::{NodeId, Splitter};
use crate::words::Piece;

impl Splitter<'_, '_> {
    /// Where a member ends that belongs to a block further out, and was put into this one by mistake: all braces have
    /// their partners, it stands further in than its block, and the block goes on behind it.
    pub(super) fn misplaced(&self, word: &str) -> Option<usize> {
        let block = self.block();
        let node = self.nodes.get(block)?;
        let piece = self.stack.iter().rev().find_map(|id| self.piece(*id).member(word))?;
        let (here, head) = (self.lexed.token(self.at)?, self.lexed.token(node.head.start)?);
        let balanced = self.surplus == 0 && self.deficit == 0 && self.closing.contains_key(&node.open?);
        let inside = here.line_first && head.line_first && self.column(here.start) > self.column(head.start);
        if piece.has_block() || self.by_indent || !balanced || !inside {
            return None;
        }
        let (end, _) = self.piece_end(piece, self.at);
        let next = self.lexed.word(end);
        (next == "}" || self.piece(block).member(next).is_some()).then_some(end)
    }

    /// A word that starts a member of another block: go there. False when there is no such block.
    pub(super) fn moves(&mut self, word: &str) -> bool {
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
    pub(super) fn title(&self, id: NodeId) -> String {
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

    pub(super) fn end_of_file(&mut self) {
        self.ended_open = self.stack.len() > 1;
        let swallowed = self.swallowed.1.min(self.stack.len() - 1);
        self.stack.truncate(self.stack.len() - swallowed);
        let open: Vec<NodeId> = self.stack.drain(1..).rev().collect();
        self.left_open(&open, self.lexed.tokens.len());
    }

    pub(super) fn closing_brace(&mut self) {
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

    /// The blocks closed last, outermost first, down to the one of which the word starts a member; none when there is no such block.
    pub(super) fn closed_home(&self, word: &str) -> Vec<NodeId> {
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

    /// Opens the block that a word belongs in, though nothing says so.
    pub(super) fn headless(&mut self, word: &str) {
        let Some(home) = told_home(word) else { return };
        let id = self.add(home, self.at..self.at);
        self.edit(id, |node| node.reported = true);
        self.stack.push(id);
    }

    /// The kind of block that a word belongs in, where no such block is near.
    pub(super) fn home(&self, at: usize) -> Option<Piece> {
        let word = self.lexed.word(at);
        let own = self.piece(self.block());
        told_home(word).filter(|piece| *piece != own)
    }
}

/// The block that a word leads to wherever it is met.
pub(super) fn told_home(word: &str) -> Option<Piece> {
    Piece::BLOCKS
        .into_iter()
        .filter(|piece| piece.is_told_by_members())
        .find(|piece| piece.member(word).is_some())
}
