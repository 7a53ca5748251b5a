//! Oversight of the real program: stopping it while its doors are crowded and its upstream is slow, and setting its clock.

mod clock;
mod crowd;
mod slow;
mod stop;
