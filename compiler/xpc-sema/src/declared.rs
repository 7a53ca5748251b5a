//! The connectors that a file declares, as files of their own.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Action, Record};
use xp_artifact::{CONNECTOR_FORMAT, ConnectorFile};
use xp_scope::thing::{Kind, Kinds};
use xp_syntax::ast;

use crate::connector::Connectors;

/// Those without faults, in source order.
pub fn files(file: &ast::File, connectors: &Connectors) -> Vec<ConnectorFile> {
    let own = file.connectors.iter().filter_map(|declared| connectors.loaded.get(&declared.name.text));
    let mut kinds: Vec<Kind> =
        connectors.loaded.values().flat_map(|loaded| loaded.kinds.iter().cloned()).collect();
    kinds.sort_by(|one, other| one.name.cmp(&other.name));
    let kinds = Kinds::new(kinds).unwrap_or_default();
    let records: Vec<Record> = connectors.records.values().cloned().collect();
    own.filter_map(|connector| {
        let actions: Vec<Action> =
            connector.actions.values().map(|action| action.lowered.clone()).collect::<Option<_>>()?;
        let named = actions.iter().flat_map(|action| action.clauses.kinds());
        let used = xp_artifact::enclosing(named, &kinds).into_iter().cloned().collect();
        let records: BTreeMap<&str, &Record> = actions
            .iter()
            .flat_map(|action| xp_artifact::records_of(action, &records))
            .map(|record| (record.name.as_str(), record))
            .collect();
        Some(ConnectorFile {
            connector_format: CONNECTOR_FORMAT,
            name: connector.name.clone(),
            records: records.into_values().cloned().collect(),
            kinds: Kinds::new(used).ok()?,
            actions,
        })
    })
    .collect()
}
