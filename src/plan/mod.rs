//! The decision: desired, live and last applied in, a [`Plan`] out. Pure; imports only the model.
#![warn(missing_docs)]

mod change;
mod input;

pub use change::{
    ActionKind, Authority, AuthorityKind, Change, Class, Glimpse, Hold, Plan, PlanId, Reason,
    Summary, TargetPlan, TargetState,
};
pub use input::{DesiredState, LiveState, PlanInput, TargetInput};
