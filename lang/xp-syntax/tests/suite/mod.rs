mod bounds;
mod broken;
mod common;
mod example;
mod layout;
mod reference;
mod slips;
