mod bounds;
mod broken;
mod common;
mod example;
mod layout;
mod slips;
