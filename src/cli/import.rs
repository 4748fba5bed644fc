//! `slo import`

use std::env;

use crate::convert::policies;
use crate::source::MAX_BYTES;
use crate::source::Origin;
use crate::source::Source;
use crate::source::SourceId;
use crate::source::Sources;
use crate::yaml;

use super::Exit;
use super::arguments::Global;
use super::arguments::ImportOptions;
use super::convert::print;
use super::convert::tell;
use super::error::Error;
use super::file;
use super::file::Content;

pub(super) fn run(global: &Global, options: &ImportOptions) -> Result<Exit, Error> {
    let shown = options.file.display().to_string();
    let failed = |source| Error::Io { action: "open", path: shown.clone(), source };
    let path = env::current_dir().map_err(failed)?.join(&options.file);
    let bytes = match file::read(&path, MAX_BYTES as u64) {
        Content::Bytes(bytes) => bytes,
        Content::Nothing => {
            let message = format!("there is no file {shown}");
            return Err(Error::Usage { message, hint: None });
        }
        Content::Other(what) => {
            let message = format!("{shown} is {what}");
            return Err(Error::Usage { message, hint: None });
        }
        Content::TooLarge { .. } => {
            let message = format!("{shown} is larger than any file that is read");
            return Err(Error::Usage { message, hint: None });
        }
        Content::Unreadable(source) => {
            return Err(Error::Io { action: "read", path: shown, source });
        }
    };
    let source = Source::decode(&shown, bytes, Origin::Worktree);
    let sources = Sources::of(vec![source]);
    let id = SourceId::default();
    let stream = yaml::parse(id, sources.file(id));
    if !stream.problems.is_empty() {
        let message = format!("{shown} is no YAML that can be read");
        return Err(Error::Usage {
            message,
            hint: Some(format!("`slo lint {shown}` says where it ends")),
        });
    }
    let documents = stream.documents.iter().map(yaml::Document::root);
    let found = documents.into_iter().find(|root| root.given(policies::POLICIES).is_some());
    let Some(root) = found else {
        let message = format!("{shown} holds no error budget policy of another tool");
        let hint =
            format!("the configuration of slo-generator has them under `{}`", policies::POLICIES);
        return Err(Error::Usage { message, hint: Some(hint) });
    };
    let steps = policies::steps(root);
    if let Some((step, _)) = options.gates.iter().find(|(step, _)| !steps.contains(step)) {
        let known = steps.iter().map(String::as_str);
        let hint = format!("the steps of {shown} are named under `steps`");
        return Err(Error::unknown("step", step, known, hint));
    }
    let conversion = policies::policies(root, &options.gates);
    print(&conversion.text)?;
    tell(global, &sources, &conversion.notes);
    Ok(if conversion.converted > 0 { Exit::Success } else { Exit::Findings })
}
