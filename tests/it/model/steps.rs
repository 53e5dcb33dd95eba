//! What can happen, and how it is drawn.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::ReferenceStateMachine;

use super::wishes::{At, Edit, FOREIGN, NAMES, TARGETS, Wishes};

/// What a stranger does to one variable.
#[derive(Debug, Clone)]
pub struct Touch {
    pub at: At,
    pub kind: TouchKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TouchKind {
    /// A value of their own.
    Change,
    Remove,
    /// The very value that the manifest wants, where it wants one.
    AsWanted,
}

/// What a person allowed when they ran it.
#[derive(Debug, Clone, Default)]
pub struct Leave {
    pub unattended: bool,
    pub take_over: bool,
    pub overwrite: BTreeSet<At>,
    pub adopt: BTreeSet<At>,
    pub partial: BTreeSet<&'static str>,
    pub allow: BTreeSet<&'static str>,
}

/// The moments of one run.
#[expect(clippy::enum_variant_names, reason = "before what, is what they say")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    BeforePlan,
    /// Between plan and apply.
    BeforeApply,
    /// After the apply read again, when it says what it will write.
    BeforeWrite,
}

/// Something that goes wrong with one target.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub target: &'static str,
    pub kind: TroubleKind,
    pub moment: Moment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// One read fails.
    ReadFails,
    /// All reads fail.
    Away,
    /// Reads do not show this variable, and say that something is missing.
    Partial(&'static str),
    /// Reads cannot tell what this variable is.
    Unreadable(&'static str),
    /// The batch stops after so many operations.
    Stops(usize),
    SilentBefore,
    SilentAfter,
    /// So many reads still show what was before a write.
    Lags(u32),
    Refuses(&'static str),
    /// Writes are said to be done, and are not.
    Forgets,
}

/// What happens to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    Lost,
    /// A copy is kept.
    Copied,
    /// The copy is put back.
    PutBack,
    /// Somebody without the key edits rows.
    Forged(Forgery, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    StateBody,
    StateMac,
    StateGone,
    ReceiptBody,
    ReceiptsGone,
    IntentsGone,
    AuthorityBody,
    AuthorityGone,
}

/// What happens beside an apply.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    pub trouble: Option<Trouble>,
    pub touch: Option<(Moment, Touch)>,
}

#[derive(Debug, Clone)]
pub enum Step {
    Edit(Edit),
    Touch(Touch),
    Plan(Option<Trouble>),
    Apply(Leave, Beside),
    /// Plans, and keeps the plan for later.
    Keep(Leave),
    /// Applies the kept plan: with the manifest and journal of now, or, as a run that lost its lease
    /// would, with those of then.
    ApplyKept {
        now: bool,
    },
    /// An edit, and its apply that ends at this step, and then runs again.
    Crash(Edit, Leave, usize),
    Mishap(Mishap),
    Rekey(Keeps),
}

/// Which former keys a manifest keeps when it gets a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    All,
    Last,
    None,
}

/// What the steps are drawn by: the manifest, and whether something is kept for later.
#[derive(Debug, Clone)]
pub struct Model {
    pub wishes: Wishes,
    kept: bool,
    copied: bool,
}

impl Model {
    pub fn new(wishes: Wishes) -> Self {
        Self {
            wishes,
            kept: false,
            copied: false,
        }
    }
}

/// The rails that are let go in some runs.
const ALLOWED: [&str; 6] = [
    "authority",
    "deletes",
    "new-key",
    "protected",
    "prune",
    "would-be-empty",
];

fn target() -> impl Strategy<Value = &'static str> {
    select(&TARGETS[..])
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&NAMES[..])
}

fn at() -> impl Strategy<Value = At> {
    (target(), name())
}

fn touch() -> impl Strategy<Value = Touch> {
    let any_name = prop_oneof![6 => name(), 1 => select(&FOREIGN[..])];
    let kind = prop_oneof![
        4 => Just(TouchKind::Change),
        2 => Just(TouchKind::Remove),
        1 => Just(TouchKind::AsWanted),
    ];
    ((target(), any_name), kind).prop_map(|(at, kind)| Touch { at, kind })
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => name().prop_map(Edit::Set),
        2 => (name(), vec(target(), 1..4)).prop_map(|(name, on)| Edit::Declare(name, on)),
        2 => name().prop_map(Edit::Undeclare),
        2 => at().prop_map(Edit::Use),
        2 => at().prop_map(Edit::Leave),
        1 => (target(), any::<bool>()).prop_map(|(target, on)| Edit::Prune(target, on)),
        1 => (name(), any::<bool>()).prop_map(|(name, on)| Edit::Protect(name, on)),
    ]
}

