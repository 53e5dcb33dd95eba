//! Which entries of a comment are shown, and in which form. Sizes are bounded from above before
//! anything is written, so that what was chosen always fits.

use super::{Comment, Item, List, Part, Title};
use crate::render::words::counted;

/// How an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Only counted.
    Out,
    /// In its short form.
    Brief,
    /// With all that there is to say.
    Full,
}

impl Form {
    pub(super) const fn is_out(&self) -> bool {
        matches!(self, Self::Out)
    }

    pub(super) fn text(self, item: &Item) -> Option<&str> {
        match self {
            Self::Out => None,
            Self::Brief => Some(item.brief.as_deref().unwrap_or(&item.full)),
            Self::Full => Some(&item.full),
        }
    }
}

/// One form for each entry, in the order of the comment.
#[derive(Clone)]
pub(super) struct Layout(Vec<Form>);

/// Which form an entry gets in one step, if any.
type Step = fn(&Item) -> Option<Form>;

const KEPT_NAMES: Step = |item| item.keep.then_some(Form::Brief);
const OTHER_NAMES: Step = |item| (!item.keep && item.brief.is_some()).then_some(Form::Brief);
const KEPT_WHOLE: Step = |item| item.keep.then_some(Form::Full);
const OTHERS_WHOLE: Step = |item| item.brief.is_some().then_some(Form::Full);
const TEXTS: Step = |item| item.brief.is_none().then_some(Form::Full);

impl Layout {
    pub(super) fn whole(comment: &Comment) -> Self {
        Self(vec![
            Form::Full;
            comment.parts.iter().flat_map(Part::items).count()
        ])
    }

    /// What fits into `limit` bytes.
    pub(super) fn fitted(comment: &Comment, limit: usize) -> Self {
        let count = comment.parts.iter().flat_map(Part::items).count();
        let mut filling = Filling {
            layout: Self(vec![Form::Out; count]),
            room: limit.saturating_sub(always(comment)),
            open: comment.parts.iter().map(|part| !is_fold(part)).collect(),
        };
        filling.run(comment, KEPT_NAMES);
        let names_of_kept = filling.clone();
        if filling.run(comment, OTHER_NAMES) {
            // each only once nothing of the former is missing
            let _complete = [KEPT_WHOLE, OTHERS_WHOLE, TEXTS]
                .into_iter()
                .all(|step| filling.run(comment, step));
        } else {
            // some are only counted anyway: a few less, and what is kept keeps its reasons
            filling = names_of_kept;
            filling.run(comment, KEPT_WHOLE);
            filling.run(comment, OTHER_NAMES);
        }
        filling.layout
    }

    pub(super) fn forms(&self) -> &[Form] {
        &self.0
    }

    /// Bytes of a comment in which nothing is left out.
    pub(super) fn size(&self, comment: &Comment) -> usize {
        let mut counter = Counter(0);
        // a counter takes whatever it is given
        let _infallible = super::write_comment(&mut counter, comment, self);
        counter.0
    }

    /// What this layout leaves out.
    pub(super) fn lost(&self, comment: &Comment) -> Lost {
        let mut lost = Lost::default();
        let mut forms = self.0.iter();
        for part in &comment.parts {
            let mut shown = false;
            for list in &part.lists {
                for (item, form) in list.items.iter().zip(forms.by_ref()) {
                    lost.note(list, item, *form);
                    shown |= !form.is_out();
                }
            }
            let is_lost = !shown && part.items().next().is_some();
            if let (Title::Fold { thing, .. }, true) = (&part.title, is_lost) {
                add(&mut lost.folds, thing, 1);
            }
        }
        lost
    }
}

#[derive(Clone)]
struct Filling {
    layout: Layout,
    room: usize,
    /// Whether a part's title is paid for.
    open: Vec<bool>,
}

impl Filling {
    /// Takes what fits; whether that was all.
    fn run(&mut self, comment: &Comment, step: Step) -> bool {
        let mut at = 0;
        let mut complete = true;
        for (number, part) in comment.parts.iter().enumerate() {
            for list in &part.lists {
                let forms = &self.layout.0[at..at + list.items.len()];
                let mut begun = forms.iter().any(|form| !form.is_out());
                for item in &list.items {
                    if let Some(form) = step(item) {
                        let head = if begun { 0 } else { list_head(list) };
                        let title = if self.open[number] { 0 } else { title(part) };
                        if self.offer(at, item, form, title + head) {
                            self.open[number] = true;
                            begun = true;
                        } else {
                            complete = false;
                        }
                    }
                    at += 1;
                }
            }
        }
        complete
    }

