//! Oversight of the server program: kills under load and with a slow upstream, and jumps of its clock.

mod clock;
mod crowd;
mod slow;
mod stop;
