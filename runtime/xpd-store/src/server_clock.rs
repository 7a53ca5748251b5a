//! The single clock of a server, used for tokens, rows and all checks.
//!
//! It follows the host's wall clock while that agrees with a monotonic counter. If the two diverge by more
//! than [`TOLERANCE`], the wall clock was set or is faulty, and the two cases cannot be told apart:
//! - For [`SETTLE`] the clock follows the counter, so a short excursion has no lasting effect.
//! - A forward jump that persists is then accepted.
//! - After a backward jump that persists, the clock stands still until the wall clock has reached the latest
//!   recorded time. The clock never goes back, so an expired grant stays expired and a used proof of
//!   possession stays used.
//!
//! Meanwhile [`ServerClock::trouble`] reports the condition and no new grants are issued. Suspending the host
//! looks like a forward jump.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;

/// Greatest accepted difference between wall clock and counter, in milliseconds.
pub const TOLERANCE: u64 = 60_000;
/// Time after which a jump counts as persistent, in milliseconds.
pub const SETTLE: u64 = 30_000;
/// Jumps that differ by at most this much are one jump, in milliseconds.
const SAME: u64 = 5_000;

/// Why the time is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The wall clock jumped by this many seconds, ahead if positive.
    Jumped(i64),
    /// The wall clock is this many seconds behind the latest recorded time; the server's clock stands still.
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

/// The clock of a server, over the clock of its host.
pub struct ServerClock {
    machine: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Latest time returned, milliseconds.
    given: u64,
    /// The wall time to expect at `count`, extrapolated from the previous reading.
    expected: u64,
    /// As `expected`, extrapolated from the last trusted reading. A wall clock that returns to it is trusted
    /// at once.
    trusted: u64,
    count: u64,
    jump: Option<Jump>,
    /// Whether the clock stands still.
    halted: bool,
    /// The time at which it last stood still.
    last_halt: Option<u64>,
    trouble: Option<Trouble>,
    begun: bool,
}

#[derive(Clone, Copy, Debug)]
struct Jump {
    since: u64,
    ahead: i64,
}

impl ServerClock {
    /// A clock over the host's clock.
    #[must_use]
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        Self { machine, state: Mutex::default() }
    }

    /// Why the time is not trusted at present; `None` if it is.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.read().1
    }

    /// The time at which the clock last stood still, if it ever did. Anything due to expire after it has
    /// expired, since an unknown time has passed.
    #[must_use]
    pub fn last_halt(&self) -> Option<u64> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).last_halt
    }

    /// The host's wall time in milliseconds, without the checks. For operations on the host itself, such as a
    /// kill.
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

fn difference(a: u64, b: u64) -> i64 {
    i64::try_from(a).unwrap_or(i64::MAX).saturating_sub(i64::try_from(b).unwrap_or(i64::MAX))
}

impl State {
    fn read(&mut self, wall: u64, count: u64) {
        if self.begun {
            let passed = count.saturating_sub(self.count);
            self.trusted = self.trusted.saturating_add(passed);
            self.expected = self.expected.saturating_add(passed);
        } else {
            (self.begun, self.expected, self.trusted) = (true, wall, wall.max(self.given));
        }
        self.count = count;
        let near = |time: u64| difference(wall, time).unsigned_abs() <= TOLERANCE;
        let ahead = difference(wall, self.expected);
        if near(self.trusted) || (self.jump.is_none() && near(self.expected)) {
            (self.jump, self.expected) = (None, wall);
        } else {
            let same = |jump: &Jump| (jump.ahead - ahead).unsigned_abs() <= SAME;
            let jump = *self.jump.insert(self.jump.filter(same).unwrap_or(Jump { since: count, ahead }));
            if count.saturating_sub(jump.since) >= SETTLE {
                (self.jump, self.expected) = (None, wall);
            }
        }
        if self.jump.is_none() {
            let halted = self.halted && wall <= self.given;
            if halted || difference(self.given, wall) > difference(TOLERANCE, 0) {
                (self.halted, self.last_halt) = (true, Some(self.given));
                // Rounded up, so that zero means that the wall clock has caught up.
                let behind = self.given.saturating_sub(wall).div_ceil(1_000);
                self.trouble = Some(Trouble::Behind(behind));
                return;
            }
            (self.halted, self.trusted) = (false, wall);
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

    /// A host whose wall clock can be set, with a counter that cannot.
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
    fn a_clock_jump_that_is_reversed_has_no_lasting_effect() {
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
    fn a_lasting_forward_jump_is_accepted() {
        let (machine, clock) = clock();
        machine.set(600);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(600)));
        machine.pass(29);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(600)));
        machine.pass(1);
        assert_eq!((clock.now(), clock.trouble()), (START + 630_000, None));
    }

    #[test]
    fn after_a_lasting_backward_jump_time_stands_still_until_the_host_catches_up() {
        let (machine, clock) = clock();
        machine.set(-600);
        assert_eq!(clock.trouble(), Some(Trouble::Jumped(-600)));
        machine.pass(30);
        let halted = clock.now();
        assert_eq!(clock.trouble(), Some(Trouble::Behind(600 - 30 + (halted - START) / 1_000)));
        assert_eq!(clock.last_halt(), Some(halted));
        machine.pass(569);
        assert_eq!((clock.now(), clock.trouble()), (halted, Some(Trouble::Behind(1))));
        machine.pass(2);
        assert_eq!((clock.now(), clock.trouble()), (machine.now(), None));
        assert_eq!(clock.last_halt(), Some(halted));
    }

    #[test]
    fn a_clock_that_returns_to_the_trusted_time_is_accepted_at_once() {
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
        // Any other time would have to persist first.
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
    fn a_server_started_behind_the_recorded_time_waits() {
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
    fn small_clock_steps_are_followed_and_time_never_goes_back() {
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
        fn time_never_goes_back_nor_exceeds_counter_and_host_clock(
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
