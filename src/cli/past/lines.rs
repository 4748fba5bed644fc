//! The targets of an SLO over time, put together from the newest to the oldest.

use jiff::Timestamp;

use crate::model::Slo;
use crate::quantity::Ratio;
use crate::report::history::Line;

/// A line for each objective, and which of them the objectives of an older state continue.
pub(super) struct Lines {
    lines: Vec<Line>,
    /// The line of each objective.
    places: Vec<usize>,
}

impl Lines {
    /// Begins with what an SLO is, or was until it was removed.
    pub(super) fn new(slo: &Slo, removed: Option<Timestamp>) -> Self {
        let mut lines = Self { lines: Vec::new(), places: Vec::new() };
        lines.place(&[], slo, removed);
        lines
    }

    /// The SLO was so from an instant on.
    pub(super) fn held_since(&mut self, at: Timestamp, slo: &Slo) {
        for (objective, place) in slo.objectives.iter().zip(&self.places) {
            let target = objective.target.as_ref().map(|target| target.value.clone());
            if let Some(line) = self.lines.get_mut(*place) {
                add(line, at, target);
            }
        }
    }

    /// The SLO was gone from an instant on.
    pub(super) fn end(&mut self, at: Timestamp) {
        for place in &self.places {
            if let Some(line) = self.lines.get_mut(*place) {
                add(line, at, None);
            }
        }
    }

    /// Continues with what the SLO was until an instant.
    ///
    /// * `pairs`: the objectives that stand for each other, before and after.
    pub(super) fn step_back(&mut self, pairs: &[(usize, usize)], older: &Slo, until: Timestamp) {
        self.place(pairs, older, Some(until));
    }

    fn place(&mut self, pairs: &[(usize, usize)], older: &Slo, until: Option<Timestamp>) {
        let several = older.objectives.len() > 1;
        let mut places = Vec::new();
        for (index, objective) in older.objectives.iter().enumerate() {
            let pair = pairs.iter().find(|(before, _)| *before == index);
            let place = pair.and_then(|(_, after)| self.places.get(*after)).copied();
            places.push(place.unwrap_or_else(|| {
                let named = objective.name.as_ref().map(|name| name.value.to_string());
                let name = named.unwrap_or_else(|| (index + 1).to_string());
                let name = if several { name } else { String::new() };
                let points = until.map(|until| (until, None)).into_iter().collect();
                self.lines.push(Line { name, points });
                self.lines.len() - 1
            }));
        }
        self.places = places;
    }

    pub(super) fn finish(mut self) -> Vec<Line> {
        self.lines.retain(|line| line.points.iter().any(|(_, target)| target.is_some()));
        self.lines
    }
}

/// Adds what held from an instant on, before all that was added.
fn add(line: &mut Line, at: Timestamp, target: Option<Ratio>) {
    match line.points.first_mut() {
        Some((since, next)) if *next == target => *since = at,
        _ => line.points.insert(0, (at, target)),
    }
}
