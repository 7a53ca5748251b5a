//! Files that somebody obeys because of their name.
//!
//! A wildcard is written with ordinary sources in mind. Some files are picked up by name alone, by a build server, a build
//! tool, a package manager, a test runner, a host or another agent, and then run or steer what runs; who may write one
//! of them controls more than its folder. So no wildcard matches them: a pattern that is to match one says its name.
//!
//! What is on the list: names that are *run or obeyed without any other file naming them*. What is not: scripts and
//! sources that run because something names them (`deploy.sh`, `src/main.rs`), formats without a fixed name (`*.tf`), and
//! files that only style or describe (`tsconfig.json`, `rustfmt.toml`). Dotfiles need no entry, the rule about them covers
//! `.github`, `.gitlab-ci.yml`, `.npmrc`, `.husky` and their kin. Names are compared casefolded, since some file systems
//! do. Only the last segment counts: a folder called `build` is no Bazel file.

use crate::chars::fold;

/// Build servers and hosts: a push is enough to have them run.
const SERVERS: &[&str] = &[
    "jenkinsfile*",
    "*.jenkinsfile",
    "azure-pipelines*",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    "circle.yml",
    "cloudbuild*",
    "buildspec*",
    "codefresh.yml",
    "wercker.yml",
    "shippable.yml",
    "screwdriver.yaml",
    "earthfile",
    "dagger.json",
    "action.yml",
    "action.yaml",
    "appspec.y*ml",
    "amplify.yml",
    "app.yaml",
    "app.json",
    "fly.toml",
    "firebase.json",
    "heroku.yml",
    "netlify.toml",
    "now.json",
    "procfile*",
    "railway.*",
    "render.yaml",
    "serverless.y*ml",
    "skaffold.yaml",
    "vercel.json",
    "wrangler.*",
    "sonar-project.properties",
];

/// Build tools: run by whoever builds.
const BUILDS: &[&str] = &[
    "makefile*",
    "gnumakefile",
    "bsdmakefile",
    "*.mk",
    "*.mak",
    "kbuild",
    "cmakelists.txt",
    "cmakepresets.json",
    "cmakeuserpresets.json",
    "*.cmake",
    "meson.build",
    "meson_options.txt",
    "meson.options",
    "build.ninja",
    "sconstruct",
    "sconscript",
    "wscript",
    "configure",
    "configure.ac",
    "configure.in",
    "autogen.sh",
    "*.m4",
    "justfile",
    "*.just",
    "taskfile*",
    "rakefile*",
    "*.rake",
    "thorfile",
    "jakefile*",
    "gulpfile*",
    "gruntfile*",
    "fabfile.py",
    "tasks.py",
    "dodo.py",
    "snakefile",
    "magefile.go",
    "build",
    "build.bazel",
    "workspace",
    "workspace.bazel",
    "module.bazel*",
    "*.bzl",
    "buck",
    "buck2",
    "*.nix",
    "flake.lock",
    "build.rs",
    "build.zig*",
    "build.gradle*",
    "settings.gradle*",
    "gradle.properties",
    "gradle-wrapper.*",
    "*.gradle",
    "*.gradle.kts",
    "gradlew*",
    "mvnw*",
    "pom.xml",
    "build.xml",
    "ivy.xml",
    "*.sbt",
    "build.sc",
    "build.mill",
    "*.csproj",
    "*.fsproj",
    "*.vbproj",
    "*.vcxproj",
    "*.proj",
    "*.props",
    "*.targets",
    "*.sln",
    "*.slnx",
    "global.json",
    "nuget.config",
    "build.cake",
    "dockerfile*",
    "*.dockerfile",
    "containerfile*",
    "docker-compose*",
    "docker-bake.*",
    "compose.y*ml",
    "compose.*.y*ml",
    "vagrantfile",
    "fastfile",
    "appfile",
    "dangerfile*",
];

/// Package managers: install hooks, and which strangers' code is fetched.
const PACKAGES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "bun.lock*",
    "bunfig.toml",
    "deno.json*",
    "deno.lock",
    "lerna.json",
    "nx.json",
    "rush.json",
    "turbo.json",
    "cargo.toml",
    "cargo.lock",
    "rust-toolchain*",
    "go.mod",
    "go.sum",
    "go.work*",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "requirements*.txt",
    "constraints*.txt",
    "pipfile*",
    "poetry.lock",
    "pdm.lock",
    "uv.lock",
    "uv.toml",
    "environment.y*ml",
    "gemfile*",
    "gems.rb",
    "gems.locked",
    "*.gemspec",
    "composer.json",
    "composer.lock",
    "mix.exs",
    "mix.lock",
    "rebar.config*",
    "rebar.lock",
    "stack.yaml*",
    "*.cabal",
    "cabal.project*",
    "setup.hs",
    "project.clj",
    "deps.edn",
    "build.boot",
    "package.swift",
    "package.resolved",
    "podfile*",
    "*.podspec",
    "cartfile*",
    "pubspec.yaml",
    "pubspec.lock",
    "brewfile*",
    "conanfile.*",
    "vcpkg.json",
];

/// Test runners and interpreters: loaded before the code under test, so they decide what `passed` means.
const RUNNERS: &[&str] = &[
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "*.pth",
    "pytest.ini",
    "tox.ini",
    "noxfile.py",
    "*.config.js",
    "*.config.cjs",
    "*.config.mjs",
    "*.config.ts",
    "*.config.cts",
    "*.config.mts",
    "*.config.json",
    "karma.conf.*",
    "phpunit.xml*",
    "testng.xml",
];

/// Who must review, what bots do by themselves, and what other agents take for instructions.
const STEERING: &[&str] = &[
    "codeowners",
    "owners",
    "owners_aliases",
    "renovate.json*",
    "agents*.md",
    "claude*.md",
    "gemini.md",
    "copilot-instructions.md",
    "skill.md",
];

/// The whole list, one name or glob (`*` alone) after the other, casefolded.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    [SERVERS, BUILDS, PACKAGES, RUNNERS, STEERING].into_iter().flatten().copied()
}

/// Whether a file of this name controls a build, a server, a test run, a review or an agent.
#[must_use]
pub fn is_control_file(name: &str) -> bool {
    let folded = fold(name);
    names().any(|glob| matches(glob, &folded))
}

/// A name against a glob that has `*` alone.
fn matches(glob: &str, name: &str) -> bool {
    let Some((head, rest)) = glob.split_once('*') else { return glob == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return name.ends_with(part);
        }
        match name.split_once(part) {
            Some((_, after)) => name = after,
            None => return false,
        }
    }
    true
}
