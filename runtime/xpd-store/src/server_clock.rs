//! The one clock of a server: tokens, rows and checks all read it.
//!
//! It shows the machine's time as long as that goes on as a monotonic count says it should. Where the two part by more than
//! [`TOLERANCE`], somebody set the machine's clock, or it failed, and nobody can tell which:
//! - for [`SETTLE`] the clock goes on by the count, so that a short jump leaves nothing behind;
//! - a jump ahead that lasts is then believed;
//! - after a jump back that lasts, the clock stands still until the machine's time has come up to what was recorded: it
//!   never goes back, so what was seen to be over is over, and no used proof of possession becomes good again.
//!
//! Meanwhile it says that it is in trouble, and nothing new is granted. A machine that slept looks like a jump ahead.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;

/// How far the machine's time and the count may part, in milliseconds.
pub const TOLERANCE: u64 = 60_000;
/// After so long a jump is no passing fault, in milliseconds.
pub const SETTLE: u64 = 30_000;
/// Two jumps that differ by less are the same one, in milliseconds.
const SAME: u64 = 5_000;

/// Why the time cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The machine's clock jumped, ahead (positive) or back, by so many seconds.
    Jumped(i64),
    /// The machine's clock is so many seconds behind what was recorded, and the server's stands still.
    Behind(u64),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jumped(seconds @ 0..) => write!(f, "the machine's clock jumped ahead by {seconds} s"),
            Self::Jumped(seconds) => {
                write!(f, "the machine's clock jumped back by {} s", seconds.unsigned_abs())
            }
            Self::Behind(seconds) => {
                write!(
                    f,
                    "the machine's clock is {seconds} s behind what was recorded; it goes on when it has come up to that"
                )
            }
        }
    }
}

/// The clock of a server.
pub struct ServerClock {
    machine: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Latest time given out, milliseconds.
    given: u64,
    /// What the machine's time should be at `count`, going on from where it was last.
    expected: u64,
    /// The same, going on from where it was trusted last: where it comes back to is believed at once.
    line: u64,
    count: u64,
    jump: Option<Jump>,
    /// It stands still.
    stands: bool,
    /// Where it stood still last.
    stood: Option<u64>,
    trouble: Option<Trouble>,
    begun: bool,
}

#[derive(Clone, Copy, Debug)]
struct Jump {
    since: u64,
    ahead: i64,
}

impl ServerClock {
    /// Over the machine's clock.
    #[must_use]
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        Self { machine, state: Mutex::default() }
    }

    /// Why the time cannot be trusted now, if it cannot.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.read().1
    }

    /// The time at which it last stood still, if it ever did: what was to run out after that has, however long ago it was.
    #[must_use]
    pub fn stood(&self) -> Option<u64> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stood
    }

    /// The machine's own time in milliseconds, whatever is thought of it. For whoever stops things on this very machine.
    #[must_use]
    pub fn machine(&self) -> u64 {
        self.machine.now()
    }

    fn read(&self) -> (u64, Option<Trouble>) {
        let (wall, count) = (self.machine.now(), self.machine.count());
        let (read, said) = {
            let state = &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let before = state.trouble;
            state.read(wall, count);
            let changed = before.map(|trouble| kind(&trouble)) != state.trouble.map(|trouble| kind(&trouble));
            ((state.given, state.trouble), changed)
        };
        match read.1 {
            Some(trouble) if said => {
                tracing::error!(%trouble, "the time cannot be trusted: nothing new is granted")
            }
            None if said => tracing::warn!("the time can be trusted again"),
            _ => {}
        }
        read
    }
}

fn kind(trouble: &Trouble) -> u8 {
    match trouble {
        Trouble::Jumped(0..) => 0,
        Trouble::Jumped(_) => 1,
        Trouble::Behind(_) => 2,
    }
}

fn apart(a: u64, b: u64) -> i64 {
    i64::try_from(a).unwrap_or(i64::MAX).saturating_sub(i64::try_from(b).unwrap_or(i64::MAX))
}

impl State {
    fn read(&mut self, wall: u64, count: u64) {
        if self.begun {
            let passed = count.saturating_sub(self.count);
            self.line = self.line.saturating_add(passed);
            self.expected = self.expected.saturating_add(passed);
        } else {
            (self.begun, self.expected, self.line) = (true, wall, wall.max(self.given));
        }
        self.count = count;
        let near = |time: u64| apart(wall, time).unsigned_abs() <= TOLERANCE;
        let ahead = apart(wall, self.expected);
        if near(self.line) || (self.jump.is_none() && near(self.expected)) {
            (self.jump, self.expected) = (None, wall);
        } else {
            let same = |jump: &Jump| (jump.ahead - ahead).unsigned_abs() <= SAME;
            let jump = *self.jump.insert(self.jump.filter(same).unwrap_or(Jump { since: count, ahead }));
            if count.saturating_sub(jump.since) >= SETTLE {
                (self.jump, self.expected) = (None, wall);
            }
        }
        if self.jump.is_none() {
            let stands = self.stands && wall <= self.given;
            if stands || apart(self.given, wall) > apart(TOLERANCE, 0) {
                (self.stands, self.stood) = (true, Some(self.given));
                // Rounded up: it is behind until it has come up.
                let behind = self.given.saturating_sub(wall).div_ceil(1_000);
                self.trouble = Some(Trouble::Behind(behind));
                return;
            }
            (self.stands, self.line) = (false, wall);
        }
        self.given = self.given.max(self.expected);
        self.trouble = self.jump.map(|jump| Trouble::Jumped(jump.ahead / 1_000));
    }
}

