//! By HTTP requests: a shop.

mod answers;
mod credentials;
mod doubts;
mod places;
