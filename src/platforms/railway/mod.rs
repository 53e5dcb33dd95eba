//! Railway: variables of services, and shared ones, of an environment of a project.
//!
//! `platform` is the connection; `resolve` finds an environment and lists it, `values` fetches, `live`
//! says what that means; `patch` is what is sent, `commit` how; `survey` looks at a whole environment; `who`
//! asks who changed it, `book` holds the pages, `authors` says what the answers mean.

pub mod api;
mod authors;
mod book;
mod commit;
mod drafts;
mod live;
mod outcomes;
mod patch;
mod place;
mod platform;
mod read;
pub mod resolve;
pub mod settings;
mod survey;
pub mod token;
mod values;
mod who;
pub mod wire;
mod write;

pub use platform::RailwayPlatform;
pub(super) use platform::{REFERENCE, accepts};
pub use settings::RailwaySettings;
pub use survey::{Named, ScopeSurvey, Survey, SurveyRequest};
