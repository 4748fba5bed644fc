//! A repository of SLO definitions as it might be, the same on every machine.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use crate::styles::STYLES;
use crate::styles::Style;

/// The seed. Another one gives other words and another order, and the same mix of styles.
const SEED: u64 = 0x51_0C0D_E5EE_D001;

/// Names of services; most of a tree's SLOs share a few of them.
const SERVICES: [&str; 12] = [
    "checkout", "search", "payments", "catalog", "identity", "mail", "media", "orders", "pricing",
    "reports", "shipping", "stock",
];

const WORDS: [&str; 40] = [
    "requests", "that", "fail", "count", "against", "the", "budget", "of", "this", "service",
    "answers", "within", "a", "second", "are", "quick", "enough", "for", "people", "who", "wait",
    "at", "desk", "measured", "behind", "load", "balancer", "because", "clients", "retry", "once",
    "and", "never", "see", "first", "error", "see-also", "region", "night", "batch",
];

const JAPANESE: [&str; 8] = [
    "サービスの応答時間を測定します",
    "エラーバジェットを使い切った場合",
    "決済リクエストの成功率",
    "利用者が待てる時間は一秒です",
    "夜間バッチは対象外とする",
    "四半期ごとに見直す",
    "担当チームに連絡してください",
    "可用性の目標",
];

/// One file of the corpus.
pub(crate) struct File {
    /// The path from the root.
    pub(crate) path: String,
    /// The text.
    pub(crate) text: String,
}

/// Files of many styles.
pub(crate) struct Corpus {
    /// The files, in order of their paths.
    pub(crate) files: Vec<File>,
    /// The number of OpenSLO documents in them.
    pub(crate) documents: usize,
}

impl Corpus {
    /// Writes as many files as hold so many documents.
    pub(crate) fn new(documents: usize) -> Self {
        let mut random = Random(SEED);
        let teams = File { path: "slos/teams.yaml".to_owned(), text: teams() };
        let mut corpus =
            Self { documents: teams.text.matches("openslo").count(), files: vec![teams] };
        while corpus.documents < documents {
            let style = random.style();
            let text = fill(style.text, corpus.files.len(), &mut random);
            // Everything but the list that holds others is named by its version.
            corpus.documents += text.matches("openslo").count().max(1);
            let service = random.pick(&SERVICES);
            let number = corpus.files.len();
            let path = format!("slos/{:03}/{service}-{number:05}.{}", number / 50, style.ending);
            corpus.files.push(File { path, text });
        }
        corpus.files.sort_by(|left, right| left.path.cmp(&right.path));
        corpus
    }

    /// Returns the size of all files in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.text.len()).sum()
    }

    /// Writes the files below a folder.
    pub(crate) fn write(&self, root: &Path) -> io::Result<()> {
        for file in &self.files {
            let path = root.join(&file.path);
            fs::create_dir_all(path.parent().unwrap_or(root))?;
            fs::write(path, &file.text)?;
        }
        Ok(())
    }
}

/// A linear congruential generator: no crate, and the same numbers for ever.
///
/// # Source
///
/// D. E. Knuth, *The Art of Computer Programming*, volume 2, section 3.3.4 (the multiplier of MMIX).
struct Random(u64);

impl Random {
    /// Returns a number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The low bits of such a generator repeat soon.
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    fn style(&mut self) -> &'static Style {
        let mut left = self.below(1000);
        STYLES
            .iter()
            .find(|style| {
                let here = left < style.share as usize;
                left = left.wrapping_sub(style.share as usize);
                here
            })
            .expect("the shares add up to 1000")
    }

    /// Returns a line of words, short or long.
    fn prose(&mut self) -> String {
        let mut line = String::new();
        for _ in 0..8 + self.below(8) {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(self.pick(&WORDS));
        }
        line
    }
}

/// Returns whom alerts tell, and what is asked, by the names that other files have for them.
///
/// Most references of a repository lead somewhere: a corpus in which they do not measures reports.
fn teams() -> String {
    let target = |version: &str, name: &str| {
        format!(
            "apiVersion: {version}\nkind: AlertNotificationTarget\nmetadata: {{name: {name}}}\nspec: {{target: pager}}\n---\n"
        )
    };
    let mut text = target("openslo.com/v2alpha", "on-call");
    for team in WORDS {
        text.push_str(&target("openslo/v1", &format!("on-call-{team}")));
    }
    text.push_str("apiVersion: openslo.com/v2alpha\nkind: DataSource\nmetadata: {name: metrics}\nspec: {type: Prometheus, connectionDetails: {url: http://metrics.example.com}}\n");
    text
}

/// Fills the blanks of a style.
fn fill(style: &str, number: usize, random: &mut Random) -> String {
    let (service, team) = (random.pick(&SERVICES), random.pick(&WORDS));
    let part = random.pick(&WORDS);
    let mut text = String::with_capacity(2 * style.len());
    let mut rest = style;
    while let Some((before, blank)) = rest.split_once('<') {
        text.push_str(before);
        rest = blank;
        let Some((name, after)) = blank.split_once('>') else {
            text.push('<');
            continue;
        };
        let filled = match name {
            "name" => write!(text, "{service}-{number}"),
            "service" => write!(text, "{service}"),
            "part" => write!(text, "{part}"),
            "team" => write!(text, "{team}"),
            "number" => write!(text, "{}", random.below(9000)),
            "digit" => write!(text, "{}", random.below(9)),
            "target" => write!(text, "99{}", random.below(99)),
            "word" => write!(text, "{}", random.pick(&WORDS)),
            "prose" => write!(text, "{}", random.prose()),
            "japanese" => write!(text, "{}、{}", random.pick(&JAPANESE), random.pick(&JAPANESE)),
            _ => {
                text.push('<');
                continue;
            }
        };
        filled.expect("a string takes all text");
        rest = after;
    }
    text.push_str(rest);
    text
}