/// Mostly nothing, sometimes a few.
fn some<T: std::fmt::Debug + Clone + Ord + 'static>(
    of: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = BTreeSet<T>> {
    prop_oneof![4 => Just(BTreeSet::new()), 1 => btree_set(of, 1..4)]
}

/// What a person lets go.
fn leave() -> impl Strategy<Value = Leave> {
    let all: BTreeSet<&'static str> = ALLOWED.into();
    let allow = prop_oneof![
        2 => some(select(&ALLOWED[..])),
        1 => Just(all),
    ];
    let flags = (prop::bool::weighted(0.4), prop::bool::weighted(0.3));
    (flags, some(at()), some(at()), some(name()), allow).prop_map(
        |((unattended, take_over), overwrite, adopt, partial, allow)| Leave {
            unattended,
            take_over,
            overwrite,
            adopt,
            partial,
            allow,
        },
    )
}

fn trouble(moments: &'static [Moment]) -> impl Strategy<Value = Trouble> {
    let kind = prop_oneof![
        2 => Just(TroubleKind::ReadFails),
        1 => Just(TroubleKind::Away),
        2 => name().prop_map(TroubleKind::Partial),
        2 => name().prop_map(TroubleKind::Unreadable),
        2 => (0..3_usize).prop_map(TroubleKind::Stops),
        2 => Just(TroubleKind::SilentBefore),
        2 => Just(TroubleKind::SilentAfter),
        1 => (1..3_u32).prop_map(TroubleKind::Lags),
        1 => name().prop_map(TroubleKind::Refuses),
        1 => Just(TroubleKind::Forgets),
    ];
    (target(), kind, select(moments)).prop_map(|(target, kind, moment)| Trouble {
        target,
        kind,
        moment,
    })
}

fn beside() -> impl Strategy<Value = Beside> {
    const LATER: &[Moment] = &[Moment::BeforeApply, Moment::BeforeWrite];
    const ALL: &[Moment] = &[Moment::BeforePlan, Moment::BeforeApply, Moment::BeforeWrite];
    let trouble = prop_oneof![
        1 => Just(None),
        1 => trouble(ALL).prop_map(Some),
    ];
    let touch = prop_oneof![
        2 => Just(None),
        1 => (select(LATER), touch()).prop_map(Some),
    ];
    (trouble, touch).prop_map(|(trouble, touch)| Beside { trouble, touch })
}

fn mishap() -> impl Strategy<Value = Step> {
    let forgery = select(
        &[
            Forgery::StateBody,
            Forgery::StateMac,
            Forgery::StateGone,
            Forgery::ReceiptBody,
            Forgery::ReceiptsGone,
            Forgery::IntentsGone,
            Forgery::AuthorityBody,
            Forgery::AuthorityGone,
        ][..],
    );
    prop_oneof![
        1 => Just(Mishap::Lost),
        2 => Just(Mishap::Copied),
        3 => (forgery, target()).prop_map(|(forgery, target)| Mishap::Forged(forgery, target)),
    ]
    .prop_map(Step::Mishap)
}

pub struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        (btree_set(at(), 3..12), btree_set(target(), 0..4))
            .prop_map(|(uses, prune)| Model::new(Wishes::new(uses, prune)))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        const PLAN: &[Moment] = &[Moment::BeforePlan];
        let keeps = prop_oneof![
            2 => Just(Keeps::All),
            2 => Just(Keeps::Last),
            1 => Just(Keeps::None),
        ];
        prop_oneof![
            8 => edit().prop_map(Step::Edit),
            6 => touch().prop_map(Step::Touch),
            1 => prop::option::of(trouble(PLAN)).prop_map(Step::Plan),
            10 => (leave(), beside()).prop_map(|(leave, beside)| Step::Apply(leave, beside)),
            2 => leave().prop_map(Step::Keep),
            if model.kept { 6 } else { 0 } =>
                any::<bool>().prop_map(|now| Step::ApplyKept { now }),
            3 => (edit(), leave(), 0..20_usize)
                .prop_map(|(edit, leave, at)| Step::Crash(edit, leave, at)),
            2 => mishap(),
            if model.copied { 2 } else { 0 } => Just(Step::Mishap(Mishap::PutBack)),
            1 => keeps.prop_map(Step::Rekey),
        ]
        .boxed()
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        match step {
            Step::Edit(edit) | Step::Crash(edit, ..) => model.wishes.edit(edit),
            Step::Rekey(keeps) => model.wishes.rekey(*keeps),
            Step::Keep(_) => model.kept = true,
            Step::ApplyKept { .. } => model.kept = false,
            Step::Mishap(Mishap::Copied) => model.copied = true,
            _ => {}
        }
        model
    }
}
