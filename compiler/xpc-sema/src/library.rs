//! The modules that `use` can name.

use std::collections::BTreeMap;
use std::rc::Rc;

use xp_artifact::workflow::{Action, Record};
use xp_diagnostics::{Diagnostic, Sources};
use xp_scope::thing::{Kind, Kinds};

use crate::connector::{Connector, Connectors};
use crate::problems::Problems;
use crate::scope;

/// The modules that `use` can name, read once and good for any number of files.
#[derive(Debug)]
pub struct Library {
    pub(crate) modules: BTreeMap<String, Rc<Connector>>,
    diagnostics: Vec<Diagnostic>,
}

impl Library {
    /// The standard library. Its texts are added to `sources`, so that messages can point into them.
    #[must_use]
    pub fn standard(sources: &mut Sources) -> Self {
        Self::of(xp_stdlib::MODULES.iter().map(|module| (module.name, module.path, module.text)), sources)
    }

    /// Of modules given as name, path and text, each after those it uses. Every module declares one connector.
    #[must_use]
    pub fn of<'t>(
        modules: impl IntoIterator<Item = (&'t str, &'t str, &'t str)>,
        sources: &mut Sources,
    ) -> Self {
        let mut known: BTreeMap<String, Rc<Connector>> = BTreeMap::new();
        let mut problems = Problems::new();
        for (name, path, text) in modules {
            let source = sources.add(path, text);
            let parsed = xp_syntax::parse(source, text);
            for diagnostic in parsed.diagnostics {
                problems.push(diagnostic);
            }
            let connectors = scope::of(&parsed.tree, &known, &mut problems);
            let declared =
                parsed.tree.connectors.first().and_then(|first| connectors.loaded.get(&first.name.text));
            if let Some(connector) = declared {
                known.insert(name.to_owned(), Rc::clone(connector));
            }
        }
        Self { modules: known, diagnostics: problems.finish() }
    }

    /// What is wrong with the library itself; empty for the standard one.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The names of the modules, sorted.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The modules whose connectors are loaded.
    pub(crate) fn modules_of(&self, connectors: &Connectors) -> Vec<String> {
        let loaded = |connector: &Rc<Connector>| {
            connectors.loaded.get(&connector.name).is_some_and(|found| Rc::ptr_eq(found, connector))
        };
        self.modules.iter().filter(|(_, connector)| loaded(connector)).map(|(name, _)| name.clone()).collect()
    }

    /// Every action declared, as an artifact would carry it, sorted by qualified name.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.modules
            .values()
            .flat_map(|module| module.actions.values().filter_map(|action| action.lowered.as_ref()))
    }

    /// Every kind of thing declared, sorted by name.
    #[must_use]
    pub fn kinds(&self) -> Kinds {
        let mut kinds: Vec<Kind> =
            self.modules.values().flat_map(|module| module.kinds.iter().cloned()).collect();
        kinds.sort_by(|a, b| a.name.cmp(&b.name));
        Kinds::new(kinds).unwrap_or_default()
    }

    /// Every record declared, sorted by module.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.modules.values().flat_map(|module| module.records.iter())
    }
}
