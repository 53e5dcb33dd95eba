//! Railway: variables of services, and shared ones, of an environment of a project.

pub mod api;
pub mod resolve;
pub mod settings;
pub mod token;
pub mod wire;

pub use settings::RailwaySettings;
