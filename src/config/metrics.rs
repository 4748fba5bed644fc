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
use super::unreadable;

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
        Self::read(&yaml::parse(id, source))
    }

    /// Reads a file of the usual name; nothing where it is another tool's.
    ///
    /// It is ours as soon as one of its keys is, so that a slip in the rest is said; and not where it
    /// says what it is.
    pub fn parse_if_ours(id: SourceId, source: &Source) -> Option<(Self, Vec<Problem>)> {
        let stream = yaml::parse(id, source);
        let is_given = |root: Node<'_>, key: &str| root.get(key).is_some();
        let documents = stream.documents.iter().chain(&stream.unsound).map(yaml::Document::root);
        let is_ours = |root: Node<'_>| {
            KEYS.iter().any(|key| is_given(root, key))
                && !["apiVersion", "kind"].iter().any(|key| is_given(root, key))
        };
        let is_broken = stream.broken.len() > stream.unsound.len();
        let mut lines = source.text.lines().filter_map(|line| line.split_once(':'));
        let is_ours = documents.into_iter().any(is_ours)
            || is_broken && lines.any(|(key, _)| KEYS.contains(&key));
        is_ours.then(|| Self::read(&stream))
    }

    /// Returns the values that a label of a metric is declared to have; what is said of a histogram holds for
    /// its parts.
    pub fn values_of(&self, metric: &str, label: &str) -> Option<&[String]> {
        let parts = ["", "_bucket", "_count", "_sum"].iter();
        let names = parts.filter_map(|part| metric.strip_suffix(part));
        let mut found = names.filter_map(|name| self.labels.get(name)?.get(label));
        found.next().map(Vec::as_slice)
    }

    fn read(stream: &yaml::Stream) -> (Self, Vec<Problem>) {
        let mut reader = Reader { problems: Vec::new() };
        let mut metrics = Self::default();
        if let Some(problem) = stream.problems.first() {
            reader.yaml(problem);
        } else if let [document] = stream.documents.as_slice() {
            reader.document(document.root(), &mut metrics);
        } else if let Some(second) = stream.documents.get(1) {
            reader.problem(second.root().span(), "the file has more than one document", None);
        }
        reader.problems.sort_by_key(|problem| problem.span);
        (metrics, reader.problems)
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

    /// Says why a file is no tree.
    fn yaml(&mut self, problem: &yaml::Problem) {
        let message = match problem {
            yaml::Problem::Unreadable { span, why } => {
                return self.problems.push(unreadable(span.source, why));
            }
            yaml::Problem::Syntax { .. } => "the file is no YAML".to_owned(),
            yaml::Problem::DuplicateKey { key, .. } => {
                format!("the key `{}` stands twice in one mapping", short(key))
            }
            yaml::Problem::MergeNotMapping { .. } => {
                "a merge `<<` brings something that is not a mapping".to_owned()
            }
            yaml::Problem::UnknownAlias { name, .. } => {
                format!("no anchor `&{}` stands before this alias", short(name))
            }
            yaml::Problem::RecursiveAlias { .. } => "an alias stands for itself".to_owned(),
            yaml::Problem::TooManyAliases { .. } => "aliases stand for too much".to_owned(),
            yaml::Problem::TooDeep { .. } => "the file nests too deeply".to_owned(),
        };
        self.problem(problem.span(), message, None);
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
        let rises = |bounds: &Vec<Ratio>| bounds.is_sorted_by(|one, next| one < next);
        let bounds = bounds.filter(|bounds| !bounds.is_empty() && rises(bounds));
        let is_infinite = |item: &Node<'_>| item.text().is_some_and(is_infinite);
        if let Some(infinite) = node.items().find(is_infinite) {
            let message = format!("the buckets of `{}` hold `{}`", short(metric), infinite.raw());
            self.problem(infinite.place(), message, Some("leave it out: every histogram has it"));
        } else if bounds.is_none() {
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

/// Returns whether a bound is the one that every histogram ends with.
fn is_infinite(bound: &str) -> bool {
    let bare = bound.trim_start_matches('+').trim_start_matches('.');
    bare.eq_ignore_ascii_case("inf")
}

#[cfg(test)]
mod tests;
