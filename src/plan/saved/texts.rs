//! The texts of a plan that others had a say in: what platforms and machines answered.

use crate::plan::change::{Hold, Plan, TargetState};

/// Puts each of them through the last net, before the plan is proved and kept.
pub fn scrub_texts(plan: &mut Plan, scrub: &dyn Fn(&str) -> String) {
    let net = |text: &mut String| *text = scrub(text);
    let holds = |holds: &mut [Hold]| holds.iter_mut().for_each(|hold| net(&mut hold.why));
    for target in &mut plan.targets {
        match &mut target.state {
            TargetState::Read | TargetState::Elsewhere { .. } => {}
            TargetState::Partial { reason } => net(reason),
            TargetState::Unknown { reason, help } => {
                net(reason);
                help.iter_mut().for_each(net);
            }
        }
        target.drafts.iter_mut().for_each(net);
        target.notes.iter_mut().for_each(net);
        if let Some(behind) = &mut target.behind {
            net(&mut behind.why);
            behind.help.iter_mut().for_each(net);
        }
        if let Some(planned) = &mut target.activation {
            planned.hold.iter_mut().for_each(|hold| net(&mut hold.why));
        }
        for change in &mut target.changes {
            change.detail.iter_mut().for_each(net);
            holds(&mut change.holds);
        }
    }
}
