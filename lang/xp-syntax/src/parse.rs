//! Pieces to a tree: each is read on its own, what is not understood is reported and left out.

use std::ops::Range;

use pest::Parser;
use pest::iterators::Pair;
use xp_diagnostics::{Diagnostic, Severity, SourceId, Span, codes};

use crate::ast::{Action, Clause, ClauseKind, Connector, Doc, File, Step, Workflow};
use crate::build::{self, Cx};
use crate::fault::{self, Slice};
use crate::grammar::{Grammar, Rule};
use crate::lexer::{Kind, Lexed, lex};
use crate::parsed::{MAX_BYTES, MAX_DEPTH, Parsed};
use crate::split::{Node, NodeId, Split, split};
use crate::words::Piece;

/// Everything there is about a text; the formatter wants more than the tree.
pub(crate) struct Read<'t> {
    pub lexed: Lexed<'t>,
    pub split: Split,
    pub parsed: Parsed,
}

pub(crate) fn read(source: SourceId, text: &str) -> Read<'_> {
    if text.len() > MAX_BYTES {
        let lexed = lex(source, "");
        let split = split(&lexed);
        let fault = Diagnostic::error(codes::FILE_TOO_LARGE, format!("the file has {} bytes", text.len()))
            .in_file(source)
            .help(format!("at most {MAX_BYTES} bytes are read"));
        let tree = File {
            uses: Vec::new(),
            connectors: Vec::new(),
            workflows: Vec::new(),
            damaged: true,
            span: Span::new(source, 0, 0),
        };
        return Read { lexed, split, parsed: Parsed { tree, diagnostics: vec![fault] } };
    }
    let mut lexed = lex(source, text);
    let mut split = split(&lexed);
    let mut diagnostics = std::mem::take(&mut lexed.faults);
    let broken_braces = !split.faults.is_empty();
    diagnostics.append(&mut split.faults);
    let mut parser =
        FileParser { lexed: &lexed, split: &split, diagnostics, damaged: broken_braces || lexed.torn };
    let tree = parser.file();
    let mut diagnostics = parser.diagnostics;
    // A warning about what is in it does not make it declare anything.
    let faulty = diagnostics.iter().any(|told| told.severity == Severity::Error);
    if !faulty && !tree.damaged && tree.workflows.is_empty() && tree.connectors.is_empty() {
        let message = match (lexed.tokens.is_empty(), lexed.comments.is_empty()) {
            (true, true) => "the file is empty",
            (true, false) => "the file holds only comments",
            (false, _) => "the file uses others and declares nothing",
        };
        diagnostics.push(
            Diagnostic::error(codes::EMPTY_FILE, message)
                .in_file(source)
                .help("declare a workflow: `workflow name { … }`"),
        );
    }
    diagnostics.sort_by_key(Diagnostic::sort_key);
    Read { lexed, split, parsed: Parsed { tree, diagnostics } }
}

struct FileParser<'a, 't> {
    lexed: &'a Lexed<'t>,
    split: &'a Split,
    diagnostics: Vec<Diagnostic>,
    /// Braces do not add up: members may stand in the wrong block.
    damaged: bool,
}

