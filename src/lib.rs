//! driftlock keeps the environment variables of many places equal to a manifest in git.
//!
//! ```text
//! manifest ──► desired ─┐
//! platforms ─► live ────┼─► plan (pure) ─► render: text · JSON · Markdown
//! journal ───► last ────┘        │
//!              applied           └► apply: read again ► write ► read back ► receipt
//! ```
//!
//! | room | may import |
//! |---|---|
//! | model | nothing of ours |
//! | git | nothing of ours |
//! | manifest, plan, crypto | model |
//! | source | model, git |
//! | sops | model, crypto |
//! | review | model, manifest, plan (authority, what may be shown) |
//! | machine | model |
//! | journal | model, plan (its types), git |
//! | activation | model, machine |
//! | platforms | model, machine, plan (its types), activation (what runs) |
//! | probe | model, machine, `platforms::http` |
//! | forge | model, `platforms::http` |
//! | alert | model, machine, plan (its types), `platforms::http` |
//! | render | model, plan, review, `reconcile::event` |
//! | serve | `reconcile::event`, render |
//! | telemetry | render (escaping, the scrubber) |
//! | reconcile | every room above except render, forge, serve and telemetry |
//! | cli | everything |
//!
//! Pure rooms (model, manifest, plan, review, render) have no I/O, clock or randomness: time and keys
//! arrive as arguments. Only `cli` prints. `tests/it/rooms.rs` holds the table.

pub mod activation;
pub mod alert;
pub mod cli;
pub mod crypto;
pub mod forge;
pub mod git;
pub mod journal;
pub mod machine;
pub mod manifest;
pub mod model;
pub mod plan;
pub mod platforms;
pub mod probe;
pub mod reconcile;
pub mod render;
pub mod review;
pub mod serve;
pub mod sops;
pub mod source;
pub mod telemetry;
