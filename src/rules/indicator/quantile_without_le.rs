use crate::finding::Level;
use crate::indicators::Language;
use crate::indicators::Parsed;
use crate::indicators::Sli;
use crate::indicators::percentiles::Drop;
use crate::indicators::percentiles::drops;
use crate::query::tree::GroupingKind;
use crate::rules::Check;
use crate::rules::Checker;
use crate::rules::Judges;
use crate::rules::Rule;
use crate::rules::Set;
use crate::rules::words::quote;
use crate::source::Edit;

pub(super) const RULE: Rule = Rule {
    name: "quantile-without-le",
    level: Level::Error,
    set: Set::Recommended,
    judges: Judges::PromQl,
    since: "0.1.0",
    docs: include_str!("quantile_without_le.md"),
    settings: &[],
    check: Check::Indicator(check),
};

fn check(sli: &Sli<'_>, checker: &mut Checker<'_>) {
    for parsed in &sli.queries.each {
        let Some(tree) = parsed.sound() else { continue };
        for drop in drops(tree, &parsed.query.text) {
            // VictoriaMetrics has buckets whose bounds stand in another label.
            let grouping = drop.aggregation.grouping.iter();
            let mut labels = grouping.flat_map(|grouping| &grouping.labels);
            let is_other = labels.any(|label| label.text == "vmrange");
            if is_other && parsed.language != Language::Prometheus {
                continue;
            }
            report(parsed, &drop, checker);
        }
    }
}

fn report(parsed: &Parsed<'_>, drop: &Drop<'_>, checker: &mut Checker<'_>) {
    let (query, text) = (parsed.query, parsed.query.text.as_str());
    let aggregation = drop.aggregation;
    let name = quote(aggregation.aggregator_extent.slice(text));
    let guilty = aggregation.grouping.as_ref().map(|grouping| grouping.extent);
    let extent = guilty.unwrap_or(aggregation.aggregator_extent);
    let message = format!("{name} drops the label `le`: `histogram_quantile` gives nothing");
    let there = checker.place(query, drop.function);
    let (edit, title) = mended(parsed, drop, checker).unzip();
    let finding = checker.report(checker.place(query, extent), message);
    finding.label(match guilty {
        Some(_) => "leaves out `le`, the bound of each bucket",
        None => "makes one series of all buckets",
    });
    finding.also(there, "finds the bounds of buckets in `le`");
    match edit.zip(title) {
        Some((edit, title)) => finding.unsafe_fix(title, vec![edit]),
        None => finding.help("keep the label: `sum by (le) (rate(…))`"),
    };
}

/// Returns the edit that keeps the label, and what it does.
fn mended(parsed: &Parsed<'_>, drop: &Drop<'_>, checker: &Checker<'_>) -> Option<(Edit, String)> {
    let (query, text) = (parsed.query, parsed.query.text.as_str());
    let aggregation = drop.aggregation;
    let (part, new) = match &aggregation.grouping {
        None => {
            let part = aggregation.aggregator_extent;
            (part, format!("{} by (le)", part.slice(text)))
        }
        Some(grouping) => {
            let is_by = grouping.kind == GroupingKind::By;
            let kept = grouping.labels.iter().filter(|label| label.text != "le");
            let added = is_by.then_some("le").into_iter();
            let labels: Vec<&str> =
                added.chain(kept.map(|label| label.extent.slice(text))).collect();
            let word = if is_by { "by" } else { "without" };
            (grouping.extent, format!("{word} ({})", labels.join(", ")))
        }
    };
    let edit = checker.rewrite_part(query, part, &new)?;
    Some((edit, format!("write {}", quote(&new))))
}
