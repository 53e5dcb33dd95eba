//! Slack, in two ways: a bot, which has a thread for each alert, and an incoming webhook, which can
//! only post.

mod blocks;
mod bot;
mod hook;
mod text;
mod words;

pub(super) use bot::Bot;
pub(super) use hook::Hook;

#[cfg(test)]
pub(super) use blocks::{Form, payload};
