//! Annotations that declare something: a value without the form of its key, and a slip in a key.

use crate::model::DECLARATIONS;
use crate::model::Form;
use crate::model::Meta;
use crate::model::Object;
use crate::model::PREFIX;
use crate::model::meant;
use crate::source::Span;

use super::Expected;
use super::Problem;

/// Checks every annotation of an object and of what is written in place in it.
pub(super) fn check(object: &Object, problems: &mut Vec<Problem>) {
    object.each_meta(&mut |meta| check_meta(meta, problems));
}

fn check_meta(meta: &Meta, problems: &mut Vec<Problem>) {
    for annotation in meta.annotations.iter() {
        let (key, value) = (annotation.key.value.as_str(), &annotation.value);
        if !key.starts_with(PREFIX) {
            continue;
        }
        let known = DECLARATIONS.binary_search_by(|(name, _)| (*name).cmp(key));
        let form = known.ok().and_then(|index| DECLARATIONS.get(index)).map(|(_, form)| *form);
        let Some(form) = form else {
            problems.extend(slip(key, &value.value, annotation.key.span));
            continue;
        };
        if !form.fits(&value.value) {
            let expected = match form {
                Form::Word(words) => {
                    Expected::OneOf(words.iter().map(|word| (*word).to_owned()).collect())
                }
                Form::Truth => Expected::OneOf(["true", "false"].map(str::to_owned).to_vec()),
                _ => Expected::Like(form.example()),
            };
            let (field, found) = (key.to_owned(), value.value.to_string());
            problems.push(Problem::InvalidValue { span: value.span, field, found, expected });
        }
    }
}

/// A key that is nearly one of ours would be read by nobody; one whose value has another form is a
/// team's own.
fn slip(key: &str, value: &str, span: Span) -> Option<Problem> {
    let nearest = meant(key)?.to_owned();
    let (_, form) = DECLARATIONS.iter().find(|(name, _)| *name == nearest)?;
    if !form.fits(value) {
        return None;
    }
    Some(Problem::UnknownField {
        span,
        key: key.to_owned(),
        of: "annotations".to_owned(),
        known: [].into(),
        nearest: Some(nearest),
        rename: None,
        version: None,
    })
}