type Builder<T> = fn(&mut Cx<'_, '_>, Pair<'_, Rule>) -> Option<T>;

impl FileParser<'_, '_> {
    fn file(&mut self) -> File {
        let mut file = File {
            uses: Vec::new(),
            connectors: Vec::new(),
            workflows: Vec::new(),
            damaged: self.damaged,
            span: Span::new(self.lexed.source, 0, self.lexed.text.len()),
        };
        for id in self.children(0) {
            let Some(node) = self.split.node(id) else { continue };
            let known = match node.piece {
                Piece::Use => keep(&mut file.uses, self.piece(node, build::use_line)),
                Piece::Connector => keep(&mut file.connectors, self.connector(node)),
                Piece::Workflow => keep(&mut file.workflows, self.workflow(node)),
                _ => self.unknown(Piece::File, node),
            };
            file.damaged |= !known;
        }
        if !self.lexed.tokens.is_empty() && !self.lexed.torn {
            self.dangling_docs();
        }
        file
    }

    fn connector(&mut self, node: &Node) -> Option<Connector> {
        let name = self.piece(node, build::connector);
        let (mut resources, mut types, mut actions) = (Vec::new(), Vec::new(), Vec::new());
        let mut damaged = self.damaged;
        for id in &node.children {
            let Some(member) = self.split.node(*id) else { continue };
            let known = match member.piece {
                Piece::Resource => {
                    let doc = self.doc(member);
                    let decl =
                        self.piece(member, build::resource).map(|decl| crate::ast::Resource { doc, ..decl });
                    keep(&mut resources, decl)
                }
                Piece::Type => {
                    let doc = self.doc(member);
                    let decl =
                        self.piece(member, build::type_decl).map(|decl| crate::ast::TypeDecl { doc, ..decl });
                    keep(&mut types, decl)
                }
                Piece::Action => keep(&mut actions, self.action(member)),
                _ => self.unknown(Piece::Connector, member),
            };
            damaged |= !known;
        }
        Some(Connector {
            doc: self.doc(node),
            name: name?,
            resources,
            types,
            actions,
            damaged,
            span: self.whole(node),
        })
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let head = self.piece(node, build::action);
        let (mut clauses, mut damaged) = (Vec::<Clause>::new(), self.damaged);
        for id in &node.children {
            let Some(member) = self.split.node(*id) else { continue };
            let known = match member.piece {
                Piece::Clause => {
                    let clause = self.piece(member, build::clause);
                    if let Some(clause) = &clause {
                        self.repeated_clause(&clauses, clause);
                    }
                    keep(&mut clauses, clause)
                }
                _ => self.unknown(Piece::Action, member),
            };
            damaged |= !known;
        }
        let head = head?;
        Some(Action {
            doc: self.doc(node),
            name: head.name,
            params: head.params,
            result: head.result,
            clauses,
            damaged,
            span: self.whole(node),
        })
    }

    fn repeated_clause(&mut self, before: &[Clause], clause: &Clause) {
        // Each of these says something of its own.
        if matches!(
            clause.kind,
            ClauseKind::Makes(_)
                | ClauseKind::Expects(..)
                | ClauseKind::Version(..)
                | ClauseKind::About(..)
                | ClauseKind::From(..)
                | ClauseKind::Is(..)
                | ClauseKind::Http(_)
                | ClauseKind::Mcp(_)
        ) {
            return;
        }
        let same = |other: &&Clause| {
            std::mem::discriminant::<ClauseKind>(&other.kind) == std::mem::discriminant(&clause.kind)
        };
        if let Some(first) = before.iter().find(same) {
            let word =
                self.lexed.text.get(clause.span.range()).and_then(|text| text.split_whitespace().next());
            self.diagnostics.push(
                Diagnostic::error(
                    codes::REPEATED_CLAUSE,
                    format!("`{}` is given twice", word.unwrap_or("it")),
                )
                .at(clause.span)
                .label(first.span, "first here")
                .help("name everything in one clause, with commas"),
            );
        }
    }

    fn workflow(&mut self, node: &Node) -> Option<Workflow> {
        let head = self.piece(node, build::workflow);
        let (mut roles, mut separations) = (Vec::new(), Vec::new());
        let (mut assumptions, mut leases) = (Vec::new(), Vec::new());
        let (mut secrets, mut allowances) = (Vec::new(), Vec::new());
        let (mut steps, mut proves) = (Vec::new(), Vec::new());
        let mut finish: Option<crate::ast::Finish> = None;
        let mut damaged = self.damaged;
        for id in &node.children {
            let Some(member) = self.split.node(*id) else { continue };
            let known = match member.piece {
                Piece::Roles => keep(&mut roles, self.piece(member, build::roles)),
                Piece::Separate => keep(&mut separations, self.piece(member, build::separation)),
                Piece::Assume => keep(&mut assumptions, self.piece(member, build::assumption)),
                Piece::Lease => keep(&mut leases, self.piece(member, build::lease)),
                Piece::Secret => keep(&mut secrets, self.piece(member, build::secret)),
                Piece::Allow => keep(&mut allowances, self.piece(member, build::allowance)),
                Piece::Step => keep(&mut steps, self.step(member)),
                Piece::Prove | Piece::Guard => keep(&mut proves, self.piece(member, build::prove)),
                Piece::Finish => match self.piece(member, build::finish) {
                    None => false,
                    Some(second) => {
                        if let Some(first) = &finish {
                            self.diagnostics.push(
                                Diagnostic::error(codes::REPEATED_CLAUSE, "`finish when` is given twice")
                                    .at(second.span)
                                    .label(first.span, "first here")
                                    .help("join the two formulas with `and` or `or`"),
                            );
                        } else {
                            finish = Some(second);
                        }
                        true
                    }
                },
                _ => self.unknown(Piece::Workflow, member),
            };
            damaged |= !known;
        }
        let head = head?;
        Some(Workflow {
            doc: self.doc(node),
            name: head.name,
            params: head.params,
            roles,
            separations,
            assumptions,
            leases,
            secrets,
            allowances,
            steps,
            proves,
            finish,
            damaged,
            span: self.whole(node),
        })
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let head = self.piece(node, build::step);
        let (mut grants, mut submissions, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
        let mut within: Option<crate::ast::Within> = None;
        let mut damaged = self.damaged;
        for id in &node.children {
            let Some(member) = self.split.node(*id) else { continue };
            let known = match member.piece {
                Piece::Grant => keep(&mut grants, self.piece(member, build::grant)),
                Piece::Submit => keep(&mut submissions, self.piece(member, build::submission)),
                Piece::Outcome => keep(&mut outcomes, self.piece(member, build::outcome)),
                Piece::Within => {
                    let read = self.piece(member, build::within);
                    if let (Some(first), Some(second)) = (&within, &read) {
                        self.diagnostics.push(
                            Diagnostic::error(codes::REPEATED_CLAUSE, "a time limit is given twice")
                                .at(second.span)
                                .label(first.span, "first here")
                                .help("leave the one that is meant"),
                        );
                    }
                    let known = read.is_some();
                    within = within.or(read);
                    known
                }
                _ => self.unknown(Piece::Step, member),
            };
            damaged |= !known;
        }
        let head = head?;
        Some(Step {
            doc: self.doc(node),
            name: head.name,
            role: head.role,
            declares_role: head.declares_role,
            after: head.after,
            when: head.when,
            grants,
            submissions,
            outcomes,
            within,
            damaged,
            head: self.tokens_span(&node.head),
            span: self.whole(node),
        })
    }

    /// Reads the head of a node.
    fn piece<T>(&mut self, node: &Node, build: Builder<T>) -> Option<T> {
        let lexed = self.lexed;
        let rule = node.piece.rule()?;
        let tokens = lexed.tokens.get(node.head.clone())?;
        // A broken token is reported already; whatever else is wrong here may come from it.
        if tokens.iter().any(|token| token.kind == Kind::Bad) || self.too_deep(&node.head) {
            return None;
        }
        let (first, last) = (tokens.first()?, tokens.last()?);
        let text = lexed.text.get(first.start..last.end)?;
        match Grammar::parse(rule, text) {
            Ok(mut pairs) => {
                let before = self.diagnostics.len();
                let mut cx = Cx { lexed, tokens, base: first.start, faults: &mut self.diagnostics };
                let built = build(&mut cx, pairs.next()?);
                if built.is_none() && self.diagnostics.len() == before {
                    let span = self.tokens_span(&node.head);
                    self.diagnostics
                        .push(Diagnostic::error(codes::UNEXPECTED, "this cannot be read").at(span));
                }
                self.diagnostics.extend(node.missing.clone());
                built
            }
            Err(error) => {
                // The head of a block that was only guessed, or a misplaced member, is reported already.
                if !node.reported || (node.piece.has_block() && self.starts_right(node)) {
                    let (piece, tokens, base) = (node.piece, node.head.clone(), first.start);
                    let slice = Slice { lexed, piece, rule, tokens, base, text };
                    let fault = fault::explain(&slice, &error);
                    self.diagnostics.push(fault);
                }
                None
            }
        }
    }

    fn starts_right(&self, node: &Node) -> bool {
        let word = self.lexed.word(node.head.start);
        node.piece.parent().and_then(|parent| parent.member(word)) == Some(node.piece)
    }

    /// Brackets, or types in types, deeper than the bound.
    fn too_deep(&mut self, tokens: &Range<usize>) -> bool {
        let (mut depth, mut chain) = (0usize, 0usize);
        for at in tokens.clone() {
            match self.lexed.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "of" => chain += 1,
                "list" | "set" => {}
                _ => chain = 0,
            }
            if depth > MAX_DEPTH || chain > MAX_DEPTH {
                self.diagnostics.push(
                    Diagnostic::error(codes::TOO_DEEP, format!("nested more than {MAX_DEPTH} deep"))
                        .at(self.lexed.span(at))
                        .help("take some brackets away, or name a part of it"),
                );
                return true;
            }
        }
        false
    }

    /// Reports something that starts nothing; never known.
    fn unknown(&mut self, block: Piece, node: &Node) -> bool {
        let broken = node.head.clone().any(|at| self.lexed.kind(at) == Some(Kind::Bad));
        if !broken {
            self.diagnostics.push(fault::unknown(self.lexed, block, &node.head));
        }
        false
    }

    fn children(&self, id: NodeId) -> Vec<NodeId> {
        self.split.node(id).map(|node| node.children.clone()).unwrap_or_default()
    }

    fn tokens_span(&self, tokens: &Range<usize>) -> Span {
        self.lexed.span(tokens.start).to(self.lexed.span(tokens.end.saturating_sub(1)))
    }

    /// From its first token to its closing brace.
    fn whole(&self, node: &Node) -> Span {
        let mut span = self.tokens_span(&node.head);
        let mut id = node.children.last().copied();
        while let Some(child) = id.and_then(|id| self.split.node(id)) {
            span = span.to(self.tokens_span(&child.head));
            if let Some(close) = child.close {
                span = span.to(self.lexed.span(close));
            }
            id = child.children.last().copied();
        }
        node.close.map_or(span, |close| span.to(self.lexed.span(close)))
    }

    /// The doc comment right before a node.
    fn doc(&self, node: &Node) -> Option<Doc> {
        let comments = &self.lexed.comments;
        let first = comments.partition_point(|comment| comment.before < node.head.start);
        let docs: Vec<_> = comments
            .get(first..)?
            .iter()
            .take_while(|comment| comment.before == node.head.start)
            .filter(|comment| comment.doc && comment.own_line)
            .collect();
        let (start, end) = (docs.first()?.start, docs.last()?.end);
        let lines: Vec<&str> = docs
            .iter()
            .map(|doc| {
                let body = self.lexed.text.get(doc.start + 3..doc.end).unwrap_or("");
                body.strip_prefix(' ').unwrap_or(body)
            })
            .collect();
        Some(Doc { text: lines.join("\n"), span: Span::new(self.lexed.source, start, end) })
    }

    /// Warns of doc comments that stand before nothing that can have one.
    fn dangling_docs(&mut self) {
        let mut homes: Vec<usize> = self
            .split
            .nodes
            .iter()
            .filter(|node| {
                node.piece.has_block() || matches!(node.piece, Piece::Type | Piece::Resource | Piece::Unknown)
            })
            .map(|node| node.head.start)
            .collect();
        homes.sort_unstable();
        let mut last = None;
        for comment in self.lexed.comments.iter().filter(|comment| comment.doc) {
            let home = comment.own_line
                && homes.binary_search(&comment.before).is_ok()
                && comment.before < self.lexed.tokens.len();
            if !home && last != Some(comment.before) {
                last = Some(comment.before);
                let span = Span::new(self.lexed.source, comment.start, comment.end);
                let marker = Span::new(self.lexed.source, comment.start, comment.start + 3);
                self.diagnostics.push(
                    Diagnostic::warning(codes::DANGLING_DOC, "this doc comment documents nothing")
                        .at(span)
                        .help("`///` stands before a connector, type, action, workflow or step; other comments start with `//`")
                        .fix(marker, "//", "make it a plain comment"),
                );
            }
        }
    }
}

/// Adds what was understood; false when nothing was.
fn keep<T>(list: &mut Vec<T>, built: Option<T>) -> bool {
    match built {
        Some(built) => {
            list.push(built);
            true
        }
        None => false,
    }
}