impl Clock for ServerClock {
    fn now(&self) -> u64 {
        self.read().0
    }

    fn count(&self) -> u64 {
        self.machine.count()
    }

    fn not_before(&self, recorded: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.given = state.given.max(recorded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    /// A machine whose clock is set, beside a count that is not.
    #[derive(Default)]
    struct Machine {
        count: AtomicU64,
        set: AtomicI64,
    }

    impl Machine {
        fn pass(&self, seconds: u64) {
            self.count.fetch_add(seconds * 1_000, Ordering::SeqCst);
        }

        fn set(&self, seconds: i64) {
            self.set.store(seconds * 1_000, Ordering::SeqCst);
        }
    }

    const START: u64 = 1_000_000_000;

    impl Clock for Machine {
        fn now(&self) -> u64 {
            (START + self.count()).saturating_add_signed(self.set.load(Ordering::SeqCst))
        }

        fn count(&self) -> u64 {
            self.count.load(Ordering::SeqCst)
        }
    }

    fn clock() -> (Arc<Machine>, ServerClock) {
        let machine = Arc::new(Machine::default());
        let clock = ServerClock::new(Arc::clone(&machine) as Arc<dyn Clock>);
        assert_eq!((clock.now(), clock.trouble()), (START, None));
        (machine, clock)
    }

    #[test]
    fn a_passing_jump_leaves_nothing_behind() {
        for jump in [600, -600] {
            let (machine, clock) = clock();
            machine.pass(5);
            machine.set(jump);
            assert_eq!((clock.now(), clock.trouble()), (START + 5_000, Some(Trouble::Jumped(jump))));
            machine.pass(20);
            assert_eq!(clock.now(), START + 25_000, "it goes on by the count");
            machine.set(0);
            assert_eq!((clock.now(), clock.trouble()), (START + 25_000, None));
        }
    }

    #[test]
    fn a_jump_ahead_that_lasts_is_believed() {
        let (machine, clock) = clock();
        machine.set(600);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(600)));
        machine.pass(29);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(600)));
        machine.pass(1);
        assert_eq!((clock.now(), clock.trouble()), (START + 630_000, None));
    }

    #[test]
    fn after_a_jump_back_that_lasts_it_stands_still_until_the_machine_has_come_up() {
        let (machine, clock) = clock();
        machine.set(-600);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(-600)));
        machine.pass(30);
        let stands = clock.now();
        assert_eq!(clock.trouble(), Some(Trouble::Behind(600 - 30 + (stands - START) / 1_000)));
        assert_eq!(clock.stood(), Some(stands));
        machine.pass(569);
        assert_eq!((clock.now(), clock.trouble()), (stands, Some(Trouble::Behind(1))));
        machine.pass(2);
        assert_eq!((clock.now(), clock.trouble()), (machine.now(), None));
        assert_eq!(clock.stood(), Some(stands));
    }

    #[test]
    fn a_clock_that_returns_while_the_servers_stands_still_is_believed_again() {
        let (machine, clock) = clock();
        machine.set(-600);
        clock.now();
        machine.pass(40);
        assert!(matches!(clock.trouble(), Some(Trouble::Behind(_))));
        machine.pass(100);
        machine.set(0);
        assert_eq!(
            (clock.now(), clock.trouble()),
            (START + 140_000, None),
            "at once: it is where it should be"
        );
        // Elsewhere it would have to last.
        machine.set(-600);
        clock.now();
        machine.pass(40);
        assert!(matches!(clock.trouble(), Some(Trouble::Behind(_))));
        machine.set(700);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(1_300)));
        machine.pass(30);
        assert_eq!((clock.now(), clock.trouble()), (START + 910_000, None));
    }

    #[test]
    fn a_server_that_starts_behind_what_was_recorded_waits() {
        let machine = Arc::new(Machine::default());
        let clock = ServerClock::new(Arc::clone(&machine) as Arc<dyn Clock>);
        clock.not_before(START + 300_000);
        assert_eq!((clock.now(), clock.trouble()), (START + 300_000, Some(Trouble::Behind(300))));
        machine.pass(299);
        assert_eq!((clock.now(), clock.trouble()), (START + 300_000, Some(Trouble::Behind(1))));
        machine.pass(2);
        assert_eq!((clock.now(), clock.trouble()), (START + 301_000, None));
    }

    #[test]
    fn small_steps_are_followed_and_time_never_goes_back() {
        let (machine, clock) = clock();
        let mut last = clock.now();
        for step in [30, 0, -20, -25, 30, 60, 1] {
            machine.set(step);
            machine.pass(1);
            assert_eq!(clock.trouble(), None, "{step}");
            assert!(clock.now() >= last);
            last = clock.now();
        }
    }

    proptest::proptest! {
        #[test]
        fn it_never_goes_back_and_never_runs_ahead_of_count_and_machine(
            moves in proptest::collection::vec((0_u64..200, -2_000_i64..2_000), 1..60)
        ) {
            let (machine, clock) = clock();
            let mut last = clock.now();
            let mut most = machine.now();
            for (pass, set) in moves {
                machine.pass(pass);
                machine.set(set);
                most = most.max(machine.now()).max(last + pass * 1_000);
                let now = clock.now();
                proptest::prop_assert!(now >= last && now <= most);
                last = now;
            }
        }
    }
}
