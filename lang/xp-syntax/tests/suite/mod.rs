mod common;
mod example;
mod layout;
mod slips;
