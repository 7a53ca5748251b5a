//! What is said of a thing that is wrong, and how it can be written.

use xp_artifact::declaration::LevelExpr;
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::thing::Kind;
use xp_syntax::ast;

use super::Scope;
use crate::kinds::{self, short};
use crate::problems::Problems;

/// How many levels, and how many ways to write a thing, a cure shows.
const MAX_SHOWN: usize = 4;

impl Scope<'_> {
    /// The fault with the thing as it could be written.
    pub(super) fn cured(&self, one: &ast::OneThing, fault: Diagnostic) -> Diagnostic {
        let kind = kinds::find(self.connectors, self.connector, self.kinds, &one.kind, &mut Problems::new());
        match kind {
            Some(kind) => fault.help(format!("write `{}`", self.forms(kind, MAX_SHOWN).join("` or `"))),
            None => fault,
        }
    }

    /// `File(Branch(name), path)`: how things of a kind are written, with the names of the parts of their keys.
    fn forms(&self, kind: &Kind, deep: usize) -> Vec<String> {
        let own = kind.key.iter().map(|part| part.name.as_str()).collect::<Vec<_>>().join(", ");
        let name = short(&kind.name);
        let parents = kind.parents.iter().filter_map(|parent| self.kind_named(parent));
        let mut outer =
            parents.filter(|_| deep > 0).flat_map(|parent| self.forms(parent, deep - 1)).peekable();
        if outer.peek().is_none() {
            return vec![format!("{name}({own})")];
        }
        outer.take(MAX_SHOWN).map(|outer| format!("{name}({outer}, {own})")).collect()
    }

    pub(super) fn outer_forms(&self, kind: &Kind) -> Vec<String> {
        let parents = kind.parents.iter().filter_map(|parent| self.kind_named(parent));
        parents.flat_map(|parent| self.forms(parent, MAX_SHOWN)).take(MAX_SHOWN).collect()
    }
}

pub(super) fn wrong(span: Span, kind: &Kind, message: String) -> Diagnostic {
    let parts: Vec<String> = kind.key.iter().map(|part| format!("{}: {}", part.name, part.ty)).collect();
    let inside = match kind.parents.as_slice() {
        [] => String::new(),
        parents => format!(" in {}", parents.iter().map(|name| short(name)).collect::<Vec<_>>().join(" | ")),
    };
    Diagnostic::error(codes::BAD_THING, message).at(span).because(format!(
        "the declaration is `resource {}{inside} {{ {} }}`",
        short(&kind.name),
        parts.join(", ")
    ))
}

pub(super) fn encloses_not(span: Span, kind: &Kind, last: Option<&LevelExpr>) -> Diagnostic {
    let name = short(&kind.name);
    let message = match last {
        Some(level) => format!("`{name}` does not lie in `{}`", short(&level.kind)),
        None => format!("what `{name}` lies in is not said"),
    };
    wrong(span, kind, message)
}
