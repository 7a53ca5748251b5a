//! One binary for the tests of the room.

mod suite;
