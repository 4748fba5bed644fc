//! The Core Web Vitals, and where they are good.

use crate::quantity::Ratio;

use super::latency::Unit;
use super::latency::family_of;

/// A vital sign of a web page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vital {
    /// Largest Contentful Paint: how long the main part of a page takes to appear.
    Paint,
    /// Interaction to Next Paint: how long a page takes to answer.
    Interaction,
    /// Cumulative Layout Shift: how much a page moves under the reader's eyes.
    Shift,
}

impl Vital {
    /// Returns the vital that a metric measures, by the words of its name.
    ///
    /// `inp` and `cls` mean other things too; a word for pages or browsers has to stand beside them.
    pub fn of(metric: &str) -> Option<Self> {
        const PAGES: [&str; 9] =
            ["web", "vital", "vitals", "rum", "browser", "page", "frontend", "faro", "webvitals"];
        let lower = family_of(metric).to_lowercase();
        for (name, vital) in [
            ("largest_contentful_paint", Self::Paint),
            ("interaction_to_next_paint", Self::Interaction),
            ("cumulative_layout_shift", Self::Shift),
        ] {
            if lower.contains(name) {
                return Some(vital);
            }
        }
        let has = |wanted: &[&str]| lower.split(['_', ':', '.']).any(|word| wanted.contains(&word));
        match () {
            () if has(&["lcp"]) => Some(Self::Paint),
            () if has(&["inp"]) && has(&PAGES) => Some(Self::Interaction),
            () if has(&["cls"]) && has(&PAGES) => Some(Self::Shift),
            () => None,
        }
    }

    /// Returns its short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paint => "LCP",
            Self::Interaction => "INP",
            Self::Shift => "CLS",
        }
    }

    /// Returns up to where it is good, and above which it is poor, in thousandths: of a second, or of a
    /// layout shift score. Both are judged at the 75th percentile of page views.
    ///
    /// # Source
    ///
    /// web.dev, "Web Vitals" and "Defining the Core Web Vitals metrics thresholds".
    fn edges(self) -> [i64; 2] {
        match self {
            Self::Paint => [2_500, 4_000],
            Self::Interaction => [200, 500],
            Self::Shift => [100, 250],
        }
    }

    /// Returns the two edges for people.
    pub fn in_words(self) -> [&'static str; 2] {
        match self {
            Self::Paint => ["2.5 s", "4 s"],
            Self::Interaction => ["200 ms", "500 ms"],
            Self::Shift => ["0.1", "0.25"],
        }
    }

    /// Returns which of its edges a value is: 0 where it stops being good, 1 where it becomes poor.
    ///
    /// Without a unit a time may be in seconds or milliseconds.
    pub fn edge(self, value: &Ratio, unit: Option<Unit>) -> Option<usize> {
        let in_thousandths = |unit: Unit| &(value * &unit.seconds()) * &Ratio::whole(1_000);
        let values = match (self, unit) {
            (Self::Shift, _) => vec![in_thousandths(Unit::Seconds)],
            (_, Some(unit)) => vec![in_thousandths(unit)],
            (_, None) => [Unit::Seconds, Unit::Milliseconds].map(in_thousandths).to_vec(),
        };
        let is = |edge: &i64| values.iter().any(|value| value.compare_whole(*edge).is_eq());
        self.edges().iter().position(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vital_is_told_by_its_name_and_its_edges_by_their_unit() {
        let edge =
            |metric: &str, value: &str, unit| Vital::of(metric)?.edge(&Ratio::parse(value)?, unit);
        assert_eq!(edge("rum_lcp_seconds_bucket", "2.5", Some(Unit::Seconds)), Some(0));
        assert_eq!(edge("largest_contentful_paint_ms", "4000", Some(Unit::Milliseconds)), Some(1));
        assert_eq!(edge("web_inp", "0.5", None), Some(1));
        assert_eq!(edge("web_inp", "200", None), Some(0));
        assert_eq!(edge("page_cls", "0.25", None), Some(1));
        assert_eq!(edge("page_cls", "250", None), None);
        assert_eq!(edge("web_inp_seconds", "200", Some(Unit::Seconds)), None);
        assert_eq!(Vital::of("inp_queue_seconds"), None);
        assert_eq!(Vital::of("cls_requests_total"), None);
    }
}
