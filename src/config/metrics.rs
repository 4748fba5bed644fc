//! `metrics.yaml`: what is known of metrics beside the definitions.

use std::collections::BTreeMap;

use crate::quantity::Duration;
use crate::quantity::Ratio;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Span;
use crate::yaml;
use crate::yaml::Node;

use super::Problem;
use super::decode::short;

/// The name of the file, at the root, where `slo.toml` names no other.
pub const METRICS_FILE: &str = "metrics.yaml";

/// The keys of the file.
const KEYS: &[&str] = &["buckets", "types", "units", "scrapeInterval", "labels"];

/// The types of metrics.
const TYPES: &[&str] = &["counter", "gauge", "histogram", "native-histogram", "summary"];

/// What is declared about metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// How often samples are taken.
    pub scrape_interval: Option<Duration>,
    /// The upper bounds of the buckets of histograms, in rising order.
    pub buckets: BTreeMap<String, Vec<Ratio>>,
    /// The types: `counter`, `gauge`, `histogram`, `native-histogram` or `summary`.
    pub types: BTreeMap<String, String>,
    /// The units, such as `seconds`.
    pub units: BTreeMap<String, String>,
    /// The values that labels have, by metric and label.
    pub labels: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Metrics {
    /// Reads the file.
    ///
    /// What could be read is in the declarations; what could not is a problem, in the order of the
    /// file. An empty file declares nothing.
    pub fn parse(id: SourceId, source: &Source) -> (Self, Vec<Problem>) {
        let mut reader = Reader { problems: Vec::new() };
        let stream = yaml::parse(id, source);
        let mut metrics = Self::default();
        if let Some(problem) = stream.problems.first() {
            reader.problem(problem.span(), "the file is no YAML", None);
        } else if let [document] = stream.documents.as_slice() {
            reader.document(document.root(), &mut metrics);
        } else if let Some(second) = stream.documents.get(1) {
            reader.problem(second.root().span(), "the file has more than one document", None);
        }
        reader.problems.sort_by_key(|problem| problem.span);
        (metrics, reader.problems)
    }

    /// Returns whether a file is one of these: a file of the usual name may be another tool's.
    pub fn is_meant(source: &Source) -> bool {
        let stream = yaml::parse(SourceId::default(), source);
        let [document] = stream.documents.as_slice() else { return false };
        let root = document.root();
        let is_known = |key: Option<&str>| key.is_some_and(|key| KEYS.contains(&key));
        !root.is_empty() && root.entries().all(|entry| is_known(entry.key.text()))
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, span: Span, message: impl Into<String>, hint: Option<&str>) {
        let (message, hint) = (message.into(), hint.map(str::to_owned));
        self.problems.push(Problem { span, message, hint });
    }

    fn document(&mut self, root: Node<'_>, metrics: &mut Metrics) {
        if root.is_null() {
            return;
        }
        if !root.is_mapping() {
            return self.problem(root.span(), "the file is no mapping", None);
        }
        for entry in root.entries() {
            let (key, value) = (entry.key.text().unwrap_or_default(), entry.value);
            match key {
                "scrapeInterval" => metrics.scrape_interval = self.interval(value),
                "buckets" => metrics.buckets = self.each(value, key, Self::buckets),
                "types" => metrics.types = self.each(value, key, Self::metric_type),
                "units" => metrics.units = self.each(value, key, Self::unit),
                "labels" => {
                    let labels = |reader: &mut Self, metric: &str, node: Node<'_>| {
                        Some(reader.each(node, metric, Self::values))
                    };
                    metrics.labels = self.each(value, key, labels);
                }
                other => {
                    let file = "the declarations of metrics";
                    let span = entry.key.span();
                    self.problems.push(Problem::unknown_key(other, span, file, KEYS));
                }
            }
        }
    }

    fn interval(&mut self, node: Node<'_>) -> Option<Duration> {
        let length = node.text().and_then(Duration::parse);
        let length = length.filter(|length| length.count > 0 && length.seconds().is_some());
        if length.is_none() {
            let hint = "write one whole number and one of `s m h d w`: `30s`, `1m`";
            let message = format!("`scrapeInterval` holds `{}`", short(node.raw()));
            self.problem(node.place(), message, Some(hint));
        }
        length
    }

    /// Reads a mapping from metrics to what `read` reads.
    fn each<T>(
        &mut self,
        node: Node<'_>,
        of: &str,
        read: impl Fn(&mut Self, &str, Node<'_>) -> Option<T>,
    ) -> BTreeMap<String, T> {
        if !node.is_mapping() && !node.is_null() {
            self.problem(node.place(), format!("`{of}` must be a mapping"), None);
        }
        let mut found = BTreeMap::new();
        for entry in node.entries() {
            let name = entry.key.text().unwrap_or_default();
            if let Some(value) = read(self, name, entry.value) {
                found.insert(name.to_owned(), value);
            }
        }
        found
    }

    fn buckets(&mut self, metric: &str, node: Node<'_>) -> Option<Vec<Ratio>> {
        let bound = |item: Node<'_>| item.text().and_then(Ratio::parse);
        let bounds: Option<Vec<Ratio>> = node.items().map(bound).collect();
        let bounds = bounds.filter(|bounds| !bounds.is_empty() && bounds.is_sorted());
        if bounds.is_none() {
            let message = format!("the buckets of `{}` are no rising numbers", short(metric));
            self.problem(node.place(), message, Some("write them like `[0.05, 0.1, 0.25]`"));
        }
        bounds
    }

    fn metric_type(&mut self, metric: &str, node: Node<'_>) -> Option<String> {
        let word = node.text().filter(|word| TYPES.contains(word));
        if word.is_none() {
            let message = format!("`{}` is no type of metric", short(node.raw()));
            let hint = format!("`{}` is one of {}", short(metric), TYPES.join(", "));
            self.problem(node.place(), message, Some(&hint));
        }
        word.map(str::to_owned)
    }

    fn unit(&mut self, metric: &str, node: Node<'_>) -> Option<String> {
        let word = node.text().filter(|word| !word.is_empty());
        if word.is_none() {
            self.problem(node.place(), format!("`{}` has no unit here", short(metric)), None);
        }
        word.map(str::to_owned)
    }

    fn values(&mut self, label: &str, node: Node<'_>) -> Option<Vec<String>> {
        let value = |item: Node<'_>| item.text().map(str::to_owned);
        let found: Option<Vec<String>> = node.items().map(value).collect();
        let found = found.filter(|found| !found.is_empty());
        if found.is_none() {
            let message = format!("the values of label `{}` are no list", short(label));
            self.problem(node.place(), message, Some("write them like `[200, 500]`"));
        }
        found
    }
}

#[cfg(test)]
mod tests;
