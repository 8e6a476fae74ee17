//! Leads the calls of loaded objects to the hooks.

pub mod copies;
pub mod got;
pub mod object;
pub mod scanner;
