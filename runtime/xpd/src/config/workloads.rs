//! `[[workload]]`: issuers whose tokens are exchanged for sessions of workloads.

use std::path::Path;

use serde::Deserialize;
use xpd_egress::Reach;
use xpd_engine::ConfigError;
use xpd_login::WorkloadSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkloadTable {
    issuer: String,
    audience: String,
    #[serde(default)]
    reach: Vec<String>,
}

pub(super) fn read(tables: Vec<WorkloadTable>, file: &Path) -> Result<Vec<WorkloadSettings>, ConfigError> {
    let wrong = |what: &str| ConfigError::new(file, format!("`workload`: {what}"));
    let mut read: Vec<WorkloadSettings> = Vec::new();
    for WorkloadTable { issuer, audience, reach } in tables {
        let reach = Reach::parse(&reach).map_err(|why| wrong(&format!("`reach`: {why}")))?;
        let made = WorkloadSettings { issuer, audience, reach };
        made.check().map_err(|why| wrong(&why))?;
        if read.iter().any(|other| other.issuer == made.issuer) {
            return Err(wrong(&format!("`issuer`: {} is listed twice", made.issuer)));
        }
        read.push(made);
    }
    Ok(read)
}