    /// Takes it in this form if it fits, with what stands before it.
    fn offer(&mut self, at: usize, item: &Item, form: Form, before: usize) -> bool {
        let size = |form: Form| form.text(item).map_or(0, |text| text.len() + 1);
        let cost = before + size(form).saturating_sub(size(self.layout.0[at]));
        let fits = cost <= self.room;
        if fits {
            self.room -= cost;
            self.layout.0[at] = form;
        }
        fits
    }
}

const fn is_fold(part: &Part) -> bool {
    matches!(part.title, Title::Fold { .. })
}

/// Bytes of what is never left out, and of the longest words about what is.
fn always(comment: &Comment) -> usize {
    let lead: usize = comment.lead.iter().map(|line| line.len() + 2).sum();
    let all = Layout(vec![
        Form::Out;
        comment.parts.iter().flat_map(Part::items).count()
    ]);
    // no other layout leaves more out; an entry that has a short form may be shortened instead
    let mut lost = all.lost(comment);
    lost.shortened = comment.parts.iter().flat_map(Part::items).count();
    let words = lost.first_lines(&comment.all).into_iter();
    let words = words.chain(lost.notice(&comment.all));
    let words: usize = words.map(|line| line.len() + 2).sum();
    let parts = comment.parts.iter().filter(|part| !is_fold(part));
    comment.marker.len() + 1 + lead + words + parts.map(title).sum::<usize>()
}

/// Bytes of a part without its entries.
fn title(part: &Part) -> usize {
    let own = match &part.title {
        Title::None => 0,
        Title::Heading(heading) => "\n### \n".len() + heading.len(),
        Title::Fold { summary, .. } => {
            "\n<details><summary></summary>\n\n</details>\n".len() + summary.len()
        }
    };
    let intro = part.intro.as_ref().map_or(0, |intro| intro.len() + 2);
    let lists = part.lists.iter().map(|list| {
        let count = list.items.iter().map(|item| item.count).sum();
        let words = [and_more(count, list.thing), only_counted(count, list.thing)];
        words.iter().map(String::len).max().unwrap_or(0) + 2
    });
    own + intro + lists.sum::<usize>()
}

/// Bytes before the first entry of a list.
fn list_head(list: &List) -> usize {
    1 + list.head.as_ref().map_or(0, |head| head.len() + 1)
}

/// Behind the entries of a list.
pub(super) fn and_more(count: usize, thing: &str) -> String {
    format!("… and {}", counted(count, &format!("more {thing}")))
}

/// In place of the entries of a list.
pub(super) fn only_counted(count: usize, thing: &str) -> String {
    format!("{}, not shown here", counted(count, thing))
}

/// What a layout leaves out, by kind.
#[derive(Default)]
pub(super) struct Lost {
    kept: Vec<(&'static str, usize)>,
    others: Vec<(&'static str, usize)>,
    folds: Vec<(&'static str, usize)>,
    shortened: usize,
}

impl Lost {
    fn note(&mut self, list: &List, item: &Item, form: Form) {
        match form {
            Form::Out if item.keep => add(&mut self.kept, list.thing, item.count),
            Form::Out => add(&mut self.others, list.thing, item.count),
            Form::Brief if item.brief.is_some() => self.shortened += 1,
            Form::Brief | Form::Full => {}
        }
    }

    /// What has to be read before anything else: that not even the names of what is kept fit.
    pub(super) fn first_lines(&self, all: &str) -> Vec<String> {
        if self.kept.is_empty() {
            return vec![];
        }
        let what = list(&self.kept);
        vec![format!(
            "**Not complete: {what} do not fit here and are not named.** Do not approve by this comment; all of it: {all}"
        )]
    }

    /// What else was left out; `None` if nothing was.
    pub(super) fn notice(&self, all: &str) -> Option<String> {
        let mut parts = vec![];
        if !self.others.is_empty() {
            let folds = match self.folds.as_slice() {
                [] => String::new(),
                folds => format!(" (all of {})", list(folds)),
            };
            parts.push(format!("{}{folds} only counted", list(&self.others)));
        }
        if self.shortened > 0 {
            parts.push(format!(
                "{} shortened",
                if self.shortened == 1 {
                    "1 entry".to_owned()
                } else {
                    format!("{} entries", self.shortened)
                }
            ));
        }
        if parts.is_empty() {
            return None;
        }
        Some(format!(
            "_To fit into a comment: {}._ All of it: {all}",
            parts.join(", ")
        ))
    }
}

fn add(to: &mut Vec<(&'static str, usize)>, thing: &'static str, count: usize) {
    match to.iter_mut().find(|(known, _)| *known == thing) {
        Some((_, sum)) => *sum += count,
        None => to.push((thing, count)),
    }
}

/// `3 deletes, 2 changes and 1 note`.
fn list(counts: &[(&'static str, usize)]) -> String {
    let words: Vec<String> = counts.iter().map(|(thing, n)| counted(*n, thing)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// Counts what is written.
struct Counter(usize);

impl std::fmt::Write for Counter {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}
