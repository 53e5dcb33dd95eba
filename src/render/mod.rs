//! Plans, reports and events as text, JSON and Markdown. Pure: everything is written to a writer
//! that the caller brings; time, width and colour arrive as arguments.

mod clear;
pub mod comment;
pub mod escape;
mod forced;
pub mod json;
mod layout;
pub mod markdown;
pub mod metrics;
mod paste;
pub mod report;
pub mod review_markdown;
mod review_words;
mod said;
#[cfg(test)]
mod samples;
pub mod scrub;
pub mod style;
pub mod text;
mod waiting;
mod words;

pub use style::{Invocation, Saved, Style};
