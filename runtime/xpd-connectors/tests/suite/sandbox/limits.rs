//! Resource limits of commands.

use xp_scope::Value;

use super::{Repository, call, part};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_limited() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|config| {
        config.seconds = 2;
        config.memory_mib = 200;
        config.disk_mib = 8;
        config.output_bytes = 1_000;
    });
    let late = sandbox.act(&call(&commit, "echo begun; sleep 60 & sleep 60")).await.unwrap();
    assert_eq!(part(&late, "exit_code"), &Value::Int(124));
    assert!(
        part(&late, "output").as_text().unwrap().starts_with("begun\n\n[stopped: more than 2 s]"),
        "{late:?}"
    );
    assert!(part(&late, "millis").as_int().unwrap() < 10_000);
    for (what, command) in [
        ("memory", "perl -e '$x = \"a\" x 400000000'"),
        ("disk", "head -c 20000000 /dev/zero > x"),
        ("disk in /tmp", "head -c 20000000 /dev/zero > /tmp/x"),
    ] {
        let ran = sandbox.act(&call(&commit, command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(false), "{what}: {ran:?}");
    }
    let loud = sandbox.act(&call(&commit, "yes | head -c 3000000; printf '\\033[1mend\\000'")).await.unwrap();
    let output = part(&loud, "output").as_text().unwrap();
    assert!(output.len() <= 1_000 && output.ends_with("[1mend"), "{output:?}");
    assert_eq!(part(&loud, "passed"), &Value::Bool(true));
    // A right-to-left override would make people and programs read the text differently.
    let turned =
        sandbox.act(&call(&commit, "printf 'a\\342\\200\\256b\\342\\201\\246\\303\\244'")).await.unwrap();
    assert_eq!(part(&turned, "output").as_text(), Some("abä"), "{turned:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_limited_together() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|config| {
        config.memory_mib = 200;
        config.processes = 24;
    });
    // Eight processes of 60 MiB (Perl holds the text twice), each far below the limit of a process, all
    // running until the last has allocated.
    let many = "for i in 1 2 3 4 5 6 7 8; do perl -e '$x = \"a\" x 30e6; sleep 60' & done; wait";
    let ran = sandbox.act(&call(&commit, many)).await.unwrap();
    assert_eq!(part(&ran, "exit_code"), &Value::Int(137), "{ran:?}");
    assert_eq!(part(&ran, "output").as_text().unwrap(), "\n[stopped: more than 200 MiB of memory]\n");
    let bomb = "for i in $(seq 100); do sleep 60 & done; wait";
    let ran = sandbox.act(&call(&commit, bomb)).await.unwrap();
    assert_eq!(part(&ran, "passed"), &Value::Bool(false), "{ran:?}");
    assert!(part(&ran, "millis").as_int().unwrap() < 15_000, "{ran:?}");
    // Controls: less memory, the same memory one process after the other, and pages shared by many processes.
    for command in [
        "for i in 1 2; do perl -e '$x = \"a\" x 30e6; sleep 1' & done; wait",
        "for i in 1 2 3 4 5 6; do perl -e '$x = \"a\" x 30e6'; done",
        "perl -e '$x = \"a\" x 45e6; for (1..8) { fork or do { sleep 1; exit } } 1 while wait > 0'",
    ] {
        let ran = sandbox.act(&call(&commit, command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{command}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_runs_on_a_host_short_of_memory() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|config| config.spare_mib = u64::MAX);
    let begun = std::time::Instant::now();
    let refused = sandbox.act(&call(&commit, "sleep 19")).await.unwrap_err();
    assert!(begun.elapsed().as_secs() < 15, "the command ran on");
    let wanted = "not sent: the host has too little memory left for a command";
    assert_eq!(refused.to_string(), wanted);
}

/// System calls for resources outside the namespaces are absent. The numbers are those of one architecture.
#[cfg(target_arch = "x86_64")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kernel_objects_outside_namespaces_are_unavailable() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|_| {});
    for (what, call_of, allowed) in [
        ("add_key", "248, $u, $k, $k, 1, -4", false),
        ("keyctl", "250, 0, -4, 1", false),
        ("memfd_create", "319, $k, 0", false),
        ("memfd_secret", "447, 0", false),
        ("io_uring_setup", "425, 1, $p", false),
        ("msgget", "68, 0, 0600", false),
        ("shmget", "29, 0, 65537, 0600", false),
        ("shmget of more than 4 GiB", "29, 0, 4294967296, 0600", false),
        ("shmget, a little", "29, 0, 65536, 0600", true),
        ("getpid", "39", true),
    ] {
        let command = format!(
            "perl -e '($u, $k, $p) = (\"user\", \"xp-key\", \"\\0\" x 200); exit(syscall({call_of}) < 0)'"
        );
        let ran = sandbox.act(&call(&commit, &command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(allowed), "{what}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_beyond_the_limits_is_unavailable() {
    let repository = Repository::new();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let sandbox = repository.sandbox(|config| config.disk_mib = 8);
    for (what, command) in [
        ("a user namespace", "unshare --user true"),
        ("files in /dev/shm", "for n in 1 2; do head -c 6000000 /dev/zero > /dev/shm/$n || exit 1; done"),
        ("files in /tmp", "for n in 1 2; do head -c 6000000 /dev/zero > /tmp/$n || exit 1; done"),
        ("files in /build", "for n in 1 2; do head -c 6000000 /dev/zero > $n || exit 1; done"),
        ("a file among the devices", "touch /dev/x"),
        ("a file in the root", "touch /x"),
        ("open files", "perl -e 'for (1..2000) { open($f[$_], \"<\", \"/dev/null\") or exit 1 }'"),
        ("a large file", "test \"$(ulimit -f)\" = unlimited"),
        ("a core", "test \"$(ulimit -c)\" != 0"),
    ] {
        let ran = sandbox.act(&call(&commit, command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(false), "{what}: {ran:?}");
    }
    // Controls.
    for command in [
        "head -c 6000000 /dev/zero > /dev/shm/1",
        "perl -e 'for (1..900) { open($f[$_], \"<\", \"/dev/null\") or exit 1 }'",
    ] {
        let ran = sandbox.act(&call(&commit, command)).await.unwrap();
        assert_eq!(part(&ran, "passed"), &Value::Bool(true), "{command}: {ran:?}");
    }
}
