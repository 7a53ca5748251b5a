//! Package metadata from cargo: the workspace's members and their resolved dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A package. Members of the workspace have a folder.
#[derive(Debug, Clone, Default)]
pub struct Package {
    pub name: String,
    /// Folder from the root, separated by `/`; `None` for a package outside the workspace.
    pub folder: Option<String>,
    pub licence: Option<String>,
    pub may_be_published: bool,
    /// Names of direct dependencies, except dev-dependencies.
    pub direct: Vec<String>,
    /// Those that are optional.
    pub optional: Vec<String>,
    /// The features requested of them, as `package/feature`.
    pub features: Vec<String>,
    /// Resolved dependencies, as keys of packages.
    pub linked: Vec<String>,
}

impl Package {
    /// The top-level folder of a member: `lang`, `compiler`, …
    pub fn room(&self) -> Option<&str> {
        self.folder.as_deref().map(|folder| folder.split('/').next().unwrap_or(folder))
    }
}

/// All packages by a unique key (two versions of a crate are two packages).
#[derive(Debug, Clone, Default)]
pub struct Packages {
    all: BTreeMap<String, Package>,
}

impl Packages {
    pub fn all(&self) -> impl Iterator<Item = &Package> {
        self.all.values()
    }

    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.all().filter(|package| package.folder.is_some())
    }

    /// All packages that a package links, directly or indirectly, without itself.
    pub fn reached_from(&self, name: &str) -> Vec<&Package> {
        let start = self.all.iter().filter(|(_, package)| package.name == name && package.folder.is_some());
        let mut open: Vec<&str> = start.map(|(key, _)| key.as_str()).collect();
        let mut seen: BTreeSet<&str> = open.iter().copied().collect();
        while let Some(key) = open.pop() {
            for next in self.all.get(key).into_iter().flat_map(|package| &package.linked) {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen.into_iter().filter_map(|key| self.all.get(key)).filter(|package| package.name != name).collect()
    }

    /// The packages that link a package of this name.
    pub fn users_of(&self, name: &str) -> Vec<&Package> {
        let is_it = |key: &String| self.all.get(key).is_some_and(|package| package.name == name);
        self.all().filter(|package| package.linked.iter().any(is_it)).collect()
    }

    /// Synthetic packages for testing a check: `(name, folder or "", dependencies)`.
    pub fn made(packages: &[(&str, &str, &[&str])]) -> Self {
        let mut all = BTreeMap::new();
        for (name, folder, linked) in packages {
            let linked: Vec<String> = linked.iter().map(|&name| name.to_owned()).collect();
            let package = Package {
                name: (*name).to_owned(),
                folder: (!folder.is_empty()).then(|| (*folder).to_owned()),
                licence: Some("Apache-2.0".to_owned()),
                may_be_published: false,
                direct: linked.clone(),
                optional: Vec::new(),
                features: Vec::new(),
                linked,
            };
            all.insert((*name).to_owned(), package);
        }
        Self { all }
    }

    /// Synthetic packages with one of them changed.
    pub fn with(mut self, name: &str, change: impl FnOnce(&mut Package)) -> Self {
        change(self.all.get_mut(name).expect("a made package"));
        self
    }
}

/// The packages of this workspace, read once.
pub fn all() -> &'static Packages {
    static PACKAGES: OnceLock<Packages> = OnceLock::new();
    PACKAGES.get_or_init(read)
}

/// Restricts metadata to this platform, since the packages of others need not have been fetched.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc says its host");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

fn read() -> Packages {
    let root = xp_tests::root();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), host()])
        .exec()
        .expect("cargo metadata");
    let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let mut all = BTreeMap::new();
    for package in &metadata.packages {
        let folder = members.contains(&package.id).then(|| {
            let manifest =
                package.manifest_path.strip_prefix(&metadata.workspace_root).expect("a member lies inside");
            manifest.parent().expect("a manifest has a folder").as_str().to_owned()
        });
        let asked = package.dependencies.iter().filter(|needed| needed.kind != DependencyKind::Development);
        let direct: Vec<_> = asked.collect();
        let features = direct.iter().flat_map(|needed| {
            needed.features.iter().map(move |feature| format!("{}/{feature}", needed.name))
        });
        let made = Package {
            name: package.name.to_string(),
            folder,
            licence: package.license.clone(),
            may_be_published: package.publish.as_ref().is_none_or(|registries| !registries.is_empty()),
            optional: direct
                .iter()
                .filter(|needed| needed.optional)
                .map(|needed| needed.name.clone())
                .collect(),
            features: features.collect(),
            direct: direct.iter().map(|needed| needed.name.clone()).collect(),
            linked: Vec::new(),
        };
        all.insert(package.id.repr.clone(), made);
    }
    for node in metadata.resolve.expect("cargo metadata resolves").nodes {
        let linked = node
            .deps
            .iter()
            .filter(|needed| needed.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        let linked: Vec<String> = linked.map(|needed| needed.pkg.repr.clone()).collect();
        all.get_mut(&node.id.repr).expect("a node is a package").linked = linked;
    }
    Packages { all }
}
