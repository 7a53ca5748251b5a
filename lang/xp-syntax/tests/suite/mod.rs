mod common;
mod example;
mod slips;
