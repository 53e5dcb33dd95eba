//! What Slack's words for errors mean. A word that is not here is not repeated: nobody knows what it
//! is. Source: docs.slack.dev, the errors of `chat.postMessage`, `chat.update` and `auth.test`, and
//! "Sending messages using incoming webhooks".

use crate::alert::fault::{Fault, FaultKind};

/// What an error comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It may pass.
    Passes,
    /// The blocks are not taken; a text may be.
    Blocks,
    /// Too long.
    Long,
    /// The message that was to be answered or changed is not there, or not to be touched.
    Gone,
    /// The channel is not there, or not for us; with what to do.
    Channel(&'static str),
    /// The credential does not hold.
    Credential,
    /// Something about the request; none of ours should be.
    Request,
}

const INVITE: &str =
    "invite the bot into the channel (in Slack: /invite @NAME), or name another one";
const ANOTHER: &str = "name a channel that is there, best by its id (C…)";
const ALLOW: &str = "ask who runs the workspace to let the app post there";

const WORDS: &[(&str, Meaning)] = &[
    ("accesslimited", Meaning::Credential),
    ("access_denied", Meaning::Credential),
    ("account_inactive", Meaning::Credential),
    ("action_prohibited", Meaning::Channel(ALLOW)),
    ("block_mismatch", Meaning::Gone),
    ("cannot_reply_to_message", Meaning::Gone),
    ("cant_update_message", Meaning::Gone),
    ("channel_is_archived", Meaning::Channel(ANOTHER)),
    ("channel_not_found", Meaning::Channel(ANOTHER)),
    ("edit_window_closed", Meaning::Gone),
    ("ekm_access_denied", Meaning::Channel(ALLOW)),
    ("enterprise_is_restricted", Meaning::Credential),
    ("external_channel_migrating", Meaning::Passes),
    ("fatal_error", Meaning::Passes),
    ("internal_error", Meaning::Passes),
    ("invalid_arg_name", Meaning::Request),
    ("invalid_arguments", Meaning::Request),
    ("invalid_auth", Meaning::Credential),
    ("invalid_blocks", Meaning::Blocks),
    ("invalid_blocks_format", Meaning::Blocks),
    ("invalid_charset", Meaning::Request),
    ("invalid_form_data", Meaning::Request),
    ("invalid_payload", Meaning::Blocks),
    ("invalid_post_type", Meaning::Request),
    ("invalid_thread_ts", Meaning::Gone),
    ("invalid_token", Meaning::Credential),
    ("is_archived", Meaning::Channel(ANOTHER)),
    ("is_inactive", Meaning::Gone),
    ("message_not_found", Meaning::Gone),
    ("missing_scope", Meaning::Credential),
    ("missing_text_or_fallback_or_attachments", Meaning::Request),
    ("msg_blocks_too_long", Meaning::Blocks),
    ("msg_too_long", Meaning::Long),
    ("no_active_hooks", Meaning::Credential),
    ("no_permission", Meaning::Channel(INVITE)),
    ("no_service", Meaning::Credential),
    ("no_service_id", Meaning::Credential),
    ("no_team", Meaning::Credential),
    ("no_text", Meaning::Request),
    ("not_allowed_token_type", Meaning::Credential),
    ("not_authed", Meaning::Credential),
    ("not_in_channel", Meaning::Channel(INVITE)),
    ("org_login_required", Meaning::Credential),
    ("posting_to_general_channel_denied", Meaning::Channel(ALLOW)),
    ("rate_limited", Meaning::Passes),
    ("ratelimited", Meaning::Passes),
    ("request_timeout", Meaning::Passes),
    ("restricted_action", Meaning::Channel(ALLOW)),
    ("restricted_action_non_threadable_channel", Meaning::Gone),
    (
        "restricted_action_read_only_channel",
        Meaning::Channel(ALLOW),
    ),
    (
        "restricted_action_thread_only_channel",
        Meaning::Channel(ANOTHER),
    ),
    ("rollup_error", Meaning::Passes),
    ("service_unavailable", Meaning::Passes),
    ("team_access_not_granted", Meaning::Credential),
    ("team_added_to_org", Meaning::Passes),
    ("team_not_found", Meaning::Credential),
    ("thread_not_found", Meaning::Gone),
    ("token_expired", Meaning::Credential),
    ("token_revoked", Meaning::Credential),
    ("two_factor_setup_required", Meaning::Credential),
    ("update_failed", Meaning::Passes),
    ("user_not_found", Meaning::Channel(ANOTHER)),
];

/// The word as we know it, and what it means.
pub(super) fn known(word: &str) -> Option<(&'static str, Meaning)> {
    WORDS.iter().find(|(known, _)| *known == word).copied()
}

/// The fault of an answer with this word; `None` is an answer without one that is known.
pub(super) fn fault(word: Option<(&'static str, Meaning)>) -> Fault {
    let Some((word, meaning)) = word else {
        return Fault::stays("Slack refused with a reason that is not known here")
            .help("look whether this driftlock is old");
    };
    let what = format!("Slack says {word}");
    match meaning {
        Meaning::Passes => Fault::passes(what),
        Meaning::Blocks | Meaning::Gone => Fault::new(FaultKind::Message, what),
        Meaning::Request => {
            Fault::new(FaultKind::Message, what).help("look whether this driftlock is old")
        }
        Meaning::Long => Fault::new(FaultKind::TooLong, what),
        Meaning::Channel(help) => Fault::stays(what).help(help),
        Meaning::Credential => Fault::stays(what).help(match word {
            "missing_scope" => "give the app the scope chat:write, and install it again",
            "no_service" | "no_service_id" | "no_team" | "no_active_hooks" | "invalid_token" => {
                "make a new incoming webhook, and put its address in the place of the old one"
            }
            _ => {
                "install the app again, and put its bot token (xoxb-…) in the place of the old one"
            }
        }),
    }
}
