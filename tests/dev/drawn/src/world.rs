//! The connectors of random workflows.

/// The connector declarations that the workflows use.
pub const WORLD: &str = r#"connector world {
  resource Repo { name: text exact }
  resource Branch in Repo { name: branch exact }
  resource File in Branch { path: path exact }
  resource Commit { id: commit exact } immutable
  resource Pull in Repo { number: int }
  resource Place { name: text exact }
  type Written { commit: commit }
  type Tested { passed: bool, clean: bool, commit: commit }
  type Seen { head: commit }
  type Said { id: int }
  type Bill {
    id: int, total: decimal(2) EUR, due: time, grace: duration, page: url, tags: set of text, note: optional text
  }
  type Settled { id: int, moved: bool }
  type Rated { passed: bool, clean: bool, version: int }
  action make(name: branch, repo: text = "home") -> branch {
    effect write
    changes nothing
    makes Branch(repo, name) from nothing
    reads nothing
    result is name
    repeat probe
  }
  action write(at: branch, path: path, repo: text = "home") -> Written {
    effect write
    changes File(Branch(repo, at), path)
    reads Branch(repo, at)
    result.commit from Branch(repo, at)
    repeat probe
  }
  action test(commit: commit, network: none = none) -> Tested {
    effect execute
    attests
    changes nothing
    reads Commit(commit)
    about Commit(commit)
    result.commit is commit
    repeat idempotent
  }
  action check(at: branch, repo: text = "home") -> Tested {
    effect read
    attests
    changes nothing
    reads Branch(repo, at)
    result.passed about Branch(repo, at)
    result.clean about Place(repo)
    result.commit from Branch(repo, at)
    repeat idempotent
  }
  action scan(at: branch, path: path, repo: text = "home") -> Tested {
    effect read
    reveals untrusted
    attests
    changes nothing
    reads File(Branch(repo, at), path)
    result.commit from File(Branch(repo, at), path)
    repeat idempotent
  }
  action inspect(number: int, repo: text = "home") -> Tested {
    effect read
    reveals untrusted
    attests
    changes nothing
    reads Pull(repo, number)
    about Pull(repo, number)
    result.commit from Pull(repo, number)
    repeat idempotent
  }
  action view(number: int, repo: text = "home") -> Said {
    effect read
    reveals untrusted
    changes nothing
    reads Pull(repo, number)
    shows id
    result.id is number
    repeat idempotent
  }
  action rate(number: int, repo: text = "home") -> Rated {
    effect read
    attests
    changes nothing
    reads Pull(repo, number)
    about Pull(repo, number)
    result.version from nothing
    version of Pull(repo, number) is result.version
    repeat idempotent
  }
  action pay(number: int, repo: text = "home") -> Said {
    effect pay
    changes Pull(repo, number)
    reads nothing
    final number
    result.id is number
    repeat probe
  }
  action close(number: int, version: int, repo: text = "home") -> Said {
    effect pay
    changes Pull(repo, number)
    reads nothing
    final number
    expects Pull(repo, number) at version
    result.id is number
    repeat probe
  }
  action settle(number: int, version: int, repo: text = "home") -> Settled {
    effect pay
    changes Pull(repo, number)
    reads nothing
    final number
    expects Pull(repo, number) at version or reports moved
    result.id is number
    repeat probe
  }
  action propose(head: branch, repo: text = "home") -> Said {
    effect discuss
    changes Pull(repo, result.id)
    reads nothing
    result.id from nothing
    repeat probe
  }
  action edit(number: int, repo: text = "home") -> Said {
    effect discuss
    changes Pull(repo, number)
    reads nothing
    result.id is number
    repeat probe
  }
  action bill(
    number: int, total: decimal(2) EUR, due: time, grace: duration = 7d, page: url, tag: text, note: optional text,
    repo: text = "home"
  ) -> Bill {
    effect discuss
    changes Pull(repo, number)
    reads nothing
    result.id is number
    result.total is total
    result.due from due
    result.page from page
    result.note from note
    repeat probe
  }
  action look(commit: commit) -> Seen {
    effect read
    reveals untrusted
    changes nothing
    reads Commit(commit)
    shows head
    result.head from Commit(commit)
    repeat idempotent
  }
  action talk(body: text) -> Said {
    effect discuss
    changes nothing
    reads nothing
    result.id from nothing
    repeat probe
  }
  action merge(commit: commit, into: branch, repo: text = "home") -> Written {
    effect merge
    irreversible
    changes Branch(repo, into)
    reads Commit(commit)
    final commit
    result.commit from commit
    repeat probe
  }
  action deploy(commit: commit) -> Tested {
    effect deploy
    attests
    changes Place("production")
    reads Commit(commit)
    about Commit(commit), Place("production")
    final commit
    result.commit is commit
    repeat manual
  }
  action drop(at: branch, repo: text = "home") -> Said {
    effect delete
    irreversible
    changes nothing
    removes Branch(repo, at)
    reads nothing
    result.id from nothing
    repeat manual
  }
}
connector silent {
  type Said { id: int }
  action call(body: text) -> Said {
    effect write
    changes anything
    repeat manual
  }
}
"#;
